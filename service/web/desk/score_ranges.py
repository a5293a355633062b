"""Score ranges: how the held comments spread over a score, a sample of a range, one decision for all of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from flask import request, url_for
from flask.typing import ResponseReturnValue

from service.context import Dependencies
from service.domain.desk_records import Sort
from service.domain.site import Site
from service.domain.verdict import LABELS
from service.storage import Tx
from service.storage.records import ScoreRange
from service.usecases import Target
from service.usecases.bulk import MOST, SLICE, decide_bulk, range_named
from service.web.desk import blueprint
from service.web.desk.access import moderator, redirect_to, requires
from service.web.desk.bulk import bulk_judgement
from service.web.desk.decisions import delay
from service.web.desk.filters import QueueFilters, number
from service.web.desk.lists import comment_list
from service.web.desk.notices import bulk_notice
from service.web.desk.pages import FormIncomplete, given, page
from service.web.reach import context

BINS: Final = 50
SAMPLE: Final = 12
EDGE_LIMIT: Final = 24


@dataclass(frozen=True, slots=True)
class Bin:
    """One bin of the histogram: its edges, how many are held there, its height in percent, whether it is chosen."""

    low: float
    high: float
    count: int
    height: float
    chosen: bool


@dataclass(frozen=True, slots=True)
class ChosenRange:
    """A range of a score (`by` None: the leading one) in a filtered queue."""

    low: float = 0.0
    high: float = 1.0
    by: str | None = None
    filters: QueueFilters = field(default_factory=QueueFilters)

    @classmethod
    def of(cls, values: Mapping[str, str]) -> ChosenRange | None:
        """Read a range from an address or a form, the edges in either order; None for what is no range."""
        try:
            edges = [
                float(text[:EDGE_LIMIT]) if (text := values.get(name)) else default
                for name, default in (("low", 0.0), ("high", 1.0))
            ]
        except ValueError:
            return None
        if not all(0.0 <= edge <= 1.0 for edge in edges):
            return None
        by = values.get("by")
        return cls(min(edges), max(edges), by if by in LABELS else None, _filters(values))

    def query(self) -> dict[str, Any]:
        """Return the range as a query, without the defaults."""
        query = {"by": self.by, "low": f"{self.low:g}", "high": f"{self.high:g}", **self.filters.query()}
        return {name: value for name, value in query.items() if value is not None}

    def anywhere(self) -> ChosenRange:
        """Return the same range over every article."""
        return replace(self, filters=self.filters.without("article"))

    def stored(self, tx: Tx, until: int) -> ScoreRange:
        """Return what it means to the store."""
        return ScoreRange(self.low, self.high, self.by, self.filters.wanted(tx), until)

    def bins(self, counts: Sequence[int]) -> list[Bin]:
        """Return the histogram of these counts."""
        most = max(counts, default=0) or 1
        return [
            Bin(
                n / BINS, (n + 1) / BINS, count, 100 * count / most, self.low <= (n + 0.5) / BINS <= self.high
            )
            for n, count in enumerate(counts)
        ]


def _filters(values: Mapping[str, str]) -> QueueFilters:
    """Read the queue's filters; a range is of held comments, and has no order and no cursor."""
    return replace(QueueFilters.of(values), queue="held", sort=Sort.AGE, after=None)


@blueprint.get("/ranges")
@requires("moderator")
def ranges() -> ResponseReturnValue:
    """Show how the held comments spread over a score, and a random sample of the chosen range."""
    chosen = ChosenRange.of(request.args) or ChosenRange(filters=_filters(request.args))
    with context().deps.store.read() as tx:
        score_range = chosen.stored(tx, tx.queue.newest_pk())
        spread = tx.ranges.histogram(score_range, BINS)
        return page(
            "desk/ranges.html",
            chosen=chosen,
            until=score_range.until_pk,
            bins=chosen.bins(spread.counts),
            held=sum(spread.counts),
            inside=spread.inside,
            most=MOST if spread.inside > MOST else None,
            sample=comment_list(tx, tx.ranges.sample(score_range, SAMPLE), SAMPLE),
            sites=tx.sites.all(),
            labels=LABELS,
            languages=tx.queue.languages(),
            bulk_notice=bulk_notice(tx, request.args),
        )


@blueprint.post("/ranges")
@requires("moderator")
def decide_range() -> ResponseReturnValue:
    """Decide every held comment of the range that was looked at, as one act with one undo."""
    judgement, until = bulk_judgement(), given(number(request.form.get("until")))
    chosen, deps = given(ChosenRange.of(request.form)), context().deps
    with deps.store.read() as tx:
        score_range = chosen.stored(tx, until)
        sites = {one.id: one for one in tx.sites.all() if chosen.filters.site in (None, one.name)}
    if not sites:
        raise FormIncomplete
    seconds = max(delay(site) for site in sites.values())
    what = range_named(chosen.by, chosen.low, chosen.high)
    made = decide_bulk(deps, _targets(deps, score_range, sites), judgement, what, seconds)
    if made.stopped:  # where what is left of the range can be seen, and decided by another act
        return redirect_to(url_for("desk.ranges", **chosen.query(), bulk=made.bulk_decision.id))
    return redirect_to(url_for("desk.queue", bulk=made.bulk_decision.id))


def _targets(deps: Dependencies, score_range: ScoreRange, sites: dict[int, Site]) -> Iterator[Target]:
    """Go through the range page by page, leaving alone what is assigned to another moderator."""
    after = 0
    while True:
        with deps.store.read() as tx:
            some = tx.ranges.page(score_range, after, SLICE, moderator().id, deps.clock())
        yield from (Target(sites[one.site_id], one.id, one.revision) for one in some if one.site_id in sites)
        if len(some) < SLICE:
            return
        after = some[-1].pk
