"""The overview: what came in, what was decided by whom, how fast, and where moderators and model agree."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from flask import Response, request
from flask.typing import ResponseReturnValue

from service.domain.comment import Comment
from service.domain.site import Site
from service.domain.statistics import Bin, Confusion, Tally, calibration, confusion
from service.domain.status import Status
from service.domain.verdict import LABELS, Action, Who
from service.storage import Store, Tx
from service.web.desk import blueprint
from service.web.desk.access import requires
from service.web.desk.frame import missing, page
from service.web.desk.speech import lazy_gettext as _l
from service.web.desk.words import age
from service.web.reach import context

SPANS: Final[Mapping[str, timedelta]] = {
    "1h": timedelta(hours=1),
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
}
SPAN_WORDS: Final = {"1h": _l("60 minutes"), "24h": _l("24 hours"), "7d": _l("7 days"), "30d": _l("30 days")}
WHO_WORDS: Final = {
    Who.MACHINE: _l("automatic"),
    Who.MODERATOR: _l("moderators"),
    Who.SITE: _l("the sites"),
}
SHOWN_STATES: Final = (Status.PENDING, Status.HELD, Status.APPROVED, Status.REJECTED, Status.SPAM)
SHOWN_ACTS: Final = (Action.APPROVE, Action.REJECT, Action.SPAM, Action.HOLD)
EXPORT_PAGE: Final = 500
COLUMNS: Final = (
    "site",
    "id",
    "revision",
    "article_url",
    "name",
    "body",
    "status",
    "received_at",
    *LABELS,
)


@dataclass(frozen=True, slots=True)
class Agreement:
    """How moderators and model agree on one label."""

    label: str
    counts: Confusion
    bins: list[Bin]


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for: a stretch of time, and perhaps one site."""

    span: str
    site: Site | None
    since: datetime
    until: datetime

    def query(self) -> dict[str, str]:
        """Return it as a query."""
        query = {"span": self.span, "site": self.site.name if self.site else ""}
        return {name: value for name, value in query.items() if value}


@blueprint.get("/overview")
@requires("moderator")
def overview() -> ResponseReturnValue:
    """Show a stretch of time in numbers, each leading to the comments it counts."""
    with context().deps.store.read() as tx:
        asked = asked_in(tx)
        if asked is None:
            return missing()
        site_id = asked.site.id if asked.site else None
        surges = tx.statistics.surges(site_id, context().deps.clock())
        tally = tx.statistics.tally(site_id, asked.since, asked.until)
        sites = tx.sites.all()
    return page(
        "desk/overview.html",
        200,
        when=asked,
        tally=tally,
        surges=[(one, {site.id: site for site in sites}[one.site_id]) for one in surges],
        sites=sites,
        spans=SPAN_WORDS,
        who_words=WHO_WORDS,
        states=SHOWN_STATES,
        acts=SHOWN_ACTS,
        agreements=_agreements(tally),
        waits=_wait_words(tally.median_wait),
        oldest=age(tally.oldest_waiting, context().deps.clock()) if tally.oldest_waiting else None,
    )


@blueprint.get("/overview/export.<any(csv, json):form>")
@requires("lead")
def export(form: str) -> ResponseReturnValue:
    """Hand out the comments of the stretch, masked as they are stored; no address, no author key, no network."""
    with context().deps.store.read() as tx:
        asked = asked_in(tx)
        sites = {one.id: one.name for one in tx.sites.all()}
    if asked is None:
        return missing()
    rows = _rows(context().deps.store, asked, sites)
    kind = "application/json" if form == "json" else "text/csv; charset=utf-8"
    name = f"comments-{asked.span}.{form}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(_json(rows) if form == "json" else _csv(rows), content_type=kind, headers=headers)


def asked_in(tx: Tx) -> Asked | None:
    """Read the address; None for a stretch or a site that is not there."""
    now = context().deps.clock()
    span = request.args.get("span", "24h")
    name = request.args.get("site") or None
    site = tx.sites.get(name) if name else None
    if span not in SPANS or (name and site is None):
        return None
    # to the end of this very moment: what came in now is in it
    return Asked(span, site, now - SPANS[span], now + timedelta(seconds=1))


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


def _rows(store: Store, asked: Asked, sites: Mapping[int, str]) -> Iterator[dict[str, object]]:
    """Read page by page, each in a transaction of its own: an export of a month holds up nobody."""
    site_id, before = asked.site.id if asked.site else None, None
    while True:
        with store.read() as tx:
            some = tx.statistics.arrivals(site_id, asked.since, asked.until, None, None, before, EXPORT_PAGE)
        yield from (_row(one, sites.get(one.site_id, "")) for one in some)
        if len(some) < EXPORT_PAGE:
            return
        before = some[-1].pk


def _row(one: Comment, site: str) -> dict[str, object]:
    verdict = one.verdict
    return {
        "site": site,
        "id": one.id,
        "revision": one.revision,
        "article_url": one.article.url,
        "name": one.author_name,
        "body": one.body,
        "status": str(one.status),
        "received_at": one.received_at.isoformat(),
        **{label: verdict.scores.get(label) if verdict else None for label in LABELS},
    }


def _json(rows: Iterator[dict[str, object]]) -> Iterator[str]:
    before = "["
    for row in rows:
        yield before + json.dumps(row, ensure_ascii=False)
        before = ",\n"
    yield "]" if before != "[" else "[]"


def _csv(rows: Iterator[dict[str, object]]) -> Iterator[str]:
    """Write CSV that a spreadsheet opens as text: what could be read as a formula is told apart by an apostrophe."""
    yield _line(COLUMNS)
    for row in rows:
        yield _line([_plain(row[name]) for name in COLUMNS])


def _line(cells: Sequence[object]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(cells)
    return out.getvalue()


def _plain(value: object) -> object:
    if not isinstance(value, str):
        return value
    # spreadsheets pass over white space before a formula, and take a tab or a return for the end of a cell
    risky = value[:1] in ("\t", "\r") or value.lstrip()[:1] in ("=", "+", "-", "@")
    return f"'{value}" if risky else value
