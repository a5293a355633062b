"""The double's comments: accepted, revised, read, leased and moved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from service.domain.comment import Comment, Draft, Source
from service.domain.status import FINAL, Status
from service.domain.verdict import Effort
from service.ports import CurrentEffort, Key, Move, Page
from service.storage.memory.articles import ArticlesPart, written
from service.storage.memory.state import as_json, as_stored
from service.storage.reading import PAGE_LIMIT
from service.storage.rows import verdict_of, verdict_text

_TEXT = (
    "author_name",
    "website",
    "body",
    "submitted_at",
    "received_at",
    "content_hash",
    "source",
    "author_key",
    "verdict",
)


class CommentsPart(ArticlesPart):
    """The verbs that take comments in and read them."""

    def keys_used(self, site_id: int, keys: Sequence[str]) -> dict[str, Key]:
        return {key: found for key in keys if (found := self._state.keys.get((site_id, key)))}

    def remember_keys(self, site_id: int, keys: Sequence[Key], now: datetime) -> set[str]:
        state = self._change()
        fresh = [key for key in keys if (site_id, key.key) not in state.keys]
        for key in fresh:
            state.keys[site_id, key.key] = key
            state.keys_at[site_id, key.key] = as_stored(now)
        return {key.key for key in fresh}

    def add_comments(self, site_id: int, drafts: Sequence[Draft], now: datetime) -> dict[str, Comment]:
        state = self._change()
        for draft in drafts:
            self._say(site_id, draft.article, draft.source is not Source.FORM)
        added = {}
        for draft in drafts:
            if (site_id, draft.id) in state.pks:
                continue
            comment = self._pending(state.next("comment"), site_id, draft, now)
            state.pks[site_id, draft.id] = comment.pk
            self._keep(comment, draft)
            added[draft.id] = comment
        return added

    def _pending(self, pk: int, site_id: int, draft: Draft, now: datetime) -> Comment:
        return Comment(
            pk=pk,
            site_id=site_id,
            id=draft.id,
            revision=1,
            status=Status.PENDING,
            article=self._state.articles[site_id, self._lead(site_id, draft.article.identity)],
            author_name=draft.author_name,
            body=draft.body,
            submitted_at=as_stored(draft.submitted_at),
            received_at=as_stored(now),
            content_hash=draft.content_hash,
            source=draft.source,
            parent_id=draft.parent_id,
            website=draft.website,
            author_key=draft.author_key,
            client=draft.client,
            signals=as_json(draft.signals),
            live=draft.live,
        )

    def note_signals(self, pk: int, signals: Mapping[str, object]) -> None:
        comments = self._change().comments
        comments[pk] = replace(comments[pk], signals=as_json(signals))

    def _keep(self, comment: Comment, draft: Draft) -> None:
        self._state.comments[comment.pk] = comment
        if draft.box is not None:
            self._state.boxes[comment.pk] = draft.box
        if draft.originals:
            sealed = {original.field: original.ciphertext for original in draft.originals}
            self._state.originals[comment.pk, comment.revision] = sealed

    def revise(self, current: Comment, draft: Draft, now: datetime, keep_published: bool) -> Comment | None:
        state = self._change()
        stored = state.comments.get(current.pk)
        if stored is None or stored.revision != current.revision or stored.status in FINAL:
            return None
        self._say(stored.site_id, draft.article, draft.source is not Source.FORM)
        state.revisions[stored.pk, stored.revision] = stored
        state.leases.pop(stored.pk, None)
        state.cluster_members.pop(stored.pk, None)
        revised = replace(
            self._pending(stored.pk, stored.site_id, draft, now),
            id=stored.id,
            revision=stored.revision + 1,
            published_revision=current.published_revision if keep_published else None,
        )
        self._keep(revised, draft)
        return revised

    def comment(self, site_id: int, comment_id: str, lock: bool = False) -> Comment | None:  # noqa: ARG002 - a writer is alone here
        pk = self._state.pks.get((site_id, comment_id))
        return None if pk is None else self.comment_by_pk(pk)

    def comment_by_pk(self, pk: int) -> Comment | None:
        comment = self._state.comments.get(pk)
        return self._whole(comment) if comment else None

    def comments_by_pk(self, pks: Collection[int], lock: bool = False) -> dict[int, Comment]:  # noqa: ARG002 - likewise
        return {pk: found for pk in pks if (found := self.comment_by_pk(pk))}

    def lock_comments(self, named: Collection[tuple[int, str]]) -> dict[tuple[int, str], Comment]:
        return {name: found for name in named if (found := self.comment(*name))}

    def comments(
        self,
        site_id: int | None,
        *,
        status: Status | None = None,
        article_url: str | None = None,
        after: int | None = None,
        limit: int = 50,
        oldest_first: bool = False,
    ) -> Page:
        limit = max(1, min(limit, PAGE_LIMIT))
        found = [
            self._whole(comment)
            for pk, comment in sorted(self._state.comments.items(), reverse=not oldest_first)
            if site_id in (None, comment.site_id)
            and status in (None, comment.status)
            and self._leads_to(comment, article_url)
            and (after is None or (pk > after if oldest_first else pk < after))
        ]
        page = tuple(found[:limit])
        return Page(page, page[-1].pk if len(found) > limit else None)

    def count(self, site_id: int | None, status: Status) -> int:
        return sum(
            comment.status is status and site_id in (None, comment.site_id)
            for comment in self._state.comments.values()
        )

    def revision_body(self, pk: int, revision: int) -> Comment | None:
        comment = self.comment_by_pk(pk)
        if comment is None or comment.revision == revision:
            return comment
        old = self._state.revisions.get((pk, revision))
        return (
            replace(comment, revision=revision, **{name: getattr(old, name) for name in _TEXT})
            if old
            else None
        )

    def published(
        self, site_id: int, article_url: str, limit: int = PAGE_LIMIT, after: int = 0
    ) -> list[Comment]:
        key, limit = self._key_of(site_id, article_url), max(1, min(limit, PAGE_LIMIT + 1))
        edge = self._state.comments.get(after)
        there = [
            self._whole(one) for one in self._state.comments.values() if self._is_under(one, site_id, key)
        ]
        shown = [
            (one.submitted_at, one.pk, self.revision_body(one.pk, one.published_revision or 0))
            for one in there
            if one.is_public and (not after or (edge and written(one) > written(edge)))
        ]
        return [comment for *_, comment in sorted(shown, key=lambda one: one[:2]) if comment][:limit]

    def contact_box(self, pk: int) -> bytes | None:
        return self._state.boxes.get(pk)

    def originals(self, pk: int, revision: int) -> dict[str, bytes]:
        return dict(self._state.originals.get((pk, revision), {}))

    def has_approved(self, site_id: int, author_keys: Iterable[str]) -> set[str]:
        approved = {
            comment.author_key
            for comment in self._state.comments.values()
            if comment.site_id == site_id
            and comment.status is Status.APPROVED
            and comment.published_revision is not None
        }
        return set(author_keys) & {key for key in approved if key is not None}


class ScoringPart(CommentsPart):
    """The verbs between the queue and the verdict."""

    def lease_pending(
        self, now: datetime, until: datetime, limit: int, *, retried: bool = False
    ) -> list[Comment]:
        waiting = [one for one in self._change().comments.values() if one.status is Status.PENDING]
        return self._lease(waiting, now, until, limit, retried)

    def lease_rescores(
        self, now: datetime, until: datetime, limit: int, *, retried: bool = False
    ) -> list[Comment]:
        return self._lease(self._to_rescore(), now, until, limit, retried)

    def time_to_rescore(self, now: datetime) -> bool:
        pending = [one for one in self._state.comments.values() if one.status is Status.PENDING]
        return self._any_free(self._to_rescore(), now) and not self._any_free(pending, now)

    def _any_free(self, waiting: Sequence[Comment], now: datetime) -> bool:
        leases = self._state.leases
        return any(not one.attempts or leases.get(one.pk, now) <= now for one in waiting)

    def _to_rescore(self) -> list[Comment]:
        return [one for one in self._state.comments.values() if one.rescore]

    def scoring_effort(self) -> CurrentEffort:
        return self._state.efforts.get("scoring", CurrentEffort())

    def set_scoring_effort(self, effort: Effort, now: datetime) -> None:
        if self.scoring_effort().effort is not effort or not self._state.efforts:
            self._change().efforts["scoring"] = CurrentEffort(effort, as_stored(now))

    def _lease(
        self, waiting: Sequence[Comment], now: datetime, until: datetime, limit: int, retried: bool
    ) -> list[Comment]:
        state = self._change()
        if retried:
            free = [
                one
                for one in waiting
                if one.attempts and (one.pk not in state.leases or state.leases[one.pk] <= now)
            ]
            free.sort(key=lambda one: (not one.live, state.leases.get(one.pk, now), one.pk))
            chosen = free[: min(limit, 1)]
        else:
            chosen = _in_turns([one for one in waiting if not one.attempts], limit)
        for one in chosen:
            state.comments[one.pk] = replace(one, attempts=one.attempts + 1)
            state.leases[one.pk] = as_stored(until)
        return [self._whole(state.comments[one.pk]) for one in chosen]

    def release(self, pks: Sequence[int], until: datetime) -> None:
        state = self._change()
        for pk in pks:
            comment = state.comments.get(pk)
            if comment and state.leases.get(pk) == as_stored(until):
                state.comments[pk] = replace(comment, attempts=comment.attempts - 1)
                state.leases.pop(pk, None)

    def move(self, moves: Sequence[Move]) -> set[int]:
        state = self._change()
        moved = set()
        for move in moves:
            comment = state.comments.get(move.pk)
            if comment is None or not _still_holds(move, comment):
                continue
            state.comments[move.pk] = replace(
                comment,
                status=move.to_status,
                decision_id=move.decision_id,
                published_revision=move.published_revision,
                decided_at=as_stored(move.decided_at) if move.decided_at else None,
                rescore=move.rescore,
                attempts=0 if move.rescore else comment.attempts,
                verdict=verdict_of(verdict_text(move.verdict)) or comment.verdict,
            )
            state.leases.pop(move.pk, None)
            moved.add(move.pk)
        return moved

    def late(
        self, site_id: int, received_before: datetime, limit: int, article_url: str | None = None
    ) -> list[Comment]:
        found = [
            self._whole(one)
            for one in self._state.comments.values()
            if one.site_id == site_id
            and one.live
            and one.status is Status.PENDING
            and one.received_at < received_before
            and self._leads_to(one, article_url)
        ]
        return sorted(found, key=lambda one: (one.received_at, one.pk))[: max(1, min(limit, PAGE_LIMIT))]


def _in_turns(free: Sequence[Comment], limit: int) -> list[Comment]:
    """Give each site one place after the other, the live before the backfill, and each site's oldest first."""
    place: Counter[tuple[bool, int]] = Counter()
    ranked = []
    for one in sorted(free, key=lambda one: one.pk):
        ranked.append((not one.live, place[one.live, one.site_id], one.pk, one))
        place[one.live, one.site_id] += 1
    chosen = [one for *_, one in sorted(ranked, key=lambda rank: rank[:3])[:limit]]
    return sorted(chosen, key=lambda one: (not one.live, one.pk))


def _still_holds(move: Move, comment: Comment) -> bool:
    seen = (move.revision, move.from_status, move.expected_decision_id)
    return seen == (comment.revision, comment.status, comment.decision_id)
