"""The command line: quick to answer, one clear line for what is wrong, help for every command."""

import os
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from service.cli import processes
from service.cli.main import cli

HEAVY = {"flask", "sqlalchemy", "celery", "kombu", "redis", "sklearn", "numpy", "rich", "pydantic", "nacl"}


def run(*arguments, **env):
    """Run `replydesk` as a process of its own, with these settings and none of ours."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("REPLYDESK_")}
    clean.pop("REDIS_URL", None)
    command = [sys.executable, "-m", "service.cli.main", *arguments]
    return subprocess.run(command, env={**clean, **env}, capture_output=True, text=True, check=False)


PRESENT = cli.list_commands(click.Context(cli))


@pytest.mark.parametrize("name", PRESENT)
def test_every_command_has_help(name):
    outcome = CliRunner().invoke(cli, [name, "--help"])
    assert (outcome.exit_code, "Usage:" in outcome.output) == (0, True), outcome.output


def test_the_overview_imports_nothing_heavy():
    program = (
        "import sys\nfrom service.cli.main import cli\n"
        "try: cli(['--help'])\nexcept SystemExit: pass\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert set(PRESENT) <= set(done.stdout.split())
    assert HEAVY.isdisjoint(done.stderr.split())


@pytest.mark.parametrize("command", ["up", "web", "worker", "beat", "migrate", "alive"])
def test_faulty_settings_end_in_one_line_each(command):
    done = run(command, PORT="http", REPLYDESK_LOG_LEVEL="loud")
    assert done.returncode == 2
    lines = done.stderr.splitlines()
    assert len(lines) == 2
    assert all(line.startswith("replydesk: ") for line in lines)


@pytest.mark.parametrize(
    ("command", "broker", "said"),
    [
        (("worker",), None, "REDIS_URL"),
        (("beat",), None, "REDIS_URL"),
        (("alive", "--queues=score"), "unix:///nowhere/at/all.sock", "does not answer"),
    ],
)
def test_a_worker_says_in_one_line_what_is_wrong_with_its_broker(command, broker, said, tmp_path):
    env = {"REDIS_URL": broker} if broker else {}
    done = run(*command, REPLYDESK_HOME=str(tmp_path), **env)
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert said in done.stderr


def test_a_worker_refuses_a_queue_that_nobody_fills(tmp_path):
    done = run("worker", "--queues=scores", REPLYDESK_HOME=str(tmp_path), REDIS_URL="redis://127.0.0.1:1")
    assert done.returncode == 2
    assert "deliver, maintenance, score" in done.stderr


def test_migrate_makes_the_home_and_says_the_revision(tmp_path):
    env = {"REPLYDESK_HOME": str(tmp_path / "new" / "home")}
    first, second = run("migrate", **env), run("migrate", **env)
    assert first.returncode == second.returncode == 0, first.stderr + second.stderr
    assert first.stdout == second.stdout
    assert "revision" in first.stdout


def test_a_database_that_cannot_be_reached_is_one_line_without_its_password():
    url = "postgresql://desk:hunter2@127.0.0.1:1/none?connect_timeout=2"
    done = run("migrate", REPLYDESK_DATABASE_URL=url)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "hunter2" not in done.stderr + done.stdout


def test_threads_that_serve_take_short_turns():
    before = sys.getswitchinterval()
    try:
        processes.take_short_turns()
        assert sys.getswitchinterval() == pytest.approx(0.001)
    finally:
        sys.setswitchinterval(before)
