"""Lists of comments: one page at a time, each row with what its buttons need, the same on every page of the desk."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from service.domain.comment import Comment
from service.domain.verdict import Action, Decision
from service.storage import Tx
from service.web.desk.cards import Card, cards

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Paged(Generic[T]):
    """One page of a list; `next` is the key of its last row, None on the last page."""

    rows: Sequence[T] = ()
    next: int | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A comment in a list.

    `decision` is the one it is listed for; `undo` the number of the decision that its button takes back; `sent_in` the
    seconds until the decision is sent, None once it was. `change` holds the actions of two policies. `depth` is how
    far a thread sets it in, None in other lists; an `orphan` answers what is not in the list.
    """

    card: Card
    decision: Decision | None = None
    undo: int | None = None
    overruled: bool = False
    sent_in: float | None = None
    change: tuple[Action, Action] | None = None
    depth: int | None = None
    orphan: bool = False


def paged(found: Sequence[T], size: int, key: Callable[[T], int]) -> Paged[T]:
    """Return a page of `size` rows; `found` holds one row more where another page follows."""
    return Paged(found[:size], key(found[size - 1]) if len(found) > size else None)


def comment_list(tx: Tx, comments: Sequence[Comment], size: int) -> Paged[Row]:
    """Return a page of comments as rows; `comments` holds one more where another page follows."""
    some = paged(comments, size, lambda one: one.pk)
    return Paged([Row(card) for card in cards(tx, some.rows)], some.next)
