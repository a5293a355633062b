"""erase: forget what one person wrote on one site, for good, and count what was touched."""

from __future__ import annotations

import json
import secrets
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from service.context import AppContext, Dependencies
from service.domain.comment import Comment
from service.domain.events import instant
from service.domain.site import Site
from service.domain.status import Status
from service.domain.verdict import Action, Who
from service.messaging.tasks import DELIVER
from service.privacy.sealing import Address, Sealer
from service.privacy.signatures import attest
from service.storage import Tx
from service.storage.records import Erasure
from service.usecases.publish import publish_decisions
from service.usecases.transitions import current_decisions, new_decision, swap

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
    erasures = []
    for comment, decision_id in zip(mine, tx.decisions.new_ids(len(mine)), strict=True):
        erasure = new_decision(decision_id, comment, Action.ERASE, who_kind, who, now, reason=reference)
        published = comment.published_revision if comment.pk in shown else None
        swap(tx, comment, decisions.get(comment.pk), Status.ERASED, erasure.id, published, now)
        erasures.append((comment, erasure))
    touched = tx.erasure.empty([comment.pk for comment in mine], shown)
    # what the site is told now is told of the emptied comment
    emptied = tx.comments.by_pks([comment.pk for comment in mine])
    notified = [(emptied.get(comment.pk, comment), erasure) for comment, erasure in erasures]
    return touched, publish_decisions(tx, {site.id: site}, notified, fresh=True)


NAMED: Final = 1_000
"""So many comments a receipt names by their ids; of more it tells the number."""


def erase_person(
    context: AppContext, site: Site, address: Address, who_kind: Who, who: str
) -> dict[str, object]:
    """Erase what was written under the address on this site, and return the signed receipt; it names no address.

    The rows are gone when this returns. The maintenance task clears the files of them, or `usecases.clear_files` does.
    """
    now = context.deps.clock()
    keys = Sealer(context.keyring).author_keys(site.name, address)
    reference = new_reference(now)
    erased = erase(context.deps, site, keys, who_kind, who, reference)
    receipt = attest(context.keyring, _content(site, erased, who_kind, reference, now))
    with context.deps.store.write() as tx:
        written = json.dumps(receipt, ensure_ascii=False)
        tx.erasure.add(Erasure(reference, site.id, str(who_kind), erased.comments, written, now))
        tx.audit_log.append(who, "erase", f"site {site.name}: {erased.comments} comments, {reference}", now)
    return receipt


def new_reference(now: datetime) -> str:
    """Return the name of one erasure, under which callback, log and receipt speak of it."""
    return f"er-{int(now.timestamp()):010x}-{secrets.token_hex(8)}"


def _content(site: Site, erased: Erased, who_kind: Who, reference: str, now: datetime) -> dict[str, object]:
    named = [{"id": one, "done": "removed"} for one in erased.removed]
    named += [{"id": one, "done": "text kept without its author"} for one in erased.kept_without_author]
    return {
        "kind": "erasure",
        "version": 1,
        "id": reference,
        "site": site.name,
        "requested_by": str(who_kind),
        "issued_at": instant(now),
        "comments": named[:NAMED],
        "comments_in_all": erased.comments,
        "touched": {name: number for name, number in sorted(erased.rows.items()) if name != "bans_kept"},
        "kept": _kept(site, erased),
        "later": LATER,
    }


LATER: Final = [
    {
        "what": "files of the database",
        "when": "within minutes: the index of words is merged and the write-ahead log cut (SQLite), or the tables are"
        " vacuumed (PostgreSQL)",
    },
    {"what": "backups made before", "when": "as long as the operator keeps them"},
]


def _kept(site: Site, erased: Erased) -> list[dict[str, str]]:
    kept = [
        {
            "what": "that there was a comment under this id, where and when, and how it was decided",
            "why": "so that threads, sequence numbers and the log hold, and the same text is not taken in again",
        },
        {
            "what": "what the site itself has stored",
            "why": "this installation cannot reach it; "
            + (
                "the site is told by comment.erased"
                if erased.called_back
                else "the decisions feed tells the site"
            ),
        },
        {"what": "the log of acts: that this erasure took place", "why": "it holds numbers and no text"},
    ]
    if erased.kept_without_author:
        kept.append({"what": "published texts, without their author", "why": f"the choice of {site.name}"})
    if erased.rows.get("bans_kept"):
        kept.append(
            {
                "what": "a ban, as a keyed hash of the address and without its reason",
                "why": "so that an erasure does not lift it",
            }
        )
    return kept
