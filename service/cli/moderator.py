"""`replydesk moderator`: people on the desk, and the links by which they come in."""

from __future__ import annotations

import click

from service.cli.opened import opened_house, print_json

ROLES = ("moderator", "lead", "admin")


@click.group()
def moderator() -> None:
    """Add moderators and make their sign-in links."""


@moderator.command()
@click.argument("name")
@click.option("--role", type=click.Choice(ROLES), default="moderator", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def add(name: str, role: str, as_json: bool) -> None:
    """Make the moderator NAME, or a new link for one there is; the link works once, for 15 minutes."""
    from service.enrolment import invite

    with opened_house() as parts:
        invited, url = invite(parts, name, role)
    if as_json:
        print_json({"moderator": invited.name, "role": invited.role, "sign_in_url": url})
        return
    click.echo(f"{invited.name} ({invited.role}) signs in here, once, within 15 minutes:\n{url}")


@moderator.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
def list_moderators(as_json: bool) -> None:
    """List all moderators."""
    with opened_house() as parts, parts.house.store.read() as tx:
        found = [{"moderator": one.name, "role": one.role, "active": one.active} for one in tx.moderators()]
    if as_json:
        print_json(found)
        return
    for one in found:
        inactive = "" if one["active"] else "\t(inactive)"
        click.echo(f"{one['moderator']}\t{one['role']}{inactive}")
    if not found:
        click.echo("Nobody yet: replydesk moderator add NAME")
