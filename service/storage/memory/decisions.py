"""The double's decisions, notes and labels."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from service.moderation.comment import Comment
from service.moderation.verdict import Action, Decision, Who
from service.ports import Label
from service.storage.memory.comments import ScoringPart
from service.storage.memory.state import as_stored
from service.storage.reading import PAGE_LIMIT


class DecisionsPart(ScoringPart):
    """The verbs about decisions, notes and labels."""

    def new_decision_ids(self, count: int) -> list[int]:
        return [self._change().next("decision") for _ in range(count)]

    def sequence(self, site_id: int, count: int) -> int:
        first = self._change().counters[site_id] + 1
        self._state.counters[site_id] += count
        return first

    def add_decisions(self, decisions: Sequence[Decision]) -> None:
        for decision in decisions:
            if decision.id in self._state.decisions:
                raise ValueError(f"decision {decision.id} exists")
            self._change().decisions[decision.id] = replace(
                decision,
                created_at=as_stored(decision.created_at),
                effective_at=as_stored(decision.effective_at),
            )

    def decision(self, decision_id: int) -> Decision | None:
        return self._state.decisions.get(decision_id)

    def decisions_of(self, comment_pk: int) -> list[Decision]:
        found = (one for one in self._state.decisions.values() if one.comment_pk == comment_pk)
        return sorted(found, key=lambda decision: decision.id)

    def depart(self, decision_id: int, seq: int) -> bool:
        decision = self._change().decisions.get(decision_id)
        if decision is None or decision.seq is not None or decision.undone_at is not None:
            return False
        self._state.decisions[decision_id] = replace(decision, seq=seq)
        return True

    def undo_decision(self, decision_id: int, now: datetime) -> bool:
        decision = self._change().decisions.get(decision_id)
        if decision is None or decision.undone_at is not None:
            return False
        self._state.decisions[decision_id] = replace(decision, undone_at=as_stored(now))
        return True

    def departures_due(self, now: datetime, limit: int) -> list[Decision]:
        due = [
            one
            for one in self._state.decisions.values()
            if one.seq is None and one.undone_at is None and one.effective_at <= now
        ]
        return sorted(due, key=lambda one: (one.effective_at, one.id))[:limit]

    def publish(self, pk: int, decision_id: int, revision: int | None) -> bool:
        comment = self._change().comments.get(pk)
        if comment is None or comment.decision_id != decision_id:
            return False
        self._state.comments[pk] = replace(comment, published_revision=revision)
        return True

    def decisions_after(self, site_id: int, cursor: int, limit: int) -> list[tuple[Decision, Comment]]:
        found = [
            (one.seq, one)
            for one in self._state.decisions.values()
            if one.site_id == site_id and one.seq is not None and one.seq > cursor
        ]
        page = [one for _, one in sorted(found, key=lambda pair: pair[0])][: max(1, min(limit, PAGE_LIMIT))]
        return [
            (one, comment)
            for one in page
            if (
                comment := self.revision_body(one.comment_pk, one.revision)
                or self.comment_by_pk(one.comment_pk)
            )
        ]

    def decisions_named(self, decision_ids: Collection[int]) -> dict[int, Decision]:
        return {one: self._state.decisions[one] for one in decision_ids if one in self._state.decisions}

    def decisions_lately(self, before: int | None, limit: int) -> list[tuple[Decision, Comment]]:
        found = [
            (one, comment)
            for pk, one in sorted(self._state.decisions.items(), reverse=True)
            if one.who_kind is Who.MODERATOR
            and one.undone_at is None
            and (before is None or pk < before)
            and (one.previous if one.action is Action.RESTORE else pk) not in self._state.bundled
            and (comment := self.comment_by_pk(one.comment_pk))
        ]
        return found[: max(1, min(limit, PAGE_LIMIT))]

    def add_note(self, decision_id: int, text: str, who: str, now: datetime) -> None:  # noqa: ARG002 - kept by tables
        self._change().notes[decision_id] = text

    def notes(self, decision_ids: Sequence[int]) -> dict[int, str]:
        return {one: self._state.notes[one] for one in decision_ids if one in self._state.notes}

    def add_labels(self, labels: Sequence[Label]) -> None:
        self._change().labels.extend(labels)

    def retract_labels(self, decision_id: int, now: datetime) -> int:
        labels = self._change().labels
        standing = [
            place
            for place, label in enumerate(labels)
            if label.decision_id == decision_id and label.retracted_at is None
        ]
        for place in standing:
            labels[place] = replace(labels[place], retracted_at=as_stored(now))
        return len(standing)

    def labels_of(self, comment_pk: int) -> list[Label]:
        return [label for label in self._state.labels if label.comment_pk == comment_pk]
