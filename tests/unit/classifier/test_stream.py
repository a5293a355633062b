"""The pipe: lines in, lines out, in order, bad ones named, memory constant."""

from __future__ import annotations

import io
import json
import tracemalloc
from collections.abc import Iterator
from typing import Any

from classifier import LABELS
from classifier.stream import score_stream


def _run(lines: list[str], plain: bool = False) -> tuple[int, list[dict[str, object]]]:
    out = io.StringIO()
    bad = score_stream(lines, out, plain)
    return bad, [json.loads(line) for line in out.getvalue().splitlines()]


def test_each_line_is_answered_in_order() -> None:
    """One object per line, with scores, reading and spans."""
    bad, answers = _run(
        [json.dumps({"text": text}) for text in ("You are an idiot.", "Thank you.", "i d i o t")]
    )
    assert bad == 0
    assert all(set(answer["scores"]) == set(LABELS) for answer in answers)  # type: ignore[call-overload]  # JSON
    first: Any = answers[0]["spans"]
    assert (first[0]["begin"], first[0]["end"]) == (11, 16)
    assert set(first[0]) == {"begin", "end", "label", "weight"}
    assert [answer["reads_as"] for answer in answers] == [None, None, "idiot"]


def test_plain_answers_hold_scores_alone() -> None:
    """`plain` leaves everything else out."""
    _, answers = _run(['{"text": "hello"}'] * 3, plain=True)
    assert [set(answer) for answer in answers] == [{"scores"}] * 3


def test_a_bad_line_is_named_and_the_rest_goes_on() -> None:
    """Broken JSON, wrong types and missing fields are answered in place, with their line number."""
    lines = [
        '{"text": "a"}',
        "{",
        "[]",
        '{"text": 5}',
        "",
        '{"text": "' + "x" * (5 << 20) + '"}',
        "[" * 100_000,
    ]
    bad, answers = _run([*lines, '{"text": "b"}'], plain=True)
    assert bad == 6
    assert [answer.get("line") for answer in answers] == [None, 2, 3, 4, 5, 6, 7, None]
    assert all("line" in str(answer["error"]) for answer in answers[1:7])


def test_memory_stays_constant_on_a_long_pipe() -> None:
    """Eight times the lines take no more memory."""

    def lines(count: int) -> Iterator[str]:
        return (json.dumps({"text": f"comment number {number} about the trains"}) for number in range(count))

    class Sink(io.StringIO):
        def writelines(self, lines: object) -> None:
            for _ in lines:  # type: ignore[attr-defined]  # an iterable of str
                pass

    peaks = []
    score_stream(lines(300), Sink(), plain=True)
    for count in (600, 4_800):
        tracemalloc.start()
        score_stream(lines(count), Sink(), plain=True)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] * 1.2
