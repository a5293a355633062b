"""A comment of an archive as its file holds it: longer than what comes in live, and kept where something is no good."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, Final

from pydantic import AfterValidator, ValidationError, model_validator

from service.domain.comment import ARCHIVED_LIMIT, NAME_LIMIT, TITLE_LIMIT, Source, Submission
from service.domain.errors import Invalid
from service.domain.faults import Fault
from service.usecases.submission import (
    CLIENT_LIMIT,
    SOME_TEXT,
    SubmissionGiven,
    some_text,
    submission_of,
    text_field,
)
from service.usecases.validation import faults_of

LINES: Final = {
    ("author", "name"): NAME_LIMIT,
    ("article", "title"): TITLE_LIMIT,
    ("client", "user_agent"): CLIENT_LIMIT,
    ("client", "referrer"): CLIENT_LIMIT,
}
"""Lines that are cut in an archive."""
ARCHIVED_BOUND: Final = 2 * 1024 * 1024
CUT: Final = " […]"
OPTIONAL: Final = frozenset(
    {
        "article.title",
        "article.published_at",
        "parent_id",
        "author.email",
        "author.website",
        "author.staff",
        "submitted_at",
        "client",
        "client.ip",
        "client.user_agent",
        "client.referrer",
    }
)
"""Fields that are left out of a comment of an archive where they are no good."""
CHARACTERS: Final = frozenset({"unicode", "nul"})
"""Codes of faults that a single character makes, which can be replaced."""


def _archived(text: str) -> str:
    """Return a text of an archive; one beyond all bounds is cut, and the cut is marked."""
    return text if len(text) <= ARCHIVED_LIMIT else text[: ARCHIVED_LIMIT - len(CUT)] + CUT


ArchivedText = Annotated[
    str, text_field(ARCHIVED_BOUND, SOME_TEXT), AfterValidator(some_text), AfterValidator(_archived)
]


class ArchivedGiven(SubmissionGiven):
    """One comment of an archive: longer than what comes in live, and never refused for a length."""

    body: ArchivedText

    @model_validator(mode="before")
    @classmethod
    def cut_lines(cls, value: object) -> object:
        """Cut lines that are too long; what is no object is refused by the fields."""
        if not isinstance(value, dict):
            return value
        parts = {part: value[part] for part, _ in LINES if isinstance(value.get(part), dict)}
        for (part, name), limit in LINES.items():
            if part in parts and isinstance(line := parts[part].get(name), str):
                parts[part] = {**parts[part], name: line[:limit]}
        return {**value, **parts}

    @property
    def is_cut(self) -> bool:
        """Whether its end is missing."""
        return len(self.body) == ARCHIVED_LIMIT and self.body.endswith(CUT)


def read_archived(
    value: Any, signals: Mapping[str, object] | None = None
) -> tuple[Submission, Sequence[Fault]]:
    """Return a comment of an archive, and the faults of what was left out: optional values that are no good.

    It was written under other rules: it may be longer, and needs no address. It is scored after what comes in live.
    Raises Invalid where what is needed is at fault, or a character.
    """
    faults: Sequence[Fault] = ()
    try:
        given = ArchivedGiven.model_validate(value)
    except ValidationError as error:
        faults = faults_of(error)
        if any(fault.field not in OPTIONAL or fault.code in CHARACTERS for fault in faults):
            raise Invalid(faults) from None
        for fault in faults:
            value = _without(value, fault.field)
        given = ArchivedGiven.model_validate(value)
    return replace(
        submission_of(given, Source.IMPORT, {**(signals or {}), **({"cut": True} if given.is_cut else {})}),
        live=False,
    ), faults


def _without(value: Mapping[str, Any], field: str) -> dict[str, Any]:
    part, _, rest = field.partition(".")
    kept = {name: one for name, one in value.items() if name != part}
    return {**kept, part: _without(value[part], rest)} if rest else kept
