"""Accepting comments: idempotency keys, articles, the insert itself, and the next revision of a known comment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    Executable,
    bindparam,
    delete,
    insert,
    select,
    text,
    update,
)

from service.domain.comment import Comment, Draft
from service.domain.status import Status
from service.storage.arriving import Arrival, added_at_once, content_of, first_row, pending
from service.storage.articles import ArticlesPart, Said
from service.storage.bulk import POSTGRESQL, insert_into, insert_rows, rows_text
from service.storage.cluster_tables import cluster_members
from service.storage.comment_tables import comments, contacts, idempotency_keys, originals, revisions
from service.storage.records import Key
from service.storage.schema import word

_KEYS = select(
    idempotency_keys.c.key,
    idempotency_keys.c.comment_pk,
    idempotency_keys.c.revision,
    idempotency_keys.c.request_hash,
).where(
    idempotency_keys.c.site_id == bindparam("site_id"),
    idempotency_keys.c.key.in_(bindparam("keys", expanding=True)),
)
_NEXT_PKS = text("SELECT nextval('comments_pk_seq') FROM generate_series(1, :count)")
_FORGET_BOX = delete(contacts).where(contacts.c.comment_pk == bindparam("comment_pk"))

_LOCK_REVISION = (
    select(comments.c.pk)
    .where(
        comments.c.pk == bindparam("comment_pk"),
        comments.c.revision == bindparam("seen"),
        comments.c.status.not_in([word("withdrawn"), word("erased")]),
    )
    .with_for_update()
)
_KEPT = [column for column in revisions.c if column.name != "comment_pk"]
_KEEP_REVISION = insert(revisions).from_select(
    ["comment_pk", *(column.name for column in _KEPT)],
    select(comments.c.pk, *(comments.c[column.name] for column in _KEPT)).where(
        comments.c.pk == bindparam("comment_pk")
    ),
)
_REVISE = update(comments).where(comments.c.pk == bindparam("comment_pk"))
_LEAVE_CLUSTER = delete(cluster_members).where(cluster_members.c.comment_pk == bindparam("comment_pk"))
_NOTE = _REVISE.values(signals=bindparam("noted", type_=comments.c.signals.type))


class AcceptingPart(ArticlesPart):
    """The verbs that take comments in."""

    def keys_used(self, site_id: int, keys: Sequence[str]) -> dict[str, Key]:
        rows = self._read(_KEYS, site_id=site_id, keys=list(keys)) if keys else ()
        return {row.key: Key(row.key, row.comment_pk, row.revision, row.request_hash) for row in rows}

    def remember_keys(self, site_id: int, keys: Sequence[Key], now: datetime) -> set[str]:
        """Keep the keys and return those that are new; one that another transaction kept meanwhile is left out."""
        self._add(
            idempotency_keys,
            [
                {
                    "site_id": site_id,
                    "key": key.key,
                    "comment_pk": key.comment_pk,
                    "revision": key.revision,
                    "request_hash": key.request_hash,
                    "created_at": now,
                }
                for key in sorted(keys, key=lambda key: key.key)
            ],
            unique=("site_id", "key"),
        )
        kept = self.keys_used(site_id, [key.key for key in keys])
        return {key.key for key in keys if kept.get(key.key) == key}

    def add_comments(self, site_id: int, drafts: Sequence[Draft], now: datetime) -> dict[str, Comment]:
        """Insert the drafts (distinct ids) as pending revision 1; an id that exists already is left out of the answer.

        Sealed boxes and originals are stored with them; the articles are made or completed on the way.
        """
        if not drafts:
            return {}
        found = self._articles(site_id, [_said(draft) for draft in drafts])
        rows = [
            {**first_row(site_id, draft, now), "article_pk": found[draft.article.identity][0]}
            for draft in drafts
        ]
        placed = self._insert_comments(rows)
        added = {
            draft.id: pending(placed[draft.id], site_id, draft, found[draft.article.identity][1], now)
            for draft in drafts
            if draft.id in placed
        }
        self._add_sealed((added[draft.id], draft) for draft in drafts if draft.id in added)
        return added

    def note_signals(self, pk: int, signals: Mapping[str, object]) -> None:
        """Put these in the place of the comment's signals: what is known of it besides its text."""
        self._write(_NOTE, comment_pk=pk, noted=dict(signals))

    def add_at_once(self, arrivals: Sequence[Arrival]) -> dict[tuple[int, str], Comment]:
        """Insert drafts, distinct by site and id, in a single statement on PostgreSQL; no transaction is needed.

        Left out of the answer is what `arriving.added_at_once` leaves out, and what has encrypted originals.
        """
        self._must_write()
        plain = [one for one in arrivals if not one[1].originals]
        return added_at_once(self._connection, plain) if plain else {}

    def _insert_comments(self, rows: list[dict[str, Any]]) -> dict[str, int]:
        """Insert what is new and return its pks by id.

        On PostgreSQL a batch is inserted in the order of ids, so that two batches with the same ids wait for each other
        and never in a circle; pks taken beforehand keep the caller's order.
        """
        self._must_write()
        if len(rows) > 1 and self._dialect == POSTGRESQL:
            pks = self._connection.scalars(_NEXT_PKS, {"count": len(rows)}).all()
            rows = [{**row, "pk": pk} for row, pk in zip(rows, sorted(pks), strict=True)]
            rows.sort(key=lambda row: str(row["id"]))
            values = {"rows": rows_text(comments, rows)}
            inserted = self._connection.execute(_add_batch(tuple(rows[0])), values)
        else:
            inserted = self._connection.execute(_add_comments(self._dialect), rows)
        return {row.id: row.pk for row in inserted}

    def _add_sealed(self, pairs: Iterable[tuple[Comment, Draft]]) -> None:
        boxes, sealed = [], []
        for comment, draft in pairs:
            if draft.box is not None:
                boxes.append({"comment_pk": comment.pk, "box": draft.box})
            sealed += [
                {
                    "comment_pk": comment.pk,
                    "revision": comment.revision,
                    "field": original.field,
                    "ciphertext": original.ciphertext,
                }
                for original in draft.originals
            ]
        self._add(contacts, boxes)
        self._add(originals, sealed)

    def revise(self, current: Comment, draft: Draft, now: datetime, keep_published: bool) -> Comment | None:
        """Make `draft` the next revision of `current`, pending; the old text moves to the revisions.

        `keep_published` leaves what readers see as it is. None when `current` is no longer the stored revision.
        """
        locked = self._write(_LOCK_REVISION, comment_pk=current.pk, seen=current.revision).first()
        if locked is None:
            return None
        article_pk, article = self._articles(current.site_id, [_said(draft)])[draft.article.identity]
        self._write(_KEEP_REVISION, comment_pk=current.pk)
        self._write(_LEAVE_CLUSTER, comment_pk=current.pk)
        published = current.published_revision if keep_published else None
        self._write(
            _REVISE,
            comment_pk=current.pk,
            revision=current.revision + 1,
            status=Status.PENDING.value,
            attempts=0,
            lease_until=None,
            rescore=None,
            decided_at=None,
            decision_id=None,
            verdict=None,
            published_revision=published,
            article_pk=article_pk,
            **content_of(draft, now),
        )
        revised = replace(
            pending(current.pk, current.site_id, draft, article, now),
            id=current.id,
            revision=current.revision + 1,
            published_revision=published,
        )
        if draft.box is not None:
            self._write(_FORGET_BOX, comment_pk=current.pk)
        self._add_sealed([(revised, draft)])
        return revised


@cache
def _add_comments(dialect: str) -> Executable:
    new = insert_into(comments, dialect).on_conflict_do_nothing(index_elements=["site_id", "id"])
    return new.returning(comments.c.pk, comments.c.id)


@cache
def _add_batch(names: tuple[str, ...]) -> Executable:
    return insert_rows(comments, names, unique=("site_id", "id")).returning(comments.c.pk, comments.c.id)


def _said(draft: Draft) -> Said:
    return draft.article, draft.is_latest
