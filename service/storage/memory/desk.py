"""The double's desk: authors, words and views, on top of its queues and cases."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from service.domain.author_status import AuthorStatusEntry
from service.domain.comment import Comment
from service.domain.desk import History, View
from service.domain.status import Status
from service.domain.text import terms
from service.storage.authoring import VIEWS_KEPT
from service.storage.memory.cases import CasesPart
from service.storage.memory.state import as_stored


class DeskPart(CasesPart):
    """The verbs about authors, words and views."""

    def histories(self, site_id: int, author_keys: Iterable[str]) -> dict[str, History]:
        found: dict[str, History] = {}
        for key in set(author_keys):
            theirs = self._by(site_id, key)
            counts: dict[Status, int] = {}
            for one in theirs:
                counts[one.status] = counts.get(one.status, 0) + 1
            if theirs:
                found[key] = History(counts, min(theirs, key=lambda one: one.pk).received_at)
        return found

    def _by(self, site_id: int, author_key: str) -> list[Comment]:
        every = self._state.comments.values()
        return [one for one in every if (one.site_id, one.author_key) == (site_id, author_key)]

    def by_author(self, site_id: int, author_key: str, before: int | None, limit: int) -> list[Comment]:
        theirs = [one for one in self._by(site_id, author_key) if before is None or one.pk < before]
        theirs.sort(key=lambda one: -one.pk)
        return [self._whole(one) for one in theirs[:limit]]

    def named(self, site_id: int, ids: Iterable[str]) -> dict[str, Comment]:
        found = ((one, self.comment(site_id, one)) for one in set(ids))
        return {name: comment for name, comment in found if comment}

    def set_author_status(self, entry: AuthorStatusEntry) -> AuthorStatusEntry:
        self.end_author_status(entry.site_id, entry.author_key, entry.created_at)
        made = replace(
            entry,
            id=self._change().next("author_status"),
            created_at=as_stored(entry.created_at),
            until=as_stored(entry.until) if entry.until else None,
        )
        self._state.author_statuses[entry.site_id, entry.author_key] = made
        return made

    def end_author_status(self, site_id: int, author_key: str, now: datetime) -> bool:  # noqa: ARG002 - kept by tables
        return self._change().author_statuses.pop((site_id, author_key), None) is not None

    def author_statuses(
        self, site_id: int, author_keys: Iterable[str], now: datetime
    ) -> dict[str, AuthorStatusEntry]:
        found = ((key, self._state.author_statuses.get((site_id, key))) for key in set(author_keys))
        return {key: one for key, one in found if one is not None and one.holds(now)}

    def index_texts(self, pks: Collection[int]) -> None:
        for pk in pks:
            comment = self._change().comments.get(pk)
            if comment and comment.status is not Status.ERASED:
                self._state.words[pk] = _joined(f"{comment.author_name} {comment.body}")

    def forget_texts(self, pks: Collection[int]) -> None:
        state = self._change()
        for pk in pks:
            state.words.pop(pk, None)
        state.reports = {key: one for key, one in state.reports.items() if key[0] not in pks}
        state.appeals = {key: one for key, one in state.appeals.items() if one.comment_pk not in pks}

    def rebuild_search(self) -> None:
        self._change()

    def search(
        self, words: Sequence[str], site_id: int | None, before: int | None, limit: int
    ) -> list[Comment]:
        asked = [_joined(one) for one in words if terms(one)]
        found = [
            self._whole(self._state.comments[pk])
            for pk, known in sorted(self._state.words.items(), reverse=True)
            if asked
            and all(phrase in known for phrase in asked)
            and site_id in (None, self._state.comments[pk].site_id)
            and (before is None or pk < before)
        ]
        return found[:limit]

    def add_view(self, moderator_id: int, name: str, query: str, now: datetime) -> None:  # noqa: ARG002 - kept by tables
        state = self._change()
        same = [pk for pk, (who, view) in state.views.items() if (who, view.name) == (moderator_id, name)]
        pk = same[0] if same else state.next("view")
        state.views[pk] = (moderator_id, View(pk, name, query))
        mine = sorted((pk for pk, (who, _) in state.views.items() if who == moderator_id), reverse=True)
        for old in mine[VIEWS_KEPT:]:
            del state.views[old]

    def views(self, moderator_id: int) -> list[View]:
        mine = (view for who, view in self._state.views.values() if who == moderator_id)
        return sorted(mine, key=lambda view: view.name)

    def drop_view(self, moderator_id: int, view_id: int) -> None:
        if self._change().views.get(view_id, (None, None))[0] == moderator_id:
            del self._state.views[view_id]


def _joined(text: str) -> str:
    """Return a text's terms so that the terms of a phrase are a part of it."""
    return "\0".join(["", *terms(text), ""])
