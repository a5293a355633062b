"""The comments of a period as a file: CSV that a spreadsheet opens as text, or JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from flask import Response
from flask.typing import ResponseReturnValue

from service.domain.comment import Comment
from service.domain.verdict import LABELS
from service.storage import Store
from service.web.desk import blueprint
from service.web.desk.access import requires
from service.web.desk.overview import Period
from service.web.reach import context

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


@blueprint.get("/overview/export.<any(csv, json):form>")
@requires("lead")
def export(form: str) -> ResponseReturnValue:
    """Hand out the comments of the period, masked as they are stored; no address, no author key, no network."""
    with context().deps.store.read() as tx:
        period = Period.asked(tx)
        sites = {one.id: one.name for one in tx.sites.all()}
    rows = _rows(context().deps.store, period, sites)
    kind = "application/json" if form == "json" else "text/csv; charset=utf-8"
    name = f"comments-{period.span}.{form}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(_json(rows) if form == "json" else _csv(rows), content_type=kind, headers=headers)


def _rows(store: Store, period: Period, sites: Mapping[int, str]) -> Iterator[dict[str, object]]:
    """Read page by page, each in a transaction of its own: an export of a month holds up nobody."""
    site_id, before = period.site.id if period.site else None, None
    while True:
        with store.read() as tx:
            some = tx.statistics.arrivals(
                site_id, period.since, period.until, None, None, before, EXPORT_PAGE
            )
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
