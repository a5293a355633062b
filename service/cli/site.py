"""`replydesk site`: add, show and change sites, and rotate their secrets; a secret is shown once and never again."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import click

from service.cli.console import (
    Refused,
    grid,
    json_option,
    make_console,
    naming,
    opened_installation,
    plain_table,
    print_json,
    site_named,
)

FILE_LIMIT = 8192
ROTATED = ("key", "akismet_key", "inbound_secret", "webhook_secret", "contact_key")
MEANING = {
    "key": "API key: Authorization: Bearer …",
    "akismet_key": "key for clients of Akismet",
    "inbound_secret": "signs what the site posts to us",
    "webhook_secret": "signs what we post to the site",
    "contact_private_key": "opens the sealed addresses; nobody else can, not even this installation",
}


@click.group()
def site() -> None:
    """Add, show and change sites, and rotate their secrets."""


@site.command()
@click.argument("name")
@click.option("--url", required=True, help="The site's own address.")
@click.option("--callback", help="Where its decisions are posted, signed.")
@click.option("--title", help="What readers call it.")
@json_option
def add(name: str, url: str, callback: str | None, title: str | None, as_json: bool) -> None:
    """Make the site NAME (a-z, 0-9 and -) and print its secrets, once."""
    from service.usecases.site_settings import closed_faults, web_url
    from service.usecases.sites import enrol_site

    for option, value in (("--url", url), ("--callback", callback)):
        with naming(option):
            if value is not None:
                web_url(value)
    with opened_installation() as context:
        for fault in closed_faults("--callback", callback, context.settings):
            raise Refused(f"{fault.field}: {fault.message}")
        secrets = enrol_site(context, name, url, callback, title).shown()
    _show_secrets(secrets, as_json)


@site.command("set")
@click.argument("name")
@click.argument("terms", nargs=-1, required=True, metavar="KEY=VALUE...")
def set_terms(name: str, terms: tuple[str, ...]) -> None:
    """Change settings and policy of the site NAME, all or nothing.

    An empty VALUE clears a setting; webhook_secret=@FILE, inbound_map=@FILE and help_text=@FILE read it from a
    file. `site show NAME` lists every KEY.
    """
    from service.usecases.sites import tune_site

    given = dict(_term(term) for term in terms)
    with opened_installation() as context:
        tuned = tune_site(context, name, given)
    click.echo(f"{name}: {', '.join(given)} set; policy version {tuned.policy.version}.")


def _term(term: str) -> tuple[str, str]:
    key, equals, value = term.partition("=")
    if not equals:
        raise Refused(f"{key[:80]}: write KEY=VALUE")
    if key.endswith(("_secret", "_map", "_text")) and value.startswith("@"):
        try:
            with Path(value[1:]).open(encoding="utf-8") as file:
                value = file.read(FILE_LIMIT).strip()
        except (OSError, UnicodeDecodeError):
            raise Refused(f"{key}: cannot read the file {value[1:]}") from None
    return key, value


@site.command()
@click.argument("name")
@click.argument("file", type=click.File("rb"))
def sample(name: str, file: BinaryIO) -> None:
    """Show what the site NAME's inbound_map reads from FILE, a webhook of its own; nothing is stored."""
    from service.usecases.inbound_mapping import SAMPLE_LIMIT, tried

    with opened_installation() as context:
        found = site_named(context, name)
        if not found.options.inbound_map:
            raise Refused("inbound_map: the site has none; set it with `replydesk site set`")
        sample = file.read(SAMPLE_LIMIT + 1)
        read = tried(sample, found.options.inbound_map, email_required=found.email_required)
    print_json(read)


@site.command()
@click.argument("name")
@json_option
def show(name: str, as_json: bool) -> None:
    """Show settings and policy of the site NAME; secrets are only counted."""
    from service.usecases.sites import settings_of

    with opened_installation() as context:
        shown = settings_of(site_named(context, name))
    if as_json:
        print_json(shown)
        return
    policy = shown.pop("policy")
    console = make_console()
    console.print(grid(shown))
    console.print("\n[bold]Policy[/bold]")
    console.print(grid(policy if isinstance(policy, dict) else {}))


@site.command("list")
@json_option
def list_sites(as_json: bool) -> None:
    """List all sites."""
    with opened_installation() as context, context.deps.store.read() as tx:
        sites = tx.sites.all()
    if as_json:
        print_json(
            [
                {
                    "site": one.name,
                    "url": one.url,
                    "callback_url": one.callback_url,
                    "callback_disabled": one.callback_disabled,
                }
                for one in sites
            ]
        )
        return
    from rich.markup import escape

    rows = []
    for one in sites:
        off = f"\n[red]off: {escape(one.callback_disabled)}[/red]" if one.callback_disabled else ""
        rows.append((one.name, escape(one.url), f"{escape(one.callback_url or '—')}{off}"))
    table = plain_table(("site", "url", "callbacks to"), rows)
    make_console().print(table if rows else "No site yet: replydesk site add NAME --url URL")


@site.command()
@click.argument("name")
@click.argument("what", type=click.Choice(ROTATED))
@click.option("--now", "at_once", is_flag=True, help="End the old one at once, because it leaked.")
@click.option("--end-overlap", "ends", is_flag=True, help="End the old secret without making a new one.")
@json_option
def rotate(name: str, what: str, at_once: bool, ends: bool, as_json: bool) -> None:
    """Make a new secret for the site NAME and print it, once.

    The old API key works for 24 more hours; the old webhook or inbound secret beside the new one until the next
    rotation, or until --end-overlap. Keep the old contact key: boxes that were sealed for it need it.
    """
    from service.usecases.sites import end_overlap
    from service.usecases.sites import rotate as rotate_secret

    with opened_installation() as context:
        if ends:
            click.echo(f"{name}: {end_overlap(context, name, what)} older {what} let go.")
            return
        made = rotate_secret(context, name, what, at_once)
    _show_secrets(made, as_json)


def _show_secrets(secrets: dict[str, str], as_json: bool) -> None:
    if as_json:
        print_json(secrets)
        return
    console = make_console()
    console.print(f"[bold green]{secrets['site']}[/bold green] — keep these now, they are not shown again:\n")
    for name, value in secrets.items():
        if name != "site":
            console.print(f"[bold]{name}[/bold] [dim]{MEANING[name]}[/dim]")
            console.print(f"  {value}", markup=False, highlight=False, soft_wrap=True)
