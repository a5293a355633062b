"""Leases for the workers, and the effort with which they score."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Executable,
    RowMapping,
    Select,
    Update,
    and_,
    bindparam,
    exists,
    false,
    func,
    not_,
    or_,
    select,
    true,
    update,
)

from service.domain.comment import Article, Comment
from service.domain.verdict import Effort
from service.storage.articles import article_of
from service.storage.bulk import insert
from service.storage.columns import Instant
from service.storage.records import CurrentEffort
from service.storage.repository import Repository, in_turns
from service.storage.rows import comment_of, record_of
from service.storage.schema import sites
from service.storage.schema_comments import (
    articles,
    comments,
    is_fresh,
    is_rescore_fresh,
    is_rescore_tried,
    is_tried,
    scoring_state,
)

_LEASE_IS_FREE = or_(
    comments.c.lease_until.is_(None), comments.c.lease_until <= bindparam("now", type_=Instant)
)
_BY_TURN = comments.c.live.desc(), comments.c.site_id, comments.c.pk


@dataclass(frozen=True, slots=True)
class _Queue:
    """The statements that lease from one set of waiting comments: those never tried, and those tried before."""

    counted: Executable
    fresh: Executable
    tried: Executable
    in_turns: Sequence[tuple[Executable, Executable]]
    """For live comments and for the backfill: the sites that wait, and the lease of one site's share."""
    any_free: ColumnElement[bool]


def _queue(fresh: ColumnElement[bool], tried: ColumnElement[bool]) -> _Queue:
    all_fresh = select(comments.c.pk).where(fresh).order_by(*_BY_TURN)
    all_tried = select(comments.c.pk).where(tried, _LEASE_IS_FREE)
    live, backfill = comments.c.live == true(), comments.c.live == false()
    return _Queue(
        counted=select(func.count()).select_from(all_fresh.limit(bindparam("limit")).subquery()),
        fresh=_lease(all_fresh),
        tried=_lease(all_tried.order_by(comments.c.live.desc(), comments.c.lease_until)),
        in_turns=[(_sites_of(fresh, kind), _lease_of_site(fresh, kind)) for kind in (live, backfill)],
        any_free=or_(select(comments.c.pk).where(fresh).exists(), all_tried.exists()),
    )


def _lease(free: Select[Any]) -> Executable:
    """One UPDATE … RETURNING; the CTE holds its locks, and SKIP LOCKED lets workers pass each other on PostgreSQL."""
    chosen = free.limit(bindparam("limit")).with_for_update(skip_locked=True).cte("chosen")
    return (
        update(comments)
        .where(comments.c.pk.in_(select(chosen.c.pk)))
        .values(attempts=comments.c.attempts + 1, lease_until=bindparam("until", type_=Instant))
        .returning(comments)
    )


def _sites_of(fresh: ColumnElement[bool], kind: ColumnElement[bool]) -> Executable:
    """The sites that have something fresh of that kind, the one that waits longest first; one look for each site."""
    oldest = (
        select(func.min(comments.c.pk)).where(comments.c.site_id == sites.c.pk, fresh, kind).scalar_subquery()
    )
    return select(sites.c.pk).where(oldest.is_not(None)).order_by(oldest)


def _lease_of_site(fresh: ColumnElement[bool], kind: ColumnElement[bool]) -> Executable:
    of_site = comments.c.site_id == bindparam("of_site")
    return _lease(select(comments.c.pk).where(fresh, kind, of_site).order_by(*_BY_TURN))


_PENDING = _queue(is_fresh, is_tried)
_RESCORES = _queue(is_rescore_fresh, is_rescore_tried)
_TIME_TO_RESCORE = select(and_(not_(_PENDING.any_free), _RESCORES.any_free))
_ARTICLES_OF = select(articles).where(articles.c.pk.in_(bindparam("article_pks", expanding=True)))
_STATE = "scoring"
_EFFORT = select(scoring_state).where(scoring_state.c.name == _STATE)
_RETRY_IS_FREE = select(exists().where(is_tried, _LEASE_IS_FREE))


class ScoringRepository(Repository):
    """Leases of comments, and the effort."""

    def lease_pending(
        self, now: datetime, until: datetime, limit: int, *, retried: bool = False
    ) -> list[Comment]:
        """Lease pending comments whose lease is free, live before backfill, oldest first; `attempts` rises by one.

        Sites take fair turns: while one floods, another's few are leased at once, and none waits for a free place.
        Without `retried` only rows never tried before, up to `limit`; with it one row tried before, alone.
        """
        return self._lease(_PENDING, now, until, limit, retried)

    def lease_rescores(
        self, now: datetime, until: datetime, limit: int, *, retried: bool = False
    ) -> list[Comment]:
        """Lease decided comments that are to be scored again, by the rules of `lease_pending`."""
        return self._lease(_RESCORES, now, until, limit, retried)

    def time_to_rescore(self, now: datetime) -> bool:
        """Say whether such a comment waits with its lease free, while no pending one does."""
        return bool(self._read(_TIME_TO_RESCORE, now=now).scalar_one())

    def effort(self) -> CurrentEffort:
        """Return the effort with which every worker scores now."""
        return self._first(lambda row: record_of(CurrentEffort, row), _EFFORT) or CurrentEffort()

    def set_effort(self, effort: Effort, now: datetime) -> None:
        """Let every worker score with this effort; the moment is kept where it is another one."""
        new = insert(scoring_state)
        changed = new.on_conflict_do_update(
            index_elements=["name"],
            set_={"effort": new.excluded.effort, "since": new.excluded.since},
            where=scoring_state.c.effort != new.excluded.effort,
        )
        self._write(changed, name=_STATE, effort=effort, since=now)

    def _lease(
        self, queue: _Queue, now: datetime, until: datetime, limit: int, retried: bool
    ) -> list[Comment]:
        if retried:
            rows = self._write(queue.tried, now=now, until=until, limit=min(limit, 1)).mappings().all()
        elif self._read(queue.counted, limit=limit + 1).scalar_one() <= limit:
            rows = self._write(queue.fresh, until=until, limit=limit).mappings().all()
        else:
            rows = self._lease_in_turns(queue, until, limit)
        found = self._articles_of(row["article_pk"] for row in rows)
        comments_leased = [comment_of(row, found[row["article_pk"]]) for row in rows]
        return sorted(comments_leased, key=lambda comment: (not comment.live, comment.pk))

    def _lease_in_turns(self, queue: _Queue, until: datetime, limit: int) -> list[RowMapping]:
        """Lease each site its share: first of what is live, and what that leaves to the backfill."""
        leased: list[RowMapping] = []
        for sites_waiting, lease in queue.in_turns:
            left = limit - len(leased)
            waiting = self._read(sites_waiting).scalars().all() if left else ()

            def lease_of_site(site_id: int, share: int, lease: Executable = lease) -> Sequence[RowMapping]:
                return self._write(lease, of_site=site_id, until=until, limit=share).mappings().all()

            leased += in_turns(waiting, left, lease_of_site)
        return leased

    def _articles_of(self, pks: Iterable[int]) -> dict[int, Article]:
        wanted = sorted(set(pks))
        rows = self._read(_ARTICLES_OF, article_pks=wanted).mappings() if wanted else ()
        return {row["pk"]: article_of(row) for row in rows}

    def has_retries(self, now: datetime) -> bool:
        """Say whether a comment that was tried before waits with its lease free."""
        return bool(self._read(_RETRY_IS_FREE, now=now).scalar_one())

    def abandon(self, pks: Sequence[int], until: datetime, free_at: datetime) -> int:
        """End the leases of comments that run until that very moment; return how many.

        They are free at `free_at`, alone, for the attempt stays counted. A lease that another has is not touched.
        """
        return self._write(_leased(pks, until).values(lease_until=free_at)).rowcount if pks else 0

    def release(self, pks: Sequence[int], until: datetime) -> None:
        """Give leases until that moment back unused: free at once, and the attempt is not counted."""
        if pks:
            self._write(_leased(pks, until).values(attempts=comments.c.attempts - 1, lease_until=None))


def _leased(pks: Sequence[int], until: datetime) -> Update:
    return update(comments).where(comments.c.pk.in_(pks), comments.c.lease_until == until)
