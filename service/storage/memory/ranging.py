"""The double's ranges."""

from __future__ import annotations

import math
import random
from datetime import datetime

from service.domain.comment import Comment
from service.domain.desk import Matter
from service.domain.leading import is_at_risk, leading
from service.domain.status import Status
from service.domain.verdict import SELF_HARM, Verdict
from service.ports.ranging import Spread, Stretch
from service.storage.memory.queueing import matches
from service.storage.memory.state import Part
from service.storage.ranging import MILLION, SLACK


class RangingPart(Part):
    """The verbs of ranges."""

    def fill_scores(self, after: int, limit: int) -> int | None:
        """Nothing is left out here: scores are read from the verdicts whenever they are asked for."""
        held = sorted(
            pk for pk, one in self._state.comments.items() if one.status is Status.HELD and pk > after
        )
        return max(held[:limit], default=None)

    def spread(self, stretch: Stretch, bins: int) -> Spread:
        counts = [0] * bins
        for score, _ in self._scored(stretch):
            counts[min(int(score * bins + SLACK), bins - 1)] += 1
        return Spread(tuple(counts), len(self._inside(stretch)))

    def last_held(self) -> int:
        held = (pk for pk, one in self._state.comments.items() if one.status is Status.HELD)
        return max(held, default=0)

    def sample_stretch(self, stretch: Stretch, limit: int) -> list[Comment]:
        inside = self._inside(stretch)
        drawn = random.sample(inside, min(limit, len(inside)))  # a look, not a secret
        return [comment for _, comment in sorted(drawn, key=lambda pair: pair[0])]

    def page_stretch(
        self, stretch: Stretch, after: int, limit: int, moderator_id: int, now: datetime
    ) -> list[Comment]:
        claims = self._state.claims
        taken = {pk for pk, (by, until) in claims.items() if by != moderator_id and until > now}
        inside = sorted(comment.pk for _, comment in self._inside(stretch))
        return [self._state.comments[pk] for pk in inside if pk > after and pk not in taken][:limit]

    def _inside(self, stretch: Stretch) -> list[tuple[float, Comment]]:
        return [
            (score, comment)
            for score, comment in self._scored(stretch)
            if stretch.low - SLACK <= score <= stretch.high + SLACK
            and (stretch.until_pk is None or comment.pk <= stretch.until_pk)
        ]

    def _scored(self, stretch: Stretch) -> list[tuple[float, Comment]]:
        aside = {pk for pk, kind in self._state.matters if kind is Matter.ASIDE}
        by_label = stretch.wanted.label is not None or stretch.by == SELF_HARM
        found = []
        for comment in self._state.comments.values():
            if comment.status is not Status.HELD or comment.verdict is None or comment.pk in aside:
                continue
            if not matches(stretch.wanted, comment) or (not by_label and is_at_risk(comment.verdict)):
                continue
            score = _read(comment.verdict, stretch.by)
            if score is not None:
                found.append((score, comment))
        return found


def _read(verdict: Verdict, by: str | None) -> float | None:
    if by is None:
        return leading(verdict).score
    score = verdict.scores.get(by)
    return None if score is None else math.floor(score * MILLION + 0.5) / MILLION
