"""Labels in SQL: what people judged, for training."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import (
    RowMapping,
    bindparam,
    select,
    update,
)

from service.domain.verdict import Action, Who
from service.storage.decision_tables import (
    labels,
)
from service.storage.part import Part
from service.storage.records import Label

_LABEL_TABLE = labels
_LABELS = (
    select(labels).where(labels.c.comment_pk.in_(bindparam("pks", expanding=True))).order_by(labels.c.pk)
)
_RETRACT = (
    update(labels)
    .where(labels.c.decision_id.in_(bindparam("retracted", expanding=True)), labels.c.retracted_at.is_(None))
    .values(retracted_at=bindparam("now"))
)


class LabelsPart(Part):
    """The verbs about labels."""

    def add_labels(self, labels: Sequence[Label]) -> None:
        self._add(
            _LABEL_TABLE,
            [
                {
                    "site_id": label.site_id,
                    "comment_pk": label.comment_pk,
                    "revision": label.revision,
                    "who_kind": label.who_kind.value,
                    "who": label.who,
                    "action": label.action.value,
                    "decision_id": label.decision_id,
                    "created_at": label.created_at,
                    "retracted_at": label.retracted_at,
                }
                for label in labels
            ],
        )

    def retract_labels(self, decision_ids: Collection[int], now: datetime) -> int:
        self._must_write()
        if not decision_ids:
            return 0
        return self._write(_RETRACT, retracted=sorted(decision_ids), now=now).rowcount

    def labels_of(self, comment_pk: int) -> list[Label]:
        return self.labels_about([comment_pk]).get(comment_pk, [])

    def labels_about(self, comment_pks: Collection[int]) -> dict[int, list[Label]]:
        """Return by comment its labels, oldest first; comments without any are left out."""
        found: dict[int, list[Label]] = {}
        rows = self._read(_LABELS, pks=sorted(comment_pks)).mappings() if comment_pks else ()
        for row in rows:
            found.setdefault(row["comment_pk"], []).append(_label(row))
        return found


def _label(row: RowMapping) -> Label:
    return Label(
        site_id=row["site_id"],
        comment_pk=row["comment_pk"],
        revision=row["revision"],
        who_kind=Who(row["who_kind"]),
        who=row["who"],
        action=Action(row["action"]),
        created_at=row["created_at"],
        decision_id=row["decision_id"],
        retracted_at=row["retracted_at"],
    )
