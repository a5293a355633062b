"""Errors: the docstring is the message, the edge translates it once."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from service.domain.comment import Comment
    from service.domain.verdict import Decision


class ReplydeskError(Exception):
    """Something the service refuses, said so that the caller can fix it."""

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail or (self.__doc__ or "").strip())

    @property
    def detail(self) -> str:
        """The sentence for the caller."""
        return str(self)


class Invalid(ReplydeskError):
    """The submission has faults; each names its field and the fix."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__()
        self.faults = faults


class Fault:
    """One fault of a submission: a dotted `field` and a sentence that says how to fix it."""

    __slots__ = ("code", "field", "message")

    def __init__(self, field: str, message: str, code: str = "invalid") -> None:
        self.field, self.message, self.code = field, message, code


class NotFound(ReplydeskError):
    """There is no such thing here."""


class IdempotencyMismatch(ReplydeskError):
    """This idempotency key was used before with different content; send a new key for a new submission."""


class Final(ReplydeskError):
    """The comment was withdrawn or erased, and that is final."""


class Conflict(ReplydeskError):
    """The comment is no longer as you saw it; look at its current state and decide again."""

    def __init__(
        self, current: Comment, current_decision: Decision | None, detail: str | None = None
    ) -> None:
        super().__init__(detail)
        self.current = current
        self.decision = current_decision


class NothingToUndo(Conflict):
    """There is no current decision that can be undone."""
