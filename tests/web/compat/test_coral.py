"""Coral: its phase answered in its own words, its signatures, and its comments joined, queued and learnt from."""

import json

import pytest

from service.compat.coral import phase
from service.compat.coral.signature import sign
from service.domain.facts import Facts
from service.domain.options import stored
from service.domain.policy import Cut, Policy, decide
from service.domain.status import Status
from service.domain.verdict import Action, Assessment
from service.usecases.sites import settings_of
from tests.web.api.naughty import MALFORMED, NO_OBJECTS
from tests.web.compat.coral_cases import (
    AUTHOR,
    KIND,
    RUDE,
    SECRET,
    STORY_URL,
    asked,
    comment,
    coral,
    event,
    post,
)

TOXIC = {"actionType": "FLAG", "reason": "COMMENT_DETECTED_TOXIC"}
SPAM = {"actionType": "FLAG", "reason": "COMMENT_DETECTED_SPAM"}
QUEUE = {"compat_mode": "queue", "coral_token": "letmein"}
REFUSED = {
    "actions": [TOXIC],
    "status": "REJECTED",
    "moderationAction": {"status": "REJECTED", "rejectionReason": {"code": "OFFENSIVE"}},
}
STATUSES = {"NONE", "APPROVED", "REJECTED", "PREMOD", "SYSTEM_WITHHELD"}


@pytest.fixture
def desk(fresh):
    """A newsroom whose Coral has a secret here, and whose policy holds at .5 and refuses never."""
    fresh.tune(coral_secret=SECRET, **{"toxicity.hold": "0.5", "toxicity.reject": ""})
    return fresh


def told(newsroom, body, **more):
    """Ask the phase and return its answer, which Coral's own schema must take."""
    response = post(newsroom, "phase", body, **more)
    assert response.status_code == 200, response.text
    found = json.loads(response.data)
    assert set(found) <= {"status", "actions", "moderationAction"}
    assert found.get("status", "NONE") in STATUSES
    assert all(one in (TOXIC, SPAM) for one in found.get("actions", []))
    return found


def happened(newsroom, kind):
    """Send an event and return its answer."""
    return json.loads(post(newsroom, "events", event(kind)).data)


@pytest.mark.parametrize(
    ("label", "answer"),
    [
        ("self_harm", {"status": "PREMOD"}),
        ("personal_info", {"status": "PREMOD"}),
        ("sexual", REFUSED),
        ("refuse", REFUSED),
    ],
)
def test_each_label_has_corals_words(label, answer):
    policy = Policy(cuts={label: Cut(hold=0.5, reject=0.9)}) if answer == REFUSED else Policy()
    verdict = decide(Assessment({label: 0.95}, "made-up-1"), Facts(body=KIND), policy)
    assert phase.answer(verdict, decides=True) == answer
    assert phase.answer(verdict, decides=False) == {
        name: said for name, said in answer.items() if name == "actions"
    }


def test_score_mode_flags_and_leaves_the_status_to_coral(desk):
    assert told(desk, asked(RUDE)) == told(desk, asked(f"<div>{RUDE}<br></div>")) == {"actions": [TOXIC]}
    for fine in (KIND, "<div><br></div>", ""):
        assert told(desk, asked(fine)) == {}
    assert desk.comments() == []


def test_decide_mode_says_what_the_policy_says(desk):
    desk.tune(compat_mode="decide", hold_words="hedgehog")
    assert told(desk, asked(RUDE)) == {"actions": [TOXIC], "status": "SYSTEM_WITHHELD"}
    assert told(desk, asked("A hedgehog crossed the bridge this morning.")) == {"status": "PREMOD"}
    desk.tune(**{"toxicity.reject": "0.6"})
    assert told(desk, asked(RUDE)) == REFUSED
    desk.tune(spam_words="buy followers")
    refused = told(desk, asked("Come and buy followers here, my friends of the bridge."))
    assert (refused["status"], refused["actions"]) == ("REJECTED", [SPAM])
    assert refused["moderationAction"]["rejectionReason"] == {"code": "SPAM"}
    assert told(desk, asked(KIND)) == {}
    assert desk.comments() == []


def test_queue_mode_puts_it_on_the_desk_and_the_decision_flows_back(desk):
    with coral({"c-77": comment()}) as url:
        desk.tune(coral_url=url, **QUEUE)
        assert told(desk, asked(RUDE))["status"] == "SYSTEM_WITHHELD"
        (held,) = desk.comments()
        assert (held.status, held.article.url, bool(held.verdict.spans)) == (Status.HELD, STORY_URL, True)
        assert held.author_name == f"reader {AUTHOR[:8]}"
        assert happened(desk, "COMMENT_CREATED") == {"joined": True}
        assert happened(desk, "COMMENT_CREATED") == {"joined": True}
    desk.review(Action.REJECT, held.id, delay=0)
    data = json.loads(desk.callbacks()[-1].payload)["data"]
    assert (data["status"], data["origin"]["system"]) == ("rejected", "coral")
    assert data["origin"]["comment_id"] == "c-77"
    assert len(desk.comments()) == 1


def test_what_the_phase_missed_is_taken_in_from_the_webhook(desk):
    with coral({"c-77": comment(body="A comment from before the switch.")}) as url:
        desk.tune(coral_url=url, **QUEUE)
        assert happened(desk, "COMMENT_REPLY_CREATED") == {"joined": False}
    (one,) = desk.comments()
    assert (one.id, one.status) == ("coral:c-77", Status.PENDING)
    assert one.body == "A comment from before the switch."


def test_what_corals_moderators_decided_is_learnt_once(desk):
    with coral({"c-77": comment(status="REJECTED")}) as url:
        desk.tune(coral_url=url, **QUEUE)
        told(desk, asked(RUDE))
        for _ in range(2):
            happened(desk, "COMMENT_LEFT_MODERATION_QUEUE")
    (one,) = desk.comments()
    assert (one.status, desk.labels(one.pk)) == (Status.REJECTED, [(Action.REJECT, "coral")])


def test_paragraphs_and_signs_are_the_same_in_corals_html_and_plain_text(desk):
    plain = f"{RUDE} A &amp; B.\nSecond line.\nThird\xa0line: one,two"
    html = (
        f"{RUDE} A &amp; B.</div><div>Second line.</div><div><br></div>"
        "<p>Third&nbsp;line: <b>one</b>,<ul><li>two</li></ul></p><div>"
    )
    with coral({"c-77": comment(body=html, status="REJECTED")}) as url:
        desk.tune(coral_url=url, **QUEUE)
        told(desk, asked(plain))
        for kind in ("COMMENT_CREATED", "COMMENT_LEFT_MODERATION_QUEUE"):
            assert happened(desk, kind) == {"joined": True}
    (one,) = desk.comments()
    assert one.status is Status.REJECTED


@pytest.mark.parametrize(
    "text",
    [
        "<b you are a stupid idiot and everybody here knows it>",
        "<i think you are a stupid idiot and everybody knows it>",
        'A good day. <p you="stupid idiot" you are a stupid idiot>',
        '<a href="you are a stupid idiot and everybody knows it">',
        '<span title="you are a stupid idiot and everybody knows it">',
    ],
)
def test_what_only_looks_like_a_tag_is_read(desk, text):
    assert told(desk, asked(text)) == {"actions": [TOXIC]}


@pytest.mark.parametrize(
    ("said", "value", "status"),
    [
        ("DELETED", 1, Status.REJECTED),
        ("APPROVED", 1, Status.APPROVED),
        ("HIGHLIGHTED", 1, Status.APPROVED),
        ("TOXICITY", 0, Status.APPROVED),
    ],
)
def test_corals_feedback_reaches_the_comment_that_its_phase_stored(desk, said, value, status):
    html = f"{RUDE}</div><div>You &amp; yours."
    with coral({"c-77": comment(body=html)}) as url:
        desk.tune(coral_url=url, **QUEUE)
        told(desk, asked(f"{RUDE}\nYou &amp; yours."))
        happened(desk, "COMMENT_CREATED")
    for text in (f"{RUDE}You &amp; yours.", f"<div>{html}</div>"):
        body = {
            "comment": {"text": text},
            "attributeScores": {said: {"summaryScore": {"value": value}}},
            "languages": ["EN"],
            "communityId": "Coral:https://coral.courier.example",
            "clientToken": "comment:c-77",
        }
        response = desk.client.post(f"/v1alpha1/comments:suggestscore?key={desk.courier.key}", json=body)
        assert response.status_code == 200, response.text
    assert [one.status for one in desk.comments()] == [status]


def test_a_coral_that_is_silent_is_asked_to_come_again(desk):
    with coral({}) as url:
        desk.tune(compat_mode="queue", coral_url=url, coral_token="wrong")
        assert post(desk, "events", event("COMMENT_CREATED")).status_code == 503
    assert post(desk, "events", event("COMMENT_CREATED")).status_code == 503  # nobody listens there any more
    assert desk.comments() == []


def test_events_that_need_nothing_are_taken_and_left(desk):
    for body in (event("STORY_CREATED"), event("SOMETHING_NEW"), event("COMMENT_CREATED")):
        response = post(desk, "events", body)
        assert (response.status_code, json.loads(response.data)) == (200, {"joined": False})
    desk.tune(compat_mode="queue")
    assert "coral_url" in happened(desk, "COMMENT_CREATED")["why"]


def test_signatures_hold_over_the_raw_bytes_under_any_secret(desk):
    desk.tune(coral_secret=f"{SECRET},the-new-one")
    raw = json.dumps(asked(RUDE), indent=3).encode()
    for secret in (SECRET, "the-new-one"):
        assert post(desk, "phase", raw, secret=secret).status_code == 200
    both = f"sha256={sign('old', raw)},sha256={sign('the-new-one', raw)}"
    assert post(desk, "phase", raw, header=both).status_code == 200
    wrong = ["", "sha256=", "sha256=00", f"sha1={sign(SECRET, raw)}", "sha256=" + "ü" * 64, "," * 3_000]
    wrong += [f"sha256={sign('guess', raw)}", f"sha256={sign(SECRET, raw + b' ')}"]
    for header in wrong:
        response = post(desk, "phase", raw, header=header.encode().decode("latin-1"))
        assert (response.status_code, "error" in json.loads(response.data)) == (401, True)
    desk.tune(coral_secret="")
    for secret in ("", SECRET):
        assert post(desk, "phase", raw, secret=secret).status_code == 401
    assert desk.client.post("/sites/nobody/coral/phase", data=raw).status_code == 404


HOSTILE = [
    *MALFORMED.values(), *NO_OBJECTS, b'{"action": "NEW", "action": "EDIT"}',
    asked(action="DELETE"), asked(action=None), asked(comment=None), asked(comment="x"), asked(comment={"body": 1}),
    asked(comment={}), asked(author=[]), asked(author={"id": 5}), asked(author={"id": "x" * 5_000}), asked(story={}),
    asked(story={"id": "s", "url": 7}), asked(story={"id": "s", "url": "u" * 9_000}),
    asked(comment={"body": "\ud800", "parentID": None}), asked(comment={"body": "x", "parentID": 5}),
]  # fmt: skip


@pytest.mark.parametrize("body", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_requests_are_refused_in_a_sentence(newsroom, body):
    newsroom.tune(coral_secret=SECRET)
    for path in ("phase", "events"):
        response = post(newsroom, path, body)
        assert 400 <= response.status_code < 500, response.text
        assert set(json.loads(response.data)) == {"error"}


def test_odd_but_sound_requests_are_answered(desk):
    desk.tune(compat_mode="queue")
    odd = [
        asked(RUDE + " 1", story={"id": "s", "url": "javascript:alert(1)"}),
        asked(RUDE + " 2", comment={"body": RUDE + " 2", "parentID": "../../etc"}),
        asked(f"{RUDE}\0 3"),
        asked((RUDE + " ") * 600),
    ]
    for one in odd:
        assert told(desk, one)["status"] in ("SYSTEM_WITHHELD", "REJECTED")
    assert len(desk.comments()) == len(odd)


def test_secrets_are_kept_encrypted_and_never_shown(desk):
    desk.tune(coral_token="tok-very-secret")
    shown = json.dumps(settings_of(desk.site())) + stored(desk.site().options)
    assert SECRET not in shown
    assert "tok-very-secret" not in shown
    assert settings_of(desk.site())["coral_secrets"] == 1


def test_what_was_withdrawn_does_not_come_back_by_a_webhook(desk):
    with coral({"c-77": comment()}) as url:
        desk.tune(coral_url=url, **QUEUE)
        told(desk, asked(RUDE))
        (one,) = desk.comments()
        desk.call("DELETE", f"/v1/comments/{one.id}")
        assert happened(desk, "COMMENT_CREATED") == {"joined": True}
    assert [one.status for one in desk.comments()] == [Status.WITHDRAWN]


@pytest.mark.parametrize(
    ("text", "action", "answer"),
    [
        (KIND, Action.REJECT, "REJECTED"),
        (KIND, Action.SPAM, "REJECTED"),
        (KIND, Action.HOLD, "PREMOD"),
        (RUDE, Action.APPROVE, None),
    ],
)
def test_the_same_text_again_is_what_a_moderator_said_of_it(desk, text, action, answer):
    desk.tune(compat_mode="queue")
    assert ("status" in told(desk, asked(text))) is (text == RUDE)
    (one,) = desk.comments()
    desk.review(action, one.id, delay=0, replaces=one.decision_id)
    assert told(desk, asked(text)).get("status") == answer
