"""Lists of comments: one page at a time, each row with what its buttons need, the same on every page of the desk."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar
from urllib.parse import parse_qsl, urlencode

from flask import request

from service.domain.comment import Comment
from service.domain.verdict import Action, Decision
from service.storage import Tx
from service.web.desk.cards import Card, cards
from service.web.desk.filters import QUERY_LIMIT

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


def list_url(bulk: int | None = None) -> str:
    """Return the address of the list that a form names in `back`, with the bulk decision that it led to.

    It is a page of the desk, whatever the form says: nobody is led elsewhere.
    """
    path, _, query = request.form.get("back", "").partition("?")
    fields = dict(parse_qsl(query[:QUERY_LIMIT], max_num_fields=20)) | ({"bulk": str(bulk)} if bulk else {})
    is_desk = path.startswith("/desk/") and path.isascii() and path.isprintable() and "\\" not in path
    return f"{request.script_root}{path if is_desk else '/desk'}?{urlencode(fields)}"
