"""The compare-and-swap that moves comments from one state to another."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Case,
    ColumnElement,
    Double,
    Executable,
    Integer,
    Numeric,
    Text,
    case,
    cast,
    func,
    null,
    update,
)

from service.domain.severity import leading
from service.storage.bulk import POSTGRESQL, locked_in_order, rows_of
from service.storage.columns import to_microseconds
from service.storage.ranges import MILLION
from service.storage.records import Move
from service.storage.rows import values_of, verdict_text
from service.storage.schema import word
from service.storage.schema_comments import LABEL_SCORES, comments


@cache
def move_statement(dialect: str) -> Executable:
    """Return the statement that compares and swaps all moves bound as `moves`."""
    wanted = rows_of(
        "moves",
        dialect,
        pk=BigInteger,
        revision=Integer,
        from_status=Text,
        expected_decision_id=BigInteger,
        to_status=Text,
        decision_id=BigInteger,
        published_revision=Integer,
        decided_at=BigInteger,
        rescore=Boolean,
        verdict=Text,
        label=Text,
        score=Double,
        doubt=Double,
        language=Text,
    )
    swap = (
        update(comments)
        .where(
            comments.c.pk == wanted.c.pk,
            comments.c.revision == wanted.c.revision,
            comments.c.status == wanted.c.from_status,
            comments.c.decision_id.is_not_distinct_from(wanted.c.expected_decision_id),
        )
        .values(
            status=wanted.c.to_status,
            decision_id=wanted.c.decision_id,
            published_revision=wanted.c.published_revision,
            decided_at=wanted.c.decided_at,
            verdict=func.coalesce(wanted.c.verdict, comments.c.verdict),
            label=_newer(wanted.c.verdict, wanted.c.label, comments.c.label),
            score=func.coalesce(wanted.c.score, comments.c.score, 0.0),
            doubt=func.coalesce(wanted.c.doubt, comments.c.doubt, 1.0),
            language=_newer(wanted.c.verdict, wanted.c.language, comments.c.language),
            lease_until=None,
            rescore=wanted.c.rescore,
            attempts=case((wanted.c.rescore, 0), else_=comments.c.attempts),
            **_label_scores(func.coalesce(wanted.c.verdict, comments.c.verdict), wanted.c.to_status, dialect),
        )
        .returning(comments.c.pk)
    )
    return locked_in_order(swap, comments, wanted, dialect)


def _label_scores(
    verdict: ColumnElement[str], to_status: ColumnElement[str], dialect: str
) -> dict[str, Case[Any]]:
    """Read the scores out of the verdict for a comment that comes to be held, in millionths; others need none."""
    values = {}
    for label, kept in LABEL_SCORES.items():
        if dialect == POSTGRESQL:
            text = cast(verdict, JSON)[("scores", label)].as_string()
            millionths = cast(cast(text, Numeric) * MILLION, Integer)  # which rounds
        else:
            score = func.json_extract(verdict, f"$.scores.{label}", type_=Double)
            millionths = cast(score * MILLION + 0.5, Integer)  # which cuts off
        values[kept.name] = case((to_status == word("held"), millionths), else_=null())
    return values


def _newer(verdict: ColumnElement[Any], new: ColumnElement[Any], old: ColumnElement[Any]) -> Case[Any]:
    """Take what a new verdict says, though it says nothing, and without one what was said before."""
    return case((verdict.is_(None), old), else_=new)


def move_values(move: Move) -> dict[str, Any]:
    """Return a move as `move_statement` reads it."""
    led = values_of(leading(move.verdict)) if move.verdict else {"label": None, "score": None, "doubt": None}
    return {
        **values_of(move),
        **led,
        "language": move.verdict.language if move.verdict else None,
        "decided_at": to_microseconds(move.decided_at) if move.decided_at else None,
        "rescore": move.rescore or None,
        "verdict": verdict_text(move.verdict),
    }
