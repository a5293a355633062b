"""Fixtures for the commands: a home with a migrated database, the command line in it, and the service beside it."""

import json

import pytest
from click.testing import CliRunner

from service.cli.main import cli
from service.config import load
from service.context import build_context
from tests.factories import template


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A home with an empty database in it, and nothing else in the environment."""
    made = tmp_path / "home"
    made.mkdir()
    (made / "replydesk.db").write_bytes(template())
    for name in ("REPLYDESK_DATABASE_URL", "REDIS_URL", "REPLYDESK_REDIS_URL", "REPLYDESK_MASTER_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("REPLYDESK_HOME", str(made))
    return made


@pytest.fixture
def run(home, monkeypatch):
    """Run a command line in that home; it counts in no files, which is for the whole of a process and for good."""
    monkeypatch.setattr("service.observability.counters.share", lambda _: False)

    def runs(*words, code=0, given=None):
        done = CliRunner().invoke(cli, words, input=given)
        assert done.exit_code == code, (done.output, done.exception)
        return done

    return runs


@pytest.fixture
def context(home):
    built = build_context(load())
    yield built
    built.close()


@pytest.fixture
def courier(run, context):
    run(
        "site",
        "add",
        "courier",
        "--url",
        "https://courier.example",
        "--callback",
        "https://courier.example/hook",
    )
    with context.deps.store.read() as tx:
        found = tx.sites.get("courier")
    assert found is not None
    return found


@pytest.fixture
def imports(run, tmp_path, courier):
    def does(*lines, code=0, options=()):
        file = tmp_path / "comments.jsonl"
        file.write_bytes(
            b"".join(one if isinstance(one, bytes) else json.dumps(one).encode() + b"\n" for one in lines)
        )
        done = run("import", str(file), "--site", "courier", "--json", *options, code=code)
        does.said = done.stderr
        return json.loads(done.stdout)

    return does
