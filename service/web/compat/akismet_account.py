"""What Akismet's clients ask about their key and account: is it valid, how much was asked, which sites use it."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Mapping
from typing import Final

from flask import Blueprint, Response

from service.domain.site import Site
from service.web.api.gate import reply
from service.web.compat.akismet import (
    KEY_FIRST,
    debug,
    key_in,
    refused,
    required,
    say,
)
from service.web.compat.form_fields import read_form
from service.web.compat.gate import answer_errors, compat, site_of
from service.web.compat.tally import month_of
from service.web.problems import Problem

blueprint = Blueprint("akismet_account", __name__)

MONTH: Final = re.compile(r"20[0-9]{2}-(0[1-9]|1[0-2])")
SECONDS_SAVED: Final = 20
"""What Akismet reckons that a spam comment takes of a person's time."""
ORDERS: Final = ("total", "spam", "ham", "missed_spam", "false_positives")
EVERY_METHOD: Final = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


@blueprint.post("/1.1/verify-key")
def verify_key() -> Response:
    """Say whether the key opens a site here."""
    fields = read_form()
    required(fields, "blog")
    site_of(key_in(fields, KEY_FIRST))
    return say("valid")


@blueprint.post("/1.1/get-subscription")
def get_subscription() -> Response:
    """Tell WordPress' settings page that the key is good; it stores a key only after this answer."""
    fields = read_form()
    site = site_of(key_in(fields, KEY_FIRST))
    return reply(
        {
            "account_id": site.id,
            "account_name": site.title or site.name,
            "account_type": "free-api-key",
            "status": "active",
            "user_login": site.name,
            "user_email": "",
            "next_billing_date": False,
            "limit_reached": False,
            "api_key": fields.get("key", ""),
        }
    )


@blueprint.post("/1.1/get-stats")
def get_stats() -> Response:
    """Say how many comments were spam and how many were not, over six months or over all time."""
    fields = read_form()
    site = site_of(key_in(fields, KEY_FIRST))
    since = "" if fields.get("from", "") == "all" else _half_a_year_ago()
    counts: Counter[str] = Counter()
    for (_, what), count in _usage(site, since).items():
        counts[what] += count
    checked, wrong = counts["spam"] + counts["ham"], counts["missed_spam"] + counts["false_positives"]
    return reply(
        {
            "spam": counts["spam"],
            "ham": counts["ham"],
            "missed_spam": counts["missed_spam"],
            "false_positives": counts["false_positives"],
            "accuracy": round(100 * max(0, checked - wrong) / checked, 2) if checked else 0,
            "time_saved": counts["spam"] * SECONDS_SAVED,
        }
    )


@blueprint.post("/1.1/deactivate")
def deactivate() -> Response:
    """Take note that the plugin was switched off; the key stays as it is, until it is rotated."""
    site_of(key_in(read_form(), KEY_FIRST))
    return say("deactivated")


@blueprint.route("/1.2/usage-limit", methods=["GET", "POST"])
def usage_limit() -> Response:
    """Say how much was asked this month; there is no limit but the site's own rate."""
    site = site_of(key_in(read_form()))
    month = _this_month()
    used = _calls(_usage(site, month), month)
    return reply({"limit": "none", "usage": used["total"], "percentage": "0.00", "throttled": False})


@blueprint.route("/1.2/key-sites", methods=["GET", "POST"])
def key_sites() -> Response:
    """Say which sites use the key, and how often, in one month; here that is one site."""
    fields = read_form()
    key = key_in(fields)
    site = site_of(key)
    month = fields.get("month", "") or _this_month()
    if not MONTH.fullmatch(month):
        return say("Invalid month.", headers=debug('"month" must be like 2026-11'))
    limit, offset = (_number(fields.get(name, ""), most) for name, most in (("limit", 500), ("offset", 0)))
    if limit is None or offset is None:
        return say("Invalid limit or offset.", headers=debug("limit and offset must be whole numbers"))
    if fields.get("order", "total") not in ORDERS:
        return say("Invalid order.", headers=debug(f"order must be one of {', '.join(ORDERS)}"))
    used = _calls(_usage(site, month), month)
    is_asked = fields.get("filter", "").lower() in site.url.lower()
    rows = [_row(site, used)] if used["total"] and is_asked else []
    shown = rows[offset : offset + limit]
    if fields.get("format", "json") == "csv":
        return _csv(
            shown,
            f"Active sites for {key} during {month} (limit:{limit}, offset: {offset}, total: {len(rows)})",
        )
    return reply({month: shown, "limit": limit, "offset": offset, "total": len(rows)})


@blueprint.route("/1.1/", methods=EVERY_METHOD, provide_automatic_options=False)
@blueprint.route("/1.2/", methods=EVERY_METHOD, provide_automatic_options=False)
@blueprint.route("/1.1/<path:rest>", methods=EVERY_METHOD, provide_automatic_options=False)
@blueprint.route("/1.2/<path:rest>", methods=EVERY_METHOD, provide_automatic_options=False)
def elsewhere(rest: str = "") -> Response:  # noqa: ARG001  # the route's own
    """Say in this protocol's form that there is no such call."""
    return refused(Problem("not-found", "There is no such call; those of 1.1 are POST."))


def _row(site: Site, used: Mapping[str, int]) -> dict[str, object]:
    """Return one site's counts; the protocol has them as text."""
    counts = {name: str(used[name]) for name in ("spam", "ham", "missed_spam", "false_positives")}
    return {"site": site.url, "api_calls": str(used["total"]), **counts, "is_revoked": False}


def _csv(rows: list[dict[str, object]], caption: str) -> Response:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(
        ["Site", "Total API Calls", "Spam", "Ham", "Missed Spam", "False Positives", "Is Revoked"]
    )
    for row in rows:
        *values, revoked = row.values()
        writer.writerow([*values, str(revoked).lower()])
    text = f"{caption}\n{out.getvalue()}"
    return Response(text, content_type="text/csv; charset=utf-8", headers={"Cache-Control": "no-store"})


def _usage(site: Site, since: str) -> Counter[tuple[str, str]]:
    """Return the site's counts, those that are not written down yet among them."""
    counts = Counter(compat().verbs.usage(site, since))
    counts.update(compat().tally.waiting(site))
    return counts


def _calls(usage: Mapping[tuple[str, str], int], month: str) -> Counter[str]:
    used = Counter({what: count for (when, what), count in usage.items() if when == month})
    used["total"] = sum(used.values())
    return used


def _this_month() -> str:
    return month_of(compat().context.deps.clock())


def _half_a_year_ago() -> str:
    year, month = map(int, _this_month().split("-"))
    months = year * 12 + month - 1 - 5
    return f"{months // 12:04d}-{months % 12 + 1:02d}"


def _number(text: str, otherwise: int) -> int | None:
    if not text:
        return otherwise
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else None


answer_errors(blueprint, refused)
