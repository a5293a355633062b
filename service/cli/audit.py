"""`replydesk audit`: the log of what people did, shown and verified."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

import click

from service.cli.console import json_option, opened_installation, print_json, show

if TYPE_CHECKING:
    from service.domain.audit_log import Link
    from service.usecases.audit_log import Verified

BROKEN: Final = 1


@click.group()
def audit() -> None:
    """Show and verify the log of human acts: decisions, reveals, settings, sign-ins."""


@audit.command()
@click.option(
    "--expect", metavar="NUMBER:LINK", help="A head printed earlier that the chain must still hold."
)
@json_option
def verify(expect: str | None, as_json: bool) -> None:
    """Check the chain from the first act to its head; exit 1 and name the first broken link.

    Note the printed head elsewhere: --expect then detects a chain that was cut and rebuilt.
    """
    from service.usecases.audit_log import Anchor
    from service.usecases.audit_log import verify as verified

    with opened_installation() as context:
        found = verified(context, Anchor.parse(expect) if expect else None)
    show(_shown(found), _lines(found), as_json)
    sys.exit(0 if found.holds else BROKEN)


@audit.command("list")
@click.option("--after", type=click.IntRange(min=0), default=0, help="Begin behind this number.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True)
def list_acts(after: int, limit: int) -> None:
    """List acts in order, one JSON object a line."""
    with opened_installation() as context, context.deps.store.read() as tx:
        found = tx.audit_log.after(after, limit)
    for link in found:
        print_json(_link_json(link))


@audit.command()
@click.argument("who")
def blank(who: str) -> None:
    """Blank WHO in the log: their name and acts are removed, and the chain still verifies."""
    with opened_installation() as context, context.deps.store.write() as tx:
        count = tx.audit_log.blank(who)
        tx.audit_log.append("operator", "blank", f"{count} acts of one person", context.deps.clock())
    click.echo(f"{count} acts blanked.")


def _link_json(link: Link) -> dict[str, object]:
    values: dict[str, object] = {"number": link.number, "at": link.at.isoformat(), "link": link.link}
    if link.act is None:
        return {**values, "blanked": True}
    return {**values, "who": link.act.who, "act": link.act.act, "subject": link.act.subject}


def _shown(found: Verified) -> dict[str, object]:
    walked = found.walk
    return {
        "holds": found.holds,
        "links": walked.links,
        "head": f"{walked.links}:{walked.head}",
        "blanked": walked.blanked,
        "of_retired_keys": walked.unvouched,
        "broken_at": walked.broken_at,
        "fault": "the chain lacks the expected link" if found.anchor_missed else walked.fault,
        "act": _link_json(found.broken) if found.broken else None,
    }


def _lines(found: Verified) -> list[str]:
    walked = found.walk
    if not walked.holds:
        act = found.broken.act if found.broken else None
        said = f" ({act.at:%Y-%m-%d %H:%M:%S} UTC: {act.who}, {act.act}, {act.subject})" if act else ""
        return [
            f"BROKEN at link {walked.broken_at}{said}: {walked.fault}. {walked.links} links before it are intact."
        ]
    lines = [f"{walked.links} entries, chain intact.", f"head {walked.links}:{walked.head}"]
    if walked.blanked:
        lines.append(f"{walked.blanked} of them were blanked.")
    if walked.unvouched:
        lines.append(f"{walked.unvouched} were linked under retired keys; later links vouch for them.")
    if found.anchor_missed:
        lines.append("BROKEN: the chain lacks the expected link; it was cut or made anew.")
    return lines
