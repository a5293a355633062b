"""The overview: what came in, who decided what, how fast, where moderators and model agree; each number's comments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from flask import request
from flask.typing import ResponseReturnValue

from service.domain.comment import Comment
from service.domain.site import Site
from service.domain.statistics import CELLS, Bin, Confusion, Judged, Tally, calibration, cell_of, confusion
from service.domain.status import Status
from service.domain.verdict import LABELS, Action, Who
from service.storage import Tx
from service.storage.records import DecisionFilter
from service.web.desk import blueprint
from service.web.desk.access import requires
from service.web.desk.cards import cards
from service.web.desk.filters import number
from service.web.desk.lists import Paged, Row, paged
from service.web.desk.pages import found, page
from service.web.desk.words import age
from service.web.reach import context
from service.web.speech import lazy_gettext as _l

PAGE: Final = 50
SPANS: Final[Mapping[str, tuple[timedelta, object]]] = {
    "1h": (timedelta(hours=1), _l("60 minutes")),
    "24h": (timedelta(hours=24), _l("24 hours")),
    "7d": (timedelta(days=7), _l("7 days")),
    "30d": (timedelta(days=30), _l("30 days")),
}
WHO_WORDS: Final = {
    Who.MACHINE: _l("automatic"),
    Who.MODERATOR: _l("moderators"),
    Who.SITE: _l("the sites"),
}
SHOWN_STATES: Final = (Status.PENDING, Status.HELD, Status.APPROVED, Status.REJECTED, Status.SPAM)
SHOWN_ACTIONS: Final = (Action.APPROVE, Action.REJECT, Action.SPAM, Action.HOLD)
AGREE: Final = "agree"
JUDGED: Final = "judged"
CELL_WORDS: Final = {
    "both_bad": _l("both bad"),
    "both_fine": _l("both fine"),
    "only_model": _l("only the model flagged it"),
    "only_person": _l("only a moderator flagged it"),
    AGREE: _l("agree"),
    JUDGED: _l("judged by a person"),
}
FILTERS: Final[Mapping[str, tuple[str, ...]]] = {
    "status": tuple(Status),
    "article": (),
    "by": tuple(Who),
    "who": (),
    "action": tuple(Action),
    "label": LABELS,
    "cell": (*CELLS, AGREE, JUDGED),
}
"""What an address may ask for, and which values it may have; any where none are named."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """How moderators and model agree on one label."""

    label: str
    counts: Confusion
    bins: list[Bin]


@dataclass(frozen=True, slots=True)
class Period:
    """What the address asks for: a period, and perhaps one site."""

    span: str
    site: Site | None
    since: datetime
    until: datetime

    @classmethod
    def asked(cls, tx: Tx) -> Period:
        """Read the address; NotFound for a period or a site that does not exist."""
        now, name = context().deps.clock(), request.args.get("site")
        span = request.args.get("span", "24h")
        length, _ = found(SPANS.get(span))
        site = found(tx.sites.get(name)) if name else None
        # to the end of this very moment: what came in now is in it
        return cls(span, site, now - length, now + timedelta(seconds=1))

    @property
    def site_id(self) -> int | None:
        return self.site.id if self.site else None

    def query(self) -> dict[str, str]:
        """Return it as a query."""
        return {"span": self.span} | ({"site": self.site.name} if self.site else {})


@blueprint.get("/overview")
@requires("moderator")
def overview() -> ResponseReturnValue:
    """Show a period in numbers, each leading to the comments it counts."""
    now = context().deps.clock()
    with context().deps.store.read() as tx:
        period = Period.asked(tx)
        surges = tx.statistics.surges(period.site_id, now)
        tally = tx.statistics.tally(period.site_id, period.since, period.until)
        sites = {site.id: site for site in tx.sites.all()}
    return page(
        "desk/overview.html",
        period=period,
        tally=tally,
        surges=[(one, sites[one.site_id]) for one in surges],
        sites=list(sites.values()),
        spans={span: words for span, (_, words) in SPANS.items()},
        who_words=WHO_WORDS,
        cell_words=CELL_WORDS,
        states=SHOWN_STATES,
        actions=SHOWN_ACTIONS,
        agreements=_agreements(tally),
        waits=_wait_words(tally.median_wait),
        oldest=age(tally.oldest_waiting, now) if tally.oldest_waiting else None,
    )


@blueprint.get("/overview/comments")
@requires("moderator")
def drilldown() -> ResponseReturnValue:
    """Show the comments that a number counts, newest first."""
    asked = {name: value for name in FILTERS if (value := request.args.get(name))}
    for name, value in asked.items():
        found(value if not FILTERS[name] or value in FILTERS[name] else None)
    with context().deps.store.read() as tx:
        period = Period.asked(tx)
        some = _counted(tx, period, asked, number(request.args.get("before")))
        comments = Paged([Row(card) for card in cards(tx, some.rows)], some.next)
    return page(
        "desk/drilldown.html",
        period=period,
        comments=comments,
        asked_for=asked,
        who_words=WHO_WORDS,
        cell_words=CELL_WORDS,
        query={**period.query(), **asked},
    )


def _agreements(tally: Tally) -> list[Agreement]:
    """Compare on each label that a model gave to any of the judged comments."""
    known = [label for label in LABELS if any(label in one.scores for one in tally.judged)]
    return [
        Agreement(label, confusion(tally.judged, label), calibration(tally.judged, label)) for label in known
    ]


def _wait_words(seconds: float | None) -> str:
    if seconds is None:
        return "–"
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _counted(tx: Tx, period: Period, asked: Mapping[str, str], before: int | None) -> Paged[Comment]:
    """Return the comments that these filters count, by cell, by decision or by arrival."""
    if "cell" in asked:
        return _judged(tx, period, asked["cell"], asked.get("label"), before or 0)
    if asked.keys() & {"by", "who", "action"}:
        hand = DecisionFilter(
            who_kind=Who(asked["by"]) if "by" in asked else None,
            who=asked.get("who"),
            action=Action(asked["action"]) if "action" in asked else None,
        )
        made = tx.statistics.decided(period.site_id, period.since, period.until, hand, before, PAGE + 1)
        some = paged(made, PAGE, lambda one: one[0])
        return Paged([comment for _, comment in some.rows], some.next)
    status = Status(asked["status"]) if "status" in asked else None
    came = tx.statistics.arrivals(
        period.site_id, period.since, period.until, status, asked.get("article"), before, PAGE + 1
    )
    return paged(came, PAGE, lambda one: one.pk)


def _judged(tx: Tx, period: Period, cell: str, label: str | None, skip: int) -> Paged[Comment]:
    """Return the judged comments that the overview counts in a cell; `skip` of them were shown before."""
    tally = tx.statistics.tally(period.site_id, period.since, period.until)
    chosen = [one.comment_pk for one in tally.judged if _is_in(one, cell, label)]
    some = [tx.comments.by_pk(pk) for pk in chosen[skip : skip + PAGE]]
    following = skip + PAGE if len(chosen) > skip + PAGE else None
    return Paged([one for one in some if one is not None], following)


def _is_in(one: Judged, cell: str, label: str | None) -> bool:
    if cell == JUDGED or label is None:
        return cell == JUDGED
    own = cell_of(one, label)
    return own is not None and (own == cell or (cell == AGREE and own.startswith("both")))
