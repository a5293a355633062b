"""Why a text scored as it did: its log-odds taken apart, exactly, into spans, signals and a bias.

The linear part is a sum by nature. The context layer is taken apart by the rescale rule (Shrikumar et al. 2017,
DeepLIFT): each rectified unit passes on the ratio of its change to the change of its input, so the parts still add up.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from classifier.pieces import MARGIN

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from classifier.network import Network, Pieces, Sums
    from classifier.signals import Signals


_SAME = 1e-9
"""Log-odds of one text, made alone and in a batch, may differ in their last digits, and never by more than this."""


@dataclass(frozen=True)
class Span:
    """A stretch of the text as given (code points, `end` exclusive) and the log-odds it added to `label`."""

    begin: int
    end: int
    label: str
    weight: float


@dataclass(frozen=True)
class Explanation:
    """The log-odds of one label, taken apart: `bias`, `signals` and the weights of `parts` add up to `log_odds`.

    `parts` holds one span for every word (of a long text: of the piece that counted); `spans` the heaviest of them,
    heaviest first, at most `limit`.
    """

    label: str
    log_odds: float
    probability: float
    bias: float
    signals: dict[str, float]
    parts: tuple[Span, ...]
    spans: tuple[Span, ...]
    reads_as: str | None

    def total(self) -> float:
        """Adds the parts up again."""
        return self.bias + sum(self.signals.values()) + sum(part.weight for part in self.parts)


def explain_text(
    network: Network,
    text: str,
    sums: Sums,
    odds: NDArray[np.float64],
    pieces: Pieces | None,
    signals: Signals | None,
    label: str | None,
    limit: int,
) -> Explanation:
    """Takes one label's log-odds apart: in the text as a whole, or in that piece of a long one that gave them.

    `sums`, `odds` and `pieces` are those of the text; by default the most probable label is explained.
    """
    from classifier.model import LABELS

    if label is not None and label not in LABELS:
        raise ValueError(f"label: {label!r} is not one of {', '.join(LABELS)}")
    column = int(odds.argmax()) if label is None else LABELS.index(label)
    whole = network.log_odds(sums)[0]
    if pieces is None or whole[column] >= odds[column] - _SAME:
        return _taken_apart(network, sums, column, whole, LABELS[column], limit)
    places, each = pieces
    begin, end = places[int(each[:, column].argmax())]
    piece = network.sums([text[begin:end]], None if signals is None else [signals])
    found = _taken_apart(network, piece, column, network.log_odds(piece)[0] - MARGIN, LABELS[column], limit)
    return replace(
        found,
        bias=found.bias - MARGIN,
        parts=tuple(_moved(part, begin) for part in found.parts),
        spans=tuple(_moved(span, begin) for span in found.spans),
        reads_as=sums.views.reread.get(0),
    )


def _moved(span: Span, by: int) -> Span:
    """Moves a span of a piece to its place in the text."""
    return replace(span, begin=span.begin + by, end=span.end + by)


def _taken_apart(
    network: Network, sums: Sums, column: int, odds: NDArray[np.float64], label: str, limit: int
) -> Explanation:
    """Shares the log-odds of one column out over words, signals and the bias."""
    import numpy as np

    from classifier.signals import NAMES

    slope = network.slope[column]
    words = np.zeros(len(sums.words.hashes) + 1)
    _share_linear(network, sums, column, words)
    bias = network.bias[column] + _share_context(network, sums, column, words)
    words *= slope
    measured = sums.measured[0] * network.signal_weights[:, column] * slope
    named = {name: float(part) for name, part in zip(NAMES, measured, strict=True) if part}
    parts = _spans(sums, words[:-1], label)
    strongest = sorted((part for part in parts if part.weight > 0), key=lambda part: -part.weight)[
        : max(limit, 0)
    ]
    log_odds = float(odds[column])
    return Explanation(
        label=label,
        log_odds=log_odds,
        probability=float(1 / (1 + np.exp(-np.clip(log_odds, -30, 30)))),
        bias=float(bias * slope + network.offset[column] + words[-1]),
        signals=named,
        parts=tuple(parts),
        spans=tuple(strongest),
        reads_as=sums.views.reread.get(0),
    )


def _share_linear(network: Network, sums: Sums, column: int, words: NDArray[np.float64]) -> None:
    """Gives each n-gram's weight to the words it lies in, in equal shares; the last place takes what lies in none."""
    import numpy as np

    from classifier.network import POINT

    rows = np.concatenate([found.rows for found in sums.found])
    places = [found.places() for found in sums.found]
    half = network.weights[rows, column] / (2 * POINT * sums.length[0, 0])
    for end in range(2):
        holds = _words_under(sums, np.concatenate([place[end] for place in places]))
        words += np.bincount(holds, half, len(words))


def _share_context(network: Network, sums: Sums, column: int, words: NDArray[np.float64]) -> float:
    """Gives the units' answers to the words that raised them; returns what they say about a text without words."""
    import numpy as np

    windows, units = sums.windows, len(network.hidden_bias)
    rest = np.maximum(network.hidden_bias, 0)
    strong, mean = network.out_weights[:units, column], network.out_weights[units:, column]
    size = windows.sizes[0]
    answers = windows.answers.T.astype(np.float64)
    change = answers - network.hidden_bias
    share = (np.maximum(answers, 0) - rest) * mean / np.sqrt(size)
    winner = answers.argmax(axis=0)
    share[winner, np.arange(units)] += (sums.strongest[0] - rest) * strong
    flat = np.abs(change) < 1e-9
    ratio = np.where(flat, 0.0, share / np.where(flat, 1.0, change))
    real = windows.row_of >= 0
    vectors = np.zeros((len(real), network.vectors.shape[1]))
    vectors[real] = network.meaning[network.vectors[windows.row_of[real]].view(np.uint8)]
    spread = ratio @ network.kernel.astype(np.float64).reshape(-1, units).T * network.unit
    given, width = 0.0, vectors.shape[1]
    for step in range(3):
        beside = slice(step, step + len(ratio))
        part = (vectors[beside] * spread[:, step * width : (step + 1) * width]).sum(axis=1)
        words += np.bincount(
            windows.word_of[beside] % len(words), part, len(words)
        )  # padding gives the last nought
        given += float(part.sum())
    return float((sums.strongest[0] @ strong) + (sums.mean[0] @ mean)) - given


def _words_under(sums: Sums, places: NDArray[np.int64]) -> NDArray[np.int64]:
    """Finds the words that hold the characters at some places."""
    import numpy as np

    return np.maximum(np.searchsorted(sums.words.begins, places, side="right") - 1, 0)


def _spans(sums: Sums, weights: NDArray[np.float64], label: str) -> list[Span]:
    """Puts each word's weight on the code points of the original text that it came from."""
    origin = sums.views.origin
    begins = origin[sums.words.begins].tolist()
    ends = (origin[sums.words.lasts] + 1).tolist()
    return [
        Span(begin, max(end, begin + 1), label, weight)
        for begin, end, weight in zip(begins, ends, weights.tolist(), strict=True)
    ]
