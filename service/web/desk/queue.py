"""The queues: the next comments assigned to a moderator, kept up to date while they look, and the latest decisions."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Final

from flask import Response, make_response, request
from flask.typing import ResponseReturnValue

from service import usecases
from service.domain.desk_records import Claim, Cursor, Matter, Queued, Wanted
from service.domain.verdict import LABELS
from service.storage import Tx
from service.usecases.claim import CLAIM_SECONDS
from service.web.desk import blueprint
from service.web.desk.access import moderator, requires
from service.web.desk.bulk import Act, latest_acts
from service.web.desk.cards import Card, cards
from service.web.desk.filters import QueueFilters, number, numbers
from service.web.desk.lists import Paged, Row, paged
from service.web.desk.notices import notice
from service.web.desk.pages import page
from service.web.desk.preferences import preferences
from service.web.reach import context
from service.web.speech import gettext, ngettext

BATCH: Final = 8
"""So many comments are assigned to one moderator at once: the one in focus and the next ones, already on screen."""
PAGE: Final = 20
COUNT_LIMIT: Final = 1_000
NEW_LIMIT: Final = 100
APPEALS_LIMIT: Final = 108
LATE_LIMIT: Final = 200
"""So many late comments of each site are looked through: what lies behind them comes when these are decided."""


@dataclass(frozen=True, slots=True)
class QueuePage:
    """One page of a queue: `cards` assigned to the moderator, or the latest decisions and bulk decisions.

    `claims` is what is assigned to everybody by now.
    """

    cards: Sequence[Card] = ()
    decided: Paged[Row] = field(default_factory=Paged)
    acts: Paged[Act] = field(default_factory=Paged)
    next: QueueFilters | None = None
    claims: Sequence[Claim] = ()


@blueprint.get("", strict_slashes=False)
@requires("moderator")
def queue() -> ResponseReturnValue:
    """Show the moderator's next comments of a queue, or the latest decisions."""
    filters = QueueFilters.of(request.args)
    queue = _decided(filters) if filters.queue == "decided" else _assigned(filters, ())
    with context().deps.store.read() as tx:
        return page(
            "desk/queue.html",
            queue=queue,
            filters=filters,
            counts=_counts(tx),
            sites=tx.sites.all(),
            labels=LABELS,
            languages=tx.queue.languages(),
            views=tx.moderators.views(moderator().id),
            others=_others(queue.claims),
            newest=tx.queue.newest_pk(),
            notice=notice(tx, request.args),
        )


@blueprint.get("/more")
@requires("moderator")
def more() -> ResponseReturnValue:
    """Hand a script the comments that follow those it has, claimed; 204 when there are none."""
    filters = replace(QueueFilters.of(request.args), after=None)
    run, left = number(request.args.get("run")) or 0, number(request.args.get("open")) or 0
    queue = _assigned(filters, numbers(request.args.get("have")), run, max(1, BATCH - left))
    if not queue.cards:
        return Response(status=204, headers={"Cache-Control": "no-store"})
    return page("desk/fragments/more.html", queue=queue, filters=filters)


@blueprint.get("/updates")
@requires("moderator")
def updates() -> ResponseReturnValue:
    """Renew the claims on what is on the screen; tell counts, new comments, who else is here and what was lost.

    Answers 304 when nothing changed.
    """
    here, filters = context(), QueueFilters.of(request.args)
    have, seen = numbers(request.args.get("have")), number(request.args.get("seen")) or 0
    usecases.renew_claims(here.deps, moderator().id, have)
    with here.deps.store.read() as tx:
        claims = tx.queue.claims(here.deps.clock())
        new = tx.queue.count_newer(filters.wanted(tx), seen, NEW_LIMIT) if filters.queue == "held" else 0
        lost = [one.comment_pk for one in _of_others(claims) if one.comment_pk in have]
        update = {"counts": _counts(tx), "new": _new(new), "others": _others(claims), "lost": sorted(lost)}
    body = json.dumps(update, ensure_ascii=False, separators=(",", ":")).encode()
    tag = hashlib.sha256(body).hexdigest()[:20]
    response: Response = make_response("", 304) if tag in request.if_none_match else make_response(body)
    response.set_etag(tag)
    response.headers["Content-Type"] = "application/json"
    response.headers["Cache-Control"] = "no-store"
    return response


def _counts(tx: Tx) -> dict[str, str]:
    """Count what waits in each queue, as the links to the queues show it."""
    return {
        name: f"{count:,}" if count < COUNT_LIMIT else f"{COUNT_LIMIT - 1:,}+"
        for name, count in tx.queue.counts(COUNT_LIMIT).items()
    }


def _new(count: int) -> str:
    """Say how many comments came since the page was made; nothing for none."""
    if count >= NEW_LIMIT:
        return gettext("%(num)d or more new comments", num=NEW_LIMIT)
    return ngettext("%(num)d new comment", "%(num)d new comments", count) if count else ""


def _of_others(claims: Sequence[Claim]) -> list[Claim]:
    return [claim for claim in claims if claim.moderator_id != moderator().id]


def _others(claims: Sequence[Claim]) -> list[str]:
    """Say who else is at work, and how many comments are assigned to each."""
    counts = Counter(claim.moderator for claim in _of_others(claims))
    return [
        ngettext("%(name)s has %(num)d comment", "%(name)s has %(num)d comments", count, name=name)
        for name, count in sorted(counts.items())
    ]


def _assigned(filters: QueueFilters, have: tuple[int, ...], run: int = 0, limit: int = BATCH) -> QueuePage:
    """Assign the next comments to the moderator, without those on the screen (`have`)."""
    store = context().deps.store
    with store.read() as tx:
        wanted = filters.wanted(tx, have)
    next_ones = _NEXT[filters.queue](filters, wanted, run, limit)
    with store.read() as tx:
        claims = tx.queue.claims(context().deps.clock())
        shown = cards(tx, [one.comment for one in next_ones], claims)
    following = filters.following(next_ones[-1].cursor) if len(next_ones) == limit else None
    return QueuePage(shown, next=following, claims=claims)


def _held(_: QueueFilters, wanted: Wanted, run: int, limit: int) -> Sequence[Queued]:
    return usecases.claim_held(context().deps, moderator().id, wanted, limit, preferences(request).cap, run)


def _matters(filters: QueueFilters, wanted: Wanted, _: int, limit: int) -> Sequence[Queued]:
    return usecases.claim_matters(context().deps, moderator().id, Matter(filters.queue), wanted, limit)


def _appeals(_: QueueFilters, wanted: Wanted, __: int, limit: int) -> Sequence[Queued]:
    with context().deps.store.read() as tx:
        appeals = tx.appeals.unanswered(wanted, APPEALS_LIMIT)
    # an appeal against one's own decision is shown and left to others: assigned here it would wait for good
    own = [queued for appeal, queued in appeals if appeal.decided_by == moderator().name]
    mine = _claimed([queued for _, queued in appeals if queued not in own], limit)
    return [queued for _, queued in appeals if queued in own or queued in mine][:limit]


def _late(filters: QueueFilters, wanted: Wanted, _: int, limit: int) -> Sequence[Queued]:
    """Return what got no score in its site's time, oldest first; it has no label or language to filter by."""
    if filters.label or filters.language:
        return ()
    deps = context().deps
    with deps.store.read() as tx:
        late = [
            one
            for site in tx.sites.all()
            if filters.site in (None, site.name)
            for one in tx.comments.late(
                site.id,
                deps.clock() - timedelta(seconds=site.policy.outage_after_seconds),
                LATE_LIMIT,
                filters.article,
            )
        ]
    late.sort(key=lambda one: one.pk)
    beyond = filters.after.pk if filters.after else 0
    some = [Queued(one, Cursor(one.pk)) for one in late if one.pk > beyond and one.pk not in wanted.without]
    return _claimed(some, limit)


def _published(_: QueueFilters, wanted: Wanted, __: int, limit: int) -> Sequence[Queued]:
    """Return what was approved automatically, newest first; nobody needs to claim what waits for nobody."""
    with context().deps.store.read() as tx:
        return tx.queue.published(wanted, limit)


def _claimed(queued: Sequence[Queued], limit: int) -> Sequence[Queued]:
    """Assign the first of these that are free."""
    if not queued:
        return ()
    deps = context().deps
    now = deps.clock()
    with deps.store.write() as tx:
        taken = {one.comment_pk for one in _of_others(tx.queue.claims(now))}
        free = [one for one in queued if one.comment.pk not in taken][:limit]
        pks = [one.comment.pk for one in free]
        mine = tx.queue.claim(moderator().id, pks, now, now + timedelta(seconds=CLAIM_SECONDS))
    return [one for one in free if one.comment.pk in mine]


_NEXT: Final[dict[str, Callable[[QueueFilters, Wanted, int, int], Sequence[Queued]]]] = {
    "held": _held,
    "late": _late,
    "reported": _matters,
    "aside": _matters,
    "appeals": _appeals,
    "published": _published,
}
"""How each queue finds and assigns its next comments."""


def _decided(filters: QueueFilters) -> QueuePage:
    """Return the latest decisions of people, and on the first page the latest bulk decisions."""
    now, earlier = context().deps.clock(), number(request.args.get("acts"))
    with context().deps.store.read() as tx:
        claims = tx.queue.claims(now)
        latest = tx.decisions.latest(filters.after.pk if filters.after else None, PAGE + 1)
        some = paged(latest, PAGE, lambda one: one[0].id)
        shown = cards(tx, [comment for _, comment in some.rows], claims)
        acts: Paged[Act] = latest_acts(tx, now, earlier) if earlier or not filters.after else Paged()
    rows = [
        Row(
            card,
            decision,
            undo=decision.id if (stands := card.comment.decision_id == decision.id) else None,
            overruled=not stands,
            sent_in=None if decision.seq is not None else (decision.effective_at - now).total_seconds(),
        )
        for (decision, _), card in zip(some.rows, shown, strict=True)
    ]
    following = filters.following(Cursor(some.next)) if some.next else None
    return QueuePage(decided=Paged(rows), acts=acts, next=following, claims=claims)
