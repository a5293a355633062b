"""What a change of a site's policy is measured on: its latest verdicts, and the judgements that stand."""

from __future__ import annotations

from typing import Final

from sqlalchemy import bindparam, select

from service.domain.policy_preview import Past
from service.domain.verdict import Action, Who
from service.storage.comment_tables import comments
from service.storage.decision_tables import labels
from service.storage.part import Part
from service.storage.reading import COMMENTS, joined

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


class PastPart(Part):
    """The verb about a site's past."""

    def scored_lately(self, site_id: int, limit: int) -> list[Past]:
        """Return the site's newest comments that have a verdict, at most 5,000, each with the judgement that stands."""
        limit = max(1, min(limit, PAST_LIMIT))
        found = [joined(row) for row in self._read(_LATELY, site_id=site_id, limit=limit).mappings()]
        said = {}
        for row in self._read(_JUDGEMENTS, pks=[one.pk for one in found]) if found else ():
            said[row.comment_pk, row.revision] = Action(row.action)
        return [Past(one, _clear(said.get((one.pk, one.revision)))) for one in found]


def _clear(action: Action | None) -> Action | None:
    """A person who held a comment has not judged it."""
    return None if action is Action.HOLD else action
