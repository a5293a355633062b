"""`replydesk compare perspective`: the table before a switch, and the map that --fit stores for a site."""

import json

import pytest
from click.testing import CliRunner

from service import config
from service.cli.main import cli
from service.context import build_context
from service.storage import migrate
from service.usecases.sites import enrol_site
from tests.factories import MASTER

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
    return file


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A home with the site courier, and nothing else of the environment's settings."""
    for name, value in {"REPLYDESK_HOME": str(tmp_path / "home"), "REPLYDESK_MASTER_KEY": MASTER}.items():
        monkeypatch.setenv(name, value)
    known = config.load()
    known.home.mkdir()
    migrate.upgrade(known.database_url)
    context = build_context(known)
    enrol_site(context, "courier", "https://courier.example")
    context.close()
    return known.home


def run(*arguments, code=0):
    done = CliRunner().invoke(cli, ["compare", "perspective", *arguments])
    assert done.exit_code == code, done.output
    return done.output


def test_the_table_says_what_a_threshold_would_be_here(log):
    """Rank correlation, our threshold with the same share, and the texts that would differ, without an installation."""
    output = run(str(log), "--cut", "0.95", "--show", "5")
    assert "241 texts compared" in output
    assert "The flowers on the bridge" in output
    found = json.loads(run(str(log), "--json").splitlines()[-1])["attributes"]["TOXICITY"]
    row = next(row for row in found["thresholds"] if row["theirs"] == 0.6)
    assert row["held"] == 121
    assert row["agree"] > 0.98
    assert found["rank_correlation"] > 0.6
    assert [one["cut"] for one in found["held_back"]] == [0.5, 0.7, 0.8, 0.9]


@pytest.mark.usefixtures("home")
def test_fit_stores_the_map_for_the_site(log):
    assert "perspective_map=own" in run(str(log), "--site", "courier", "--fit", "--show", "0")
    context = build_context(config.load())
    with context.deps.store.read() as tx:
        site = tx.sites.get("courier")
    context.close()
    assert site.options.perspective_knots is not None
    assert list(site.options.perspective_knots) == ["TOXICITY"]
    assert site.options.perspective_map == "off"


def test_faults_are_named(tmp_path, log):
    empty = tmp_path / "empty.jsonl"
    empty.write_text("{}\n")
    assert "no line has a text and a score" in run(str(empty), code=2)
    assert "--attribute" in run(str(log), "--attribute", "FLIRTATION", code=2)
    assert "--site" in run(str(log), "--fit", code=2)
