"""Where the time goes: a comment accepted and one decided, in this process, looked at a few hundred times a second."""

from __future__ import annotations

import io
import json
import logging
import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from service import config
from service import logging as logs
from service.context import AppContext, build_context
from service.messaging.dispatcher import RecordingDispatcher
from service.scoring.scorer import ModelScorer
from service.storage import migrate
from service.usecases.sites import enrol_site
from service.web import create_app
from tools.bench.load import comment
from worker.scoring import Limits, score_pending

EVERY = 0.002
PACKAGES = (
    ("sealing the address", "service/privacy/sealing.py", "seal"),
    ("masking contacts", "service/privacy/masking.py", "mask"),
    ("the rest of the sanitizer: digests, network, agent", "service/privacy/sanitizer.py", "draft"),
    ("the store: one comment, committed", "service/storage/unit_of_work.py", "add_comment"),
    ("reading the submission (JSON, pydantic)", "service/web/api/submitting.py", "_reading"),
    ("reading the submission (JSON, pydantic)", "service/web/api/strict_json.py", "read"),
    ("whose key it is", "service/web/api/gate.py", "authenticate"),
    ("the request's log line and counters", "service/web/access.py", "_end"),
    ("explaining what is not simply approved", "worker/reading.py", "explain"),
    ("scoring", "worker/reading.py", "assess"),
    ("the lease", "worker/scoring.py", "_lease"),
    (
        "settling: verdicts in, decisions and callbacks out",
        "service/usecases/record_scores.py",
        "record_scores",
    ),
)
REST = "the rest: Flask, werkzeug, Python"


@dataclass(frozen=True)
class Shares:
    """Microseconds of processor time a comment, and the share of each package, greatest first."""

    micros: float
    packages: tuple[tuple[str, float], ...]


def profile(home: Path, count: int = 2_000) -> tuple[Shares, Shares]:
    """Accept and then decide that many comments on SQLite; return where the time went in each."""
    home.mkdir()
    known = config.load({"REPLYDESK_HOME": str(home)})
    migrate.upgrade(known.database_url)
    context = build_context(known, env={"REPLYDESK_HOME": str(home)}, dispatcher=RecordingDispatcher())
    with _quietly():
        key = enrol_site(context, "profile", "https://courier.example", "https://courier.example/hook").key
        accept = _accepting(context, key)
        for number in range(100):
            accept(number)
        accepting = _shares(lambda: [accept(number) for number in range(100, 100 + count)], count)
        scorer = ModelScorer()
        scorer.warm()
        score_pending(context.deps, scorer, Limits(batch=100, seconds=0.001))
        deciding = _shares(lambda: score_pending(context.deps, scorer, Limits(seconds=30)), count)
    context.close()
    return accepting, deciding


@contextmanager
def _quietly() -> Iterator[None]:
    """Log as a process does, into nowhere."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    logs.configure("bench")
    with open(os.devnull, "w", encoding="utf-8") as nowhere:
        root.handlers[0].setStream(nowhere)  # type: ignore[attr-defined]  # the one that logs made is of a stream
        try:
            yield
        finally:
            root.handlers[:] = before
            root.setLevel(level)


def _accepting(context: AppContext, key: str) -> Callable[[int], None]:
    app = create_app(context)

    def accept(number: int) -> None:
        body = json.dumps(comment(f"profile-{number}")).encode()
        environ = {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": "/v1/comments",
            "SERVER_NAME": "bench",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "CONTENT_TYPE": "application/json",
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_AUTHORIZATION": f"Bearer {key}",
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
        }
        status = ""

        def start(line: str, _headers: object, _error: object = None) -> Callable[[bytes], object]:
            nonlocal status
            status = line
            return len

        b"".join(app.wsgi_app(environ, start))
        if not status.startswith("202"):
            raise RuntimeError(f"a comment was answered with {status}")

    return accept


def _shares(work: Callable[[], object], count: int) -> Shares:
    """Do the work under a timer of processor time; each look goes to the innermost package on the stack."""
    seen: Counter[str] = Counter()

    def look(_signal: int, frame: FrameType | None) -> None:
        while frame is not None:
            code = frame.f_code
            for package, file, function in PACKAGES:
                if code.co_name == function and code.co_filename.endswith(file):
                    seen[package] += 1
                    return
            frame = frame.f_back
        seen[REST] += 1

    before = signal.signal(signal.SIGPROF, look)
    spent = time.process_time()
    signal.setitimer(signal.ITIMER_PROF, EVERY, EVERY)
    try:
        work()
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
    spent = time.process_time() - spent
    total = sum(seen.values()) or 1
    return Shares(
        spent / count * 1e6, tuple((package, looks / total) for package, looks in seen.most_common())
    )
