"""The double's reports, matters and appeals."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime

from service.domain.comment import Comment
from service.domain.desk import Appeal, Matter, Queued, Report, Wanted
from service.storage.memory.queueing import QueuePart, in_order
from service.storage.memory.state import OpenMatter, as_stored


class CasesPart(QueuePart):
    """The verbs about reports, matters and appeals."""

    def add_report(self, report: Report) -> bool:
        key = (report.comment_pk, report.by)
        if key in self._state.reports:
            return False
        self._change().reports[key] = replace(report, created_at=as_stored(report.created_at))
        return True

    def reports(self, comment_pk: int, limit: int = 20) -> list[Report]:
        found = [one for (pk, _), one in self._state.reports.items() if pk == comment_pk]
        found.sort(key=lambda one: one.by)
        return sorted(found, key=lambda one: one.created_at, reverse=True)[:limit]

    def reports_about(self, comment_pks: Collection[int], limit: int = 20) -> dict[int, list[Report]]:
        return {pk: found for pk in comment_pks if (found := self.reports(pk, limit))}

    def open_matter(
        self, kind: Matter, comment: Comment, now: datetime, opened_by: int | None = None
    ) -> None:
        state = self._change()
        known = state.matters.get((comment.pk, kind))
        made = known or OpenMatter(state.next("matter"), as_stored(now), opened_by)
        state.matters[comment.pk, kind] = replace(made, raised=made.raised + 1)

    def open_matters(self, comment_pks: Collection[int]) -> dict[int, dict[Matter, int]]:
        found: dict[int, dict[Matter, int]] = {}
        for (pk, kind), matter in self._state.matters.items():
            if pk in comment_pks:
                found.setdefault(pk, {})[kind] = matter.raised
        return found

    def close_matters(self, closed_by: Mapping[int, int | None], now: datetime) -> int:  # noqa: ARG002 - kept by tables
        state = self._change()
        mine = [key for key in state.matters if key[0] in closed_by]
        for key in mine:
            matter, by = state.matters.pop(key), closed_by[key[0]]
            if by is not None:
                state.closed.setdefault(by, {})[key] = matter
        return len(mine)

    def close_cases(self, closed_by: Mapping[int, int], now: datetime) -> None:
        state = self._change()
        self.close_matters(dict(closed_by), now)
        for one in list(state.appeals.values()):
            if one.comment_pk in closed_by and one.answered_at is None:
                state.appeals[one.id] = replace(one, answered_at=as_stored(now))
        for pk in closed_by:
            state.claims.pop(pk, None)
            state.cluster_members.pop(pk, None)

    def closed_matters(self, number: int) -> set[int]:
        return {pk for pk, _ in self._state.closed.get(number, {})}

    def undo_matters(self, decision_ids: Collection[int]) -> None:
        state = self._change()
        for key, matter in list(state.matters.items()):
            if matter.opened_by in decision_ids:
                del state.matters[key]
        for decision_id in decision_ids:
            for key, matter in state.closed.pop(decision_id, {}).items():
                state.matters.setdefault(key, matter)

    def add_appeal(self, appeal: Appeal) -> Appeal | None:
        if any(one.decision_id == appeal.decision_id for one in self._state.appeals.values()):
            return None
        made = replace(appeal, id=self._change().next("appeal"), opened_at=as_stored(appeal.opened_at))
        self._state.appeals[made.id] = made
        return made

    def appeal(self, appeal_id: int, lock: bool = False) -> Appeal | None:  # noqa: ARG002 - a writer is alone here
        return self._state.appeals.get(appeal_id)

    def appeals_about(self, comment_pks: Collection[int]) -> dict[int, list[Appeal]]:
        return {pk: found for pk in comment_pks if (found := self.appeals_of(pk))}

    def appeals_of(self, comment_pk: int) -> list[Appeal]:
        return [one for _, one in sorted(self._state.appeals.items()) if one.comment_pk == comment_pk]

    def appeals_open(self, wanted: Wanted, limit: int) -> list[tuple[Appeal, Queued]]:
        found = [
            (pk, self._whole(self._state.comments[one.comment_pk]))
            for pk, one in self._state.appeals.items()
            if one.answered_at is None
        ]
        return [(self._state.appeals[pk], queued) for pk, queued in in_order(found, wanted)][:limit]

    def answer_appeal(
        self, appeal_id: int, who: str, answer: str, reversed_by: int | None, now: datetime
    ) -> bool:
        known = self._change().appeals.get(appeal_id)
        if known is None or known.answered_at is not None:
            return False
        self._state.appeals[appeal_id] = replace(
            known, answered_at=as_stored(now), answered_by=who, answer=answer, reversed_by=reversed_by
        )
        return True

    def reopen_appeals(self, stands: Mapping[int, int | None]) -> None:
        appeals = self._change().appeals
        for pk, one in appeals.items():
            if one.reversed_by is not None and one.reversed_by in stands:
                against = stands[one.reversed_by] or one.decision_id
                appeals[pk] = _unanswered(replace(one, decision_id=against))

    def take_answer_back(self, appeal_id: int) -> bool:
        known = self._change().appeals.get(appeal_id)
        if known is None or known.answered_at is None or known.reversed_by is not None:
            return False
        self._state.appeals[appeal_id] = _unanswered(known)
        return True


def _unanswered(appeal: Appeal) -> Appeal:
    return replace(appeal, answered_at=None, answered_by=None, answer=None, reversed_by=None)
