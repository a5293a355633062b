"""Errors: the code says what it is, the edge translates it once; the docstring is the message."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from service.domain.comment import Comment
    from service.domain.faults import Fault
    from service.domain.verdict import Decision


class ReplydeskError(Exception):
    """Something the service refuses, said so that the caller can fix it."""

    code: ClassVar[str] = "internal"

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail or (self.__doc__ or "").strip())

    @property
    def detail(self) -> str:
        """The sentence for the caller."""
        return str(self)


class Invalid(ReplydeskError):
    """The submission has faults; each names its field and the fix."""

    code = "validation"

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__()
        self.faults = faults


class NotFound(ReplydeskError):
    """There is no such thing here."""

    code = "not-found"


class IdempotencyMismatch(ReplydeskError):
    """This idempotency key was used before with different content; send a new key for a new submission."""

    code = "idempotency-mismatch"


class Final(ReplydeskError):
    """The comment was withdrawn or erased, and that is final."""

    code = "final"


class Conflict(ReplydeskError):
    """The comment is no longer as you saw it; look at its current state and decide again."""

    code = "conflict"

    def __init__(
        self, current: Comment, current_decision: Decision | None, detail: str | None = None
    ) -> None:
        super().__init__(detail)
        self.current = current
        self.decision = current_decision


class NothingToUndo(Conflict):
    """There is no current decision that can be undone."""
