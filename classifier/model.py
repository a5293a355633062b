"""The trained model: loads the pipeline and scores comments in batches, from any number of threads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from classifier import persistence
from classifier.explain import Explanation, Span, explain_row
from classifier.heads import probability
from classifier.labels import EFFORTS, LABELS, Effort
from classifier.reading import Reader, Reading
from classifier.text import Signals

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

    from classifier.language import LanguageIdentifier

Doubles = NDArray[np.float64]

BATCH_CHARACTERS = 1 << 17
"""So many characters are read in one matrix at most, but for a text that is longer by itself: each takes 170 bytes."""


@dataclass(frozen=True)
class Score:
    """What the model thinks of one text: a probability per label, and whether it should be believed.

    `doubt` is "language" (not one the model was trained in) or "few_known_features" when `confident` is false;
    `reads_as` is how a disguised text was read, `disguise` (0 to 1) how much of it was disguised.
    """

    scores: dict[str, float]
    language: str | None
    confident: bool
    doubt: str | None
    reads_as: str | None
    disguise: float
    model: str
    effort: Effort = "full"


Explained = Callable[[int, Score], bool]
"""Says of a text, by its number in the batch and its score, whether it is explained."""


def always(_number: int, _score: Score) -> bool:
    """Explain every text."""
    return True


class Model:
    """A trained model. Scoring changes nothing in it, so threads may share one."""

    efforts = EFFORTS

    def __init__(self, pipeline: Pipeline, languages: LanguageIdentifier, manifest: dict[str, Any]) -> None:
        self.pipeline = pipeline
        self.manifest = manifest
        self.version = f"{manifest['released']}-{manifest['sha256'][:8]}"
        self.reader = Reader(pipeline, languages)

    def __repr__(self) -> str:
        return f"Model({self.version!r})"

    @classmethod
    def load(cls, path: Path | None = None) -> Model:
        """Load the shipped model, or the one in directory `path`; raises `ModelError` in one clear line."""
        return _shipped() if path is None else cls._read(path)

    @classmethod
    def _read(cls, path: Path) -> Model:
        return cls(*persistence.read(path))

    def score(
        self, texts: Sequence[str], signals: Sequence[Signals] | None = None, effort: Effort = "full"
    ) -> list[Score]:
        """Score each text, in order; `signals`, when given, has one entry per text."""
        return [score for score, _ in self.assess(texts, signals, None, effort=effort)]

    def log_odds(self, texts: Sequence[str], effort: Effort = "full") -> Doubles:
        """Return calibrated log-odds alone: (texts, labels)."""
        _check(texts, None, effort)
        parts = [self.reader.read(texts[part], None, effort).log_odds for part in _split(texts)]
        return np.concatenate([np.zeros((0, len(LABELS))), *parts])

    def explain(
        self,
        text: str,
        label: str | None = None,
        signals: Signals | None = None,
        limit: int = 20,
        effort: Effort = "full",
    ) -> Explanation:
        """Say which parts of `text` carried its score for `label` (by default the most probable one)."""
        return self.score_and_explain(text, label, signals, limit, effort)[1]

    def without(
        self, text: str, spans: Sequence[Span], signals: Signals | None = None, effort: Effort = "full"
    ) -> list[tuple[Span, float]]:
        """Say of each span how probable its label would be if the text lacked it: scored anew, not subtracted."""
        texts = [text[: span.begin] + text[span.end :] for span in spans]
        scores = self.score(texts, None if signals is None else [signals] * len(texts), effort)
        return [(span, score.scores[span.label]) for span, score in zip(spans, scores, strict=True)]

    def score_and_explain(
        self,
        text: str,
        label: str | None = None,
        signals: Signals | None = None,
        limit: int = 20,
        effort: Effort = "full",
    ) -> tuple[Score, Explanation]:
        """Do both for one text in one reading."""
        reading = self.reader.read([text], None if signals is None else [signals], effort, explain=True)
        return next(self._scores(reading, effort)), explain_row(self.reader, reading, 0, label, limit)

    def assess(
        self,
        texts: Sequence[str],
        signals: Sequence[Signals] | None = None,
        explained: Explained | None = always,
        limit: int = 20,
        effort: Effort = "full",
    ) -> Iterator[tuple[Score, Explanation | None]]:
        """Score a batch and explain the gravest label of each text that `explained`, given its number and score, wants.

        Nothing is read twice. The answers are made as they are asked for, a part of the batch at a time: the words of a
        long text's explanation weigh more than the text.
        """
        _check(texts, signals, effort)
        return (
            both
            for part in _split(texts)
            for both in self._both(
                part.start, texts[part], signals and signals[part], explained, limit, effort
            )
        )

    def _both(
        self,
        first: int,
        texts: Sequence[str],
        signals: Sequence[Signals] | None,
        explained: Explained | None,
        limit: int,
        effort: Effort,
    ) -> Iterator[tuple[Score, Explanation | None]]:
        reading = self.reader.read(texts, signals, effort, explain=explained is not None)
        for row, score in enumerate(self._scores(reading, effort)):
            wanted = explained is not None and explained(first + row, score)
            yield score, explain_row(self.reader, reading, row, None, limit) if wanted else None

    def _scores(self, reading: Reading, effort: Effort) -> Iterator[Score]:
        disguise = reading.batch.disguise().tolist()
        for row, chances in enumerate(probability(reading.log_odds).tolist()):
            yield Score(
                dict(zip(LABELS, chances, strict=True)),
                reading.languages[row],
                reading.doubts[row] is None,
                reading.doubts[row],
                reading.batch.reads_as.get(row),
                disguise[row],
                self.version,
                effort,
            )


def _check(texts: Sequence[str], signals: Sequence[Signals] | None, effort: Effort) -> None:
    if effort not in EFFORTS:
        raise ValueError(f"effort: {effort!r} is not one of {', '.join(EFFORTS)}")
    if signals is not None and len(signals) != len(texts):
        raise ValueError(f"signals: {len(signals)} given for {len(texts)} texts; give one each, or none")


def _split(texts: Sequence[str]) -> Iterator[slice]:
    """Cut a batch where it would hold more than `BATCH_CHARACTERS`; an empty one has no parts."""
    begin = size = 0
    for end, text in enumerate(texts):
        if end > begin and size + len(text) > BATCH_CHARACTERS:
            yield slice(begin, end)
            begin, size = end, 0
        size += len(text)
    if begin < len(texts):
        yield slice(begin, len(texts))


@lru_cache(maxsize=1)
def _shipped() -> Model:
    return Model._read(persistence.SHIPPED)
