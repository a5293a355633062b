"""The reader itself: loads the trained arrays and scores comments, a batch at a time, from any number of threads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from classifier import artifact
from classifier.errors import ModelError
from classifier.signals import Signals

if TYPE_CHECKING:
    from classifier.explain import Explanation, Span
    from classifier.network import Network, Reading

LABELS = ("toxicity", "severe_toxicity", "obscene", "threat", "insult", "identity_attack", "spam")
__all__ = ["LABELS", "TOGETHER", "Model", "Score", "Signals"]

TOGETHER = 1 << 17
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


class Model:
    """A trained model. Scoring changes nothing in it, so threads may share one."""

    def __init__(self, network: Network, manifest: dict[str, Any]) -> None:
        self.network = network
        self.manifest = manifest
        self.version = f"{manifest['released']}-{manifest['sha256'][:8]}"

    def __repr__(self) -> str:
        return f"Model({self.version!r})"

    @classmethod
    def load(cls, path: Path | None = None) -> Model:
        """Loads the shipped model, or the one in directory `path`; raises `ModelError` in one clear line."""
        if path is None:
            return _shipped()
        return cls._read(path)

    @classmethod
    def _read(cls, path: Path | None) -> Model:
        from classifier.network import Network

        arrays, manifest = artifact.read(path)
        if manifest.get("labels") != list(LABELS):
            raise ModelError(
                f"the model's labels are {manifest.get('labels')}, not {list(LABELS)}: train again"
            )
        try:
            network = Network.from_arrays(arrays)
            network.check(len(LABELS))
        except (KeyError, ValueError, IndexError, TypeError) as wrong:
            raise ModelError(f"the model's arrays do not fit this program ({wrong}): train again") from None
        return cls(network, manifest)

    def score(self, texts: Sequence[str], signals: Sequence[Signals] | None = None) -> list[Score]:
        """Scores each text, in order; `signals`, when given, has one entry per text."""
        if signals is not None and len(signals) != len(texts):
            raise ValueError(f"signals: {len(signals)} given for {len(texts)} texts; give one each, or none")
        return [
            score
            for part in _parts(texts)
            for score in self._scores(self.network.read(texts[part], signals and signals[part]))
        ]

    def _scores(self, reading: Reading) -> list[Score]:
        probabilities = reading.probabilities.tolist()
        return [
            Score(
                dict(zip(LABELS, probabilities[row], strict=True)),
                reading.languages[row],
                reading.doubts[row] is None,
                reading.doubts[row],
                reading.reads_as.get(row),
                reading.disguise[row],
                self.version,
            )
            for row in range(len(probabilities))
        ]

    def explain(
        self, text: str, label: str | None = None, signals: Signals | None = None, limit: int = 20
    ) -> Explanation:
        """Says which parts of `text` carried its score for `label` (by default the most probable one)."""
        from classifier.explain import explain_text

        given = None if signals is None else [signals]
        sums = self.network.sums([text], given)
        odds, pieces = self.network.gravest([text], sums, given)
        return explain_text(self.network, text, sums, odds[0], pieces.get(0), signals, label, limit)

    def without(
        self, text: str, spans: Sequence[Span], signals: Signals | None = None
    ) -> list[tuple[Span, float]]:
        """Says of each span how probable its label would be if the text lacked it: scored anew, not subtracted."""
        texts = [text[: span.begin] + text[span.end :] for span in spans]
        scores = self.score(texts, None if signals is None else [signals] * len(texts))
        return [(span, score.scores[span.label]) for span, score in zip(spans, scores, strict=True)]

    def score_and_explain(
        self, text: str, label: str | None = None, signals: Signals | None = None, limit: int = 20
    ) -> tuple[Score, Explanation]:
        """Does both for one text in one reading, at little more than the price of one."""
        given = None if signals is None else [signals]
        score, explained = next(self._both([text], given, label, 0.0, limit))
        return score, cast("Explanation", explained)

    def assess(
        self,
        texts: Sequence[str],
        signals: Sequence[Signals] | None = None,
        least: float = 0.0,
        limit: int = 20,
    ) -> Iterator[tuple[Score, Explanation | None]]:
        """Scores a batch and explains, of each text whose gravest label reaches `least`, that label.

        Nothing is read twice, so an explanation costs half of what `explain` does. What is answered is made as it is
        asked for, a part of the batch at a time: the words of a long text's explanation weigh more than the text.
        """
        if signals is not None and len(signals) != len(texts):
            raise ValueError(f"signals: {len(signals)} given for {len(texts)} texts; give one each, or none")
        return (
            both
            for part in _parts(texts)
            for both in self._both(texts[part], signals and signals[part], None, least, limit)
        )

    def _both(
        self,
        texts: Sequence[str],
        signals: Sequence[Signals] | None,
        label: str | None,
        least: float,
        limit: int,
    ) -> Iterator[tuple[Score, Explanation | None]]:
        from classifier.explain import explain_text

        sums = self.network.sums(texts, signals)
        reading = self.network.reading(texts, sums, signals)
        for row, score in enumerate(self._scores(reading)):
            explained = None
            if max(score.scores.values()) >= least:
                known = None if signals is None else signals[row]
                odds, pieces = reading.log_odds[row], reading.pieces.get(row)
                explained = explain_text(
                    self.network, texts[row], sums.of(row), odds, pieces, known, label, limit
                )
            yield score, explained


def _parts(texts: Sequence[str]) -> Iterator[slice]:
    """Cuts a batch where it would hold more than `TOGETHER` characters; an empty one has no parts."""
    begin = size = 0
    for end, text in enumerate(texts):
        if end > begin and size + len(text) > TOGETHER:
            yield slice(begin, end)
            begin, size = end, 0
        size += len(text)
    if begin < len(texts):
        yield slice(begin, len(texts))


@lru_cache(maxsize=1)
def _shipped() -> Model:
    return Model._read(None)
