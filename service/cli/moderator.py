"""`replydesk moderator`: people on the desk, and the links by which they come in."""

from __future__ import annotations

import click

from service.cli.opened import Refused, opened_installation, print_json

ROLES = ("moderator", "lead", "admin")


@click.group()
def moderator() -> None:
    """Add moderators, make their sign-in links, change their roles."""


@moderator.command()
@click.argument("name")
@click.option("--role", type=click.Choice(ROLES), help="A new one is a moderator unless this says otherwise.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def add(name: str, role: str | None, as_json: bool) -> None:
    """Make the moderator NAME, or a new link for one there is; the link works once, for 15 minutes.

    With --role, one who is there changes to that role; sessions that are open have it at once.
    """
    from service.usecases.moderators import invite

    with opened_installation() as context:
        invited, url = invite(context, name, role)
    if as_json:
        print_json({"moderator": invited.name, "role": invited.role, "sign_in_url": url})
        return
    click.echo(f"{invited.name} ({invited.role}) signs in here, once, within 15 minutes:\n{url}")


@moderator.command("set")
@click.argument("name")
@click.option("--role", type=click.Choice(ROLES), help="Give them this role.")
@click.option(
    "--active/--inactive", "active", default=None, help="Reactivate them, or end their sessions and links."
)
def set_moderator(name: str, role: str | None, active: bool | None) -> None:
    """Change the role of the moderator NAME, or deactivate them."""
    from service.usecases.moderators import change_moderator

    if role is None and active is None:
        raise Refused("--role, --active or --inactive: say what to change")
    with opened_installation() as context:
        changed = change_moderator(context, name, role, active)
    click.echo(f"{changed.name}: {changed.role}{'' if changed.active else ', inactive'}.")


@moderator.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
def list_moderators(as_json: bool) -> None:
    """List all moderators."""
    with opened_installation() as context, context.deps.store.read() as tx:
        found = [
            {"moderator": one.name, "role": one.role, "active": one.active} for one in tx.moderators.all()
        ]
    if as_json:
        print_json(found)
        return
    for one in found:
        inactive = "" if one["active"] else "\t(inactive)"
        click.echo(f"{one['moderator']}\t{one['role']}{inactive}")
    if not found:
        click.echo("Nobody yet: replydesk moderator add NAME")
