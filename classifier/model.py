"""The trained model: loads the pipeline and scores comments in batches, from any number of threads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from classifier import persistence
from classifier.explain import Explanation, Span, explain_row
from classifier.heads import probability
from classifier.labels import EFFORTS, LABELS, Effort
from classifier.signals import NAMES, Signals

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

    from classifier.language import LanguageIdentifier
    from classifier.text import TextBatch

Doubles = NDArray[np.float64]

BATCH_CHARACTERS = 1 << 17
"""So many characters are read in one matrix at most, but for a text that is longer by itself: each takes 170 bytes."""
LONG, PIECE = 600, 200
"""Texts of more than `LONG` characters are read whole and in pieces of at most `PIECE`; the gravest reading counts."""
MARGIN = 2.5
"""A piece counts by so much less in log-odds: of many looks at one text, one is grave by chance."""
PIECES = 256
"""So many pieces of a long text are read at once."""
ENCODED_PIECES = 8
"""Of a long text's pieces so many, the gravest by the linear heads, are read by the encoder."""
ENCODED_LANGUAGES = ("en", None)
"""Languages that the encoder reads: English, and texts too short to tell."""


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


@dataclass(eq=False)
class Reading:
    """A batch as read. `whole` and `log_odds` are (texts, labels): of each text as a whole, and what counts in the end.

    `encoded` holds, for each row that the encoder read with explanations, what its tokens add; `gravest` says of which
    piece of a long text a label's log-odds are: its place in the text, the reading of the pieces, its row, the margin.
    """

    batch: TextBatch
    signals: NDArray[np.float32]
    whole: Doubles
    languages: list[str | None]
    doubts: list[str | None]
    log_odds: Doubles = field(init=False)
    encoded: dict[int, tuple[NDArray[np.float32], NDArray[np.int64]]] = field(default_factory=dict)
    gravest: dict[tuple[int, int], tuple[int, Reading, int, float]] = field(default_factory=dict)


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
        self.languages = languages
        self.manifest = manifest
        self.version = f"{manifest['released']}-{manifest['sha256'][:8]}"
        self.reader, self.stack = pipeline["read"], pipeline["labels"]
        self.encoder, branch = pipeline["log_odds"]["sentence"], pipeline["log_odds"]["linear"]
        self.ngrams, self.measured = branch["features"]["ngrams"], branch["features"]["signals"]
        self.linear = branch["heads"]
        self.ngram_weights = self.linear.weights_[: -len(NAMES)].astype(np.float64)
        self.signal_weights = self.linear.weights_[-len(NAMES) :].astype(np.float64)

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
        parts = [self.read(texts[part], None, effort).log_odds for part in _split(texts)]
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
        reading = self.read([text], None if signals is None else [signals], effort, explain=True)
        return next(self._scores(reading, effort)), explain_row(self, reading, 0, label, limit)

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
        reading = self.read(texts, signals, effort, explain=explained is not None)
        for row, score in enumerate(self._scores(reading, effort)):
            wanted = explained is not None and explained(first + row, score)
            yield score, explain_row(self, reading, row, None, limit) if wanted else None

    def read(
        self,
        texts: Sequence[str],
        signals: Sequence[Signals] | None = None,
        effort: Effort = "full",
        explain: bool = False,
    ) -> Reading:
        """Read a batch; of a long text, the whole or, where it is graver by `MARGIN`, its gravest piece."""
        reading = self._read_whole(texts, signals, effort, explain)
        for row, text in enumerate(texts):
            if len(text) > LONG:
                known = signals[row] if signals else None
                self._read_pieces(reading, row, text, known, effort, explain)
        return reading

    def _read_whole(
        self,
        texts: Sequence[str],
        signals: Sequence[Signals] | None,
        effort: Effort,
        explain: bool,
        like: tuple[str | None, str | None] | None = None,
    ) -> Reading:
        """Read texts as they are; `like` gives the language and the doubt of all, where they are known."""
        batch = self.reader.transform(texts)
        batch.known = signals
        languages, doubts = (
            self.languages.judge(batch) if like is None else ([like[0]] * len(texts), [like[1]] * len(texts))
        )
        measured = self.measured.transform(batch)
        linear = self._linear(batch, measured)
        reading = Reading(batch, measured, self.stack.log_odds(linear, None), languages, doubts)
        rows = [row for row in range(len(texts)) if effort == "full" and languages[row] in ENCODED_LANGUAGES]
        if rows:
            every = batch.as_read()
            encoded = self.encoder.encode([every[row] for row in rows], explain)
            reading.whole[rows] = self.stack.log_odds(linear[rows], encoded.log_odds)
            reading.encoded = dict(zip(rows, encoded.tokens, strict=explain))
        reading.log_odds = reading.whole.copy()
        return reading

    def _linear(self, batch: TextBatch, measured: NDArray[np.float32]) -> Doubles:
        """Return the linear heads' log-odds, the two blocks of features one after the other."""
        ngrams = np.asarray(self.ngrams.transform(batch) @ self.ngram_weights, np.float64)
        linear: Doubles = ngrams + measured @ self.signal_weights + self.linear.intercept_
        return linear

    def _read_pieces(
        self, reading: Reading, row: int, text: str, known: Signals | None, effort: Effort, explain: bool
    ) -> None:
        """Read a long text in pieces and let each label count where a piece is graver than the whole."""
        like = (reading.languages[row], reading.doubts[row])

        def read(places: list[tuple[int, int]], how: Effort, explained: bool = False) -> Reading:
            pieces = [text[begin:end] for begin, end in places]
            given = None if known is None else [known] * len(pieces)
            return self._read_whole(pieces, given, how, explained, like)

        places = cut(text)
        parts = [places[at : at + PIECES] for at in range(0, len(places), PIECES)]
        if effort == "full" and like[0] in ENCODED_LANGUAGES and len(places) > ENCODED_PIECES:
            gravity = np.concatenate([read(part, "fast").whole.max(axis=1) for part in parts])
            gravest = np.argsort(-gravity, kind="stable")[:ENCODED_PIECES]
            parts = [[places[each] for each in sorted(gravest.tolist())]]
        for part in parts:
            inner = read(part, effort, explain)
            best = inner.whole.argmax(axis=0)
            odds = inner.whole.max(axis=0) - MARGIN
            for column in np.flatnonzero(odds > reading.log_odds[row]).tolist():
                place = int(best[column])
                reading.log_odds[row, column] = odds[column]
                reading.gravest[row, column] = (part[place][0], inner, place, MARGIN)

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


def cut(text: str) -> list[tuple[int, int]]:
    """Return where the pieces of a text begin and end, at spaces where there are any."""
    found, begin = [], 0
    while begin < len(text):
        end = min(begin + PIECE, len(text))
        if end < len(text):
            space = text.rfind(" ", begin + PIECE // 2, end)
            end = space + 1 if space > 0 else end
        found.append((begin, end))
        begin = end
    return found


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
