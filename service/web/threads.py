"""Threads as readers and moderators see them: answers below what they answer, by date, whatever came in first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from service.domain.comment import Comment
from service.storage import Tx
from service.storage.records import Page

T = TypeVar("T")
DEEPEST: Final = 3
PUBLISHED_LIMIT: Final = 1_000


@dataclass(frozen=True, slots=True)
class Placed(Generic[T]):
    """One of a thread: how far it is set in, at most `DEEPEST`, and whether it answers what is not in the thread."""

    one: T
    depth: int
    orphan: bool


def threaded(shown: Sequence[T], comment_of: Callable[[T], Comment]) -> list[Placed[T]]:
    """Return each once, answers below what they answer, the first written first.

    What answers nothing that is shown stands on its own, and so do comments that answer each other in a circle.
    """
    by_date = sorted(shown, key=lambda one: (comment_of(one).submitted_at, comment_of(one).pk))
    ids = {comment_of(one).id for one in by_date}
    answers: dict[str | None, list[T]] = defaultdict(list)
    for one in by_date:
        parent = comment_of(one).parent_id
        answers[parent if parent in ids else None].append(one)
    placed: list[Placed[T]] = []
    seen: set[str] = set()
    for start in (answers[None], by_date):
        waiting = [(one, 0) for one in reversed(start)]
        while waiting:
            one, depth = waiting.pop()
            comment = comment_of(one)
            if comment.id in seen:
                continue
            seen.add(comment.id)
            orphan = comment.parent_id is not None and comment.parent_id not in ids
            placed.append(Placed(one, min(depth, DEEPEST), orphan))
            waiting += [(answer, depth + 1) for answer in reversed(answers.get(comment.id, []))]
    return placed


def without_parent(tx: Tx, site_id: int, shown: Collection[Comment]) -> set[int]:
    """Return the pks of those of an article that answer a comment which readers are not shown there."""
    named = {one.parent_id for one in shown if one.parent_id}
    missing = named - {one.id for one in shown}
    found = tx.comments.by_ids(site_id, missing) if missing else {}
    there = {one.article.identity for one in shown}
    public = {name for name, one in found.items() if one.is_public and one.article.identity in there}
    return {one.pk for one in shown if one.parent_id in missing and one.parent_id not in public}


def published_page(
    tx: Tx, site_id: int, article_url: str, limit: int = PUBLISHED_LIMIT, after: int = 0
) -> Page:
    """Return at most `limit` published comments by date, oldest first; `next` is the `after` of the page behind it."""
    found = tx.comments.published(site_id, article_url, limit + 1, after)
    page = tuple(found[:limit])
    return Page(page, page[-1].pk if len(found) > limit else None)
