"""A site's settings on the desk: thresholds with their consequences, words with a test, and what else leads decide."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from flask import request, url_for
from flask.typing import ResponseReturnValue

from service.domain.errors import Invalid, NotFound
from service.domain.facts import free_hosts
from service.domain.faults import InvalidValue
from service.domain.json_pointers import read_map
from service.domain.policy import Policy
from service.domain.policy_preview import PolicyPreview, preview_policy
from service.domain.policy_terms import change, to_terms
from service.domain.refusal_reasons import CODE_LIMIT, REASONS_LIMIT
from service.domain.site import Site
from service.domain.verdict import LABELS, SELF_HARM, Action
from service.usecases.inbound_mapping import tried
from service.usecases.sites import tune_site
from service.web.desk import blueprint
from service.web.desk.access import back_to, moderator, requires
from service.web.desk.fields import SECTIONS
from service.web.desk.frame import missing, page
from service.web.desk.place import number
from service.web.desk.shown import Card, cards
from service.web.desk.speech import gettext, in_words
from service.web.reach import context

CUTS: Final = ("hold", "reject", "spam")
CUT_NAMES: Final = tuple(
    f"{label}.{cut}" for label in LABELS for cut in CUTS if label != SELF_HARM or cut == "hold"
)
"""A person decides about a writer at risk, so there is nothing to refuse from."""
PAST: Final = 2_000
CHANGES_SHOWN: Final = 40
VALUE_LIMIT: Final = 60_000
CLASH_SHOWN: Final = 60
NO_REASON: Final = ["", "", ""]
PASSING: Final = {"try": 2_000, "sample": 300_000}
"""What the form holds to be tried alone, and how much of it."""
WORD_LISTS: Final = ("hold_words", "reject_words", "spam_words")


@blueprint.get("/settings")
@requires("lead")
def settings_home() -> ResponseReturnValue:
    """Lead to the settings of the first site."""
    with context().deps.store.read() as tx:
        sites = tx.sites.all()
    return back_to(url_for("desk.settings", name=sites[0].name)) if sites else missing()


@blueprint.get("/settings/<slug:name>")
@requires("lead")
def settings(name: str) -> ResponseReturnValue:
    """Show the thresholds of a site and its other settings; with thresholds in the address, their consequences."""
    site = _site(name)
    if site is None:
        return missing()
    asked = _cuts(request.args)
    if not asked:
        return _shown(site)
    try:
        other = change(site.policy, asked, site.policy.version + 1)
    except Invalid as wrong:
        return _shown(
            site,
            given=asked,
            faults={fault.field: in_words(fault) for fault in wrong.faults},
            status=400,
        )
    return _shown(site, given=asked, other=other)


@blueprint.post("/settings/<slug:name>")
@requires("lead")
def save_settings(name: str) -> ResponseReturnValue:
    """Save a section of the form, all or nothing, and keep what was typed in others; without one, save all it holds."""
    site = _site(name)
    if site is None:
        return missing()
    known, terms, seen = _values(site), _terms(site), _seen(request.args.get("seen", ""))
    typed = _typed(terms, seen)
    section = _names().get(request.form.get("section", ""))
    changed = {key: value for key, value in typed.items() if key in (known if section is None else section)}
    clashes = {key: _clash(known[key]) for key in changed if seen.get(key, now := _mark(known[key])) != now}
    if clashes:
        return _shown(site, given=typed, faults=clashes, status=409, seen=_without(seen, clashes))
    joined = {key: _joined(key, value) for key, value in changed.items()}
    really = {key: value for key, value in joined.items() if value != _joined(key, known[key])}
    try:
        if really:
            tune_site(context(), name, really, moderator().name)
    except NotFound:
        return missing()
    except Invalid as wrong:
        faults = {fault.field: in_words(fault) for fault in wrong.faults}
        return _shown(site, given=typed, faults=faults, status=400, seen=seen)
    left = _without(typed, changed)
    again = _site(name)
    if again is None:
        return missing()
    if any(left.values()) or left.keys() - set(PASSING):
        return _shown(again, given=left, seen=_without(seen, changed), saved=len(really))
    return back_to(url_for("desk.settings", name=name, saved=len(really)))


@blueprint.post("/settings/<slug:name>/consequences")
@requires("lead")
def try_cuts(name: str) -> ResponseReturnValue:
    """Show the consequences of the thresholds in the form; nothing is stored, and what else was typed stays."""
    site = _site(name)
    if site is None:
        return missing()
    terms, seen = _terms(site), _seen(request.args.get("seen", ""))
    typed = _typed(terms, seen)
    cuts = _cuts(typed)
    try:
        other = change(site.policy, cuts, site.policy.version + 1)
    except Invalid as wrong:
        faults = {fault.field: in_words(fault) for fault in wrong.faults}
        return _shown(site, given=typed, faults=faults, status=400, seen=seen)
    return _shown(site, given=typed, other=other, seen=seen, cuts=cuts)


@blueprint.post("/settings/<slug:name>/words")
@requires("lead")
def try_words(name: str) -> ResponseReturnValue:
    """Say which entry of the lists in the form a text meets; nothing is stored, and what was typed stays."""
    site = _site(name)
    if site is None:
        return missing()
    terms, seen = _terms(site), _seen(request.args.get("seen", ""))
    typed = _typed(terms, seen)
    joined: dict[str, str] = {key: _joined(key, terms[key]) for key in WORD_LISTS if key in terms}
    try:
        other = change(site.policy, joined, site.policy.version + 1)
    except Invalid as wrong:
        faults = {fault.field: in_words(fault) for fault in wrong.faults}
        return _shown(site, given=typed, faults=faults, status=400, seen=seen)
    return _shown(site, given=typed, seen=seen, hits=_hits(other, typed.get("try", "")))


@blueprint.post("/settings/<slug:name>/sample")
@requires("lead")
def try_sample(name: str) -> ResponseReturnValue:
    """Show what a pasted webhook is read as by the map beside it; neither is stored."""
    site = _site(name)
    if site is None:
        return missing()
    terms, seen = _terms(site), _seen(request.args.get("seen", ""))
    given = _typed(terms, seen)
    try:
        places = read_map(terms.get("inbound_map", "")[:VALUE_LIMIT])
        if not places:
            raise InvalidValue("untried")
        read = tried(terms.get("sample", ""), places, email_required=site.email_required)
    except Invalid as wrong:
        unread = [(fault.field, in_words(fault)) for fault in wrong.faults]
        return _shown(site, given, unread=unread, status=400, seen=seen)
    except InvalidValue as wrong:
        faults = {"inbound_map": in_words(wrong)}
        return _shown(site, given, faults=faults, status=400, seen=seen)
    return _shown(site, given, read=read, seen=seen)


def _terms(site: Site) -> dict[str, str]:
    """Return what the form holds: settings, and what is only tried."""
    known = _values(site)
    terms = {
        key: value.replace("\r\n", "\n").strip()[: PASSING.get(key, VALUE_LIMIT)]
        for key, value in (*request.form.items(), *_reasons_given())
        if key in known or key in PASSING
    }
    return terms | _cuts(terms)


def _typed(terms: Mapping[str, str], seen: Mapping[str, str]) -> dict[str, str]:
    """Return what differs from what the page showed."""
    return {key: value for key, value in terms.items() if seen.get(key) != _mark(value)}


def _without(values: Mapping[str, str], names: Collection[str]) -> dict[str, str]:
    return {key: value for key, value in values.items() if key not in names}


def _shown(
    site: Site,
    given: Mapping[str, str] | None = None,
    other: Policy | None = None,
    faults: Mapping[str, str] | None = None,
    status: int = 200,
    read: Mapping[str, object] | None = None,
    unread: Sequence[tuple[str, str]] = (),
    seen: Mapping[str, str] | None = None,
    hits: Mapping[str, str | None] | None = None,
    cuts: Mapping[str, str] | None = None,
    saved: int | str | None = None,
) -> ResponseReturnValue:
    """Show the page; what was typed (`given`) keeps the marks of what it was typed over (`seen`)."""
    found, changes = _consequences(site, other) if other else (None, ())
    stored = _values(site)
    values = {**stored, **(given or {})}
    marks = {key: _mark(value) for key, value in stored.items()}
    marks |= {key: mark for key, mark in (seen or {}).items() if key in (given or {})}
    unsaved = {key for key in given or {} if key in stored and _mark(values[key]) != _mark(stored[key])}
    with context().deps.store.read() as tx:
        sites = tx.sites.all()
    return page(
        "desk/settings.html",
        status,
        site=site,
        sites=sites,
        labels=LABELS,
        cuts=CUTS,
        sections=SECTIONS,
        values=values,
        reason_rows=_reason_rows(values["reasons"]),
        seen=",".join(f"{key}:{mark}" for key, mark in marks.items()),
        faults=faults or {},
        unsaved=[key for key, names in _names().items() if unsaved & names],
        found=found,
        changes=changes,
        asked_cuts=cuts or _cuts(request.args),
        skip=_skipped() + CHANGES_SHOWN
        if found and len(found.changes) > _skipped() + CHANGES_SHOWN
        else None,
        shown_actions=(Action.APPROVE, Action.HOLD, Action.REJECT, Action.SPAM),
        hits=hits,
        read=read,
        unread=unread,
        saved=request.args.get("saved") if request.method == "GET" else saved,
    )


def _consequences(site: Site, other: Policy) -> tuple[PolicyPreview, tuple[tuple[Card, Action, Action], ...]]:
    """Decide the site's newest comments anew under both policies."""
    now = context().deps.clock()
    with context().deps.store.read() as tx:
        own = free_hosts(site.options, site.url)
        found = preview_policy(tx.labels.scored_lately(site.id, PAST), site.policy, other, own)
        some = found.changes[_skipped() : _skipped() + CHANGES_SHOWN]
        shown = cards(tx, [one.comment for one in some], {site.id: site}, now)
    pairs = zip(shown, some, strict=True)
    return found, tuple((card, one.before, one.after) for card, one in pairs)


def _skipped() -> int:
    """Return how many of the changes earlier pages have shown."""
    return number(request.args.get("skip")) or 0


def _hits(policy: Policy, text: str) -> dict[str, str | None]:
    """Say which entry of each word list a text meets."""
    return {name: getattr(policy, name).first_in([text]) for name in WORD_LISTS} if text else {}


def _site(name: str) -> Site | None:
    with context().deps.store.read() as tx:
        return tx.sites.get(name)


def _values(site: Site) -> dict[str, str]:
    """Return every setting of the page as a form holds it."""
    terms = to_terms(site.policy)
    values = {name: _written(terms.get(name)) for name in CUT_NAMES}
    for _, fields in SECTIONS.values():
        for field in fields:
            if field.name in terms:
                values[field.name] = _written(terms[field.name])
            else:
                values[field.name] = _written(
                    getattr(site.options, field.name, getattr(site, field.name, None))
                )
    places = dict(site.options.inbound_map)
    values["inbound_map"] = json.dumps(places, ensure_ascii=False, indent=1) if places else ""
    return values


def _written(value: object) -> str:
    """Write a value as its reader takes it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list | tuple):
        if all(isinstance(one, str) for one in value):
            return "\n".join(value)
        return json.dumps(value, ensure_ascii=False, indent=1)
    return str(value)


def _mark(value: str) -> str:
    """Return a short mark of a value, by which a form tells later what it was made from."""
    return hashlib.sha256(value.replace("\r\n", "\n").strip().encode()).hexdigest()[:8]


def _names() -> dict[str, set[str]]:
    """Return for each section of the form the names of its settings."""
    sections = {"cuts": set(CUT_NAMES)}
    return sections | {key: {field.name for field in fields} for key, (_, fields) in SECTIONS.items()}


def _seen(text: str) -> dict[str, str]:
    """Read the marks of an address; none for what is no mark."""
    return {name: mark for name, _, mark in (one.partition(":") for one in text[:4_000].split(",")) if mark}


def _clash(value: str) -> str:
    """Say that another lead changed the setting since the form was made."""
    short = value if len(value) <= CLASH_SHOWN else f"{value[:CLASH_SHOWN]}…"
    return gettext(
        "Somebody else has set this to %(value)s since you opened the page; save again to overrule it.",
        value=short or gettext("nothing"),
    )


def _reasons_given() -> list[tuple[str, str]]:
    """Return the reasons of a form, three fields for each, as the setting is written; none for other forms."""
    columns = [request.form.getlist(f"reason.{part}")[:REASONS_LIMIT] for part in ("code", "title", "text")]
    rows = [[one.strip()[:VALUE_LIMIT] for one in row] for row in zip(*columns, strict=False)]
    filled = [[code or _code_of(title), title, text] for code, title, text in rows if code or title or text]
    return [("reasons", _written(filled) if filled else "")] if rows else []


def _code_of(title: str) -> str:
    """Make a code of a title, for whoever gave none."""
    plain = unicodedata.normalize("NFKD", title.casefold()).encode("ascii", "ignore").decode()
    return "_".join("".join(char if char.isalnum() else " " for char in plain).split())[:CODE_LIMIT]


def _reason_rows(value: str) -> list[list[str]]:
    """Return the rows of the reasons' form: those there are, and empty ones up to the bound."""
    try:
        rows = [[str(part) for part in row] for row in json.loads(value or "[]")][:REASONS_LIMIT]
    except (ValueError, TypeError, RecursionError):
        rows = []  # no form of ours sends that; the fault says what it should be
    rows = [row for row in rows if len(row) == len(NO_REASON)]
    return [*rows, *([NO_REASON] * (REASONS_LIMIT - len(rows)))]


def _joined(name: str, value: str) -> str:
    """Return a word list as its reader takes it: a page has one entry a line."""
    if name not in WORD_LISTS:
        return value
    return ",".join(line.strip().replace(",", " ") for line in value.splitlines() if line.strip())


def _cuts(given: Mapping[str, str]) -> dict[str, str]:
    """Read the thresholds of an address."""
    return {name: _point(value.strip()[:12]) for name, value in given.items() if name in CUT_NAMES}


def _point(value: str) -> str:
    """Return a number with a point where people write a comma."""
    return value.replace(",", ".")
