"""Errors of the compatibility APIs, once for all; each answers them in its own protocol's form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, Literal

import structlog
from flask import Blueprint, Response
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException

from service.compat.time_limit import TooLate
from service.domain.errors import Invalid, ReplydeskError
from service.scoring.scorer import NoModel
from service.web.compat.gate import BODY_LIMIT, BadKey, NoKey, StoreAway, TooLarge
from service.web.problems import Problem, where

Kind = Literal[
    "no_key", "bad_key", "malformed", "invalid", "too_large", "too_many", "no_route", "unavailable", "broken"
]

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a call is refused: one of a few kinds, a sentence that quotes nothing of the call, and headers to add."""

    kind: Kind
    detail: str
    headers: tuple[tuple[str, str], ...] = ()


def register(blueprint: Blueprint, answer: Callable[[Refusal], Response]) -> None:
    """Let everything that goes wrong in the views of this blueprint end in `answer`; nothing of ours shows through."""
    blueprint.register_error_handler(Exception, lambda error: answer(refusal_of(error)))


def refusal_of(error: Exception) -> Refusal:
    """Translate whatever was raised; what nobody foresaw is logged by its place alone."""
    for kind, classes in KINDS:
        if isinstance(error, classes):
            detail = error.detail if isinstance(error, ReplydeskError) else SAID[kind]
            if kind == "unavailable":
                log.warning("compat.unavailable", error=type(error).__name__)
                return Refusal(kind, detail, (("Retry-After", "2"),))
            return Refusal(kind, detail)
    if isinstance(error, Invalid):
        return Refusal("invalid", "; ".join(f"{one.field}: {one.message}" for one in error.faults[:5]))
    if isinstance(error, ReplydeskError):
        return Refusal("invalid", error.detail)
    if isinstance(error, Problem):
        refusal = _of_status(error.kind.status, error.detail)
        return replace(refusal, headers=tuple(error.headers.items()))
    if isinstance(error, HTTPException):
        return _of_status(error.code or 500, None)
    log.error("request.broke", error=type(error).__name__, where=where(error))
    return Refusal("broken", SAID["broken"])


def _of_status(status: int, detail: str | None) -> Refusal:
    kind: Kind = BY_STATUS.get(status) or ("malformed" if status < 500 else "broken")
    return Refusal(kind, detail or SAID[kind])


KINDS: Final[tuple[tuple[Kind, tuple[type[Exception], ...]], ...]] = (
    ("no_key", (NoKey,)),
    ("bad_key", (BadKey,)),
    ("too_large", (TooLarge,)),
    ("unavailable", (StoreAway, TooLate, NoModel, SQLAlchemyError)),
)
BY_STATUS: Final[dict[int, Kind]] = {
    401: "bad_key",
    404: "no_route",
    405: "no_route",
    413: "too_large",
    429: "too_many",
    503: "unavailable",
}
SAID: Final[dict[Kind, str]] = {
    "no_key": "Give the site's key.",
    "bad_key": "The key is not one of ours.",
    "malformed": "The request cannot be read.",
    "invalid": "The request has faults.",
    "too_large": f"The body is larger than {BODY_LIMIT // 1024} KiB.",
    "too_many": "Too many requests.",
    "no_route": "There is no such call.",
    "unavailable": "The service cannot answer right now; send the same again later.",
    "broken": "Internal error.",
}
