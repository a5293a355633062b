"""Scoring a pipe: JSON lines in, JSON lines out, in order, in batches, in constant memory."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol, TextIO, cast

from classifier.explain import Explanation
from classifier.model import Model, Score

BATCH = 256
TOGETHER = 1 << 20
"""So many characters are held at once at most, but for a line that is longer by itself."""
MAX_LINE = 4 << 20
MAX_SPANS = 20
WITHOUT = 3
"""Of so many of its heaviest words it is told how a text would score without them."""
_CHUNK = 1 << 18
_TOO_LONG = " " * (MAX_LINE + 1)


class Pipe(Protocol):
    """What gives the bytes that have arrived, and waits only where there are none."""

    def read1(self, size: int, /) -> bytes:
        """Returns at most `size` bytes, none at the end."""


def score_stream(
    lines_in: Iterable[str], out: TextIO, plain: bool = False, model: Model | None = None
) -> int:
    """Scores each line `{"text": …}` and writes one line for it; returns how many lines were bad.

    A bad line is answered with `{"error": …, "line": N}` and the rest goes on. `plain` leaves out reading and spans.
    """
    return score_batches(dealt(lines_in), out, plain, model)


def score_batches(
    batches: Iterable[Sequence[str]],
    out: TextIO,
    plain: bool = False,
    model: Model | None = None,
    without: bool = False,
) -> int:
    """Does what `score_stream` does for lines that come in batches; `without` adds counterfactuals."""
    model = model or Model.load()
    bad = seen = 0
    for batch in batches:
        read = [_text(seen + at, line) for at, line in enumerate(batch, start=1)]
        seen += len(batch)
        answers = list(_answers(model, read, plain, without))
        bad += sum("error" in answer for answer in answers)
        out.writelines(json.dumps(answer, ensure_ascii=True) + "\n" for answer in answers)
        out.flush()
    return bad


def dealt(lines: Iterable[str]) -> Iterator[list[str]]:
    """Deals lines out in batches of bounded number and size."""
    batch: list[str] = []
    size = 0
    for line in lines:
        if batch and (len(batch) == BATCH or size + len(line) > TOGETHER):
            yield batch
            batch, size = [], 0
        batch.append(line)
        size += len(line)
    if batch:
        yield batch


def arriving(pipe: Pipe) -> Iterator[list[str]]:
    """Deals out the lines of a pipe as they arrive: whoever writes one and waits is answered; none fills the memory."""
    rest, lost, first = bytearray(), False, True
    while chunk := pipe.read1(_CHUNK):
        if first:
            first = False
            chunk = chunk.removeprefix(b"\xef\xbb\xbf")  # some editors begin a file with it
        ended = chunk.rfind(b"\n")
        rest += chunk if ended < 0 else chunk[:ended]
        whole = []
        if ended >= 0:
            whole = [line.decode("utf-8", "replace") for line in rest.split(b"\n")]
            rest = bytearray(chunk[ended + 1 :])
        if lost and whole:
            whole[0], lost = _TOO_LONG, False
        if lost or len(rest) > 4 * MAX_LINE:
            rest, lost = bytearray(), True
        yield from dealt(whole)
    if rest or lost:
        yield [_TOO_LONG if lost else rest.decode("utf-8", "replace")]


def _answers(
    model: Model, read: list[str | dict[str, Any]], plain: bool, without: bool
) -> Iterator[dict[str, Any]]:
    """Answers one batch in order."""
    texts = [text for text in read if isinstance(text, str)]
    if plain:
        scored = iter(model.score(texts))
        yield from ({"scores": next(scored).scores} if isinstance(text, str) else text for text in read)
        return
    assessed = iter(model.assess(texts, limit=MAX_SPANS))
    for text in read:
        if not isinstance(text, str):
            yield text
            continue
        score, explained = next(assessed)
        explanation = cast(Explanation, explained)  # every text has one where no least score is asked
        answer = _full(score, explanation)
        if without:
            answer["without"] = [
                {"begin": span.begin, "end": span.end, "label": span.label, "score": chance}
                for span, chance in model.without(text, explanation.spans[:WITHOUT])
            ]
        yield answer


def _full(score: Score, explanation: Explanation) -> dict[str, Any]:
    """Answers one text with everything there is to say."""
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
