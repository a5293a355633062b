"""The clients' own libraries against a running installation: right, wrong and odd input, all unchanged."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.journey.compat.installing import CLIENTS, installed
from tests.journey.installation import Installation, Receiver, submission
from tests.processes import until

HAM = "The new bridge saves me twenty minutes every morning, it's a gift to the city."
TEXTS = {
    "spam": "Buy cheap viagra online now!!! Best price casino bonus http://pills.example http://casino.example",
    "ham": HAM,
    "doubt": f"{HAM} Quorble.",
    "unicode": "Ich finde die neue Brücke sehr schön und fahre jeden Tag darüber zur Arbeit in die Stadt. 🌉",
    "long": " ".join(f"{HAM} And that is remark number {n} of mine." for n in range(870)),
}
INSULT = "You are a stupid idiot and everybody hates you."
pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
def installation(tmp_path_factory):
    """A running installation whose site puts what compatibility APIs bring on the desk."""
    with Receiver() as receiver, Installation(tmp_path_factory.mktemp("installation") / "home") as running:
        made = running.json(
            "site", "add", "courier", "--url", "https://courier.example", "--callback", receiver.url
        )
        running.run("site", "set", "courier", "compat_mode=queue", "hold_words=quorble", "spam_words=viagra")
        running.courier, running.receiver = made, receiver
        yield running


def ran(installation, *command, given=TEXTS, **env):
    """Run a client's script with the port and the key, and return what it printed."""
    key = installation.courier["akismet_key"]
    done = subprocess.run(
        [*command, str(installation.port), key],
        input=json.dumps(given),
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def node():
    if not shutil.which("npm"):
        pytest.skip("no Node: install node 18 or later with npm")
    place = installed("package.json", ["npm", "install", "--silent", "--no-audit", "--no-fund"])
    return {"NODE_PATH": str(place / "node_modules"), "NODE_NO_WARNINGS": "1"}


@pytest.fixture(scope="module")
def python():
    """A Python that has the clients, apart from the service's own."""
    pip = ["{place}/venv/bin/pip", "install", "--quiet", "-r", "requirements.txt"]
    place = installed("requirements.txt", [sys.executable, "-m", "venv", "{place}/venv"], pip)
    return str(place / "venv" / "bin" / "python")


def test_python_clients(installation, python):
    out = ran(installation, python, str(CLIENTS / "python_clients.py"), given=TEXTS | {"insult": INSULT})
    asked = out["akismet"]
    assert (asked["verify"], asked["bad_verify"]) == (True, False)
    assert asked["spam"] in ("SPAM", "DISCARD")
    assert (asked["ham"], asked["doubt"], asked["unicode"]) == ("HAM", "HAM", "HAM")
    assert (asked["submit_spam"], asked["submit_ham"]) == (True, True)
    assert asked["usage"] >= len(TEXTS)
    assert asked["bad_key"] in ("APIKeyError", "ProtocolError")
    told = out["openai"]
    assert (told["one"], told["list"][:2], told["parts"]) == ([False], [False, True], [True])
    assert (len(told["list"]), len(told["long"]), told["categories"]) == (3, 1, 13)
    assert told["request_id"]
    assert (told["bad_key"], told["bad_input"]) == ("AuthenticationError", "BadRequestError")


def test_node_akismet_clients(installation, node):
    out = ran(installation, "node", str(CLIENTS / "akismet_clients.js"), **node)
    api = out["api"]
    assert (api["verify"], api["bad"]) == (True, False)
    assert api["spam"] in ("spam", True)
    assert (api["ham"], api["doubt"], api["unicode"]) == ("ham", "ham", "ham") or not api["ham"]
    assert api["submitted"]
    assert "nvalid" in api["refused"] or "key" in api["refused"]
    old = out["old"]
    assert (old["verify"], old["spam"], old["ham"], old["unicode"]) == (True, True, False, False)
    assert old["submitted"]
    assert out["nodebb"]["spam"] == "true"


def test_node_openai_client(installation, node):
    out = ran(
        installation, "node", str(CLIENTS / "openai_client.js"), given=TEXTS | {"insult": INSULT}, **node
    )
    assert (out["one"], out["list"][:2], out["parts"]) == ([False], [False, True], [True])
    assert out["requestId"]
    assert out["badKey"] == "AuthenticationError 401 invalid_api_key"
    assert out["badInput"].startswith("BadRequestError 400")


def test_perl_client(installation):
    asked = ["perl", "-MNet::Akismet", "-e", "1"]
    if not shutil.which("perl") or subprocess.run(asked, capture_output=True, check=False).returncode:
        pytest.skip("no Net::Akismet: install the package libnet-akismet-perl")
    out = ran(installation, "perl", str(CLIENTS / "akismet_client.pl"))
    assert (out["spam"], out["ham"], out["unicode"], out["bad"]) == ("true", "false", "false", 0)
    assert (out["spam_reported"], out["ham_reported"]) == (1, 1)


def test_ruby_client(installation):
    asked = ["ruby", "-e", "require 'akismet'"]
    if not shutil.which("ruby") or subprocess.run(asked, capture_output=True, check=False).returncode:
        pytest.skip("no akismet for Ruby: install the package ruby-akismet")
    out = ran(installation, "ruby", str(CLIENTS / "akismet_client.rb"))
    assert (out["verify"], out["bad"]) == (True, False)
    assert (out["spam"], out["ham"], out["unicode"]) == (True, False, False)
    assert out["refused"] == "Akismet::Error"


def test_libraries_of_receivers(installation, python):
    received = installation.receiver.received
    before = len(received)
    key = installation.courier["key"]
    assert installation.call("POST", "/v1/comments", submission("hook-1"), key=key).status == 202
    until(lambda: len(received) > before)
    given = {
        "secret": installation.courier["webhook_secret"],
        "received": [{"headers": headers, "body": body.decode()} for headers, body in received[before:]],
    }
    out = ran(installation, python, str(CLIENTS / "webhook_receivers.py"), given=given)
    assert out["svix"] == out["standardwebhooks"]
    assert out["svix"]


def test_a_hanging_broker_and_a_hanging_worker_change_nothing(installation):
    hanging = [installation.broker(), *workers(installation)]
    assert len(hanging) > 1
    for process in hanging:
        os.kill(process, signal.SIGSTOP)
    try:
        told = {
            "api_key": installation.courier["akismet_key"],
            "blog": "https://courier.example",
            "user_ip": "",
        }
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        for name, word in (("spam", b"true"), ("doubt", b"false")):
            body = urlencode({**told, "comment_content": f"{TEXTS[name]} All is quiet."}).encode()
            answer = installation.call("POST", "/1.1/comment-check", body, headers=form)
            assert (answer.body, answer.seconds < 2) == (word, True)
        key = installation.courier["key"]
        answer = installation.call("POST", "/v1/moderations", {"input": INSULT}, key=key)
        assert (answer.json["results"][0]["flagged"], answer.seconds < 2) == (True, True)
        assert "X-Replydesk-Not-Stored" not in answer.headers
    finally:
        for process in hanging:
            os.kill(process, signal.SIGCONT)


def workers(installation):
    return [
        pid
        for pid in installation.processes()
        if b"worker" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    ]
