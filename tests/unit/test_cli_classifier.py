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


def test_each_line_is_scored_in_order_and_a_bad_one_answered():
    lines = b'{"text": "You stupid idiot."}\nnonsense\n{"txt": 1}\n{"text": "A \xff fine day."}\n'
    done = run("score", given=lines)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [one.get("line") for one in answers] == [None, 2, 3, None]
    assert set(answers[0]["scores"]) == set(GIVEN) <= set(LABELS)
    assert answers[0]["scores"]["toxicity"] > answers[3]["scores"]["toxicity"]
    assert {"reads_as", "spans"} <= set(answers[0])
    assert (done.exit_code, "2 lines" in done.stderr) == (1, True)
    plain = json.loads(run("score", "--plain", given=lines).stdout.splitlines()[0])
    assert set(plain) == {"scores"}
    nothing = run("score", "--plain")
    assert (nothing.exit_code, nothing.stdout) == (0, "")


def test_scoring_takes_one_core():
    code = (
        "from service.cli.main import cli; from threadpoolctl import threadpool_info\n"
        "cli(['classifier', 'score', '--plain'], standalone_mode=False)\n"
        "print([each['num_threads'] for each in threadpool_info() if each['user_api'] == 'blas'])"
    )
    unset = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    line, command = '{"text": "A fine day."}\n', [sys.executable, "-c", code]
    done = subprocess.run(command, input=line, env=unset, capture_output=True, text=True, check=True)
    assert set(json.loads(done.stdout.splitlines()[-1])) == {1}


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
        {"text": f"{text} number {at}", "source": "identity_templates", "toxicity": toxicity}
        for toxicity, text in enumerate(("thank you,", "you idiot"))
        for at in range(12)
    ]
    file = tmp_path / "labelled.jsonl"
    file.write_text("\n".join(json.dumps(row) for row in rows))
    done = run("evaluate", "--json", str(file))
    report = json.loads(done.stdout, parse_constant=pytest.fail)
    assert report["rows"][0]["auc"][0] > 0.9
    assert report["rows"][0]["auc_alt_profanity_check"][0] > 0.9
