"""`replydesk moderator`: people on the desk, and the links by which they come in."""

from __future__ import annotations

import click

from service.cli.console import Refused, json_option, opened_installation, show

ROLES = ("moderator", "lead", "admin")


@click.group()
def moderator() -> None:
    """Add moderators, make their sign-in links, change their roles."""


@moderator.command()
@click.argument("name")
@click.option("--role", type=click.Choice(ROLES), help="A new one is a moderator unless this says otherwise.")
@json_option
def add(name: str, role: str | None, as_json: bool) -> None:
    """Make the moderator NAME, or a new link for one there is; the link works once, for 15 minutes.

    With --role, one who is there changes to that role; sessions that are open have it at once.
    """
    from service.usecases.moderators import invite

    with opened_installation() as context:
        invited, url = invite(context, name, role)
    made = {"moderator": invited.name, "role": invited.role, "sign_in_url": url}
    show(made, (f"{invited.name} ({invited.role}) signs in here, once, within 15 minutes:", url), as_json)


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
@json_option
def list_moderators(as_json: bool) -> None:
    """List all moderators."""
    with opened_installation() as context, context.deps.store.read() as tx:
        found = [
            {"moderator": one.name, "role": one.role, "active": one.active} for one in tx.moderators.all()
        ]
    lines = [f"{one['moderator']}\t{one['role']}{'' if one['active'] else ' (inactive)'}" for one in found]
    show(found, lines or ["Nobody yet: replydesk moderator add NAME"], as_json)
