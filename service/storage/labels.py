"""Labels in SQL: what people judged, for training."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import (
    RowMapping,
    bindparam,
    select,
    update,
)

from service.domain.policy_preview import Past
from service.domain.verdict import Action, Who
from service.storage.comment_rows import COMMENTS, joined
from service.storage.comment_tables import comments
from service.storage.decision_tables import (
    labels,
)
from service.storage.records import Label
from service.storage.repository import Repository

_LABEL_TABLE = labels
_LABELS = (
    select(labels).where(labels.c.comment_pk.in_(bindparam("pks", expanding=True))).order_by(labels.c.pk)
)
_RETRACT = (
    update(labels)
    .where(labels.c.decision_id.in_(bindparam("retracted", expanding=True)), labels.c.retracted_at.is_(None))
    .values(retracted_at=bindparam("now"))
)
PAST_LIMIT: Final = 5_000
_LATELY = (
    COMMENTS.where(comments.c.site_id == bindparam("site_id"), comments.c.verdict.is_not(None))
    .order_by(comments.c.pk.desc())
    .limit(bindparam("limit"))
)
_JUDGEMENTS = (
    select(labels.c.comment_pk, labels.c.revision, labels.c.action)
    .where(
        labels.c.comment_pk.in_(bindparam("pks", expanding=True)),
        labels.c.retracted_at.is_(None),
        labels.c.who_kind != Who.READER.value,
    )
    .order_by(labels.c.pk)
)


class LabelRepository(Repository):
    """The verbs about labels."""

    def add(self, labels: Sequence[Label]) -> None:
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

    def retract(self, decision_ids: Collection[int], now: datetime) -> int:
        self._must_write()
        if not decision_ids:
            return 0
        return self._write(_RETRACT, retracted=sorted(decision_ids), now=now).rowcount

    def of_comment(self, comment_pk: int) -> list[Label]:
        return self.of_comments([comment_pk]).get(comment_pk, [])

    def of_comments(self, comment_pks: Collection[int]) -> dict[int, list[Label]]:
        """Return by comment its labels, oldest first; comments without any are left out."""
        found: dict[int, list[Label]] = {}
        rows = self._read(_LABELS, pks=sorted(comment_pks)).mappings() if comment_pks else ()
        for row in rows:
            found.setdefault(row["comment_pk"], []).append(_label(row))
        return found

    def scored_lately(self, site_id: int, limit: int) -> list[Past]:
        """Return the site's newest comments that have a verdict, at most 5,000, each with the judgement that stands."""
        limit = max(1, min(limit, PAST_LIMIT))
        found = [joined(row) for row in self._read(_LATELY, site_id=site_id, limit=limit).mappings()]
        said = {}
        for row in self._read(_JUDGEMENTS, pks=[one.pk for one in found]) if found else ():
            said[row.comment_pk, row.revision] = Action(row.action)
        return [Past(one, _clear(said.get((one.pk, one.revision)))) for one in found]


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


def _clear(action: Action | None) -> Action | None:
    """A person who held a comment has not judged it."""
    return None if action is Action.HOLD else action
