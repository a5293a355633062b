"""A real WordPress with the Akismet plugin and ours: its comments, its wp-admin and the desk say the same."""

import json
import sqlite3
from collections import Counter
from contextlib import closing
from urllib.parse import urlencode

import pytest

from tests.journey.compat.wordpress_site import WordPress, absent
from tests.journey.installation import Installation
from tests.processes import until

SPAM = "Buy cheap viagra online now!!! Best price casino bonus http://pills.example http://casino.example click here"
HAM = "The new bridge saves me twenty minutes every morning, it's a gift to the city."
DOUBT = 'Quorble: the ferry\'s captain said "never again" & left.'
pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
def installation(tmp_path_factory):
    if reason := absent():
        missing_here(reason)
    with Installation(tmp_path_factory.mktemp("installation") / "home") as running:
        yield running


@pytest.fixture(scope="module")
def wordpress(installation, tmp_path_factory):
    """A blog whose Akismet plugin asks the service, and hears its callbacks."""
    made = installation.json("site", "add", "courier", "--url", "http://127.0.0.1")
    blog = WordPress(
        tmp_path_factory.mktemp("blog"),
        f"define('REPLYDESK_URL', '{installation.url}');",
        f"define('REPLYDESK_KEY', '{made['key']}');",
        f"define('REPLYDESK_WEBHOOK_SECRET', '{made['webhook_secret']}');",
    )
    installation.run(
        "site",
        "set",
        "courier",
        "compat_mode=queue",
        "hold_words=quorble",
        f"callback_url={blog.url}/?rest_route=/replydesk/v1/decisions",
    )
    installation.courier_key = made["key"]
    with blog:
        yield blog


def missing_here(reason):
    """WordPress is no part of what CI installs: skip it there too, loudly."""
    pytest.skip(reason)


def stands(installation, comment_id):
    answer = installation.call("GET", f"/v1/comments/{comment_id}", key=installation.courier_key)
    return str(answer.json["status"]) if answer.status == 200 else str(answer.status)


def labels(installation):
    with closing(sqlite3.connect(installation.home / "replydesk.db", timeout=10)) as database:
        told = database.execute("SELECT action, who FROM labels WHERE retracted_at IS NULL")
        return {(action, who) for action, who in told}


def decide(installation, comment_id, action):
    key = installation.courier_key
    now = installation.call("GET", f"/v1/comments/{comment_id}", key=key).json
    body = {"action": action, "replaces": now["decisions"][-1]["decision"]}
    assert installation.call("POST", f"/v1/comments/{comment_id}/decision", body, key=key).status == 200


def test_comments_end_where_the_policy_says(installation, wordpress):
    for text, state, status in ((SPAM, "spam", "spam"), (HAM, "1", "approved"), (DOUBT, "0", "held")):
        assert wordpress.comment(text) == 302
        found = wordpress.found(text)
        assert found["state"] == state
        assert stands(installation, found["id"]) == status


def test_a_decision_here_changes_wp_admin(installation, wordpress):
    text = DOUBT + " One."
    wordpress.comment(text)
    found = wordpress.found(text)
    for action, state in (("approve", "1"), ("spam", "spam"), ("reject", "trash"), ("hold", "0")):
        decide(installation, found["id"], action)
        until(lambda state=state: wordpress.found(text)["state"] == state, 30)


def test_wp_admin_is_heard_here(installation, wordpress):
    text = DOUBT + " Two."
    wordpress.comment(text)
    found = wordpress.found(text)
    wordpress.sign_in()
    for action, status in (
        ("approvecomment", "approved"),
        ("spamcomment", "spam"),
        ("unspamcomment", "held"),
    ):
        wordpress.moderate(found["number"], action)
        expected = ("approved", "held") if action == "unspamcomment" else (status,)
        until(lambda expected=expected: stands(installation, found["id"]) in expected, 30)
    assert ("approve", "akismet") in labels(installation)


def test_a_recheck_is_answered_by_the_desk(installation, wordpress):
    told = {
        "blog": wordpress.url,
        "user_ip": "192.0.2.9",
        "comment_author": "Bo",
        "comment_content": DOUBT + " Three.",
        "api_key": installation.courier_key,
    }
    form = {"Content-Type": "application/x-www-form-urlencoded"}

    def check(**more):
        answer = installation.call(
            "POST", "/1.1/comment-check", urlencode(told | more).encode(), headers=form
        )
        return answer.body, {name.lower(): value for name, value in answer.headers.items()}

    word, headers = check()
    assert (word, headers["x-akismet-recheck-after"]) == (b"false", "300")
    guid = headers["x-akismet-guid"]
    word, headers = check(recheck_reason="recheck", guid=guid)
    assert (word, headers["x-akismet-recheck-after"]) == (b"false", "300")
    decide(installation, guid, "spam")
    word, headers = check(recheck_reason="recheck", guid=guid)
    assert (word, headers["x-akismet-guid"]) == (b"true", guid)
    assert "x-akismet-recheck-after" not in headers


def test_an_export_moves_in(installation, wordpress, tmp_path):
    states = wordpress.fill(5000)
    file = tmp_path / "export.xml"
    file.write_bytes(wordpress.export())
    made = installation.json("site", "add", "herald", "--url", wordpress.url)
    first = installation.json("import", str(file), "--site", "herald")
    assert first["refused"] == 0
    again = installation.json("import", str(file), "--site", "herald")
    assert again == {"imported": 0, "replayed": first["imported"], "revised": 0, "refused": 0}
    listed = [
        json.loads(line) for line in installation.run("comments", "--site", "herald", "--json").splitlines()
    ]
    filled = {one["id"]: one for one in listed if one["body"].startswith("Remark number")}
    assert len(filled) == 5000
    assert Counter(one["status"] for one in filled.values()) == {
        "approved": states["1"],
        "held": states["0"],
        "rejected": states["trash"],
    }
    threaded = [one for one in filled.values() if one["parent_id"]]
    assert len(threaded) == sum(1 for n in range(1, 5001) if n % 3)
    first_of_all = min(threaded, key=lambda one: int(one["id"][3:]))
    assert first_of_all["parent_id"].startswith("k-")  # it answers one that was checked here
    threaded.remove(first_of_all)
    assert all(int(one["parent_id"][3:]) == int(one["id"][3:]) - 1 for one in threaded)
    assert all(one["body"].endswith("on the bridge & its lamps.") for one in filled.values())
    some = next(iter(filled))
    assert installation.call("GET", f"/v1/comments/{some}/contact", key=made["key"]).status == 200
    on_disk = b"".join(one.read_bytes() for one in installation.home.rglob("*") if one.is_file())
    assert b"@mail.example" not in on_disk


def test_without_the_service_comments_wait(installation, wordpress):
    installation.stop()
    text = "Is anybody there? The bridge looks lovely today."
    assert wordpress.comment(text) == 302
    assert wordpress.found(text)["state"] == "0"
    installation.start()
