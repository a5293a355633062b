"""Bulk decisions in SQL: many comments decided in one act, with one undo."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import (
    RowMapping,
    and_,
    bindparam,
    exists,
    func,
    insert,
    select,
    update,
)

from service.domain.comment import Comment
from service.domain.status import FINAL
from service.domain.verdict import Action
from service.storage.cluster_tables import (
    bulk_decisions,
    bulk_members,
    clusters,
)
from service.storage.comment_rows import COMMENTS, joined
from service.storage.comment_tables import comments
from service.storage.decision_tables import decisions
from service.storage.records import BulkDecision
from service.storage.repository import Repository
from service.storage.schema import word

_NEW_BULK_DECISION = insert(bulk_decisions).returning(bulk_decisions.c.pk)
_BULK_DECISION = select(bulk_decisions).where(bulk_decisions.c.pk == bindparam("bulk_decision_id"))
_KEPT_BULK_DECISION = _BULK_DECISION.with_for_update(read=True)
_BULK_DECIDED = (
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
_STANDS = select(
    exists(
        select(bulk_members.c.decision_id)
        .join(decisions, decisions.c.pk == bulk_members.c.decision_id)
        .join(comments, comments.c.pk == decisions.c.comment_pk)
        .where(
            bulk_members.c.bulk_decision_id == bindparam("bulk_decision_id"),
            comments.c.decision_id == bulk_members.c.decision_id,
            comments.c.status.not_in([word(one) for one in sorted(FINAL)]),
        )
    )
)
_LATELY = (
    select(
        bulk_decisions,
        select(func.max(clusters.c.stands_until))
        .where(clusters.c.bulk_decision_id == bulk_decisions.c.pk)
        .scalar_subquery()
        .label("stands_until"),
    )
    .where(bulk_decisions.c.undone_at.is_(None))
    .order_by(bulk_decisions.c.pk.desc())
    .limit(bindparam("limit"))
)
_EARLIER = _LATELY.where(bulk_decisions.c.pk < bindparam("before"))
_BULK_DECISION_SIZES = (
    select(bulk_members.c.bulk_decision_id, func.count().label("size"))
    .where(bulk_members.c.bulk_decision_id.in_(bindparam("bulk_decision_ids", expanding=True)))
    .group_by(bulk_members.c.bulk_decision_id)
)
_END = (
    update(bulk_decisions)
    .where(and_(bulk_decisions.c.pk == bindparam("bulk_decision_id"), bulk_decisions.c.undone_at.is_(None)))
    .values(undone_at=bindparam("now"))
)


class BulkDecisionRepository(Repository):
    """The verbs about bulk decisions."""

    def add(self, who: str, action: Action, what: str, now: datetime) -> BulkDecision:
        made = self._write(_NEW_BULK_DECISION, who=who, action=action.value, what=what, made_at=now)
        return BulkDecision(made.scalar_one(), who, action, what, now)

    def add_members(self, bulk_decision_id: int, decision_ids: Sequence[int]) -> None:
        self._add(
            bulk_members,
            [{"decision_id": one, "bulk_decision_id": bulk_decision_id} for one in decision_ids],
        )

    def get(self, bulk_decision_id: int, lock: bool = False) -> BulkDecision | None:
        """Return it, None for no such; with `lock` no undo of it begins before this transaction ends."""
        row = (
            self._read(_KEPT_BULK_DECISION if lock else _BULK_DECISION, bulk_decision_id=bulk_decision_id)
            .mappings()
            .first()
        )
        return _bulk_decision(row) if row else None

    def members(self, bulk_decision_id: int, after: int, limit: int) -> list[tuple[int, Comment]]:
        """Return its decisions above `after`, by id, each with its comment as it is now."""
        rows = self._read(
            _BULK_DECIDED, bulk_decision_id=bulk_decision_id, after=after, limit=limit
        ).mappings()
        return [(row["member_id"], joined(row)) for row in rows]

    def can_be_undone(self, bulk_decision_id: int) -> bool:
        """Whether one of its decisions stands that can still be taken back."""
        return bool(self._read(_STANDS, bulk_decision_id=bulk_decision_id).scalar())

    def latest(self, limit: int, before: int | None = None) -> list[tuple[BulkDecision, datetime | None]]:
        """Return the latest bulk decisions that are not undone, newest first; those made before one, where it is named.

        Beside each stands until when its decision also covers copies that arrive; None where it covers none.
        """
        asked = (_LATELY, {}) if before is None else (_EARLIER, {"before": before})
        rows = self._read(asked[0], **asked[1], limit=limit).mappings()
        return [(_bulk_decision(row), row["stands_until"]) for row in rows]

    def sizes(self, bulk_decision_ids: Collection[int]) -> dict[int, int]:
        """Count the decisions in each; one without any is left out."""
        rows = (
            self._read(_BULK_DECISION_SIZES, bulk_decision_ids=sorted(bulk_decision_ids))
            if bulk_decision_ids
            else ()
        )
        return {row.bulk_decision_id: row.size for row in rows}

    def mark_undone(self, bulk_decision_id: int, now: datetime) -> bool:
        """Mark as undone; False when it was undone already, or never was."""
        return self._write(_END, bulk_decision_id=bulk_decision_id, now=now).rowcount == 1


def _bulk_decision(row: RowMapping) -> BulkDecision:
    return BulkDecision(
        row["pk"], row["who"], Action(row["action"]), row["what"], row["made_at"], row["undone_at"]
    )
