"""A site's settings as the desk's form holds them: their words, section by section, and their values as text."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from flask import request

from service.domain.policy_terms import to_terms
from service.domain.refusal_reasons import CODE_LIMIT, REASONS_LIMIT
from service.domain.site import Site
from service.domain.verdict import LABELS, SELF_HARM
from service.web.speech import lazy_gettext as _l

CUTS: Final = ("hold", "reject", "spam")
CUT_NAMES: Final = tuple(
    f"{label}.{cut}" for label in LABELS for cut in CUTS if label != SELF_HARM or cut == "hold"
)
"""A person decides about a writer at risk, so there is nothing to refuse from."""
CUT_LIMIT: Final = 12
VALUE_LIMIT: Final = 60_000
TRIED: Final = {"try": 2_000, "sample": 300_000}
"""What the form holds to be tried alone, and how much of it."""
WORD_LISTS: Final = ("hold_words", "reject_words", "spam_words")
NO_REASON: Final = ["", "", ""]


@dataclass(frozen=True, slots=True)
class Field:
    """One setting as a form shows it; `choices`, each with its words, make it a list to choose from."""

    name: str
    words: object
    hint: object = ""
    choices: Mapping[str, object] = field(default_factory=dict)
    long: bool = False


YES_OR_NO: Final = {"true": _l("yes"), "false": _l("no")}
RULES: Final = (
    Field(
        "moderation",
        _l("Readers see a comment"),
        choices={"pre": _l("once it is approved"), "post": _l("at once")},
    ),
    Field("link_limit", _l("Links allowed"), _l("empty: any number")),
    Field("hold_first_time", _l("Hold an author's first comment"), choices=YES_OR_NO),
    Field("hold_threats", _l("Hold for words of plain violence"), choices=YES_OR_NO),
    Field(
        "hold_personal_data",
        _l("Hold for private addresses, number plates, contacts and identity numbers"),
        choices=YES_OR_NO,
    ),
    Field("close_after_days", _l("Close comments after days"), _l("empty: never")),
    Field(
        "outage",
        _l("When a comment is not scored in time"),
        choices={
            "hold": _l("a person looks"),
            "hold_links": _l("a person looks at those with links"),
            "publish": _l("it is published"),
        },
    ),
    Field("outage_after_seconds", _l("Seconds until that applies")),
    Field(
        "articles_apart",
        _l("Tell articles apart by"),
        _l("scheme, www or slash, one a line; empty: such addresses are one article"),
        long=True,
    ),
    Field("undo_seconds", _l("Seconds until a decision is sent"), _l("empty: the installation's default")),
    Field("duplicate_hours", _l("Group copies for (hours)"), _l("empty: copies are not grouped")),
)
WORDS: Final = (
    Field("hold_words", _l("Hold"), long=True),
    Field("reject_words", _l("Reject"), long=True),
    Field("spam_words", _l("Spam"), long=True),
)
KEEPING: Final = (
    Field("keep_rejected_days", _l("Rejected comments, days"), _l("empty: keep permanently, here and below")),
    Field("keep_spam_days", _l("Spam, days")),
    Field("keep_withdrawn_days", _l("Withdrawn comments, days")),
    Field("keep_deliveries_days", _l("Callbacks, days")),
    Field("keep_client_days", _l("Network and browser, days")),
    Field("keep_originals_days", _l("Texts as typed, encrypted, days")),
    Field(
        "erased_texts",
        _l("Published texts of an erased person"),
        choices={"remove": _l("take them off the site"), "keep": _l("keep them without the name")},
    ),
)
LIMITS: Final = (
    Field("comments_per_minute", _l("Comments a minute by the API"), _l("empty: any number")),
    Field("form_per_minute", _l("Comments a minute by the form"), _l("empty: any number")),
    Field("notify_url", _l("Send a webhook here when the queue grows")),
    Field("notify_held", _l("from this many held comments")),
    Field("notify_age_seconds", _l("or when the oldest has waited this many seconds")),
    Field("callback_url", _l("Callbacks go to")),
)
INBOUND: Final = (
    Field(
        "inbound_map",
        _l("Where each field lies"),
        _l("a JSON object with a JSON Pointer for each; empty: webhooks have our own form"),
        long=True,
    ),
)
HELP: Final = (
    Field(
        "help_text",
        _l("Shown to a commenter who may be at risk"),
        _l("plain text, such as who can be called in your country; empty: a text without numbers"),
        long=True,
    ),
)
SECTIONS: Final = {
    "rules": (_l("Rules"), RULES),
    "words": (_l("Words"), WORDS),
    "reasons": (_l("Reasons"), (Field("reasons", _l("Reasons")),)),
    "help": (_l("Help"), HELP),
    "keeping": (_l("Retention"), KEEPING),
    "limits": (_l("Rate limits and alerts"), LIMITS),
    "inbound": (_l("Incoming webhooks"), INBOUND),
}

NAMES: Final = {
    "cuts": frozenset(CUT_NAMES),
    **{key: frozenset(one.name for one in fields) for key, (_, fields) in SECTIONS.items()},
}
"""The names of the settings in each section of the form."""


def stored_values(site: Site) -> dict[str, str]:
    """Return every setting of the site as the form holds it."""
    terms = to_terms(site.policy)
    values = {name: written(terms.get(name)) for name in CUT_NAMES}
    for name in (one.name for _, fields in SECTIONS.values() for one in fields):
        own = getattr(site.options, name, getattr(site, name, None))
        values[name] = written(terms.get(name, own))
    pointers = dict(site.options.inbound_map)
    values["inbound_map"] = json.dumps(pointers, ensure_ascii=False, indent=1) if pointers else ""
    return values


def written(value: object) -> str:
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


def posted_values(known: Mapping[str, str]) -> dict[str, str]:
    """Return what a posted form holds of the `known` settings, and what it holds to be tried alone."""
    values = {
        key: _plain(value)[: TRIED.get(key, VALUE_LIMIT)]
        for key, value in request.form.items()
        if key in known or key in TRIED
    }
    return values | _posted_reasons() | cuts(values)


def cuts(given: Mapping[str, str]) -> dict[str, str]:
    """Return the thresholds among these values, with a point where people write a comma."""
    return {
        name: value.strip()[:CUT_LIMIT].replace(",", ".")
        for name, value in given.items()
        if name in CUT_NAMES
    }


def mark(value: str) -> str:
    """Return a short mark of a value, by which a form tells later what it was made from."""
    return hashlib.sha256(_plain(value).encode()).hexdigest()[:8]


def term(name: str, value: str) -> str:
    """Return a value as the settings take it: of a word list, which has one entry a line, the entries with commas."""
    if name not in WORD_LISTS:
        return value
    return ",".join(line.strip().replace(",", " ") for line in value.splitlines() if line.strip())


def reason_rows(value: str) -> list[list[str]]:
    """Return the rows of the reasons' form: those there are, and empty ones up to the limit."""
    try:
        rows = [[str(part) for part in row] for row in json.loads(value or "[]")][:REASONS_LIMIT]
    except (ValueError, TypeError, RecursionError):
        rows = []  # no form of ours sends that; the fault says what it should be
    rows = [row for row in rows if len(row) == len(NO_REASON)]
    return [*rows, *([NO_REASON] * (REASONS_LIMIT - len(rows)))]


def _plain(value: str) -> str:
    return value.replace("\r\n", "\n").strip()


def _posted_reasons() -> dict[str, str]:
    """Return the reasons of a form, three fields for each, as the setting is written; nothing for other forms."""
    columns = [request.form.getlist(f"reason.{part}")[:REASONS_LIMIT] for part in ("code", "title", "text")]
    rows = [[_plain(one)[:VALUE_LIMIT] for one in row] for row in zip(*columns, strict=False)]
    filled = [[code or _code_of(title), title, text] for code, title, text in rows if code or title or text]
    return {"reasons": written(filled)[:VALUE_LIMIT] if filled else ""} if rows else {}


def _code_of(title: str) -> str:
    """Make a code of a title, for whoever gave none."""
    plain = unicodedata.normalize("NFKD", title.casefold()).encode("ascii", "ignore").decode()
    return "_".join("".join(char if char.isalnum() else " " for char in plain).split())[:CODE_LIMIT]
