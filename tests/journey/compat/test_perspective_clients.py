"""Perspective's real clients and Coral's own requests against a running installation, in their versions of today."""

import base64
import hashlib
import json
import shutil
import subprocess
import sys

import pytest

from service.compat.coral.signature import sign
from tests.journey.compat.installing import CLIENTS, installed
from tests.journey.installation import Installation, Receiver
from tests.processes import until

CORAL_SECRET = "ccext-journey-secret"
CORAL_SECONDS = 0.8
"""How long Coral waits for Perspective; a phase of its own waits 200 ms at least, as it is set."""
RUDE = "You are a stupid idiot and everybody here knows it."
pytestmark = [pytest.mark.journey, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def site():
    with Receiver() as receiver:
        yield receiver


@pytest.fixture(scope="module")
def installation(tmp_path_factory, site):
    """A running installation with the site courier; its model is loaded as it starts."""
    home = tmp_path_factory.mktemp("installation") / "home"
    with Installation(home, REPLYDESK_COMPAT="warm") as running:
        made = running.json(
            "site", "add", "courier", "--url", "https://courier.example", "--callback", site.url
        )
        (running.home / "courier.json").write_text(json.dumps(made))
        yield running


def key(installation):
    """The courier's Akismet key, which opens every compatibility API."""
    return str(json.loads((installation.home / "courier.json").read_text())["akismet_key"])


def outcomes(*command):
    """Run a client's checks and return what came of each."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=150)
    assert done.returncode == 0, done.stderr[-2000:]
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    print("\n".join(f"{line['check']}: {line['outcome']}" for line in lines))
    return {line["check"]: line["outcome"] for line in lines}


def test_googles_python_library(installation):
    pip = ["{place}/venv/bin/pip", "install", "--quiet", "-r", "requirements.txt"]
    place = installed("requirements.txt", [sys.executable, "-m", "venv", "{place}/venv"], pip)
    python = str(place / "venv" / "bin" / "python")
    found = outcomes(python, str(CLIENTS / "perspective_google.py"), installation.url, key(installation))
    assert found == dict.fromkeys(found, True)
    assert len(found) == 14


def test_the_npm_client(installation):
    if not shutil.which("npm"):
        pytest.skip("no Node: install node 18 or later with npm")
    place = installed("package.json", ["npm", "install", "--silent", "--no-audit", "--no-fund"])
    found = outcomes(
        "node", str(CLIENTS / "perspective_npm.js"), str(place), installation.url, key(installation)
    )
    assert found == dict.fromkeys(found, True)
    assert len(found) == 11


def test_corals_own_requests_are_answered_in_time(installation, site):
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
    installation.run("site", "set", "courier", *terms)
    path = f"/v1alpha1/comments:analyze?key={key(installation)}"
    until(lambda: "moderation" in installation.call("POST", path, analyze).json, 5)
    scored = installation.call("POST", path, analyze)
    assert scored.json["attributeScores"]["TOXICITY"]["summaryScore"]["value"] > 0.8
    assert scored.seconds < CORAL_SECONDS
    kept = installation.call("POST", f"/v1alpha1/comments:suggestscore?key={key(installation)}", suggest)
    assert (kept.status, kept.json["clientToken"]) == (200, "comment:c1")
    assert kept.seconds < CORAL_SECONDS

    raw = json.dumps(phase).encode()
    signed = {"X-Coral-Signature": f"sha256={sign(CORAL_SECRET, raw)}"}
    judged = installation.call("POST", "/sites/courier/coral/phase", raw, headers=signed)
    assert judged.json == {
        "status": "SYSTEM_WITHHELD",
        "actions": [{"actionType": "FLAG", "reason": "COMMENT_DETECTED_TOXIC"}],
    }
    assert judged.seconds < CORAL_SECONDS
    print(f"analyze {scored.seconds:.3f} s, suggestscore {kept.seconds:.3f} s, phase {judged.seconds:.3f} s")
    until(lambda: any(b"comment.held" in body for _, body in site.received), 30)
    held = installation.run("comments", "--site", "courier", "--status", "held", "--json").splitlines()
    assert len(held) == 1


def test_nothing_of_a_text_is_written_where_it_must_not_be(installation):
    path = f"/v1alpha1/comments:analyze?key={key(installation)}"
    canaries = [f"quetzalcanary{number}marigold" for number in range(3)]

    def ask(word, **more):
        text = {"text": f"What a {word} you are, idiot."}
        return installation.call(
            "POST", path, {"comment": text, "requestedAttributes": {"TOXICITY": {}}, **more}
        )

    installation.run("site", "set", "courier", "compat_mode=queue")
    until(lambda: "moderation" in ask(canaries[0], doNotStore=True).json, 5)
    assert "moderation" in ask(canaries[1], doNotStore=True, spanAnnotations=True, clientToken="t-9").json
    installation.run("site", "set", "courier", "compat_mode=score")
    until(lambda: "moderation" not in ask(canaries[0], doNotStore=True).json, 5)
    assert ask(canaries[2]).status == 200
    assert ask(canaries[2], languages=["xx"]).status == 400
    path += "wrong"
    assert ask(canaries[2]).status == 400
    shutil.copy(installation.output, installation.home / "log-of-up.txt")
    searched = sum(_holds_none(file, [*canaries, key(installation)]) for file in _written(installation))
    assert searched > 100_000
    print(f"{searched:,} bytes searched for {len(canaries)} texts and the key in six forms each: none found")


def _written(installation):
    return [
        file
        for file in installation.home.rglob("*")
        if file.is_file() and file.name not in ("courier.json", "demo-site.json")
    ]


def _holds_none(file, words):
    content = file.read_bytes()
    for word in words:
        raw = word.encode()
        forms = [
            raw,
            raw.upper(),
            raw.hex().encode(),
            base64.b64encode(raw),
            hashlib.sha256(raw).hexdigest().encode(),
        ]
        for form in (*forms, word.encode("utf-16-le")):
            assert form not in content, f"{file.name} holds it"
    return len(content)
