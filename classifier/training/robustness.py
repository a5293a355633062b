"""Measures that ask the model for more than the scores of a sample: odd texts, languages, spans."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifier.labels import EFFORTS, LABELS, Effort
from classifier.language import TRAINED
from classifier.model import Model
from classifier.training import data, metrics
from classifier.training.measures import HELD, LEAST
from classifier.training.samples import TOXICITY
from classifier.words import words

SPAN_TEXTS = 1500
LENGTHS = (1_000, 10_000, 100_000, 1_000_000)

GROWTH = {
    "plain": "this is a comment about the trains and the people who ride them ",
    "leetspeak": "y0u 4r3 4n 1d10t 4nd th1s 1s stup1d ",
    "spaced letters": "y o u a r e a n i d i o t ",
    "zero width": "th\u200bis i\u200bs a\u200b comm\u200bent ",
    "open tags": "<b id<i <u [b [url= ",
    "combining marks": "\u0301",
    "one letter": "a",
    "emoji": "\U0001f600",
    "right to left": "\u202etoidi \u202c",
}
"""Pieces that are repeated up to a length."""

ODD = {
    "empty": "",
    "one character": "x",
    "only emoji": "\U0001f600" * 500,
    "only zero width": "\u200b" * 5000,
    "lone surrogates": "\ud800 a \udfff" * 50,
    "right-to-left overrides": "\u202e" * 1000 + "toidi",
    "100,000 combining marks": "a" + "\u0301" * 100_000,
    "NUL bytes": "\x00" * 100 + "hello\x00you",
    "beyond every table": "\U0010ffff\U000f0000" * 100,
    "1 MB without a space": "a" * 1_000_000,
}
"""Texts of a kind of their own."""


def growth(model: Model, lengths: tuple[int, ...] = LENGTHS, repeats: int = 1) -> dict[str, list[float]]:
    """Return milliseconds of one core for a text of each length, the best of `repeats`."""
    model.score([_long("a", 100)])  # loads what is loaded late: the identifier of languages
    return {
        name: [
            round(min(_taken(model, _long(piece, length)) for _ in range(repeats)), 1) for length in lengths
        ]
        for name, piece in GROWTH.items()
    }


def _long(piece: str, length: int) -> str:
    return (piece * (length // len(piece) + 1))[:length]


def _taken(model: Model, text: str) -> float:
    begin = time.process_time()
    model.score([text])
    return (time.process_time() - begin) * 1000


def odd(model: Model) -> list[tuple[str, int, float, bool]]:
    """Return each odd text's name, length, milliseconds, and whether all its scores were finite probabilities."""
    return [
        (name, len(text), round(_taken(model, text), 1), sound(model, [text])) for name, text in ODD.items()
    ]


def sound(model: Model, texts: list[str]) -> bool:
    """Say whether, at both efforts, every score is a probability and the explanations' parts add up to the log-odds."""
    return all(_sound(model, texts, effort) for effort in EFFORTS)


def _sound(model: Model, texts: list[str], effort: Effort) -> bool:
    scores = model.score(texts, effort=effort)
    chances = np.array([[score.scores[label] for label in LABELS] for score in scores])
    if not (np.isfinite(chances).all() and (chances >= 0).all() and (chances <= 1).all()):
        return False
    explained = (model.explain(text, effort=effort) for text in texts)
    return all(abs(each.total() - each.log_odds) < 1e-6 for each in explained)


def naughty(model: Model, path: Path) -> tuple[int, int]:
    """Score a JSON list of naughty strings, alone and together: how many there are, how many came through sound."""
    texts: list[Any] = json.loads(path.read_text(encoding="utf-8"))
    texts = [text for text in texts if isinstance(text, str)]
    passed = sum(sound(model, [text]) for text in texts)
    return len(texts), passed if sound(model, texts) else 0


def by_language(model: Model, held_back: data.Corpus, rounds: int = metrics.ROUNDS) -> list[dict[str, Any]]:
    """Measure toxicity on training comments that no head has seen, per language other than English.

    `caught` is the share of toxic comments above the score that `HELD` of the others pass; `unsure` the share of all
    that the model answers without confidence.
    """
    languages = np.array([name[:2] for name in held_back.languages.tolist()], np.str_)
    found = []
    for language in TRAINED[1:]:
        values = held_back.labels[:, TOXICITY]
        inside = np.flatnonzero((languages == language) & np.isfinite(values))
        truth = values[inside] >= 0.5
        if min(truth.sum(), (~truth).sum()) < LEAST:
            continue
        texts = [held_back.texts[row] for row in inside.tolist()]
        answers = [answer for at in range(0, len(texts), 256) for answer in model.score(texts[at : at + 256])]
        scores = np.array([answer.scores["toxicity"] for answer in answers])
        ranking = metrics.Ranking(truth, scores)

        def figures(
            counts: metrics.Counts,
            ranking: metrics.Ranking = ranking,
            truth: NDArray[np.bool_] = truth,
            scores: NDArray[np.float64] = scores,
        ) -> list[float]:
            return [ranking.auc(counts), metrics.caught_at(truth, scores, HELD, counts)]

        auc, caught = metrics.estimates(figures, len(inside), rounds)
        found.append(
            {
                "language": language,
                "texts": len(inside),
                "positive": int(truth.sum()),
                "auc": auc.rounded(),
                "caught": caught.rounded(),
                "unsure": round(float(np.mean([not answer.confident for answer in answers])), 3),
            }
        )
    return found


def span_agreement(model: Model, path: Path, threshold: float = 0.5) -> dict[str, float]:
    """Mean character F1 of toxic spans against the raters', ours and a word list's, on the texts of `path`."""
    table = data.table(path)
    texts = table["text"].to_pylist()[:SPAN_TEXTS]
    wanted = [set(json.loads(each)) for each in table["spans"].to_pylist()[:SPAN_TEXTS]]
    bad = set(words("masked"))
    scores = np.zeros((len(texts), 2))
    for row, (text, truth) in enumerate(zip(texts, wanted, strict=True)):
        spans = model.explain(text, "toxicity", limit=50).spans
        least = threshold * spans[0].weight if spans else 0.0
        ours = {at for span in spans if span.weight >= max(least, 0.6) for at in range(span.begin, span.end)}
        scores[row] = _f1(ours, truth), _f1(_listed(text, bad), truth)
    return {"ours": round(float(scores[:, 0].mean()), 3), "word_list": round(float(scores[:, 1].mean()), 3)}


def _listed(text: str, bad: set[str]) -> set[int]:
    """Characters of words on the list."""
    found: set[int] = set()
    at = 0
    for word in text.split(" "):
        if word.lower().strip(".,!?\"'") in bad:
            found.update(range(at, at + len(word)))
        at += len(word) + 1
    return found


def _f1(ours: set[int], truth: set[int]) -> float:
    """Character F1; two empty sets agree."""
    if not ours or not truth:
        return float(ours == truth)
    return 2 * len(ours & truth) / (len(ours) + len(truth))
