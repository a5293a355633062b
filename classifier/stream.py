"""Scoring a pipe: JSON lines in, JSON lines out, in order, in batches, in constant memory."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, TextIO

from classifier.model import Model

BATCH = 256
MAX_LINE = 4 << 20
MAX_SPANS = 20


def score_stream(
    lines_in: Iterable[str], out: TextIO, plain: bool = False, model: Model | None = None
) -> int:
    """Scores each line `{"text": …}` and writes one line for it; returns how many lines were bad.

    A bad line is answered with `{"error": …, "line": N}` and the rest goes on. `plain` leaves out reading and spans.
    """
    model = model or Model.load()
    bad = 0
    numbered = enumerate(lines_in, start=1)
    while batch := list(islice(numbered, BATCH)):
        answers = list(_answers(model, batch, plain))
        bad += sum("error" in answer for answer in answers)
        out.writelines(json.dumps(answer, ensure_ascii=True) + "\n" for answer in answers)
        out.flush()
    return bad


def _answers(model: Model, batch: list[tuple[int, str]], plain: bool) -> Iterator[dict[str, Any]]:
    """Answers one batch in order."""
    read = [_text(number, line) for number, line in batch]
    if plain:
        scored = iter(model.score([text for text in read if isinstance(text, str)]))
        yield from ({"scores": next(scored).scores} if isinstance(text, str) else text for text in read)
        return
    for text in read:
        yield _full(model, text) if isinstance(text, str) else text


def _full(model: Model, text: str) -> dict[str, Any]:
    """Answers one text with everything there is to say."""
    score, explanation = model.score_and_explain(text, limit=MAX_SPANS)
    return {
        "scores": score.scores,
        "language": score.language,
        "confident": score.confident,
        "doubt": score.doubt,
        "reads_as": score.reads_as,
        "spans": [
            {"begin": span.begin, "end": span.end, "label": span.label, "weight": round(span.weight, 6)}
            for span in explanation.spans
        ],
        "model": score.model,
    }


def _text(number: int, line: str) -> str | dict[str, Any]:
    """Returns the text of one line, or what is wrong with it."""
    if len(line) > MAX_LINE:
        return {"error": f"line {number} is longer than {MAX_LINE} characters: split it", "line": number}
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return {"error": f"line {number} is not JSON: write one object per line", "line": number}
    if not isinstance(value, dict) or not isinstance(value.get("text"), str):
        return {
            "error": f'line {number} has no "text" that is a string: write {{"text": "…"}}',
            "line": number,
        }
    text: str = value["text"]
    return text
