"""The one command that runs everything: it starts, says what prevents it, restarts what dies, and leaves nothing."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests import servers
from tests.journey.installation import REPLYDESK, Installation, submission
from tests.processes import until

pytestmark = pytest.mark.journey


def living(home):
    """The command lines of all processes that were started for this home, the reaper included."""
    marked = f"REPLYDESK_HOME={home}".encode()
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            # a Redis writes its title over its environment, so it is known by its socket's path
            ours = marked in (entry / "environ").read_bytes().split(b"\0") or f"{home}/run" in command
            if ours and (entry / "stat").read_text().rpartition(")")[2].split()[0] != "Z":
                found.append(command)
        except OSError:
            continue
    return found


def child(installation, name):
    """The process id of one of the service's processes."""
    if name == "broker":
        return installation.broker()
    for pid in installation.processes():
        if (
            f"service.cli.main {name}"
            in Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
        ):
            return pid
    raise AssertionError(f"{name} does not run")


def decided(installation, comment_id):
    """Whether this comment, posted now if it is new, has left the state pending."""
    installation.call("POST", "/v1/comments", submission(comment_id), installation.demo_key())
    return bool(
        installation.call("GET", f"/v1/comments/{comment_id}", key=installation.demo_key()).json["status"]
        != "pending"
    )


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
    until(lambda: decided(installation, "warm"))  # the model is loaded then
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
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    env = {
        **installation.env,
        "REPLYDESK_HOME": str(tmp_path),
        "PORT": str(port),
        "REDIS_URL": "redis://:hunter2@127.0.0.1:1",
    }
    line = refused(env)
    assert "REDIS_URL" in line
    assert "hunter2" not in line


@pytest.mark.parametrize("name", ["web", "worker", "beat", "broker"])
def test_a_process_that_dies_is_started_again(installation, name):
    old = child(installation, name)
    os.kill(old, signal.SIGKILL)
    until(
        lambda: any(
            line
            for line in installation.output.read_text().splitlines()
            if f"! {name} ended (SIGKILL)" in line
        )
    )
    until(lambda: _replaced(installation, name, old))
    until(lambda: _answers(installation))
    until(lambda: decided(installation, f"after-{name}"))


def _replaced(installation, name, old):
    try:
        return child(installation, name) != old
    except AssertionError:
        return False


def _answers(installation):
    try:
        return installation.call("GET", "/healthz").status == 200
    except OSError:
        return False


def test_stop_or_kill_leaves_no_orphan_and_a_start_finds_all_as_it_was(tmp_path):
    installation = Installation(tmp_path / "home")
    run = installation.home / "run"
    with installation:
        key = installation.demo_key()
        until(lambda: decided(installation, "kept"))
        before = installation.call("GET", "/v1/comments/kept", key=key).json
    until(lambda: living(installation.home) == [])
    assert {path.name for path in run.iterdir()} <= {"lock", "meters", "alive"}
    with installation:
        assert len(living(installation.home)) >= 6
        installation.process.kill()
        installation.process.wait()
        until(lambda: living(installation.home) == [])
        assert {path.name for path in run.iterdir()} <= {"lock", "meters", "alive"}
    with installation:
        assert installation.demo_key() == key
        assert installation.call("GET", "/v1/comments/kept", key=key).json == before


def test_one_in_the_background_stops_on_interrupt_and_outlives_its_terminal(tmp_path):
    installation = Installation(tmp_path / "home")
    deaf = "trap '' INT HUP; exec \"$@\""
    with installation.output.open("wb") as output:
        installation.process = subprocess.Popen(
            ["/bin/sh", "-c", deaf, "sh", REPLYDESK, "up"],
            env=installation.env,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    until(lambda: b"Ctrl-C stops everything" in installation.output.read_bytes(), 60)
    installation.process.send_signal(signal.SIGHUP)
    assert installation.call("GET", "/healthz").status == 200
    assert installation.process.poll() is None
    installation.process.send_signal(signal.SIGINT)
    assert installation.process.wait(10) == 0
    until(lambda: not living(installation.home))


def test_a_killed_parent_takes_the_service_with_it(tmp_path):
    installation = Installation(tmp_path / "home")
    program = "import subprocess, sys; subprocess.run(sys.argv[1:], check=False)"
    with (tmp_path / "out").open("wb") as output:
        parent = subprocess.Popen(
            [sys.executable, "-c", program, REPLYDESK, "up", "--end-with-parent"],
            env=installation.env,
            stdout=output,
            stderr=output,
        )
    until(lambda: b"Ctrl-C stops everything" in (tmp_path / "out").read_bytes(), 60)
    parent.kill()
    parent.wait()
    until(lambda: living(installation.home) == [])


def test_a_long_home_and_the_wheels_own_broker(tmp_path):
    long = tmp_path / ("a-home-whose-path-is-longer-than-a-socket-may-have-" * 3)
    with Installation(long, REPLYDESK_BROKER="wheel") as installation:
        command = Path(f"/proc/{child(installation, 'broker')}/cmdline").read_bytes().decode()
        note = (installation.home / "run" / "broker-url").read_text().strip()
        path = Path(note.removeprefix("unix://"))
        assert command.startswith(f"{servers.wheel_program()} ")
        assert len(str(path)) < 100
        assert path.parent.stat().st_mode & 0o777 == 0o700
        until(lambda: decided(installation, "one"))
    assert not path.parent.exists()


def test_a_set_redis_url_wins(tmp_path, redis_url):
    with Installation(
        tmp_path / "home", REDIS_URL=redis_url, REPLYDESK_REDIS_PREFIX="up-test:"
    ) as installation:
        assert not any("-server" in line for line in living(installation.home))
        until(lambda: decided(installation, "one"))
