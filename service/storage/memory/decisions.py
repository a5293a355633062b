"""The double's decisions, notes and labels."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from service.domain.comment import Comment
from service.domain.verdict import Action, Decision, Who
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

    def advance_sequence(self, number: int) -> None:
        state = self._change()
        for site_id, last in state.counters.items():
            state.counters[site_id] = max(last, number)
        state.numbers["decision"] = max(state.numbers.get("decision", 0), number)

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

    def number_decisions(self, numbers: Mapping[int, int]) -> set[int]:
        found = self.decisions_named(numbers)
        leaving = {one for one, its in found.items() if its.seq is None and its.undone_at is None}
        self._change().decisions.update({one: replace(found[one], seq=numbers[one]) for one in leaving})
        return leaving

    def undo_decisions(self, decision_ids: Collection[int], now: datetime) -> set[int]:
        found = self.decisions_named(decision_ids)
        kept = {one for one, its in found.items() if its.undone_at is None}
        undone = {one: replace(found[one], undone_at=as_stored(now)) for one in kept}
        self._change().decisions.update(undone)
        return kept

    def due_decisions(self, now: datetime, limit: int) -> list[Decision]:
        due = [
            one
            for one in self._state.decisions.values()
            if one.seq is None and one.undone_at is None and one.effective_at <= now
        ]
        return sorted(due, key=lambda one: (one.effective_at, one.id))[:limit]

    def publish(self, shown: Sequence[tuple[int, int, int | None]]) -> set[int]:
        comments = self._change().comments
        published = {
            pk: replace(comment, published_revision=revision)
            for pk, decision_id, revision in shown
            if (comment := comments.get(pk)) and comment.decision_id == decision_id
        }
        comments.update(published)
        return set(published)

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

    def add_notes(self, decision_ids: Sequence[int], text: str, who: str, now: datetime) -> None:  # noqa: ARG002 - kept by tables
        self._change().notes.update(dict.fromkeys(decision_ids, text))

    def notes(self, decision_ids: Sequence[int]) -> dict[int, str]:
        return {one: self._state.notes[one] for one in decision_ids if one in self._state.notes}

    def add_labels(self, labels: Sequence[Label]) -> None:
        self._change().labels.extend(labels)

    def retract_labels(self, decision_ids: Collection[int], now: datetime) -> int:
        labels = self._change().labels
        kept = [
            place
            for place, label in enumerate(labels)
            if label.decision_id in decision_ids and label.retracted_at is None
        ]
        for place in kept:
            labels[place] = replace(labels[place], retracted_at=as_stored(now))
        return len(kept)

    def labels_of(self, comment_pk: int) -> list[Label]:
        return [label for label in self._state.labels if label.comment_pk == comment_pk]

    def labels_about(self, comment_pks: Collection[int]) -> dict[int, list[Label]]:
        found: dict[int, list[Label]] = {}
        for label in self._state.labels:
            if label.comment_pk in comment_pks:
                found.setdefault(label.comment_pk, []).append(label)
        return found
