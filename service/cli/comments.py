"""`replydesk comments`: a site's comments as a stream, oldest first; each as it is known outside the service."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

import click

from service.cli.console import json_option, one_line, opened_installation, print_json, site_named

if TYPE_CHECKING:
    from service.context import AppContext
    from service.domain.comment import Comment
    from service.domain.site import Site
    from service.domain.status import Status
    from service.domain.verdict import Decision
    from service.storage import Tx
    from service.storage.records import Page

PAGE: Final = 200
STATUSES: Final = ("pending", "approved", "rejected", "spam", "held", "withdrawn", "erased")
EXCERPT: Final = 60
FAR: Final = timedelta(days=1)
UNPUBLISHED_LIMIT: Final = 10_000  # a desk's last few seconds; one index finds them


@click.command()
@click.option("--site", "site_name", required=True, help="The site's name.")
@click.option("--status", type=click.Choice(STATUSES), help="Only comments with this status.")
@json_option
def comments(site_name: str, status: str | None, as_json: bool) -> None:
    """List a site's comments, oldest first; never an address."""
    from service.domain.status import Status

    with opened_installation() as context:
        for listed in _stream(context, site_name, Status(status) if status else None):
            if as_json:
                print_json(_view(listed))
            else:
                comment = listed.comment
                click.echo(
                    f"{listed.status:<9} {comment.id:<24} {one_line(f'{comment.author_name}: {comment.body}', EXCERPT)}"
                )


@dataclass(frozen=True, slots=True)
class Listed:
    """A comment as it is known outside: a decision that waits to be published has not happened yet."""

    comment: Comment
    status: Status
    decided_at: datetime | None


def _stream(context: AppContext, site_name: str, status: Status | None) -> Iterator[Listed]:
    """Read page after page, each in a transaction of its own: a slow reader holds nothing open."""
    site = site_named(context, site_name)
    after: int | None = None
    while True:
        with context.deps.store.read() as tx:
            waiting = {one.id: one for one in tx.decisions.due(context.deps.clock() + FAR, UNPUBLISHED_LIMIT)}
            page = tx.comments.page(site.id, status=status, after=after, limit=PAGE, oldest_first=True)
            rows = _with_moved(tx, site, page, status, after, waiting)
            listed = list(_as_outside(tx, rows, waiting))
        yield from (one for one in listed if status in (None, one.status))
        after = page.next
        if after is None:
            return


def _with_moved(
    tx: Tx,
    site: Site,
    page: Page,
    status: Status | None,
    after: int | None,
    waiting: Mapping[int, Decision],
) -> list[Comment]:
    """Add to a page of one status the comments between its ends that only a waiting decision moved out of it."""
    rows = {one.pk: one for one in page.comments}
    moved = (one for one in waiting.values() if one.site_id == site.id and one.from_status is status)
    for decision in moved:
        pk = decision.comment_pk
        within = (after is None or pk > after) and (page.next is None or pk <= page.next)
        if within and (comment := tx.comments.by_pk(pk)):
            rows.setdefault(pk, comment)
    return [rows[pk] for pk in sorted(rows)]


def _as_outside(tx: Tx, rows: Iterable[Comment], waiting: Mapping[int, Decision]) -> Iterator[Listed]:
    from service.domain.decisions import public_state

    for comment in rows:
        decision = waiting.get(comment.decision_id or 0)
        decided_at = comment.decided_at
        if decision is not None:
            before = tx.decisions.get(decision.previous) if decision.previous else None
            decided_at = before.created_at if before else None
        yield Listed(comment, public_state(comment, decision).status, decided_at)


def _view(listed: Listed) -> dict[str, object]:
    from service.domain.events import instant, public_view, verdict_view
    from service.domain.status import Status

    comment, decided_at = listed.comment, listed.decided_at
    verdict = comment.verdict if listed.status is not Status.PENDING else None
    return public_view(comment) | {
        "status": str(listed.status),
        "received_at": instant(comment.received_at),
        "decided_at": instant(decided_at),
        "seconds_to_verdict": (decided_at - comment.received_at).total_seconds() if decided_at else None,
        "verdict": verdict_view(verdict) if verdict else None,
    }
