"""Why a text scored as it did: the log-odds of one label, taken apart into words, signals, the sentence and a bias.

Every step after the features is linear, so the parts add up to the log-odds: the n-grams' weights, and what each token
adds to the encoder's head, which is linear over the mean of the tokens' states and the state of the first.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from classifier.heads import probability
from classifier.labels import LABELS
from classifier.reading import Reader, Reading
from classifier.signals import NAMES
from classifier.text import TextBatch

Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class Span:
    """A stretch of the text as given (code points, `end` exclusive) and the log-odds it added to `label`."""

    begin: int
    end: int
    label: str
    weight: float


@dataclass(frozen=True)
class Explanation:
    """The log-odds of one label: `bias`, `sentence`, `signals` and the weights of `words` add up to `log_odds`.

    `sentence` is what the encoder makes of the text as a whole (the marks before and after it). `words` holds one span
    for every word (of a long text: of the piece that counted); `spans` the heaviest, heaviest first, at most `limit`.
    """

    label: str
    log_odds: float
    probability: float
    bias: float
    sentence: float
    signals: dict[str, float]
    words: tuple[Span, ...]
    spans: tuple[Span, ...]
    reads_as: str | None

    def total(self) -> float:
        """Return the sum of all that adds up to `log_odds`."""
        return (
            self.bias + self.sentence + sum(self.signals.values()) + sum(word.weight for word in self.words)
        )


def explain_row(reader: Reader, reading: Reading, row: int, label: str | None, limit: int) -> Explanation:
    """Take one label's log-odds apart: of the text as a whole, or of the piece of a long one that gave them."""
    if label is not None and label not in LABELS:
        raise ValueError(f"label: {label!r} is not one of {', '.join(LABELS)}")
    odds = reading.log_odds[row]
    column = int(odds.argmax()) if label is None else LABELS.index(label)
    reads_as = reading.batch.reads_as.get(row)
    piece = reading.gravest.get((row, column))
    if piece is None:
        return replace(_taken_apart(reader, reading, row, column, limit), reads_as=reads_as)
    begin, inner, place, margin = piece
    found = _taken_apart(reader, inner, place, column, limit)
    return replace(
        found,
        log_odds=found.log_odds - margin,
        probability=float(probability(found.log_odds - margin)),
        bias=found.bias - margin,
        words=tuple(_moved(word, begin) for word in found.words),
        spans=tuple(_moved(span, begin) for span in found.spans),
        reads_as=reads_as,
    )


def _moved(span: Span, by: int) -> Span:
    return replace(span, begin=span.begin + by, end=span.end + by)


def _taken_apart(reader: Reader, reading: Reading, row: int, column: int, limit: int) -> Explanation:
    """Share the log-odds of one column out over words, signals, the sentence and the bias."""
    encoded = reading.encoded.get(row)
    of_linear, of_sentence, intercepts = reader.stack.coefficients("fast" if encoded is None else "full")
    weights = of_linear[column]
    words = _Words(reading.batch, row)
    _share_ngrams(reader, words, weights)
    bias = float(intercepts[column] + reader.linear.intercept_ @ weights)
    sentence = 0.0
    if encoded is not None:
        tokens, offsets = encoded
        bias += float(reader.encoder.bias() @ of_sentence[column])
        sentence = words.add_tokens(tokens.astype(np.float64) @ of_sentence[column], offsets)
    signals = reading.signals[row] * (reader.signal_weights @ weights)
    named = {name: float(part) for name, part in zip(NAMES, signals, strict=True) if part}
    every = words.spans(LABELS[column])
    heaviest = sorted((word for word in every if word.weight > 0), key=lambda word: -word.weight)
    log_odds = reading.whole[row, column]
    return Explanation(
        label=LABELS[column],
        log_odds=float(log_odds),
        probability=float(probability(log_odds)),
        bias=bias + words.elsewhere(),
        sentence=sentence,
        signals=named,
        words=tuple(every),
        spans=tuple(heaviest[: max(limit, 0)]),
        reads_as=None,
    )


class _Words:
    """The words of one text of a batch, in order, and the log-odds collected for each; the last place is for none."""

    def __init__(self, batch: TextBatch, row: int) -> None:
        grams, words = batch.grams
        first, last = np.searchsorted(words.text_of, [row, row + 1])
        self.grams = [each.of(row) for each in grams]
        self.begins, self.lasts = words.begins[first:last], words.lasts[first:last]
        self.origin = batch.origin
        self.start = int(batch.starts[row])
        self.disguised = row in batch.reads_as
        self.weights = np.zeros(last - first + 1)

    def under(self, places: NDArray[np.int64]) -> NDArray[np.int64]:
        """Find the words that hold, or come last before, some places of the folded buffer."""
        return np.maximum(np.searchsorted(self.begins, places, side="right") - 1, 0)

    def add(self, words: NDArray[np.int64], weights: Doubles) -> None:
        """Add weights to words; without any word, to none."""
        if len(self.weights) == 1:
            words = np.zeros_like(words)
        self.weights += np.bincount(words, weights, len(self.weights))

    def add_tokens(self, weights: Doubles, offsets: NDArray[np.int64]) -> float:
        """Give each token's weight to the word it lies in; return that of the marks around the text."""
        marks = offsets[:, 0] == offsets[:, 1]
        begins = offsets[~marks, 0]
        if self.disguised:
            words = self.under(self.start + begins)
        else:
            written = self.origin[self.begins]
            words = np.maximum(np.searchsorted(written, begins, side="right") - 1, 0)
        self.add(words, weights[~marks])
        return float(weights[marks].sum())

    def elsewhere(self) -> float:
        """Return what lies in no word."""
        return float(self.weights[-1])

    def spans(self, label: str) -> list[Span]:
        """Put each word's weight on the code points of the original text that it came from."""
        begins = self.origin[self.begins].tolist()
        ends = (self.origin[self.lasts] + 1).tolist()
        return [
            Span(begin, max(end, begin + 1), label, weight)
            for begin, end, weight in zip(begins, ends, self.weights[:-1].tolist(), strict=True)
        ]


def _share_ngrams(reader: Reader, words: _Words, weights: Doubles) -> None:
    """Give each n-gram's weight to the words it begins and ends in, half each."""
    columns = np.concatenate([each.columns for each in words.grams])
    places = [each.places() for each in words.grams]
    _, counts = np.unique(columns, return_counts=True)
    length = np.sqrt(np.maximum((counts**2).sum(), 1).astype(np.float32))
    half = (reader.ngram_weights[columns] @ weights) * float(np.float32(1) / length) / 2
    for end in range(2):
        words.add(words.under(np.concatenate([place[end] for place in places])), half)
