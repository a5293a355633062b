"""Evaluation: figures for files of three kinds, and one clear line for a file that cannot be used."""

import json

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from classifier.training import evaluate, samples


@pytest.fixture(autouse=True)
def model(monkeypatch, named_model):
    monkeypatch.setattr(evaluate.Model, "load", lambda: named_model)
    return named_model


def write(path, rows):
    path.write_text("\n".join(json.dumps(row) for row in rows))
    return path


@pytest.fixture
def spam(tmp_path):
    """Labelled comments: every second one is spam and says so."""
    texts = [f"{'spam' if number % 2 else 'kind'} words {number}" for number in range(60)]
    rows = [{"text": text, "source": "made", "spam": number % 2} for number, text in enumerate(texts)]
    return write(tmp_path / "comments.jsonl", rows)


@pytest.fixture
def written(tmp_path):
    """Newsroom comments: the harmful ones name `refuse`, but for the veiled threats."""
    kinds = [(20, "plain", "plain"), (15, "refuse threat", "threat_explicit")]
    kinds += [(5, "veiled", "threat_veiled"), (4, "so so", "borderline")]
    rows = [
        {"text": f"{text} {number}", "category": category}
        for count, text, category in kinds
        for number in range(count)
    ]
    return write(tmp_path / "written.jsonl", rows)


@pytest.fixture
def scored_by_perspective(tmp_path):
    """Comments with Perspective's scores: it is right two times in three."""
    path = tmp_path / "peer.parquet"
    truth = np.arange(90) % 2
    texts = ["toxicity" if each else "kind" for each in truth]
    peer = np.where(np.arange(90) % 3 == 0, 1 - truth, truth) * 0.5
    parquet.write_table(pa.table({"text": texts, "toxicity": truth * 1.0, "perspective": peer}), path)
    return path


def figures(capsys, *files, **more):
    assert evaluate.main(files, json=True, compare=False, quiet=True, **more) == 0
    return json.loads(capsys.readouterr().out)


def test_figures_come_with_intervals(spam, capsys):
    (row,) = figures(capsys, spam)["rows"]
    assert (row["source"], row["label"], row["texts"], row["positive"]) == ("made", "spam", 60, 30)
    assert row["auc"] == row["ap"] == [1, 1, 1]
    assert row["ece"] == pytest.approx(1 / (1 + np.exp(2)), abs=1e-3)


def test_newsroom_comments_are_ranked_by_refuse(written, capsys):
    found = figures(capsys, written)
    assert (found["newsroom"]["harmless"], found["newsroom"]["harmful"]) == (20, 20)
    assert found["newsroom"]["refuse"]["caught"][0] == 0.75
    by_category = {row["category"]: row for row in found["categories"]}
    assert by_category["threat_explicit"]["above_cut"] == 1
    assert by_category["borderline"]["kind"] == "borderline"
    labels = {row["label"]: (row["texts"], row["positive"]) for row in found["rows"]}
    assert labels["refuse"] == (40, 20)
    assert labels["threat"] == (44, 20)


def test_perspective_stands_beside(scored_by_perspective, capsys):
    found = figures(capsys, scored_by_perspective)["beside_perspective"]
    assert found["auc"][0] == 1
    assert found["perspective_auc"][0] == pytest.approx(2 / 3, abs=0.01)
    value, low, high = found["perspective_auc"]
    assert found["difference"] == pytest.approx([1 - value, 1 - high, 1 - low])


def test_every_text_is_scored_once_and_some_of_each_source_in_a_trial(spam, written, model, capsys):
    assert figures(capsys, spam, written)["texts"] == 104
    assert len(model.asked) == 104
    assert figures(capsys, spam, written, limit=30)["texts"] == 60


def test_the_tables_are_for_people(spam, written, capsys):
    assert evaluate.main([spam, written], json=False, compare=False, quiet=True) == 0
    shown = capsys.readouterr().out
    assert all(word in shown for word in ("made", "refuse", "threat_explicit", "seconds"))


def test_contacts_are_masked_as_the_service_masks_them(tmp_path):
    path = write(tmp_path / "written.jsonl", [{"text": "write to jo@mail.example", "category": "links_ok"}])
    assert samples.read([path]).corpus.texts == ["write to ⟦email⟧"]


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
        ("x.jsonl", '{"text": "a", "category": "nice"}', "line 1 has no known category"),
        ("x.jsonl", '{"text": "a", "category": "plain"}\n[1]', 'line 2 has no "text"'),
        ("x.jsonl", '{"text": "a", "category": "plain"}\n' + "[" * 100_000, "line 2 is not JSON"),
    ],
)
def test_a_bad_file_is_named(tmp_path, capsys, name, content, complaint):
    if content is not None:
        (tmp_path / name).write_text(content)
    assert evaluate.main([tmp_path / name]) == 2
    error = capsys.readouterr().err
    assert complaint in error
    assert error.count("\n") == 1
