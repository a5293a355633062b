"""Read a batch of texts with the fitted pipeline: the whole of each, and the pieces of a long one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from classifier.labels import Effort
from classifier.signals import NAMES
from classifier.text import Signals, TextBatch

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

    from classifier.language import LanguageIdentifier

Doubles = NDArray[np.float64]

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


class Reader:
    """The steps of a fitted pipeline, and its weights as `explain` needs them."""

    def __init__(self, pipeline: Pipeline, languages: LanguageIdentifier) -> None:
        self.languages = languages
        self.text, self.stack = pipeline["read"], pipeline["labels"]
        self.encoder, branch = pipeline["log_odds"]["sentence"], pipeline["log_odds"]["linear"]
        self.ngrams, self.measured = branch["features"]["ngrams"], branch["features"]["signals"]
        self.linear = branch["heads"]
        self.ngram_weights = self.linear.weights_[: -len(NAMES)].astype(np.float64)
        self.signal_weights = self.linear.weights_[-len(NAMES) :].astype(np.float64)

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
        batch = self.text.transform(texts)
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
