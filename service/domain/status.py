"""Where a comment stands."""

from __future__ import annotations

from enum import StrEnum


class Status(StrEnum):
    """Where a comment stands. Words, never integers."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    SPAM = "spam"
    HELD = "held"
    WITHDRAWN = "withdrawn"
    ERASED = "erased"


FINAL = frozenset({Status.WITHDRAWN, Status.ERASED})
