"""Starts `replydesk up` in a home of its own, as `make run` does, and drives it from outside as its users would."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.processes import until
from tests.servers import free_port

REPLYDESK = str(Path(sys.executable).with_name("replydesk"))
SETTINGS = re.compile(r"^(REPLYDESK_|REDIS_URL|PORT$)")


class Installation:
    """One running process tree; `answers` keeps every byte that it ever answered over HTTP."""

    def __init__(self, home: Path, **env: str) -> None:
        self.home = home
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        clean = {name: value for name, value in os.environ.items() if not SETTINGS.match(name)}
        self.env = {**clean, "REPLYDESK_HOME": str(home), "PORT": str(self.port), **env}
        self.output = home.parent / "up.txt"
        self.answers: list[bytes] = []
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Installation:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self, wrapper: Sequence[str] = (), *options: str) -> None:
        """Run `replydesk up`, by the program `wrapper` if one is given, and wait until it serves."""
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [*wrapper, REPLYDESK, "up", *options],
                env=self.env,
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
            )
        until(lambda: b"Ctrl-C stops everything" in self.output.read_bytes() or self._ended(), 120)
        assert self.process.poll() is None, self.output.read_text()

    def _ended(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()  # its reaper clears the rest away
            raise

    def run(self, *arguments: str, expect: int = 0) -> str:
        """Run a `replydesk` command against this installation and return what it printed."""
        done = subprocess.run(
            [REPLYDESK, *arguments], env=self.env, capture_output=True, text=True, check=False
        )
        assert done.returncode == expect, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def json(self, *arguments: str) -> Any:
        return json.loads(self.run(*arguments, "--json"))

    def demo_key(self) -> str:
        return str(json.loads((self.home / "demo-site.json").read_text())["key"])

    def call(
        self,
        method: str,
        path: str,
        body: object | bytes | None = None,
        key: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send one request; `body` is JSON unless it is bytes."""
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        sent = {"Content-Type": "application/json", **(headers or {})}
        if key:
            sent["Authorization"] = f"Bearer {key}"
        request = urllib.request.Request(self.url + path, data=data, method=method, headers=sent)  # noqa: S310  # loopback
        started = time.monotonic()
        try:
            with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310  # loopback
                answer = Answer(response.status, response.read(), dict(response.headers))
        except urllib.error.HTTPError as refused:
            with refused:
                answer = Answer(refused.code, refused.read(), dict(refused.headers))
        answer.seconds = time.monotonic() - started
        self.answers.append(answer.body)
        self.answers.append(str(answer.headers).encode())
        return answer

    def processes(self) -> list[int]:
        """The process ids of the whole tree below `up`."""
        listed = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True)
        parents = [tuple(map(int, line.split())) for line in listed.stdout.splitlines()]
        tree = {self.process.pid}
        while grown := {pid for pid, parent in parents if parent in tree} - tree:
            tree |= grown
        return sorted(tree)

    def living(self) -> list[str]:
        """The command lines of all processes that were started for this home, the reaper included."""
        marked = f"REPLYDESK_HOME={self.home}".encode()
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                # a Redis writes its title over its environment, so it is known by its socket's path
                ours = (
                    marked in (entry / "environ").read_bytes().split(b"\0") or f"{self.home}/run" in command
                )
                if ours and (entry / "stat").read_text().rpartition(")")[2].split()[0] != "Z":
                    found.append(command)
            except OSError:
                continue
        return found

    def child(self, name: str) -> int:
        """The process id of one of the service's processes."""
        if name == "broker":
            return self.broker()
        for pid in self.processes():
            command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
            if f"service.cli.main {name}" in command:
                return pid
        raise AssertionError(f"{name} does not run")

    def decided(self, comment_id: str) -> bool:
        """Whether this comment of the demo site, posted now if it is new, has left the state pending."""
        key = self.demo_key()
        self.call("POST", "/v1/comments", submission(comment_id), key)
        return bool(self.call("GET", f"/v1/comments/{comment_id}", key=key).json["status"] != "pending")

    def broker(self) -> int:
        for pid in self.processes():
            command = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
            if "broker.sock" in command and "reaper.py" not in command:
                return pid
        raise AssertionError("the service has no broker of its own")

    def pending(self, site: str) -> str:
        return self.run("comments", "--site", site, "--status", "pending", "--json").strip()


@dataclass
class Answer:
    status: int
    body: bytes
    headers: dict[str, str]
    seconds: float = 0.0

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def submission(comment_id: str | None = None, **changes: Any) -> dict[str, Any]:
    made = {
        "article": {"url": "https://courier.example/bridge", "title": "The bridge opens"},
        "author": {"name": "Ada", "email": "ada@mail.example"},
        "body": "My way to work is half an hour shorter now.",
    }
    return {**made, **({"id": comment_id} if comment_id else {}), **changes}
