"""The clients' own libraries against a running installation: right, wrong and odd input, all unchanged."""

import base64
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlencode

import pytest

from service.compat.coral.signature import sign
from tests.journey.compat.installing import CLIENTS, installed
from tests.journey.installation import submission
from tests.processes import until
from tests.receivers import receiver

HAM = "The new bridge saves me twenty minutes every morning, it's a gift to the city."
TEXTS = {
    "spam": "Buy cheap viagra online now!!! Best price casino bonus http://pills.example http://casino.example",
    "ham": HAM,
    "doubt": f"{HAM} Quorble.",
    "unicode": "Ich finde die neue Brücke sehr schön und fahre jeden Tag darüber zur Arbeit in die Stadt. 🌉",
    "long": " ".join(f"{HAM} And that is remark number {n} of mine." for n in range(870)),
}
INSULT = "You are a stupid idiot and everybody hates you."
RUDE = "You are a stupid idiot and everybody here knows it."
CORAL_SECRET = "ccext-journey-secret"
CORAL_SECONDS = 0.8
"""How long Coral waits for Perspective; a phase of its own waits 200 ms at least, as it is set."""
pytestmark = [pytest.mark.journey, pytest.mark.timeout(240)]


@pytest.fixture(scope="session")
def hook():
    with receiver() as made:
        yield made


@pytest.fixture(scope="session")
def courier(installation, hook):
    """A site that puts what compatibility APIs bring on the desk."""
    made = installation.json(
        "site", "add", "courier", "--url", "https://courier.example", "--callback", hook.url
    )
    installation.run("site", "set", "courier", "compat_mode=queue", "hold_words=quorble", "spam_words=viagra")
    return made


@pytest.fixture(scope="session")
def coral(installation, hook):
    """A site whose comments are Coral's; return its Akismet key, which opens every compatibility API."""
    site = ("site", "add", "coral", "--url", "https://coral.example", "--callback", hook.url)
    return installation.json(*site)["akismet_key"]


def ran(*command, given=None, **env):
    """Run a client's script and return what it printed."""
    done = subprocess.run(
        command,
        input=json.dumps(given) if given else None,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        check=False,
        timeout=150,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.fixture
def asked(installation, courier):
    """Run a client's script with the port and the key."""

    def ask(*command, given=TEXTS, **env):
        return json.loads(ran(*command, str(installation.port), courier["akismet_key"], given=given, **env))

    return ask


def outcomes(*command):
    lines = [json.loads(line) for line in ran(*command).splitlines()]
    return {line["check"]: line["outcome"] for line in lines}


@pytest.fixture(scope="module")
def node():
    if not shutil.which("npm"):
        pytest.skip("no Node: install node 18 or later with npm")
    return installed("package.json", ["npm", "install", "--silent", "--no-audit", "--no-fund"])


@pytest.fixture(scope="module")
def modules(node):
    return {"NODE_PATH": str(node / "node_modules"), "NODE_NO_WARNINGS": "1"}


@pytest.fixture(scope="module")
def python():
    pip = ["{place}/venv/bin/pip", "install", "--quiet", "-r", "requirements.txt"]
    place = installed("requirements.txt", [sys.executable, "-m", "venv", "{place}/venv"], pip)
    return str(place / "venv" / "bin" / "python")


def test_python_clients(asked, python):
    out = asked(python, str(CLIENTS / "python_clients.py"), given=TEXTS | {"insult": INSULT})
    told = out["akismet"]
    assert (told["verify"], told["bad_verify"]) == (True, False)
    assert told["spam"] in ("SPAM", "DISCARD")
    assert (told["ham"], told["doubt"], told["unicode"]) == ("HAM", "HAM", "HAM")
    assert (told["submit_spam"], told["submit_ham"]) == (True, True)
    assert told["usage"] >= len(TEXTS)
    assert told["bad_key"] in ("APIKeyError", "ProtocolError")
    told = out["openai"]
    assert (told["one"], told["list"][:2], told["parts"]) == ([False], [False, True], [True])
    assert (len(told["list"]), len(told["long"]), told["categories"]) == (3, 1, 13)
    assert told["request_id"]
    assert (told["bad_key"], told["bad_input"]) == ("AuthenticationError", "BadRequestError")


def test_node_akismet_clients(asked, modules):
    out = asked("node", str(CLIENTS / "akismet_clients.js"), **modules)
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


def test_node_openai_client(asked, modules):
    out = asked("node", str(CLIENTS / "openai_client.js"), given=TEXTS | {"insult": INSULT}, **modules)
    assert (out["one"], out["list"][:2], out["parts"]) == ([False], [False, True], [True])
    assert out["requestId"]
    assert out["badKey"] == "AuthenticationError 401 invalid_api_key"
    assert out["badInput"].startswith("BadRequestError 400")


def test_perl_client(asked):
    have = ["perl", "-MNet::Akismet", "-e", "1"]
    if not shutil.which("perl") or subprocess.run(have, capture_output=True, check=False).returncode:
        pytest.skip("no Net::Akismet: install the package libnet-akismet-perl")
    out = asked("perl", str(CLIENTS / "akismet_client.pl"))
    assert (out["spam"], out["ham"], out["unicode"], out["bad"]) == ("true", "false", "false", 0)
    assert (out["spam_reported"], out["ham_reported"]) == (1, 1)


def test_ruby_client(asked):
    have = ["ruby", "-e", "require 'akismet'"]
    if not shutil.which("ruby") or subprocess.run(have, capture_output=True, check=False).returncode:
        pytest.skip("no akismet for Ruby: install the package ruby-akismet")
    out = asked("ruby", str(CLIENTS / "akismet_client.rb"))
    assert (out["verify"], out["bad"]) == (True, False)
    assert (out["spam"], out["ham"], out["unicode"]) == (True, False, False)
    assert out["refused"] == "Akismet::Error"


def test_libraries_of_receivers(installation, courier, hook, python):
    before = len(hook.got)
    posted = installation.call("POST", "/v1/comments", submission("hook-1"), key=courier["key"])
    assert posted.status == 202
    until(lambda: len(hook.got) > before)
    received = [{"headers": one.headers, "body": one.body.decode()} for one in hook.got[before:]]
    given = {"secret": courier["webhook_secret"], "received": received}
    out = json.loads(ran(python, str(CLIENTS / "webhook_receivers.py"), given=given))
    assert out["svix"] == out["standardwebhooks"]
    assert out["svix"]


def test_a_hanging_broker_and_a_hanging_worker_change_nothing(installation, courier):
    hanging = [installation.broker(), *workers(installation)]
    assert len(hanging) > 1
    for process in hanging:
        os.kill(process, signal.SIGSTOP)
    try:
        told = {"api_key": courier["akismet_key"], "blog": "https://courier.example", "user_ip": ""}
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        for name, word in (("spam", b"true"), ("doubt", b"false")):
            body = urlencode({**told, "comment_content": f"{TEXTS[name]} All is quiet."}).encode()
            answer = installation.call("POST", "/1.1/comment-check", body, headers=form)
            assert (answer.body, answer.seconds < 2) == (word, True)
        answer = installation.call("POST", "/v1/moderations", {"input": INSULT}, key=courier["key"])
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


def test_googles_python_library(installation, coral, python):
    found = outcomes(python, str(CLIENTS / "perspective_google.py"), installation.url, coral)
    assert found == dict.fromkeys(found, True)
    assert len(found) == 14


def test_the_npm_client(installation, coral, node):
    found = outcomes("node", str(CLIENTS / "perspective_npm.js"), str(node), installation.url, coral)
    assert found == dict.fromkeys(found, True)
    assert len(found) == 11


def test_corals_own_requests_are_answered_in_time(installation, coral, hook):
    analyze = {
        "comment": {"text": RUDE},
        "doNotStore": True,
        "requestedAttributes": {"TOXICITY": {}},
        "languages": ["en"],
    }
    context = {"url": "https://courier.example/bridge?commentID=c1", "Coral_comment_id": "c1"}
    suggest = {
        "comment": {"text": RUDE},
        "context": {"entries": [{"text": json.dumps(context)}]},
        "attributeScores": {"TOXICITY": {"summaryScore": {"value": 1}}},
        "languages": ["en"],
        "communityId": "Coral:https://coral.courier.example",
        "clientToken": "comment:c1",
    }
    phase = {
        "action": "NEW",
        "comment": {"body": RUDE, "parentID": None},
        "author": {"id": "baf4e943-3594-4fcc-b2ba-3e8de7a76352", "role": "COMMENTER"},
        "story": {"id": "245b3856", "url": "https://courier.example/bridge"},
        "site": {"id": "a4bede88"},
        "tenantID": "19ba5794",
        "tenantDomain": "localhost",
    }
    terms = (f"coral_secret=old,{CORAL_SECRET}", "compat_mode=queue", "toxicity.reject=", "toxicity.hold=0.5")
    installation.run("site", "set", "coral", *terms)
    path = f"/v1alpha1/comments:analyze?key={coral}"
    until(lambda: "moderation" in installation.call("POST", path, analyze).json, 5)
    scored = installation.call("POST", path, analyze)
    assert scored.json["attributeScores"]["TOXICITY"]["summaryScore"]["value"] > 0.8
    kept = installation.call("POST", f"/v1alpha1/comments:suggestscore?key={coral}", suggest)
    assert (kept.status, kept.json["clientToken"]) == (200, "comment:c1")
    raw = json.dumps(phase).encode()
    signed = {"X-Coral-Signature": f"sha256={sign(CORAL_SECRET, raw)}"}
    judged = installation.call("POST", "/sites/coral/coral/phase", raw, headers=signed)
    assert judged.json == {
        "status": "SYSTEM_WITHHELD",
        "actions": [{"actionType": "FLAG", "reason": "COMMENT_DETECTED_TOXIC"}],
    }
    assert max(scored.seconds, kept.seconds, judged.seconds) < CORAL_SECONDS
    until(lambda: any(b"comment.held" in one.body and RUDE.encode() in one.body for one in hook.got), 30)
    held = installation.run("comments", "--site", "coral", "--status", "held", "--json").splitlines()
    assert len(held) == 1


def test_nothing_of_a_text_is_written_where_it_must_not_be(installation, coral):
    path = f"/v1alpha1/comments:analyze?key={coral}"
    canaries = [f"quetzalcanary{number}marigold" for number in range(3)]

    def ask(word, path=path, **more):
        body = {
            "comment": {"text": f"What a {word} you are, idiot."},
            "requestedAttributes": {"TOXICITY": {}},
        }
        return installation.call("POST", path, body | more)

    installation.run("site", "set", "coral", "compat_mode=queue")
    until(lambda: "moderation" in ask(canaries[0], doNotStore=True).json, 5)
    assert "moderation" in ask(canaries[1], doNotStore=True, spanAnnotations=True, clientToken="t-9").json
    installation.run("site", "set", "coral", "compat_mode=score")
    until(lambda: "moderation" not in ask(canaries[0], doNotStore=True).json, 5)
    assert ask(canaries[2]).status == 200
    assert ask(canaries[2], languages=["xx"]).status == 400
    assert ask(canaries[2], f"{path}wrong").status == 400
    files = [file for file in installation.home.rglob("*") if file.is_file()]
    searched = sum(holds_none(file, [*canaries, coral]) for file in (*files, installation.output))
    assert searched > 100_000


def holds_none(file, words):
    """Check that a file holds no word in any of six forms; return its size in bytes."""
    content = file.read_bytes()
    for word in words:
        raw = word.encode()
        digest = hashlib.sha256(raw).hexdigest().encode()
        forms = (
            raw,
            raw.upper(),
            raw.hex().encode(),
            base64.b64encode(raw),
            digest,
            word.encode("utf-16-le"),
        )
        assert not any(form in content for form in forms), f"{file.name} holds it"
    return len(content)
