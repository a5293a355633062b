"""The pipe: lines in, lines out, in order, bad ones named, memory constant."""

from __future__ import annotations

import io
import json
import time
import tracemalloc
from collections import deque
from collections.abc import Iterator
from typing import Any

from classifier import LABELS
from classifier.stream import BATCH, MAX_LINE, TOGETHER, arriving, dealt, score_batches, score_stream


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


class Trickle:
    """A pipe that gives what was written to it piece by piece."""

    def __init__(self, *pieces: bytes) -> None:
        self.pieces = deque(pieces)

    def read1(self, size: int, /) -> bytes:
        """Return the next piece."""
        return self.pieces.popleft() if self.pieces else b""


def test_what_has_arrived_is_dealt_out_at_once() -> None:
    """Whoever writes one line and waits is answered; lines may be cut anywhere, and the last needs no end."""
    pipe = Trickle(
        b'{"text": "a"}\n', '{"text": "ü'.encode()[:-1], "ü".encode()[1:] + b'"}\n{"text"', b': "c"}'
    )
    batches = arriving(pipe)
    assert next(batches) == ['{"text": "a"}']
    assert len(pipe.pieces) == 3
    assert list(batches) == [['{"text": "ü"}'], ['{"text": "c"}']]


def test_a_line_without_end_fills_no_memory() -> None:
    """What is too long is thrown away as it comes, and answered in its place."""
    endless = [b"x" * (1 << 20)] * (4 * (MAX_LINE >> 20) + 40)
    tracemalloc.start()
    out = io.StringIO()
    bad = score_batches(arriving(Trickle(*endless, b'\n{"text": "b"}\n')), out, plain=True)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    first, second = (json.loads(line) for line in out.getvalue().splitlines())
    assert (bad, first["line"], "longer than" in first["error"]) == (1, 1, True)
    assert set(second) == {"scores"}
    assert peak < 120 << 20


def test_a_line_that_comes_in_crumbs_is_not_copied_for_each() -> None:
    """Time grows with a line's length, in however many pieces it comes."""
    crumbs = Trickle(*[b"x" * 16] * (1 << 16), b"\nshort\n")
    begin = time.process_time()
    lines = [line for batch in arriving(crumbs) for line in batch]
    assert time.process_time() - begin < 2
    assert [len(line) for line in lines] == [1 << 20, 5]


def test_a_byte_order_mark_is_no_part_of_the_first_line() -> None:
    """A file that begins with one is read like any other."""
    assert list(arriving(Trickle(b'\xef\xbb\xbf{"text": "a"}\n'))) == [['{"text": "a"}']]


def test_batches_are_bounded_in_lines_and_characters() -> None:
    """Many short lines and a few long ones make batches of bounded size."""
    short, long = list(dealt(["x"] * 600)), list(dealt(["x" * (TOGETHER // 2)] * 5))
    assert [len(batch) for batch in short] == [BATCH, BATCH, 600 - 2 * BATCH]
    assert [len(batch) for batch in long] == [2, 2, 1]


def test_counterfactuals_come_where_they_are_asked_for() -> None:
    """The heaviest words come with the score that the text would have without them."""
    out = io.StringIO()
    score_batches([['{"text": "You are an idiot."}']], out, without=True)
    answer = json.loads(out.getvalue())
    first = answer["without"][0]
    gravest = max(answer["scores"], key=answer["scores"].get)
    assert (first["begin"], first["end"], first["label"]) == (11, 16, gravest)
    assert first["score"] < answer["scores"][gravest] - 0.3
