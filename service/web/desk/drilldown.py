"""The comments that a number of the overview counts: received, decided by whom, and where people disagreed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from flask import request
from flask.typing import ResponseReturnValue

from service.domain.comment import Comment
from service.domain.statistics import CELLS, Judged, cell_of
from service.domain.status import Status
from service.domain.verdict import LABELS, Action, Who
from service.storage import Tx
from service.storage.records import DecisionFilter
from service.web.desk import blueprint
from service.web.desk.access import requires
from service.web.desk.frame import missing, page
from service.web.desk.overview import WHO_WORDS, Asked, asked_in
from service.web.desk.place import number
from service.web.desk.shown import cards
from service.web.desk.speech import lazy_gettext as _l
from service.web.reach import context

PAGE: Final = 50
AGREE: Final = "agree"
JUDGED: Final = "judged"
NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "status": tuple(Status),
    "article": (),
    "by": tuple(Who),
    "who": (),
    "action": tuple(Action),
    "label": LABELS,
    "cell": (*CELLS, AGREE, JUDGED),
}
"""What an address may ask for, and which values it may have; any where none are named."""
CELL_WORDS: Final = {
    "both_bad": _l("both bad"),
    "both_fine": _l("both fine"),
    "only_model": _l("only the model flagged it"),
    "only_person": _l("only a moderator flagged it"),
    AGREE: _l("agree"),
    JUDGED: _l("judged by a person"),
}


@dataclass(frozen=True, slots=True)
class Found:
    """One page of comments, newest first; `before` leads to the next one."""

    comments: list[Comment]
    before: int | None = None


@blueprint.get("/overview/comments")
@requires("moderator")
def drilldown() -> ResponseReturnValue:
    """Show the comments that a number counts, newest first."""
    filters = {name: value for name in NAMES if (value := request.args.get(name))}
    if any(filters[name] not in known for name, known in NAMES.items() if known and name in filters):
        return missing()
    with context().deps.store.read() as tx:
        asked = asked_in(tx)
        if asked is None:
            return missing()
        found = _found(tx, asked, filters, number(request.args.get("before")))
        sites = {one.id: one for one in tx.sites.all()}
        shown = cards(tx, found.comments, sites, context().deps.clock())
    return page(
        "desk/drilldown.html",
        200,
        when=asked,
        cards=shown,
        filters=filters,
        who_words=WHO_WORDS,
        cell_words=CELL_WORDS,
        before=found.before,
        query={**asked.query(), **filters},
    )


def _found(tx: Tx, asked: Asked, filters: Mapping[str, str], before: int | None) -> Found:
    site_id = asked.site.id if asked.site else None
    if "cell" in filters:
        return _judged(tx, asked, filters["cell"], filters.get("label"), before or 0)
    if any(name in filters for name in ("by", "who", "action")):
        hand = DecisionFilter(
            who_kind=Who(filters["by"]) if "by" in filters else None,
            who=filters.get("who"),
            action=Action(filters["action"]) if "action" in filters else None,
        )
        made = tx.statistics.decided(site_id, asked.since, asked.until, hand, before, PAGE + 1)
        last = made[PAGE - 1][0] if len(made) > PAGE else None
        return Found([one for _, one in made[:PAGE]], last)
    came = tx.statistics.arrivals(
        site_id,
        asked.since,
        asked.until,
        Status(filters["status"]) if "status" in filters else None,
        filters.get("article"),
        before,
        PAGE + 1,
    )
    return Found(came[:PAGE], came[PAGE - 1].pk if len(came) > PAGE else None)


def _judged(tx: Tx, asked: Asked, cell: str, label: str | None, skip: int) -> Found:
    """Return the judged comments that the overview counts in a cell; `skip` of them were shown before."""
    tally = tx.statistics.tally(asked.site.id if asked.site else None, asked.since, asked.until)
    chosen = [one.comment_pk for one in tally.judged if _is_in(one, cell, label)]
    some = [tx.comments.by_pk(pk) for pk in chosen[skip : skip + PAGE]]
    following = skip + PAGE if len(chosen) > skip + PAGE else None
    return Found([one for one in some if one is not None], following)


def _is_in(one: Judged, cell: str, label: str | None) -> bool:
    if cell == JUDGED or label is None:
        return cell == JUDGED
    own = cell_of(one, label)
    return own is not None and (own == cell or (cell == AGREE and own.startswith("both")))
