"""The one command that runs everything: it starts, says what prevents it, restarts what dies, and leaves nothing."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests import servers
from tests.journey.installation import REPLYDESK, Installation
from tests.processes import until

pytestmark = pytest.mark.journey


def refused(env):
    """The one line in which a start that cannot be ends, with exit code 2."""
    done = subprocess.run([REPLYDESK, "up"], env=env, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2, done.stdout + done.stderr
    (line,) = done.stderr.splitlines()
    return line


@pytest.fixture(scope="module")
def installation(tmp_path_factory):
    """A running installation for the tests that leave it running."""
    with Installation(tmp_path_factory.mktemp("up") / "home") as started:
        yield started


def test_the_summary_shows_working_links_and_a_curl_that_works_when_pasted(installation):
    text = installation.output.read_text()
    links = {link for link in re.findall(r"http://[\w.:/-]+", text) if "/v1/" not in link}
    assert len(links) >= 4
    for link in links:
        assert installation.call("GET", link.removeprefix(installation.url)).status == 200, link
    until(lambda: installation.decided("warm"))  # the model is loaded then
    (curl,) = [line for line in text.splitlines() if line.startswith("curl ")]
    done = subprocess.run(["sh", "-c", curl], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["status"] != "pending"


def test_a_second_start_on_the_home_is_one_clear_line(installation):
    line = refused({**installation.env, "PORT": "1"})
    assert "another replydesk is running" in line
    assert str(installation.home) in line
    assert str(installation.process.pid) in line


def test_a_port_in_use_is_one_clear_line(installation, tmp_path):
    line = refused({**installation.env, "REPLYDESK_HOME": str(tmp_path / "other")})
    assert f":{installation.port} is in use" in line
    assert f"PORT={installation.port + 1}" in line


def test_a_home_that_cannot_be_written_is_one_clear_line(installation, tmp_path):
    blocked = tmp_path / "file"
    blocked.touch()
    assert "REPLYDESK_HOME: cannot write" in refused(
        {**installation.env, "REPLYDESK_HOME": str(blocked / "home")}
    )
    if os.geteuid() != 0:  # root may write anywhere
        blocked = tmp_path / "read-only"
        blocked.mkdir(mode=0o500)
        assert "REPLYDESK_HOME: cannot write" in refused({**installation.env, "REPLYDESK_HOME": str(blocked)})


def test_a_redis_url_that_nobody_answers_is_one_clear_line(installation, tmp_path):
    port, nobody = str(servers.free_port()), "redis://:hunter2@127.0.0.1:1"
    line = refused({**installation.env, "REPLYDESK_HOME": str(tmp_path), "PORT": port, "REDIS_URL": nobody})
    assert "REDIS_URL" in line
    assert "hunter2" not in line


@pytest.mark.parametrize("name", ["web", "worker", "beat", "broker"])
def test_a_process_that_dies_is_started_again(installation, name):
    old = installation.child(name)
    os.kill(old, signal.SIGKILL)
    until(lambda: f"! {name} ended (SIGKILL)" in installation.output.read_text())
    until(lambda: _replaced(installation, name, old))
    until(lambda: _answers(installation))
    until(lambda: installation.decided(f"after-{name}"))


def _replaced(installation, name, old):
    try:
        return installation.child(name) != old
    except AssertionError:
        return False


def _answers(installation):
    try:
        return installation.call("GET", "/healthz").status == 200
    except OSError:
        return False


def test_however_it_ends_it_leaves_no_orphan_and_starts_as_it_was(tmp_path):
    """In the background it outlives its terminal and stops on an interrupt; then it is killed; then its parent is."""
    installation = Installation(tmp_path / "home")

    def leaves_nothing():
        until(lambda: not installation.living())
        assert {path.name for path in (installation.home / "run").iterdir()} <= {"lock", "meters", "alive"}

    try:
        installation.start(["/bin/sh", "-c", "trap '' INT HUP; exec \"$@\"", "sh"])
        assert len(installation.living()) >= 6
        key = installation.demo_key()
        until(lambda: installation.decided("kept"))
        before = installation.call("GET", "/v1/comments/kept", key=key).json
        installation.process.send_signal(signal.SIGHUP)
        assert installation.call("GET", "/healthz").status == 200
        assert installation.process.poll() is None
        installation.process.send_signal(signal.SIGINT)
        assert installation.process.wait(10) == 0
        leaves_nothing()
        installation.start()
        installation.process.kill()
        installation.process.wait()
        leaves_nothing()
        runs = "import subprocess, sys; subprocess.run(sys.argv[1:], check=False)"
        installation.start([sys.executable, "-c", runs], "--end-with-parent")
        assert installation.demo_key() == key
        assert installation.call("GET", "/v1/comments/kept", key=key).json == before
    finally:
        installation.process.kill()
        installation.process.wait()
    leaves_nothing()


def test_a_long_home_and_the_wheels_own_broker(tmp_path):
    long = tmp_path / ("a-home-whose-path-is-longer-than-a-socket-may-have-" * 3)
    with Installation(long, REPLYDESK_BROKER="wheel") as installation:
        command = Path(f"/proc/{installation.child('broker')}/cmdline").read_bytes().decode()
        note = (installation.home / "run" / "broker-url").read_text().strip()
        path = Path(note.removeprefix("unix://"))
        assert command.startswith(f"{servers.wheel_program()} ")
        assert len(str(path)) < 100
        assert path.parent.stat().st_mode & 0o777 == 0o700
        until(lambda: installation.decided("one"))
    assert not path.parent.exists()


def test_a_private_key_is_shown_once_and_kept_nowhere(installation):
    private = installation.json("site", "add", "herald", "--url", "https://herald.example")[
        "contact_private_key"
    ]
    files = [file for file in installation.home.rglob("*") if file.is_file()]
    assert not [file for file in (*files, installation.output) if private.encode() in file.read_bytes()]
