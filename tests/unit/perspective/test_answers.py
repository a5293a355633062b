"""Logs of Perspective's answers, in every shape that a site may have, and files that are none."""

import json

import pytest

from service.compat.perspective.answers import Unreadable, read

ANSWER = {"attributeScores": {"TOXICITY": {"summaryScore": {"value": 0.25, "type": "PROBABILITY"}}}}
SHAPES = [
    {"text": "a", "TOXICITY": 0.25},
    {"comment_text": "a", "toxicity": "0.25"},
    {"text": "a", "scores": {"TOXICITY": 0.25, "FLIRTATION": 0.9}},
    {"comment": {"text": "a"}, **ANSWER},
    {"text": "a", "response": ANSWER},
    {"request": {"comment": {"text": "a"}}, "response": ANSWER},
]


@pytest.mark.parametrize("shape", SHAPES, ids=range(len(SHAPES)))
def test_each_shape_is_read(tmp_path, shape):
    for name, text in (("log.jsonl", json.dumps(shape) + "\n\n"), ("log.json", json.dumps([shape]))):
        file = tmp_path / name
        file.write_text(text)
        (one,) = read(file).answers
        assert (one.text, dict(one.scores)) == ("a", {"TOXICITY": 0.25})


def test_tables_are_read_by_their_header(tmp_path):
    table = tmp_path / "log.csv"
    table.write_text('text,TOXICITY,OBSCENE_or_PROFANITY\n"a,\nb",0.5,0.75\n')
    (one,) = read(table).answers
    assert (one.text, dict(one.scores)) == ("a,\nb", {"TOXICITY": 0.5, "PROFANITY": 0.75})


def test_lines_that_cannot_be_used_are_counted(tmp_path):
    bad = [
        "{",
        "[]",
        "1",
        '{"text": "a"}',
        '{"TOXICITY": 1}',
        '{"text": "a", "TOXICITY": 7}',
        '{"text": "a", "TOXICITY": NaN}',
    ]
    file = tmp_path / "log.jsonl"
    file.write_text("\n".join([*bad, json.dumps(SHAPES[0])]))
    log = read(file)
    assert len(log.answers) == 1
    assert log.bad_lines == [1, 2, 3, 4, 5, 6, 7]


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"{}", b"[" * 10_000, b"text,TOXICITY\n"])
def test_a_file_without_an_answer_is_refused(tmp_path, content):
    for name in ("log.jsonl", "log.csv"):
        file = tmp_path / name
        file.write_bytes(content)
        with pytest.raises(Unreadable):
            read(file)
    with pytest.raises(Unreadable, match="No such file"):
        read(tmp_path / "none.jsonl")


def test_a_damaged_parquet_file_is_refused_in_a_sentence(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    file = tmp_path / "log.parquet"
    file.write_text("junk")
    with pytest.raises(Unreadable, match="Parquet"):
        read(file)
    parquet.write_table(pyarrow.table({"text": ["a"] * 900, "TOXICITY": [0.5] * 900}), file)
    assert len(read(file).answers) == 900
    file.write_bytes(file.read_bytes()[:-20])
    with pytest.raises(Unreadable, match="Parquet"):
        read(file)
