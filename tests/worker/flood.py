"""A flood in which comments are scored fast, and the worker that scores them again in full."""

from __future__ import annotations

from dataclasses import dataclass, field

from service.domain.duplicates import Signature
from service.domain.verdict import LABELS, Assessment, Effort
from service.usecases.record_scores import Scored
from tests.stage import Stage
from tests.worker.cast import TwoEfforts
from worker.score import score_pending

FULL, FAST = Effort.FULL, Effort.FAST
HOLDS, REFUSES = {"toxicity": 0.7}, {"spam": 0.99}
COPY = Signature(bytes(range(64)), (1, 2, 3))
NARROW = {"toxicity": 0.6}
"""Below the limit of 0.70, and near it."""


def scored_fast(comment, **scores):
    return Scored(comment, Assessment(dict.fromkeys(LABELS, 0.0) | scores, "told-2", effort=FAST))


@dataclass
class Flood:
    """Comments that a flood had decided on fast scores, by text; what they are in full is said afterwards."""

    stage: Stage
    scorer: TwoEfforts = field(default_factory=TwoEfforts)

    def came(self, **fast):
        """Let comments with these ids and fast scores come and be decided in a flood; each text is its id."""
        for name in fast:
            self.stage.post(name, id=name)
        self.stage.clock.pass_seconds(61)
        self.scorer.fast = lambda text: fast[text]
        score_pending(self.stage.deps, self.scorer, stopping=lambda: bool(self.scorer.asked))
        self.stage.enqueued()

    def over(self, **full):
        """Let the flood be over: nothing waits, and the full effort says this of those that are not clear to it."""
        self.scorer.full = lambda text: full.get(text, {})
        score_pending(self.stage.deps, self.scorer)

    def states(self, *names):
        """Return where the comments stand, and on which effort."""
        found = [self.stage.look(name) for name in names]
        return [f"{one.status} {one.verdict.effort if one.verdict else None}" for one in found]

    def decided(self, name):
        """Return what was decided of a comment, oldest first, and by whom."""
        with self.stage.deps.store.read() as tx:
            found = tx.decisions.of_comment(self.stage.look(name).pk)
        return [f"{one.who_kind} {one.action}" for one in found]
