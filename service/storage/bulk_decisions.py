"""Bulk decisions: many comments decided in one act, with one undo."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import RowMapping, bindparam, exists, func, select, update

from service.domain.comment import Comment
from service.domain.status import FINAL
from service.domain.verdict import Action
from service.storage.bulk import insert
from service.storage.comment_rows import COMMENTS, joined
from service.storage.records import BulkDecision
from service.storage.repository import Repository
from service.storage.rows import record_of
from service.storage.schema import word
from service.storage.schema_comments import comments
from service.storage.schema_moderation import bulk_decisions, bulk_members, clusters, decisions

_MEMBERS = (
    COMMENTS.add_columns(bulk_members.c.decision_id.label("member_id"))
    .join(decisions, decisions.c.comment_pk == comments.c.pk)
    .join(bulk_members, bulk_members.c.decision_id == decisions.c.pk)
    .where(
        bulk_members.c.bulk_decision_id == bindparam("bulk_decision_id"),
        bulk_members.c.decision_id > bindparam("after"),
    )
    .order_by(bulk_members.c.decision_id)
    .limit(bindparam("limit"))
)


class BulkDecisionRepository(Repository):
    """Bulk decisions and the decisions that each is made of."""

    def add(self, who: str, action: Action, what: str, now: datetime) -> BulkDecision:
        new = insert(bulk_decisions).returning(bulk_decisions.c.pk)
        made = self._write(new, who=who, action=action, what=what, made_at=now)
        return BulkDecision(made.scalar_one(), who, action, what, now)

    def add_members(self, bulk_decision_id: int, decision_ids: Sequence[int]) -> None:
        rows = [{"decision_id": one, "bulk_decision_id": bulk_decision_id} for one in decision_ids]
        self._add(bulk_members, rows)

    def get(self, bulk_decision_id: int, lock: bool = False) -> BulkDecision | None:
        """Return it, None for no such; with `lock` no undo of it begins before this transaction ends."""
        found = select(bulk_decisions).where(bulk_decisions.c.pk == bulk_decision_id)
        return self._first(_bulk_decision, found.with_for_update(read=True) if lock else found)

    def members(self, bulk_decision_id: int, after: int, limit: int) -> list[tuple[int, Comment]]:
        """Return its decisions above `after`, by id, each with its comment as it is now."""
        values = {"bulk_decision_id": bulk_decision_id, "after": after, "limit": limit}
        return self._all(lambda row: (row["member_id"], joined(row)), _MEMBERS, **values)

    def can_be_undone(self, bulk_decision_id: int) -> bool:
        """Whether one of its decisions stands that can still be taken back."""
        standing = (
            select(bulk_members.c.decision_id)
            .join(decisions, decisions.c.pk == bulk_members.c.decision_id)
            .join(comments, comments.c.pk == decisions.c.comment_pk)
            .where(
                bulk_members.c.bulk_decision_id == bulk_decision_id,
                comments.c.decision_id == bulk_members.c.decision_id,
                comments.c.status.not_in([word(one) for one in sorted(FINAL)]),
            )
        )
        return bool(self._read(select(exists(standing))).scalar())

    def latest(self, limit: int, before: int | None = None) -> list[tuple[BulkDecision, datetime | None]]:
        """Return the latest bulk decisions that are not undone, newest first; those made before one, where it is named.

        Beside each stands until when its decision also covers copies that arrive; None where it covers none.
        """
        covers = select(func.max(clusters.c.stands_until)).where(
            clusters.c.bulk_decision_id == bulk_decisions.c.pk
        )
        found = (
            select(bulk_decisions, covers.scalar_subquery().label("stands_until"))
            .where(bulk_decisions.c.undone_at.is_(None))
            .order_by(bulk_decisions.c.pk.desc())
            .limit(limit)
        )
        if before is not None:
            found = found.where(bulk_decisions.c.pk < before)
        return self._all(lambda row: (_bulk_decision(row), row["stands_until"]), found)

    def sizes(self, bulk_decision_ids: Collection[int]) -> dict[int, int]:
        """Count the decisions in each; one without any is left out."""
        which = bulk_members.c.bulk_decision_id
        size = func.count().label("size")
        counted = select(which, size).where(which.in_(bulk_decision_ids)).group_by(which)
        rows = self._read(counted) if bulk_decision_ids else ()
        return {row.bulk_decision_id: row.size for row in rows}

    def mark_undone(self, bulk_decision_id: int, now: datetime) -> bool:
        """Mark as undone; False when it was undone already, or never was."""
        stands = bulk_decisions.c.pk == bulk_decision_id, bulk_decisions.c.undone_at.is_(None)
        return self._write(update(bulk_decisions).where(*stands).values(undone_at=now)).rowcount == 1


def _bulk_decision(row: RowMapping) -> BulkDecision:
    return record_of(BulkDecision, row)
