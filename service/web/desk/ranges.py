"""Ranges on the desk: how what is held spreads over a score, a look into a stretch, one decision for all of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from flask import request, url_for
from flask.typing import ResponseReturnValue

from service.actions import Judgement
from service.actions.together import MOST, SLICE, Target, decide_together
from service.moderation.verdict import LABELS, Action, Who
from service.ports import House, Site
from service.ports.ranging import Stretch
from service.web.desk import blueprint
from service.web.desk.access import back_to, moderator, requires
from service.web.desk.frame import page, unfit
from service.web.desk.place import number
from service.web.desk.shown import cards
from service.web.reach import parts

BINS: Final = 50
SAMPLE: Final = 12
TOGETHER: Final = {"approve": Action.APPROVE, "reject": Action.REJECT, "spam": Action.SPAM}


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
    """What a moderator chose by the address: a stretch of the score, under a label and a site."""

    low: float
    high: float
    label: str | None
    site: str | None


@blueprint.get("/ranges")
@requires("moderator")
def ranges() -> ResponseReturnValue:
    """Show how what is held spreads over its score, and a random look into the chosen stretch."""
    here, now, chosen = parts(), parts().house.clock(), _chosen()
    with here.house.store.read() as tx:
        sites = tx.sites()
        site = next((one for one in sites if one.name == chosen.site), None)
        stretch = _stretch(chosen, site, tx.last_held())
        counts = tx.spread(chosen.label, site.id if site else None, BINS)
        inside = tx.count_stretch(stretch)
        drawn = tx.sample_stretch(stretch, SAMPLE)
        shown = cards(tx, drawn, {one.id: one for one in sites}, now)
    most = max(counts, default=0) or 1
    return page(
        "desk/ranges.html",
        200,
        chosen=chosen,
        stretch=stretch,
        bars=[
            Bar(
                n / BINS,
                (n + 1) / BINS,
                count,
                100 * count / most,
                chosen.low <= (n + 0.5) / BINS <= chosen.high,
            )
            for n, count in enumerate(counts)
        ],
        held=sum(counts),
        inside=inside,
        most=MOST if inside > MOST else None,
        cards=shown,
        sites=sites,
        labels=LABELS,
    )


@blueprint.post("/ranges")
@requires("moderator")
def decide_range() -> ResponseReturnValue:
    """Decide every held comment of the stretch that was looked at, as one act with one undo."""
    action, until = TOGETHER.get(request.form.get("action", "")), number(request.form.get("until"))
    chosen = _read(request.form.get("low"), request.form.get("high"), request.form.get("label"))
    if action is None or until is None or chosen is None:
        return unfit()
    here = parts()
    with here.house.store.read() as tx:
        sites = {one.id: one for one in tx.sites()}
    name = request.form.get("site") or None
    site = next((one for one in sites.values() if one.name == name), None)
    if name and site is None:
        return unfit()
    stretch = _stretch(replace(chosen, site=name), site, until)
    judgement = Judgement(action, Who.MODERATOR, moderator().name)
    what = f"{chosen.label or 'score'} from {chosen.low:g} to {chosen.high:g}"
    own = [one.options.undo_seconds for one in ([site] if site else sites.values())]
    seconds = max(here.settings.undo_seconds if one is None else one for one in own)
    made = decide_together(here.house, _targets(here.house, stretch, sites), judgement, what, seconds)
    return back_to(url_for("desk.queue", together=made.bundle.id))


def _targets(house: House, stretch: Stretch, sites: dict[int, Site]) -> Iterator[Target]:
    """Go through the stretch page by page, leaving alone what another moderator has in hand."""
    after = 0
    while True:
        with house.store.read() as tx:
            some = tx.page_stretch(stretch, after, SLICE, moderator().id, house.clock())
        yield from (Target(sites[one.site_id], one.id, one.revision) for one in some if one.site_id in sites)
        if len(some) < SLICE:
            return
        after = some[-1].pk


def _chosen() -> Chosen:
    """Read the address; what makes no sense is the whole scale."""
    told = request.args
    read = _read(told.get("low"), told.get("high"), told.get("label")) or Chosen(0.0, 1.0, None, None)
    site = told.get("site") or None
    return replace(read, site=site)


def _read(low: str | None, high: str | None, label: str | None) -> Chosen | None:
    """Read the edges and the label as a form sends them, the edges in either order; None for what is no stretch."""
    edges = []
    for given, otherwise in ((low, 0.0), (high, 1.0)):
        try:
            edges.append(float(given) if given else otherwise)
        except ValueError:
            return None
    if not all(0.0 <= edge <= 1.0 for edge in edges):
        return None
    return Chosen(min(edges), max(edges), label if label in LABELS else None, None)


def _stretch(chosen: Chosen, site: Site | None, until: int) -> Stretch:
    unknown = chosen.site is not None and site is None
    return Stretch(
        low=chosen.low,
        high=chosen.high,
        label=chosen.label,
        site_id=0 if unknown else site.id if site else None,
        until_pk=until,
    )
