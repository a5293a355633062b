"""Coral: its phase answered in its own words, its signatures, and its comments joined, queued and learnt from."""

import json

import pytest

from service.compat.coral import phase
from service.compat.coral.signature import sign
from service.domain.facts import Facts
from service.domain.policy import Cut, Policy, decide
from service.domain.status import Status
from service.domain.verdict import Action, Assessment, Who
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
    tune,
)

TOXIC = {"actionType": "FLAG", "reason": "COMMENT_DETECTED_TOXIC"}
SPAM = {"actionType": "FLAG", "reason": "COMMENT_DETECTED_SPAM"}
STATUSES = {"NONE", "APPROVED", "REJECTED", "PREMOD", "SYSTEM_WITHHELD"}


@pytest.fixture
def desk(fresh):
    """A newsroom whose Coral has a secret here, and whose policy holds at .5 and refuses never."""
    tune(fresh, coral_secret=SECRET, **{"toxicity.hold": "0.5", "toxicity.reject": ""})
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


def stored(newsroom):
    with newsroom.context.deps.store.read() as tx:
        return list(tx.comments.page(newsroom.courier.site.id).comments)


@pytest.mark.parametrize("label", ["self_harm", "personal_info"])
def test_what_a_person_should_read_is_held_without_a_flag(label):
    verdict = decide(Assessment({label: 0.9}, "made-up-1"), Facts(body=KIND), Policy())
    assert phase.answer(verdict, decides=True) == {"status": "PREMOD"}
    assert phase.answer(verdict, decides=False) == {}


@pytest.mark.parametrize("label", ["sexual", "refuse"])
def test_the_newer_labels_have_coral_words(label):
    policy = Policy(cuts={label: Cut(hold=0.5, reject=0.9)})
    told = phase.answer(
        decide(Assessment({label: 0.95}, "made-up-1"), Facts(body=KIND), policy), decides=True
    )
    assert told["actions"] == [TOXIC]
    assert told["moderationAction"]["rejectionReason"] == {"code": "OFFENSIVE"}


def test_score_mode_flags_and_leaves_the_status_to_coral(desk):
    assert told(desk, asked(RUDE)) == {"actions": [TOXIC]}
    assert told(desk, asked(KIND)) == {}
    assert stored(desk) == []


def test_decide_mode_says_what_the_policy_says(desk):
    tune(desk, compat_mode="decide", hold_words="hedgehog")
    assert told(desk, asked(RUDE)) == {"actions": [TOXIC], "status": "SYSTEM_WITHHELD"}
    assert told(desk, asked("A hedgehog crossed the bridge this morning.")) == {"status": "PREMOD"}
    tune(desk, **{"toxicity.reject": "0.6"})
    assert told(desk, asked(RUDE)) == {
        "actions": [TOXIC],
        "status": "REJECTED",
        "moderationAction": {"status": "REJECTED", "rejectionReason": {"code": "OFFENSIVE"}},
    }
    tune(desk, spam_words="buy followers")
    refused = told(desk, asked("Come and buy followers here, my friends of the bridge."))
    assert (refused["status"], refused["actions"]) == ("REJECTED", [SPAM])
    assert refused["moderationAction"]["rejectionReason"] == {"code": "SPAM"}
    assert told(desk, asked(KIND)) == {}
    assert stored(desk) == []


def test_queue_mode_puts_it_on_the_desk_and_the_decision_flows_back(desk):
    with coral({"c-77": comment()}) as url:
        tune(desk, compat_mode="queue", coral_url=url, coral_token="letmein")
        assert told(desk, asked(RUDE))["status"] == "SYSTEM_WITHHELD"
        (held,) = stored(desk)
        assert (held.status, held.article.url, held.author_name) == (
            Status.HELD,
            STORY_URL,
            f"reader {AUTHOR[:8]}",
        )
        assert held.verdict.spans
        assert json.loads(post(desk, "events", event("COMMENT_CREATED")).data) == {"joined": True}
        assert json.loads(post(desk, "events", event("COMMENT_CREATED")).data) == {"joined": True}
    desk.review(Action.REJECT, held.id, delay=0)
    with desk.context.deps.store.read() as tx:
        (*_, last) = tx.deliveries.page(desk.courier.site.id, None, 10)
    data = json.loads(last.payload)["data"]
    assert data["status"] == "rejected"
    assert data["origin"]["comment_id"] == "c-77"
    assert data["origin"]["system"] == "coral"
    assert len(stored(desk)) == 1


def test_what_the_phase_missed_is_taken_in_from_the_webhook(desk):
    with coral({"c-77": comment(body="A comment from before the switch.")}) as url:
        tune(desk, compat_mode="queue", coral_url=url, coral_token="letmein")
        assert json.loads(post(desk, "events", event("COMMENT_REPLY_CREATED")).data) == {"joined": False}
    (one,) = stored(desk)
    assert (one.id, one.status, one.body) == (
        "coral:c-77",
        Status.PENDING,
        "A comment from before the switch.",
    )


def test_what_corals_moderators_decided_is_learnt_once(desk):
    with coral({"c-77": comment(status="REJECTED")}) as url:
        tune(desk, compat_mode="queue", coral_url=url, coral_token="letmein")
        told(desk, asked(RUDE))
        for _ in range(2):
            post(desk, "events", event("COMMENT_LEFT_MODERATION_QUEUE"))
    (one,) = stored(desk)
    assert one.status is Status.REJECTED
    with desk.context.deps.store.read() as tx:
        labels = tx.labels.of_comment(one.pk)
    assert [(label.who_kind, label.who, label.action) for label in labels] == [
        (Who.SITE, "coral", Action.REJECT)
    ]


def test_paragraphs_and_signs_are_the_same_in_corals_html_and_plain_text(desk):
    plain = f"{RUDE} A &amp; B.\nSecond line.\nThird\xa0line: one,two"
    html = (
        f"{RUDE} A &amp; B.</div><div>Second line.</div><div><br></div>"
        "<p>Third&nbsp;line: <b>one</b>,<ul><li>two</li></ul></p><div>"
    )
    with coral({"c-77": comment(body=html, status="REJECTED")}) as url:
        tune(desk, compat_mode="queue", coral_url=url, coral_token="letmein")
        told(desk, asked(plain))
        for kind in ("COMMENT_CREATED", "COMMENT_LEFT_MODERATION_QUEUE"):
            assert json.loads(post(desk, "events", event(kind)).data) == {"joined": True}
    (one,) = stored(desk)
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


def test_a_suggestion_of_corals_reaches_the_comment_that_its_phase_stored(desk):
    with coral({"c-77": comment()}) as url:
        tune(desk, compat_mode="queue", coral_url=url, coral_token="letmein")
        told(desk, asked(RUDE))
        post(desk, "events", event("COMMENT_CREATED"))
    body = {
        "comment": {"text": RUDE},
        "attributeScores": {"TOXICITY": {"summaryScore": {"value": 0}}},
        "communityId": "Coral:https://coral.courier.example",
        "clientToken": "comment:c-77",
    }
    response = desk.client.post(f"/v1alpha1/comments:suggestscore?key={desk.courier.key}", json=body)
    assert response.status_code == 200
    (one,) = stored(desk)
    assert one.status is Status.APPROVED


@pytest.mark.parametrize(
    ("said", "status"),
    [("DELETED", Status.REJECTED), ("APPROVED", Status.APPROVED), ("HIGHLIGHTED", Status.APPROVED)],
)
def test_corals_feedback_names_a_status_and_sends_its_html(desk, said, status):
    html = f"{RUDE}</div><div>You &amp; yours."
    with coral({"c-77": comment(body=html)}) as url:
        tune(desk, compat_mode="queue", coral_url=url, coral_token="letmein")
        told(desk, asked(f"{RUDE}\nYou &amp; yours."))
        post(desk, "events", event("COMMENT_CREATED"))
    for text in (f"{RUDE}You &amp; yours.", f"<div>{html}</div>"):
        body = {
            "comment": {"text": text},
            "attributeScores": {said: {"summaryScore": {"value": 1}}},
            "languages": ["EN"],
            "communityId": "Coral:https://coral.courier.example",
            "clientToken": "comment:c-77",
        }
        response = desk.client.post(f"/v1alpha1/comments:suggestscore?key={desk.courier.key}", json=body)
        assert response.status_code == 200, response.text
    (one,) = stored(desk)
    assert one.status is status


def test_a_coral_that_is_silent_is_asked_to_come_again(desk):
    with coral({}) as url:
        tune(desk, compat_mode="queue", coral_url=url, coral_token="wrong")
        assert post(desk, "events", event("COMMENT_CREATED")).status_code == 503
    assert post(desk, "events", event("COMMENT_CREATED")).status_code == 503  # nobody listens there any more
    assert stored(desk) == []


def test_events_that_need_nothing_are_taken_and_left(desk):
    """A story, an unknown type, another mode: joined is false and the answer is 200, so that Coral does not retry."""
    for body in (event("STORY_CREATED"), event("SOMETHING_NEW"), event("COMMENT_CREATED")):
        response = post(desk, "events", body)
        assert (response.status_code, json.loads(response.data)) == (200, {"joined": False})
    tune(desk, compat_mode="queue")
    assert "coral_url" in json.loads(post(desk, "events", event("COMMENT_CREATED")).data)["why"]


def test_signatures_hold_over_the_raw_bytes_under_any_secret(desk):
    tune(desk, coral_secret=f"{SECRET},the-new-one")
    raw = json.dumps(asked(RUDE), indent=3).encode()
    for secret in (SECRET, "the-new-one"):
        assert post(desk, "phase", raw, secret=secret).status_code == 200
    both = f"sha256={sign('old', raw)},sha256={sign('the-new-one', raw)}"
    assert post(desk, "phase", raw, header=both).status_code == 200
    wrong = ["", "sha256=", "sha256=00", f"sha1={sign(SECRET, raw)}", "sha256=" + "ü" * 64, "," * 3_000]
    wrong += [f"sha256={sign('guess', raw)}", f"sha256={sign(SECRET, raw + b' ')}"]
    for header in wrong:
        response = post(desk, "phase", raw, header=header.encode().decode("latin-1"))
        assert response.status_code == 401
        assert "error" in json.loads(response.data)


def test_a_site_without_a_secret_opens_to_nobody(fresh):
    raw = json.dumps(asked()).encode()
    for secret in ("", SECRET):
        assert post(fresh, "phase", raw, secret=secret).status_code == 401
    assert fresh.client.post("/sites/nobody/coral/phase", data=raw).status_code == 404


def test_html_and_pictures(desk):
    assert told(desk, asked(f"<div>{RUDE}<br></div>")) == {"actions": [TOXIC]}
    assert told(desk, asked("<div><br></div>")) == {}
    assert told(desk, asked("")) == {}


HOSTILE = [
    b"", b"{", b"[]", b"null", b"\xff", b'{"action": "NEW", "action": "EDIT"}', b"[" * 50_000,
    asked(action="DELETE"), asked(action=None), asked(comment=None), asked(comment="x"), asked(comment={"body": 1}),
    asked(comment={}), asked(author=[]), asked(author={"id": 5}), asked(author={"id": "x" * 5_000}), asked(story={}),
    asked(story={"id": "s", "url": 7}), asked(story={"id": "s", "url": "u" * 9_000}),
    asked(comment={"body": "\ud800", "parentID": None}), asked(comment={"body": "x", "parentID": 5}),
]  # fmt: skip


@pytest.mark.parametrize("body", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_requests_are_refused_in_a_sentence(newsroom, body):
    tune(newsroom, coral_secret=SECRET)
    for path in ("phase", "events"):
        response = post(newsroom, path, body)
        assert 400 <= response.status_code < 500, response.text
        assert set(json.loads(response.data)) == {"error"}


def test_odd_but_sound_requests_are_answered(desk):
    tune(desk, compat_mode="queue")
    odd = [
        asked(RUDE + " 1", story={"id": "s", "url": "javascript:alert(1)"}),
        asked(RUDE + " 2", comment={"body": RUDE + " 2", "parentID": "../../etc"}),
        asked(f"{RUDE}\0 3"),
        asked((RUDE + " ") * 600),
    ]
    for one in odd:
        assert told(desk, one)["status"] in ("SYSTEM_WITHHELD", "REJECTED")
    assert len(stored(desk)) == len(odd)


def test_secrets_are_kept_encrypted_and_never_shown(desk):
    from service.domain.options import stored as stored_options
    from service.usecases.sites import settings_of

    tune(desk, coral_token="tok-very-secret")
    with desk.context.deps.store.read() as tx:
        site = tx.sites.get("courier")
    shown = json.dumps(settings_of(site)) + stored_options(site.options)
    assert SECRET not in shown
    assert "tok-very-secret" not in shown
    assert settings_of(site)["coral_secrets"] == 1


def test_what_was_withdrawn_does_not_come_back_by_a_webhook(desk):
    with coral({"c-77": comment()}) as url:
        tune(desk, compat_mode="queue", coral_url=url, coral_token="letmein")
        told(desk, asked(RUDE))
        (one,) = stored(desk)
        desk.call("DELETE", f"/v1/comments/{one.id}")
        assert json.loads(post(desk, "events", event("COMMENT_CREATED")).data) == {"joined": True}
    assert [one.status for one in stored(desk)] == [Status.WITHDRAWN]


@pytest.mark.parametrize(
    ("action", "answer"), [(Action.REJECT, "REJECTED"), (Action.SPAM, "REJECTED"), (Action.HOLD, "PREMOD")]
)
def test_the_same_text_again_is_what_a_moderator_said_of_it(desk, action, answer):
    tune(desk, compat_mode="queue")
    assert told(desk, asked(KIND)) == {}
    (one,) = stored(desk)
    desk.review(action, one.id, delay=0, replaces=one.decision_id)
    assert told(desk, asked(KIND))["status"] == answer


def test_what_a_moderator_approved_is_no_longer_withheld(desk):
    tune(desk, compat_mode="queue")
    assert "status" in told(desk, asked(RUDE))
    (one,) = stored(desk)
    desk.review(Action.APPROVE, one.id, delay=0, replaces=one.decision_id)
    assert told(desk, asked(RUDE)) == {}
