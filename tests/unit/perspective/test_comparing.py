"""Before a switch from Perspective: logs of its answers are read, compared with ours, and told by the command."""

import json

import pytest

from service.compat.perspective.answers import Unreadable, read
from service.compat.perspective.comparing import (
    compare,
    differing,
    held_back,
    rank_correlation,
    same_share_cut,
)

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
    bad = ["{", "[]", "1", '{"text": "a"}', '{"TOXICITY": 1}']
    bad += ['{"text": "a", "TOXICITY": 7}', '{"text": "a", "TOXICITY": NaN}']
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


def test_equal_shares_are_found_between_two_scores():
    assert same_share_cut([0.1, 0.4, 0.6, 0.9], 2) == pytest.approx(0.5)
    assert same_share_cut([0.1, 0.4], 2) == 0.1
    assert same_share_cut([0.3, 0.3, 0.3], 1) == 0.3
    assert same_share_cut([0.1], 0) is None


def test_a_row_says_what_a_threshold_would_do_here():
    theirs, ours, knots = [0.9, 0.8, 0.2, 0.1], [0.6, 0.1, 0.5, 0.2], [[0, 0], [0.4, 0.8], [1, 1]]
    row = compare("TOXICITY", theirs, ours, knots).rows[3]
    assert (row.theirs, row.held, row.ours) == (0.8, 2, 0.35)
    assert (row.differ, row.agree, row.unchanged_share, row.mapped_share) == (2, 0.5, 0.0, 0.5)


def test_the_texts_that_differ_come_furthest_first():
    theirs, ours = [0.9, 0.8, 0.3, 0.2, 0.1], [0.01, 0.9, 0.5, 0.6, 0.02]
    assert differing(0.8, theirs, ours, 10) == [0, 3]
    assert differing(0.8, theirs, ours, 1) == [0]
    assert differing(0.99, theirs, ours, 5) == []


def test_ranks_correlate_from_minus_one_to_one():
    assert rank_correlation([1, 2, 3], [10, 20, 30]) == pytest.approx(1)
    assert rank_correlation([1, 2, 3], [3, 2, 1]) == pytest.approx(-1)
    assert rank_correlation([1, 1, 2], [5, 5, 7]) == pytest.approx(1)
    assert rank_correlation([1, 1, 1], [1, 2, 3]) == 0


def test_the_held_back_half_is_measured_apart():
    theirs = [n / 1000 for n in range(1000)]
    for one in held_back(theirs, [value**4 for value in theirs]):
        assert one.theirs == pytest.approx(1 - one.cut, abs=0.002)
        assert abs(one.mapped - one.theirs) < 0.01 < abs(one.plain - one.theirs)


RUDE = "You are a stupid idiot, number {}, and everybody knows it."
KIND = "The new bridge saved me {} minutes this morning."


@pytest.fixture(autouse=True)
def _logs_as_they_are(monkeypatch):
    """A command sets the logs of its process up, and this process is the tests'."""
    monkeypatch.setattr("service.logging.configure", lambda *_: None)


@pytest.fixture
def log(tmp_path):
    """A site's old log: half of it rude and scored high, with one text that Perspective saw otherwise."""
    rows = [
        {"text": (RUDE if n % 2 else KIND).format(n), "TOXICITY": 0.9 - n / 1e3 if n % 2 else n / 1e3}
        for n in range(240)
    ]
    rows.append({"text": "The flowers on the bridge are lovely.", "TOXICITY": 0.97})
    file = tmp_path / "log.jsonl"
    file.write_text("\n".join(map(json.dumps, rows)))
    return str(file)


@pytest.fixture
def told(run):
    return lambda *words, code=0: run("compare", "perspective", *words, code=code).output


def test_the_table_says_what_a_threshold_would_be_here(told, log):
    output = told(log, "--cut", "0.95", "--show", "5")
    assert "241 texts compared" in output
    assert "The flowers on the bridge" in output
    found = json.loads(told(log, "--json").splitlines()[-1])["attributes"]["TOXICITY"]
    row = next(row for row in found["thresholds"] if row["theirs"] == 0.6)
    assert (row["held"], row["agree"] > 0.98, found["rank_correlation"] > 0.6) == (121, True, True)
    assert [one["cut"] for one in found["held_back"]] == [0.5, 0.7, 0.8, 0.9]


def test_fit_stores_the_map_for_the_site(told, courier, context, log):
    assert "perspective_map=own" in told(log, "--site", "courier", "--fit", "--show", "0")
    with context.deps.store.read() as tx:
        options = tx.sites.get("courier").options
    assert list(options.perspective_knots) == ["TOXICITY"]
    assert options.perspective_map == "off"


def test_faults_are_named(told, tmp_path, log):
    empty = tmp_path / "empty.jsonl"
    empty.write_text("{}\n")
    assert "no line has a text and a score" in told(str(empty), code=2)
    assert "--attribute" in told(log, "--attribute", "FLIRTATION", code=2)
    assert "--site" in told(log, "--fit", code=2)
