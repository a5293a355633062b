"""Evaluation: figures for labelled files of either kind, and one clear line for a file that cannot be used."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from classifier.invented import invent

from classifier import evaluate


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    """A file of invented, labelled comments."""
    corpus = invent(400, 7)
    path = tmp_path / "comments.jsonl"
    rows = [
        {"text": text, "source": "invented", **({"spam": float(row[6])} if row[6] == row[6] else {})}
        for text, row in zip(corpus.texts, corpus.labels, strict=True)
    ]
    path.write_text("\n".join(json.dumps(row) for row in rows))
    return path


def test_json_figures_come_with_intervals(labelled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """AUC, average precision and calibration error per source and label."""
    assert evaluate.main([labelled], json=True, compare=False) == 0
    report = json.loads(capsys.readouterr().out)
    row = next(row for row in report["rows"] if row["label"] == "spam")
    value, low, high = row["auc"]
    assert 0.9 < low <= value <= high <= 1
    assert 0 <= row["ece"] <= 1


def test_the_table_is_for_people(labelled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without `json` a table names sources and labels."""
    assert evaluate.main([labelled], json=False, compare=False) == 0
    assert "invented" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("x.parquet", None, "is missing"),
        ("x.jsonl", None, "cannot be read"),
        ("x.parquet", "no parquet", "not a readable Parquet file"),
        ("x.jsonl", "{", "line 1 is not JSON"),
        ("x.jsonl", "[" * 100_000, "line 1 is not JSON"),
        ("x.jsonl", '{"body": "a"}', 'line 1 has no "text"'),
        ("x.jsonl", '{"text": "a", "toxicity": 0}\n{"text": "b", "toxicity": 3}', "line 2: toxicity must be"),
        ("x.jsonl", '{"text": "a", "spam": ' + "9" * 400 + "}", "line 1: spam must be"),
        ("x.jsonl", '{"text": "a", "toxic": 1}', "no text has a label: toxicity, "),
        ("x.jsonl", "", "no text has a label"),
    ],
)
def test_a_bad_file_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, content: str | None, complaint: str
) -> None:
    """Exit code 2 and one line that says which file and what is wrong."""
    if content is not None:
        (tmp_path / name).write_text(content)
    assert evaluate.main([tmp_path / name]) == 2
    error = capsys.readouterr().err
    assert complaint in error
    assert error.count("\n") == 1
