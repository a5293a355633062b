"""The pipe: lines in, lines out, in order, bad ones named, memory constant."""

import io
import json
import time
import tracemalloc
from collections import deque

import pytest

from classifier import LABELS, Model
from classifier.stream import CHUNK, MAX_LINE, arriving, score_lines


class Trickle(io.BufferedIOBase):
    def __init__(self, pieces):
        self.pieces = deque(pieces)

    def read1(self, size=-1, /):
        piece = self.pieces.popleft() if self.pieces else b""
        if len(piece) > size:
            self.pieces.appendleft(piece[size:])
        return piece[:size]


def answered(*pieces, plain=False, without=False):
    """How many lines were bad, and what was answered."""
    out = io.StringIO()
    bad = score_lines(Trickle(pieces), out, plain, without)
    return bad, [json.loads(line) for line in out.getvalue().splitlines()]


def test_each_line_is_answered_in_order():
    texts = ("You are an idiot.", "Thank you.", "i d i o t")
    bad, answers = answered("".join(json.dumps({"text": text}) + "\n" for text in texts).encode())
    assert bad == 0
    assert all(set(answer["scores"]) == set(LABELS) for answer in answers)
    assert {tuple(span) for answer in answers for span in answer["spans"]} == {
        ("begin", "end", "label", "weight")
    }
    assert (11, 16) in {(span["begin"], span["end"]) for span in answers[0]["spans"]}
    assert [answer["reads_as"] for answer in answers] == [None, None, "idiot"]
    assert {answer["model"] for answer in answers} == {Model.load().version}


def test_plain_answers_hold_the_same_scores_alone():
    line = b'{"text": "You are an idiot."}\n'
    (_, plain), (_, full) = answered(b"\xef\xbb\xbf" + line * 3, plain=True), answered(line)
    assert [set(answer) for answer in plain] == [{"scores"}] * 3
    assert plain[0]["scores"] == pytest.approx(full[0]["scores"], abs=1e-9)


def test_a_bad_line_is_named_and_the_rest_goes_on():
    lines = [b'{"text": "a"}', b"{", b"[]", b'{"text": 5}', b"", b'{"text": "' + b"x" * MAX_LINE + b'"}']
    lines += [b"[" * 100_000, b"\xff\xfe", b'{"text": "\xff b"}']
    bad, answers = answered(b"\n".join(lines), plain=True)
    assert bad == 7
    assert [answer.get("line") for answer in answers] == [None, 2, 3, 4, 5, 6, 7, 8, None]
    assert all(f"line {answer['line']} " in answer["error"] for answer in answers[1:8])
    assert "longer than" in answers[5]["error"]


class Sink(io.StringIO):
    def write(self, text, /):
        return len(text)


def test_memory_stays_constant_on_a_long_pipe():
    def lines(count):
        comment = "Kommentar zu den Zügen, und zu den Leuten darin. " * 3
        return (json.dumps({"text": f"{number} {comment}"}).encode() + b"\n" for number in range(count))

    peaks = []
    for count in (1200, 1200, 4800):
        pieces = Trickle([b"".join(lines(count))])
        tracemalloc.start()
        score_lines(pieces, Sink(), plain=True)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[2] < peaks[1] * 1.2 + 4 * CHUNK


def test_what_has_arrived_is_answered_at_once():
    ü = "ü".encode()
    pipe = Trickle([b'{"text": "a"}\n', b'{"text": "' + ü[:1], ü[1:] + b'"}\n{"text"', b': "c"}'])
    batches = arriving(pipe)
    assert next(batches) == [b'{"text": "a"}']
    assert len(pipe.pieces) == 3
    assert [line for batch in batches for line in batch] == ['{"text": "ü"}'.encode(), b'{"text": "c"}']


def test_a_line_without_end_fills_no_memory():
    endless = [b"x" * CHUNK] * (8 * MAX_LINE // CHUNK)
    tracemalloc.start()
    bad, (first, second) = answered(*endless, b'\n{"text": "b"}\n', plain=True)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (bad, first["line"], "longer than" in first["error"]) == (1, 1, True)
    assert set(second) == {"scores"}
    assert peak < 5 * MAX_LINE


def test_a_line_that_comes_in_crumbs_is_not_copied_for_each():
    crumbs = Trickle([*[b"x" * 16] * (1 << 16), b"\nshort\n"])
    begin = time.process_time()
    assert [len(line) for batch in arriving(crumbs) for line in batch] == [1 << 20, 5]
    assert time.process_time() - begin < 2


def test_counterfactuals_come_where_they_are_asked_for():
    text = "You are an idiot."
    _, (answer,) = answered(json.dumps({"text": text}).encode(), without=True)
    first, span = answer["without"][0], answer["spans"][0]
    assert all(first[name] == span[name] for name in ("begin", "end", "label"))
    rest = text[: span["begin"]] + text[span["end"] :]
    assert first["score"] == pytest.approx(Model.load().score([rest])[0].scores[span["label"]], abs=1e-9)
