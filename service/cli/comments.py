"""`replydesk comments`: a site's comments as a stream, oldest first; what readers may see and where each stands."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import click

from service.cli.opened import opened_house, print_json

if TYPE_CHECKING:
    from service.moderation.comment import Comment, Status
    from service.wiring import Parts

PAGE: Final = 200
STATUSES: Final = ("pending", "approved", "rejected", "spam", "held", "withdrawn", "erased")
EXCERPT: Final = 60


@click.command()
@click.option("--site", "site_name", required=True, help="The site's name.")
@click.option("--status", type=click.Choice(STATUSES), help="Only those that stand there.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
def comments(site_name: str, status: str | None, as_json: bool) -> None:
    """List a site's comments, oldest first; no address is among what is listed."""
    from service.moderation.comment import Status

    with opened_house() as parts:
        for comment in _stream(parts, site_name, Status(status) if status else None):
            if as_json:
                print_json(_view(comment))
            else:
                click.echo(f"{comment.status:<9} {comment.id:<24} {_excerpt(comment)}")


def _stream(parts: Parts, site_name: str, status: Status | None) -> Iterator[Comment]:
    """Read page after page, each in a transaction of its own: a slow reader holds nothing open."""
    from service.tuning import find_site

    with parts.house.store.read() as tx:
        site = find_site(tx, site_name)
    after: int | None = None
    while True:
        with parts.house.store.read() as tx:
            page = tx.comments(site.id, status=status, after=after, limit=PAGE, oldest_first=True)
        yield from page.comments
        after = page.next
        if after is None:
            return


def _view(comment: Comment) -> dict[str, object]:
    from service.moderation.events import instant, public_view, verdict_view

    waited = (comment.decided_at - comment.received_at).total_seconds() if comment.decided_at else None
    return public_view(comment) | {
        "status": str(comment.status),
        "received_at": instant(comment.received_at),
        "decided_at": instant(comment.decided_at),
        "seconds_to_verdict": waited,
        "verdict": verdict_view(comment.verdict) if comment.verdict else None,
    }


def _excerpt(comment: Comment) -> str:
    """Return name and the beginning of the text on one line, without what could steer a terminal."""
    said = " ".join(f"{comment.author_name}: {comment.body}".split())
    printable = "".join(character if character.isprintable() else "�" for character in said)
    return printable if len(printable) <= EXCERPT else printable[: EXCERPT - 1] + "…"
