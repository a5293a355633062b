"""Scoring a pipe: JSON lines in, JSON lines out, in order, as they arrive, in constant memory."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from io import BufferedIOBase
from typing import Any, TextIO

from classifier.model import Model

CHUNK = 1 << 16
"""So many bytes are read at once, and the lines that end among them are scored together."""
MAX_LINE = 4 << 20
MAX_SPANS = 20
WITHOUT = 3
"""Of so many of its heaviest words it is told how a text would score without them."""


def score_lines(pipe: BufferedIOBase, out: TextIO, plain: bool = False, without: bool = False) -> int:
    """Score each line `{"text": …}` and write one line for it; return how many lines were bad.

    A bad line is answered with `{"error": …, "line": N}` and the rest goes on. `plain` leaves out reading and spans,
    `without` adds counterfactuals.
    """
    model, bad, seen = Model.load(), 0, 0
    for lines in arriving(pipe):
        read = [_text(seen + at, line) for at, line in enumerate(lines, start=1)]
        seen += len(lines)
        answers = _answers(model, [each for each in read if isinstance(each, str)], plain, without)
        for each in read:
            answer = next(answers) if isinstance(each, str) else each
            bad += "error" in answer
            out.write(json.dumps(answer) + "\n")
        out.flush()
    return bad


def arriving(pipe: BufferedIOBase) -> Iterator[list[bytes]]:
    """Read lines as they arrive: whoever writes one and waits is answered; one without an end fills no memory."""
    rest = bytearray()
    while chunk := pipe.read1(CHUNK):
        *ends, begin = chunk.split(b"\n")
        lines = []
        for end in ends:
            lines.append(bytes(rest + end))
            rest.clear()
        if len(rest) <= MAX_LINE:
            rest += begin
        yield lines
    if rest:
        yield [bytes(rest)]


def _text(number: int, line: bytes) -> str | dict[str, Any]:
    """Return the text of one line, or what is wrong with it."""
    wrong = ""
    if len(line) > MAX_LINE:
        wrong = f"line {number} is longer than {MAX_LINE} bytes: split it"
    else:
        try:
            value = json.loads(line.decode("utf-8", "replace").removeprefix("\ufeff"))
            if isinstance(value, dict) and isinstance(value.get("text"), str):
                return str(value["text"])
            wrong = f'line {number} has no "text" that is a string: write {{"text": "…"}}'
        except (ValueError, RecursionError):
            wrong = f"line {number} is not JSON: write one object per line"
    return {"error": wrong, "line": number}


def _answers(model: Model, texts: Sequence[str], plain: bool, without: bool) -> Iterator[dict[str, Any]]:
    """Answer texts, one after the other."""
    if plain:
        yield from ({"scores": score.scores} for score in model.score(texts))
        return
    for text, (score, explained) in zip(texts, model.assess(texts, limit=MAX_SPANS), strict=True):
        spans = () if explained is None else explained.spans
        answer = {
            "scores": score.scores,
            "language": score.language,
            "confident": score.confident,
            "doubt": score.doubt,
            "reads_as": score.reads_as,
            "spans": [
                {"begin": span.begin, "end": span.end, "label": span.label, "weight": round(span.weight, 6)}
                for span in spans
            ],
            "model": score.model,
        }
        if without:
            answer["without"] = [
                {"begin": span.begin, "end": span.end, "label": span.label, "score": chance}
                for span, chance in model.without(text, spans[:WITHOUT])
            ]
        yield answer
