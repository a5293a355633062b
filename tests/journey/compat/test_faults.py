"""Compatibility APIs without broker or worker, and with a database that refuses, hangs or comes back."""

import contextlib
import json
import socket
import threading
import time
import urllib.error
import urllib.request
from statistics import median
from urllib.parse import urlsplit

import pytest

from service.compat.coral.signature import sign
from service.domain.status import Status
from service.usecases.sites import tune_site
from tests import servers
from tests.conftest import missing
from tests.processes import until
from tests.web.api.serving import served
from tests.web.compat.perspective_cases import RUDE, TEXT, request, suggestion

LONGEST = 2.0
"""Seconds; the callers give up soon after."""
CORALS = 0.8
"""Seconds after which Coral publishes without an answer."""
SECRET = "ccext-fault-secret"
pytestmark = pytest.mark.journey


class Wire:
    """A wire to a server that can pass, hang without a word, or refuse; what is open hangs or breaks with it."""

    def __init__(self, host, port):
        self._target = (host, port)
        self._mode = "pass"
        self._pairs = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        self._passing = threading.Event()
        self._passing.set()
        threading.Thread(target=self._accept, daemon=True).start()

    def set(self, mode):
        """Change what the wire does, for new connections and open ones."""
        self._mode = mode
        (self._passing.clear if mode == "hang" else self._passing.set)()
        if mode == "refuse":
            self._break()

    def close(self):
        self.set("refuse")
        self._listening.close()

    def _break(self):
        for one in self._pairs:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        self._pairs = []

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listening.accept()
                if self._mode == "refuse":
                    near.close()
                    continue
                far = socket.create_connection(self._target)
                self._pairs += [near, far]
                for source, sink in ((near, far), (far, near)):
                    threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    def _pump(self, source, sink):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                self._passing.wait()
                sink.sendall(data)
        for one in (source, sink):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


@pytest.fixture(scope="module")
def wire():
    """A wire to a database of this module's own, and the URL that goes over it."""
    with contextlib.ExitStack() as stack:
        try:
            url = stack.enter_context(servers.postgresql_database())
        except servers.Missing as reason:
            missing(str(reason))
        parts = urlsplit(url)
        made = Wire(parts.hostname or "127.0.0.1", parts.port or 5432)
        user = f"{parts.netloc.rpartition('@')[0]}@" if "@" in parts.netloc else ""
        yield made, parts._replace(netloc=f"{user}127.0.0.1:{made.port}").geturl()
        made.close()


@pytest.fixture(scope="module")
def installation(tmp_path_factory, wire):
    """A web process over that wire: no worker, and a broker's address where something listens and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        more = {
            "REPLYDESK_DATABASE_URL": wire[1],
            "REDIS_URL": f"redis://127.0.0.1:{deaf.getsockname()[1]}/0",
            "REPLYDESK_COMPAT": "warm",
        }
        with served(tmp_path_factory.mktemp("faults") / "home", **more) as running:
            tune_site(
                running.context,
                "courier",
                {"coral_secret": SECRET, "toxicity.hold": "0.5", "toxicity.reject": ""},
            )
            yield running


def post(installation, path, body, headers=None):
    """Post, in less than two seconds, and return status, JSON and headers."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    sent = {"Content-Type": "application/json", **(headers or {})}
    asked = urllib.request.Request(installation.url + path, data=raw, headers=sent)  # noqa: S310  # loopback
    began = time.monotonic()
    try:
        with urllib.request.urlopen(asked, timeout=20) as answer:  # noqa: S310  # loopback
            status, content, told = answer.status, answer.read(), answer.headers
    except urllib.error.HTTPError as refused:
        with refused:
            status, content, told = refused.code, refused.read(), refused.headers
    assert time.monotonic() - began < LONGEST, (
        f"{path.partition('?')[0]} took {time.monotonic() - began:.1f} s"
    )
    return status, json.loads(content), told


def analyze(installation, text=TEXT, key=""):
    return post(
        installation, f"/v1alpha1/comments:analyze?key={key or installation.site.akismet_key}", request(text)
    )


def phase(installation, text=RUDE):
    body = {
        "action": "NEW",
        "comment": {"body": text, "parentID": None},
        "author": {"id": "a1"},
        "story": {"id": "s1", "url": "https://courier.example/bridge"},
    }
    raw = json.dumps(body).encode()
    return post(
        installation, "/sites/courier/coral/phase", raw, {"X-Coral-Signature": f"sha256={sign(SECRET, raw)}"}
    )


def test_without_broker_and_worker_every_mode_answers(installation):
    assert analyze(installation)[0] == 200
    tune_site(installation.context, "courier", {"compat_mode": "queue"})
    until(lambda: "moderation" in analyze(installation, TEXT)[1])
    status, found, headers = analyze(installation, RUDE)
    assert (status, found["moderation"]["action"]) == (200, "hold")
    assert "X-Replydesk-Not-Stored" not in headers
    with installation.context.deps.store.read() as tx:
        assert [
            one.body for one in tx.comments.page(installation.site.site.id, status=Status.HELD).comments
        ] == [RUDE]
    assert phase(installation)[1]["status"] == "SYSTEM_WITHHELD"


@pytest.mark.parametrize("mode", ["hang", "refuse"])
def test_a_dead_database_costs_no_known_key_its_answer(installation, wire, mode):
    assert analyze(installation)[0] == phase(installation)[0] == 200
    wire[0].set(mode)
    try:
        took = []
        for _ in range(8):
            began = time.monotonic()
            status, found, headers = analyze(installation, RUDE)
            took.append(time.monotonic() - began)
            assert (status, found["moderation"]["action"]) == (200, "hold")
            assert headers["X-Replydesk-Not-Stored"]
        assert median(took) < CORALS, took
        status, found, headers = phase(installation)
        assert (status, found["status"]) == (200, "SYSTEM_WITHHELD")
        assert headers["X-Replydesk-Not-Stored"]
        status, found, _ = analyze(installation, key=installation.site.key)
        assert (status, found["error"]["status"]) == (503, "UNAVAILABLE")
        path = f"/v1alpha1/comments:suggestscore?key={installation.site.akismet_key}"
        status, found, headers = post(installation, path, suggestion(RUDE))
        assert (status, found["error"]["status"], headers["Retry-After"]) == (503, "UNAVAILABLE", "2")
    finally:
        wire[0].set("pass")
    until(lambda: analyze(installation, key="not-a-key-of-ours")[0] == 400, 30)
    until(lambda: "X-Replydesk-Not-Stored" not in analyze(installation, f"{RUDE} {mode}")[2], 30)
