"""Batch concurrent requests: texts that threads submit at the same moment are scored in one matrix."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from service.domain.verdict import Assessment, Effort
from service.scoring import Explain, Reading, Scorer

MOST: Final = 64
SHORT: Final = 2_000
"""Longest text, in characters, that is batched: others would wait for a longer one."""


@dataclass(eq=False, slots=True)
class _Asked:
    """One text waiting for its score; `answer` is valid once `done`."""

    reading: Reading
    done: bool = False
    answer: Assessment | None = None


class BatchingScorer:
    """Wrap a `scoring.Scorer`: the next thread scores all that wait, and none waits for a batch to fill."""

    def __init__(self, scorer: Scorer) -> None:
        self._scorer = scorer
        self._turn = threading.Lock()
        self._lock = threading.Lock()
        self._waiting: list[_Asked] = []

    @property
    def version(self) -> str:
        """The model's version, empty before it was loaded."""
        return self._scorer.version

    def warm(self) -> None:
        """Be ready for the first text."""
        self._scorer.warm()

    def score(
        self, readings: Sequence[Reading], explain: bool | Explain = False, effort: Effort = Effort.FULL
    ) -> list[Assessment]:
        """Assess each reading, in order; a single short one, in full and unexplained, is batched with others."""
        if explain or effort is not Effort.FULL or len(readings) != 1 or len(readings[0].text) > SHORT:
            return self._scorer.score(readings, explain, effort)
        mine = _Asked(readings[0])
        with self._lock:
            self._waiting.append(mine)
        with self._turn:
            if not mine.done:
                self._go(mine)
        if mine.answer is None:  # the batch failed, and may have for another's text
            return self._scorer.score(readings, explain, effort)
        return [mine.answer]

    def _go(self, mine: _Asked) -> None:
        with self._lock:
            rest = [one for one in self._waiting if one is not mine]
            batch = [mine, *rest[: MOST - 1]]
            self._waiting = rest[MOST - 1 :]
        try:
            answers = self._scorer.score([one.reading for one in batch], explain=False)
            for one, answer in zip(batch, answers, strict=True):
                one.answer = answer
        except Exception:  # noqa: BLE001, S110  # each asks again for itself and meets its own fault
            pass
        finally:
            for one in batch:
                one.done = True
