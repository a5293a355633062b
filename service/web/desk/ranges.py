"""Ranges on the desk: how what is held spreads over a score, a look into a stretch, one decision for all of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from flask import request, url_for
from flask.typing import ResponseReturnValue

from service.context import Dependencies
from service.domain.desk import Sort
from service.domain.site import Site
from service.domain.verdict import LABELS, Action, Who
from service.storage import Tx
from service.storage.records import ScoreRange
from service.usecases import Judgement, Target
from service.usecases.bulk import MOST, SLICE, decide_bulk, range_named
from service.web.desk import blueprint
from service.web.desk.access import back_to, moderator, requires
from service.web.desk.bulk import bulk_notice
from service.web.desk.frame import page, unfit
from service.web.desk.place import Place, number
from service.web.desk.shown import cards
from service.web.reach import context

BINS: Final = 50
SAMPLE: Final = 12
EDGE_LIMIT: Final = 24
BULK_ACTIONS: Final = {"approve": Action.APPROVE, "reject": Action.REJECT, "spam": Action.SPAM}


@dataclass(frozen=True, slots=True)
class Bar:
    """One step of the histogram: its edges, how many are held there, its height in percent, whether it is chosen."""

    low: float
    high: float
    count: int
    height: float
    chosen: bool


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a moderator chose by the address: a stretch of a score, None the leading one, in a filtered queue."""

    low: float = 0.0
    high: float = 1.0
    by: str | None = None
    place: Place = field(default_factory=Place)

    def query(self) -> dict[str, Any]:
        """Return the choice as a query, without what goes without saying."""
        query = {"by": self.by, "low": f"{self.low:g}", "high": f"{self.high:g}", **self.place.query()}
        return {name: value for name, value in query.items() if value is not None}

    def anywhere(self) -> Chosen:
        """Return the same choice over every article."""
        return replace(self, place=self.place.without("article"))

    def stretch(self, tx: Tx, until: int) -> ScoreRange:
        """Return what it means to the store."""
        return ScoreRange(self.low, self.high, self.by, self.place.wanted(tx), until)


@blueprint.get("/ranges")
@requires("moderator")
def ranges() -> ResponseReturnValue:
    """Show how what is held spreads over a score, and a random look into the chosen stretch."""
    here, now = context(), context().deps.clock()
    chosen = _read(request.args) or Chosen(place=_place(request.args))
    with here.deps.store.read() as tx:
        sites = tx.sites.all()
        stretch = chosen.stretch(tx, tx.queue.newest_pk())
        spread = tx.ranges.histogram(stretch, BINS)
        drawn = tx.ranges.sample(stretch, SAMPLE)
        shown = cards(tx, drawn, {one.id: one for one in sites}, now)
        languages = tx.queue.languages()
        notice = bulk_notice(tx, request.args)
    return page(
        "desk/ranges.html",
        200,
        chosen=chosen,
        by=chosen.by,
        stretch=stretch,
        bars=_bars(chosen, spread.counts),
        held=sum(spread.counts),
        inside=spread.inside,
        most=MOST if spread.inside > MOST else None,
        cards=shown,
        sites=sites,
        labels=LABELS,
        languages=languages,
        bulk_notice=notice,
    )


def _bars(chosen: Chosen, counts: Sequence[int]) -> list[Bar]:
    most = max(counts, default=0) or 1
    return [
        Bar(
            n / BINS,
            (n + 1) / BINS,
            count,
            100 * count / most,
            chosen.low <= (n + 0.5) / BINS <= chosen.high,
        )
        for n, count in enumerate(counts)
    ]


@blueprint.post("/ranges")
@requires("moderator")
def decide_range() -> ResponseReturnValue:
    """Decide every held comment of the stretch that was looked at, as one act with one undo."""
    action, until = BULK_ACTIONS.get(request.form.get("action", "")), number(request.form.get("until"))
    chosen = _read(request.form)
    if action is None or until is None or chosen is None:
        return unfit()
    here = context()
    with here.deps.store.read() as tx:
        sites = {one.id: one for one in tx.sites.all()}
        stretch = chosen.stretch(tx, until)
    site = sites.get(stretch.wanted.site_id or 0)
    if chosen.place.site and site is None:
        return unfit()
    judgement = Judgement(action, Who.MODERATOR, moderator().name)
    own = [one.options.undo_seconds for one in ([site] if site else sites.values())]
    seconds = max(here.settings.undo_seconds if one is None else one for one in own)
    what = range_named(chosen.by, chosen.low, chosen.high)
    made = decide_bulk(here.deps, _targets(here.deps, stretch, sites), judgement, what, seconds)
    if made.stopped:  # where what is left of the stretch can be seen, and decided by another act
        return back_to(url_for("desk.ranges", **chosen.query(), bulk=made.bulk_decision.id))
    return back_to(url_for("desk.queue", bulk=made.bulk_decision.id))


def _targets(deps: Dependencies, stretch: ScoreRange, sites: dict[int, Site]) -> Iterator[Target]:
    """Go through the stretch page by page, leaving alone what is assigned to another moderator."""
    after = 0
    while True:
        with deps.store.read() as tx:
            some = tx.ranges.page(stretch, after, SLICE, moderator().id, deps.clock())
        yield from (Target(sites[one.site_id], one.id, one.revision) for one in some if one.site_id in sites)
        if len(some) < SLICE:
            return
        after = some[-1].pk


def _read(values: Mapping[str, str]) -> Chosen | None:
    """Read a choice as the address or a form tells it, the edges in either order; None for what is no stretch."""
    edges = []
    for given, otherwise in ((values.get("low"), 0.0), (values.get("high"), 1.0)):
        try:
            edges.append(float(given[:EDGE_LIMIT]) if given else otherwise)
        except ValueError:
            return None
    if not all(0.0 <= edge <= 1.0 for edge in edges):
        return None
    by = values.get("by")
    return Chosen(min(edges), max(edges), by if by in LABELS else None, _place(values))


def _place(values: Mapping[str, str]) -> Place:
    """Read the queue's filters; a range is of what is held, and has no order and no cursor."""
    return replace(Place.of(values), queue="held", sort=Sort.AGE, after=None)
