"""Texts made to break a classifier, and how long each takes; every score must stay a probability."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import numpy as np

from classifier.labels import EFFORTS, LABELS, Effort
from classifier.model import Model

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
