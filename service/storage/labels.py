"""Labels: what people judged, for training and for trying a change of a site's policy."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import RowMapping, bindparam, select, update

from service.domain.policy_preview import Past
from service.domain.verdict import Action, Who
from service.storage.comment_rows import COMMENTS, joined
from service.storage.records import Label
from service.storage.repository import Repository
from service.storage.rows import record_of, values_of
from service.storage.schema_comments import comments
from service.storage.schema_moderation import labels

PAST_LIMIT: Final = 5_000
_LABELS = (
    select(labels).where(labels.c.comment_pk.in_(bindparam("pks", expanding=True))).order_by(labels.c.pk)
)


class LabelRepository(Repository):
    """Labels of comments."""

    def add(self, added: Sequence[Label]) -> None:
        self._add(labels, [values_of(label) for label in added])

    def retract(self, decision_ids: Collection[int], now: datetime) -> int:
        self._must_write()
        if not decision_ids:
            return 0
        stands = labels.c.decision_id.in_(decision_ids), labels.c.retracted_at.is_(None)
        return self._write(update(labels).where(*stands).values(retracted_at=now)).rowcount

    def of_comment(self, comment_pk: int) -> list[Label]:
        return self._all(_label, _LABELS, pks=[comment_pk])

    def of_comments(self, comment_pks: Collection[int]) -> dict[int, list[Label]]:
        """Return by comment its labels, oldest first; comments without any are left out."""
        rows = self._read(_LABELS, pks=sorted(comment_pks)).mappings() if comment_pks else ()
        return self._by_comment(_label, rows)

    def scored_lately(self, site_id: int, limit: int) -> list[Past]:
        """Return the site's newest comments that have a verdict, at most 5,000, each with the judgement that stands."""
        latest = (
            COMMENTS.where(comments.c.site_id == site_id, comments.c.verdict.is_not(None))
            .order_by(comments.c.pk.desc())
            .limit(max(1, min(limit, PAST_LIMIT)))
        )
        found = self._all(joined, latest)
        said = {}
        standing = _LABELS.where(labels.c.retracted_at.is_(None), labels.c.who_kind != Who.READER)
        for row in self._read(standing, pks=[one.pk for one in found]) if found else ():
            said[row.comment_pk, row.revision] = row.action
        return [Past(one, _clear(said.get((one.pk, one.revision)))) for one in found]


def _clear(action: Action | None) -> Action | None:
    """A person who held a comment has not judged it."""
    return None if action is Action.HOLD else action


def _label(row: RowMapping) -> Label:
    return record_of(Label, row)
