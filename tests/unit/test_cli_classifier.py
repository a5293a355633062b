"""`replydesk classifier`: a pipe of texts in, a pipe of scores out; and clear words where data or model are missing."""

import json
import os
import subprocess
import sys

import pytest
from click.testing import CliRunner

from classifier.model import LABELS as GIVEN
from service.cli.main import cli
from service.domain.verdict import LABELS


def run(*words, given=""):
    return CliRunner().invoke(cli, ["classifier", *words], input=given)


def test_each_line_is_scored_in_order():
    lines = "".join(json.dumps({"text": text}) + "\n" for text in ("You stupid idiot.", "A fine day.", ""))
    full = [json.loads(line) for line in run("score", given=lines).stdout.splitlines()]
    assert [set(one["scores"]) for one in full] == [set(GIVEN)] * 3
    assert set(GIVEN) <= set(LABELS)
    assert full[0]["scores"]["toxicity"] > full[1]["scores"]["toxicity"]
    assert "reads_as" in full[0]
    assert {"begin", "end", "label", "weight"} == set(full[0]["spans"][0])
    plain = [json.loads(line) for line in run("score", "--plain", given=lines).stdout.splitlines()]
    assert [set(one) for one in plain] == [{"scores"}] * 3
    # the last digits depend on the order in which a batch of another shape is summed
    assert [one["scores"] for one in plain] == [pytest.approx(one["scores"], abs=1e-9) for one in full]


def test_a_bad_line_is_answered_and_the_rest_goes_on():
    done = run("score", "--plain", given=b'{"text": "One."}\nnonsense\n{"txt": 1}\n{"text": "\xff Two."}\n')
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert ["scores" in one for one in answers] == [True, False, False, True]
    assert [one.get("line") for one in answers] == [None, 2, 3, None]
    assert (done.exit_code, "2 lines" in done.stderr) == (1, True)


def test_nothing_in_is_nothing_out():
    done = run("score", "--plain")
    assert (done.exit_code, done.stdout) == (0, "")


def test_scoring_takes_one_core():
    code = (
        "from service.cli.main import cli; from threadpoolctl import threadpool_info\n"
        "cli(['classifier', 'score', '--plain'], standalone_mode=False)\n"
        "print([each['num_threads'] for each in threadpool_info() if each['user_api'] == 'blas'])"
    )
    unset = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    done = subprocess.run(
        [sys.executable, "-c", code],
        input='{"text": "A fine day."}\n',
        env=unset,
        capture_output=True,
        text=True,
        check=True,
    )
    threads = json.loads(done.stdout.splitlines()[-1])
    assert threads
    assert set(threads) == {1}


@pytest.mark.parametrize(
    "words",
    [
        ("evaluate", "nothing.parquet"),
        ("limits", "--data", "nowhere", "--out", "limits.md"),
        ("card", "--data", "nowhere"),
        ("train", "--data", "nowhere", "--out", "out"),
    ],
)
def test_missing_data_is_named(words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = run(*words)
    assert done.exit_code == 2
    assert done.exception is None or isinstance(done.exception, SystemExit)
    assert "Traceback" not in done.output
    assert list(tmp_path.iterdir()) == []


def test_evaluation_sets_a_peer_beside_the_figures(tmp_path):
    pytest.importorskip("profanity_check")
    rows = [
        {"text": f"thank you, number {at}", "source": "identity_templates", "toxicity": 0} for at in range(12)
    ]
    rows += [
        {"text": f"you idiot number {at}", "source": "identity_templates", "toxicity": 1} for at in range(12)
    ]
    file = tmp_path / "labelled.jsonl"
    file.write_text("\n".join(json.dumps(row) for row in rows))
    done = run("evaluate", "--json", str(file))
    report = json.loads(done.stdout, parse_constant=pytest.fail)
    assert report["rows"][0]["auc"][0] > 0.9
    assert report["rows"][0]["auc_alt_profanity_check"][0] > 0.9
