"""The classifier behind `scoring.Scorer`: readings in, assessments out; loaded once a process, at its first use."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import structlog

from service.domain.duplicates import Signature
from service.domain.errors import ReplydeskError
from service.domain.quotations import own_words
from service.domain.verdict import Assessment, Effort, Span
from service.scoring import Explain, Reading

if TYPE_CHECKING:
    from classifier.explain import Explanation
    from classifier.model import Model, Score

EXPLAIN_FROM: Final = 0.05
"""Texts whose gravest label scores less are given no spans unless asked for by number: no shipped limit lies lower."""
LOAD_AGAIN_SECONDS: Final = 10.0

log = structlog.get_logger(__name__)


def sign(texts: Sequence[str]) -> list[Signature | None]:
    """Return what can be compared of each text, quotations aside; None for one that is too short to tell."""
    from classifier.similarity import bands, signatures

    made = signatures([own_words(text) for text in texts])
    return [None if one is None else Signature(one, tuple(bands(one))) for one in made]


class NoModel(ReplydeskError):
    """The classifier's model cannot be loaded, so nothing is scored."""

    code = "unavailable"


def _load() -> Model:
    from classifier.model import Model

    return Model.load()


class ModelScorer:
    """Implements `scoring.Scorer` on `classifier.Model`. Threads may share one.

    A model that cannot be loaded raises NoModel and is tried again after a pause; one that is loaded stays.
    """

    def __init__(self, load: Callable[[], Model] = _load, explain_from: float = EXPLAIN_FROM) -> None:
        self.version = ""
        self._load = load
        self._explain_from = explain_from
        self._model: Model | None = None
        self._loading = threading.Lock()
        self._load_at = 0.0

    def score(
        self, readings: Sequence[Reading], explain: bool | Explain = True, effort: Effort = Effort.FULL
    ) -> list[Assessment]:
        """Assess each reading, in order, with spans for those that `explain` wants, or that are likely to be held.

        Raises NoModel, or ValueError when the model answers with what is no probability.
        """
        if not readings:
            return []
        model = self._ready()
        from classifier.text import Signals

        signals = [Signals(author_name=one.author_name, website=one.website) for one in readings]
        assessed = model.assess(
            [one.text for one in readings], signals, self._explained(explain), effort=effort.value
        )
        return [_assessment(score, explained) for score, explained in assessed]

    def _explained(self, explain: bool | Explain) -> Callable[[int, Score], bool] | None:
        if explain is False:
            return None
        if explain is True:
            return lambda _, score: max(score.scores.values()) >= self._explain_from
        return lambda number, score: explain(number, score.scores)

    def warm(self) -> None:
        """Load the model now, so that the first comment need not wait for it; a missing one is no error here."""
        with suppress(NoModel):
            self._ready()

    def _ready(self) -> Model:
        if self._model is not None:
            return self._model
        with self._loading:
            if self._model is None:
                self._model = self._loaded()
                self.version = self._model.version
            return self._model

    def _loaded(self) -> Model:
        if time.monotonic() < self._load_at:
            raise NoModel()
        started = time.monotonic()
        try:
            model = self._load()
        except Exception as failure:  # a missing file, a foreign version, no memory: all mean no model
            self._load_at = time.monotonic() + LOAD_AGAIN_SECONDS
            log.error("model.missing", error=type(failure).__name__, detail=str(failure)[:300])
            raise NoModel() from failure
        log.info("model.loaded", model=model.version, seconds=round(time.monotonic() - started, 3))
        return model


def _assessment(score: Score, explained: Explanation | None) -> Assessment:
    if not all(math.isfinite(one) and 0.0 <= one <= 1.0 for one in score.scores.values()):
        raise ValueError("the model gave what is no probability")  # NaN passes no cut and would be approved
    spans = () if explained is None else explained.spans
    return Assessment(
        scores=score.scores,
        model=score.model,
        confident=score.confident,
        doubt=score.doubt,
        language=score.language,
        reads_as=score.reads_as,
        spans=tuple(Span(span.begin, span.end, span.label, round(span.weight, 4)) for span in spans),
        effort=Effort(score.effort),
    )
