"""The desk's queues in SQL: held comments by age, score or doubt, open matters, and claims."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Exists, Select, and_, bindparam, delete, exists, func, or_, select

from service.domain.desk_records import Claim, Cursor, Matter, Queued, Wanted
from service.domain.verdict import SELF_HARM, Who
from service.storage.bulk import insert
from service.storage.columns import Instant
from service.storage.comment_rows import ARTICLE, COMMENTS, joined
from service.storage.queue_filters import (
    IS_TAKEN,
    Shape,
    cursor,
    filtered,
    in_order,
    look_up,
    of_risk,
    set_aside,
)
from service.storage.repository import LIMIT, ONE, Repository
from service.storage.rows import record_of
from service.storage.schema import moderators, word
from service.storage.schema_comments import articles, comments, is_held
from service.storage.schema_moderation import (
    appeals,
    claims,
    cluster_members,
    decisions,
    is_open,
    is_unanswered,
    matters,
)

LANGUAGES_SHOWN = 50
LOOKED_THROUGH = 200_000
"""So many of the newest comments are looked through for published ones that a filter leaves."""
_NOW = bindparam("now", type_=Instant)
_older, _member = cluster_members.alias("older"), cluster_members.alias("member")
_held_older = comments.alias("held_older")
# looked up for each claim: of a join SQLite, which knows nothing of how few claims there are, reads all comments first
_STATUS = select(comments.c.status).where(comments.c.pk == claims.c.comment_pk).scalar_subquery()
_cluster_of_claimed = select(cluster_members.c.cluster_id).where(
    cluster_members.c.comment_pk == claims.c.comment_pk
)
_cluster_of_comment = select(cluster_members.c.cluster_id).where(
    cluster_members.c.comment_pk == comments.c.pk
)
# read once, claim by claim, however many are held; NULL, of what is in no cluster, would make NOT IN exclude all
_IN_HANDS = select(func.coalesce(_cluster_of_claimed.scalar_subquery(), 0)).where(
    claims.c.moderator_id != bindparam("moderator_id"), claims.c.until > _NOW, _STATUS.in_([word("held")])
)
_CLUSTER_IS_FREE = func.coalesce(_cluster_of_comment.correlate(comments).scalar_subquery(), -1).not_in(
    _IN_HANDS
)
_FREE = COMMENTS.where(is_held, ~IS_TAKEN, _CLUSTER_IS_FREE, ~set_aside())
_MATTERS = (
    select(comments, *ARTICLE, matters.c.pk.label("matter_pk"))
    .select_from(
        matters.join(comments, comments.c.pk == matters.c.comment_pk).join(
            articles, articles.c.pk == comments.c.article_pk
        )
    )
    .where(is_open, ~IS_TAKEN)
)
_WAITS = or_(
    _STATUS.in_([word("pending"), word("held")]),
    exists().where(matters.c.comment_pk == claims.c.comment_pk, is_open),
    exists().where(appeals.c.comment_pk == claims.c.comment_pk, is_unanswered),
)
_CLAIMS = (
    select(claims.c.comment_pk, claims.c.moderator_id, moderators.c.name.label("moderator"), claims.c.until)
    .join(moderators, moderators.c.pk == claims.c.moderator_id)
    .where(claims.c.until > _NOW, _WAITS)
    .order_by(moderators.c.name, claims.c.comment_pk)
    .limit(1_000)
)
_NEW_CLAIM = insert(claims)
_CLAIM = _NEW_CLAIM.from_select(
    ["comment_pk", "moderator_id", "until"],
    # a claim is inserted only for a comment that is there, lest a stale page trip over the foreign key
    select(comments.c.pk, bindparam("moderator_id"), bindparam("until", type_=Instant))
    .where(comments.c.pk == bindparam("comment_pk"))
    # also where a claim that ran out is taken over: who has locked the comment to move it is waited for
    .with_for_update(read=True, key_share=True),
).on_conflict_do_update(
    index_elements=["comment_pk"],
    set_={"moderator_id": _NEW_CLAIM.excluded.moderator_id, "until": _NEW_CLAIM.excluded.until},
    where=or_(claims.c.until <= _NOW, claims.c.moderator_id == _NEW_CLAIM.excluded.moderator_id),
)


def _up_to(statement: Select[Any]) -> ColumnElement[int]:
    return select(func.count()).select_from(statement.limit(LIMIT).subquery()).scalar_subquery()


_COUNTS = select(
    _up_to(select(comments.c.pk).where(is_held, ~set_aside())).label("held"),
    *(
        _up_to(select(matters.c.pk).where(matters.c.kind == word(kind.value), is_open)).label(kind.value)
        for kind in (Matter.REPORTED, Matter.ASIDE)
    ),
    _up_to(select(appeals.c.pk).where(is_unanswered)).label("appeals"),
)
_NEWEST = select(comments.c.pk).where(is_held).order_by(comments.c.pk.desc()).limit(ONE)
_NEWEST_OF_ALL = select(func.max(comments.c.pk)).scalar_subquery()
_IS_AUTOMATIC = exists().where(
    decisions.c.pk == comments.c.decision_id, decisions.c.who_kind == word(Who.MACHINE.value)
)
_FIRST_LANGUAGE = (
    select(comments.c.language)
    .where(is_held, comments.c.language.is_not(None))
    .order_by(comments.c.language)
    .limit(ONE)
)


class QueueRepository(Repository):
    """The desk's queues: held comments by age, score or doubt, open matters, and claims."""

    def page(self, wanted: Wanted, moderator_id: int, now: datetime, limit: int) -> list[Queued]:
        """Return held comments in the wanted order, without those set aside or assigned to another moderator.

        Of a duplicate cluster only the oldest of those is returned, claims aside. None is while another moderator has
        claimed any held member of it, under whatever filters: one decision decides them all.
        """
        found: list[Queued] = []
        for part, at_risk in _split(wanted):
            if len(found) < limit:
                found += self._part(part, at_risk, moderator_id, now, limit - len(found))
        return found

    def _part(
        self, wanted: Wanted, at_risk: bool | None, moderator_id: int, now: datetime, limit: int
    ) -> list[Queued]:
        shape, values = look_up(self._connection, wanted)
        values |= {"moderator_id": moderator_id, "now": now, "limit": limit}
        return [
            Queued(joined(row), replace(cursor(wanted, row, "pk"), at_risk=bool(at_risk)))
            for row in self._read(_queue(shape, at_risk), **values).mappings()
        ]

    def with_matter(
        self, kind: Matter, wanted: Wanted, moderator_id: int, now: datetime, limit: int
    ) -> list[Queued]:
        """Return comments with an open matter of that kind in the wanted order, others' claims left out.

        Age is the matter's: the oldest comes first.
        """
        shape, values = look_up(self._connection, wanted)
        values |= {"moderator_id": moderator_id, "now": now, "limit": limit}
        rows = self._read(_matters(kind, shape), **values).mappings()
        return [Queued(joined(row), cursor(wanted, row, "matter_pk")) for row in rows]

    def published(self, wanted: Wanted, limit: int) -> list[Queued]:
        """Return what was approved automatically and stands, newest first, whatever order is wanted.

        Where a label or a language is wanted, the newest 200,000 comments are looked through.
        """
        shape, values = look_up(self._connection, wanted)
        values |= {"limit": limit}
        rows = self._read(_published(shape), **values).mappings()
        return [Queued(joined(row), Cursor(row["pk"])) for row in rows]

    def count_newer(self, wanted: Wanted, since_pk: int, limit: int) -> int:
        """Count held comments of that kind with a number above `since_pk`, up to `limit`."""
        (_, names, *_), values = look_up(self._connection, wanted)
        return int(self._read(_newer(names), **values, since=since_pk, limit=limit).scalar_one())

    def newest_pk(self) -> int:
        """Return the highest number of a held comment, 0 when none is held."""
        return int(self._read(_NEWEST).scalar_one_or_none() or 0)

    def counts(self, limit: int) -> dict[str, int]:
        """Count "held" (without what is set aside), "reported", "aside" and "appeals", each up to `limit`."""
        return dict(self._read(_COUNTS, limit=limit).mappings().one())

    def languages(self) -> list[str]:
        """Return the languages of held comments, at most 50."""
        found: list[str] = []
        wanted = _FIRST_LANGUAGE
        while len(found) < LANGUAGES_SHOWN:  # one look into the index for each, however many are held
            language = self._read(wanted).scalar_one_or_none()
            if language is None:
                break
            found.append(language)
            wanted = _FIRST_LANGUAGE.where(comments.c.language > language)
        return found

    def claim(self, moderator_id: int, pks: Sequence[int], now: datetime, until: datetime) -> set[int]:
        """Take or renew claims; return the comments that are assigned to this moderator then."""
        if not pks:
            return set()
        for pk in sorted(
            set(pks)
        ):  # in one order, so that two moderators never wait for each other in a circle
            self._write(_CLAIM, comment_pk=pk, moderator_id=moderator_id, until=until, now=now)
        theirs = claims.c.comment_pk.in_(pks), claims.c.moderator_id == moderator_id
        return set(self._read(select(claims.c.comment_pk).where(*theirs)).scalars())

    def release_claims(self, moderator_id: int, pks: Sequence[int] | None = None) -> None:
        """Let go of these claims of the moderator, or of all."""
        theirs = delete(claims).where(claims.c.moderator_id == moderator_id)
        self._write(theirs if pks is None else theirs.where(claims.c.comment_pk.in_(pks)))

    def claims(self, now: datetime) -> list[Claim]:
        """Return every claim that has not run out, on what still waits: what was decided is assigned to nobody."""
        return self._all(lambda row: record_of(Claim, row), _CLAIMS, now=now)


def _split(wanted: Wanted) -> list[tuple[Wanted, bool | None]]:
    """Split the filters: writers who may be at risk come first, then the rest; None: another label's."""
    if wanted.label == SELF_HARM:
        return [(replace(wanted, label=None), True)]
    if wanted.label is not None:
        return [(wanted, None)]
    if wanted.after is not None and not wanted.after.at_risk:
        return [(wanted, False)]
    return [(wanted, True), (replace(wanted, after=None), False)]


@cache
def _queue(shape: Shape, at_risk: bool | None) -> Select[Any]:
    is_copy = _has_older_copy(shape[1], at_risk)
    return in_order(_FREE.where(~is_copy, *of_risk(at_risk)), shape, comments.c.pk)


@cache
def _matters(kind: Matter, shape: Shape) -> Select[Any]:
    return in_order(_MATTERS.where(matters.c.kind == word(kind.value)), shape, matters.c.pk)


@cache
def _published(shape: Shape) -> Select[Any]:
    _, names, has_cursor, leaves_out = shape
    found = COMMENTS.where(comments.c.status == word("approved"), _IS_AUTOMATIC, *filtered(names))
    if {"label", "language"}.intersection(names):
        found = found.where(comments.c.pk > _NEWEST_OF_ALL - LOOKED_THROUGH)
    if leaves_out:
        found = found.where(comments.c.pk.not_in(bindparam("without", expanding=True)))
    if has_cursor:
        found = found.where(comments.c.pk < bindparam("after"))
    return found.order_by(comments.c.pk.desc()).limit(bindparam("limit") if names else LIMIT)


@cache
def _newer(names: tuple[str, ...]) -> Select[Any]:
    newer = select(comments.c.pk).where(is_held, *filtered(names), comments.c.pk > bindparam("since"))
    return select(func.count()).select_from(newer.limit(bindparam("limit")).subquery())


def _has_older_copy(names: tuple[str, ...], at_risk: bool | None) -> Exists:
    """Tell whether an older copy of the comment is in the same queue: that one is shown, with their number.

    A copy whose author may be at risk is hidden only by another such copy.
    """
    before = and_(_older.c.cluster_id == _member.c.cluster_id, _older.c.comment_pk < _member.c.comment_pk)
    is_it = and_(_held_older.c.pk == _older.c.comment_pk, _held_older.c.status == word("held"))
    same = of_risk(True, _held_older) if at_risk else []
    return exists(
        select(_member.c.comment_pk)
        .join(_older, before)
        .join(_held_older, is_it)
        .where(_member.c.comment_pk == comments.c.pk, ~set_aside(_held_older))
        .where(*filtered(names, _held_older), *same)
        .correlate(comments)
    )
