"""erase: forget what one person wrote on one site, for good, and count what was touched."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from service.context import Dependencies
from service.domain.comment import Comment
from service.domain.site import Site
from service.domain.status import Status
from service.domain.verdict import Action, Who
from service.messaging.tasks import DELIVER
from service.storage import Tx
from service.usecases.moving import current_decisions, follow_up, swap
from service.usecases.publishing import publish_decisions

BATCH = 100
"""Comments in one transaction: whoever wrote thousands does not stop all others from writing meanwhile."""


@dataclass(frozen=True, slots=True)
class Erased:
    """What an erasure touched: the comments' ids as the site knows them, and rows by table."""

    removed: tuple[str, ...]
    kept_without_author: tuple[str, ...]
    rows: Mapping[str, int]
    called_back: bool

    @property
    def comments(self) -> int:
        """How many comments it reached."""
        return len(self.removed) + len(self.kept_without_author)


def erase(
    deps: Dependencies, site: Site, author_keys: Collection[str], who_kind: Who, who: str, reference: str
) -> Erased:
    """Erase everything these author keys wrote on the site, in whatever state, and return what was touched.

    Each batch is whole when it is committed, so that a broken one is simply run again. What waits to be delivered is
    dropped; the site is told by `comment.erased`, whose reason is the `reference`. By the site's option the text that
    readers see stays, without its author.
    """
    removed: list[str] = []
    kept: list[str] = []
    rows: Counter[str] = Counter()
    called_back = False
    while True:
        with deps.store.write() as tx:
            mine = tx.erasure.written_by(site.id, author_keys, BATCH, lock=True)
            if not mine:
                rows.update(tx.erasure.forget_author(site.id, author_keys))
                break
            shown = {one.pk for one in mine if _stays(site, one)}
            touched, notified = _erase(tx, site, mine, shown, who_kind, who, reference, deps.clock())
        rows.update(touched)
        called_back = called_back or notified
        kept += [one.id for one in mine if one.pk in shown]
        removed += [one.id for one in mine if one.pk not in shown]
    if called_back:
        deps.dispatcher.enqueue(DELIVER)
    return Erased(tuple(removed), tuple(kept), dict(rows), called_back)


def clear_files(deps: Dependencies) -> bool:
    """Clear the store's files of what was erased so far; False when something stood in the way, to be tried again."""
    before = deps.clock()
    if not deps.store.purge():
        return False
    with deps.store.write() as tx:
        tx.erasure.mark_purged(before, deps.clock())
    return True


def _stays(site: Site, comment: Comment) -> bool:
    """Whether readers go on seeing the text, without its author."""
    return site.options.erased_texts == "keep" and comment.published_revision is not None


def _erase(
    tx: Tx,
    site: Site,
    mine: Sequence[Comment],
    shown: Collection[int],
    who_kind: Who,
    who: str,
    reference: str,
    now: datetime,
) -> tuple[Mapping[str, int], bool]:
    decisions = current_decisions(tx, mine)
    tx.decisions.undo([one.id for one in decisions.values() if one.seq is None], now)
    left = []
    for comment, decision_id in zip(mine, tx.decisions.new_ids(len(mine)), strict=True):
        erasure = follow_up(decision_id, comment, Action.ERASE, Status.ERASED, who_kind, who, reference, now)
        published = comment.published_revision if comment.pk in shown else None
        swap(tx, comment, decisions.get(comment.pk), Status.ERASED, erasure.id, published, now)
        left.append((comment, erasure))
    touched = tx.erasure.empty([comment.pk for comment in mine], shown)
    # what the site is told now is told of the emptied comment
    emptied = tx.comments.by_pks([comment.pk for comment in mine])
    notified = [(emptied.get(comment.pk, comment), erasure) for comment, erasure in left]
    return touched, publish_decisions(tx, {site.id: site}, notified, fresh=True)
