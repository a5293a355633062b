"""Rows become records and records rows, column by column; verdicts are text in between."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import RowMapping

from service.domain.comment import Article, Client, Comment
from service.domain.verdict import Action, Effort, Reason, Span, Verdict
from service.storage.columns import to_json

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T", bound="DataclassInstance")


def verdict_text(verdict: Verdict | None) -> str | None:
    """Return a verdict as compact JSON; `verdict_of` gives it back equal."""
    if verdict is None:
        return None
    return to_json(
        {
            "action": verdict.action,
            "reasons": [[reason.code, reason.detail, reason.label] for reason in verdict.reasons],
            "scores": dict(verdict.scores),
            "spans": [
                [span.begin, span.end, span.label, span.weight, *([span.rule] if span.rule else [])]
                for span in verdict.spans
            ],
            "reads_as": verdict.reads_as,
            "language": verdict.language,
            "model": verdict.model,
            "policy": verdict.policy,
            "effort": verdict.effort,
        }
    )


def verdict_of(text: str | None) -> Verdict | None:
    """Return the verdict that `verdict_text` wrote."""
    if text is None:
        return None
    stored = json.loads(text)
    return Verdict(
        action=Action(stored["action"]),
        reasons=tuple(Reason(*reason) for reason in stored["reasons"]),
        scores=stored["scores"],
        spans=tuple(Span(*span) for span in stored["spans"]),
        reads_as=stored["reads_as"],
        language=stored["language"],
        model=stored["model"],
        policy=stored["policy"],
        effort=Effort(effort) if (effort := stored.get("effort")) else None,
    )


def record_of(kind: type[T], row: RowMapping | Mapping[str, Any], prefix: str = "", **given: Any) -> T:
    """Return the record that has its fields from the row's columns of the same names, its `id` from `pk`.

    Columns' names may begin with `prefix`; what is `given` is not read from the row.
    """
    for name in kind.__dataclass_fields__:
        if name not in given:
            given[name] = row[prefix + ("pk" if name == "id" else name)]
    return kind(**given)


def values_of(record: DataclassInstance, *without: str) -> dict[str, Any]:
    """Return a record's fields by the names of their columns."""
    names = (name for name in record.__dataclass_fields__ if name not in without)
    return {"pk" if name == "id" else name: getattr(record, name) for name in names}


def comment_of(row: RowMapping | Mapping[str, Any], article: Article) -> Comment:
    """Return the comment of a row of `comments`; its article comes from a row of its own."""
    return record_of(
        Comment,
        row,
        id=row["id"],
        article=article,
        client=Client(row["ip"], row["user_agent"], row["referrer"]),
        signals=row["signals"] or {},
        verdict=verdict_of(row["verdict"]),
        rescore=bool(row["rescore"]),
    )
