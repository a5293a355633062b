"""What the site is told: the public view, the verdict's view, the callback's bytes; never an address or a key."""

import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone

from service.domain import events
from service.domain.comment import Article, Client, Comment, Source
from service.domain.status import Status
from service.domain.verdict import Action, Effort, Reason, Span, Verdict, Who
from tests.factories import NOON, decision

ADA = Comment(
    pk=9,
    site_id=1,
    id="wp-1",
    revision=2,
    status=Status.APPROVED,
    article=Article("https://courier.example/a"),
    author_name="Ada",
    body="“Fine”, she said. ⟦email⟧",
    submitted_at=NOON,
    received_at=NOON,
    content_hash="digest-of-content",
    source=Source.API,
    parent_id="wp-0",
    website="https://ada.example",
    author_key="author-key-of-ada",
    client=Client("192.0.2.0", "Agent/1", "https://courier.example/"),
)
MO = {"who_kind": Who.MODERATOR, "who": "Mo", "reason": "fine", "seq": 7, "replaces": 40}
APPROVAL = decision(ADA, 41, Action.APPROVE, effective_at=NOON + timedelta(seconds=5), **MO)


def test_the_public_view_has_what_readers_see():
    assert events.public_view(ADA) == {
        "id": "wp-1",
        "revision": 2,
        "article_url": "https://courier.example/a",
        "parent_id": "wp-0",
        "name": "Ada",
        "website": "https://ada.example",
        "body": "“Fine”, she said. ⟦email⟧",
        "submitted_at": "2026-11-22T12:00:00Z",
    }


def test_a_callback_tells_what_was_decided_and_in_which_order():
    told = json.loads(events.payload(ADA, APPROVAL))
    assert (told["type"], told["timestamp"]) == ("comment.approved", "2026-11-22T12:00:05Z")
    assert told["data"]["comment"] == events.public_view(ADA)
    wanted = {"action": "approve", "status": "approved", "reason": "fine", "by": "moderator"}
    wanted |= {"decision": "41", "sequence": 7}
    assert {key: told["data"][key] for key in wanted} == wanted


def test_a_callback_of_the_machine_tells_how_the_text_was_scored():
    scored = replace(ADA, verdict=Verdict(Action.APPROVE, (), effort=Effort.FAST))
    automatic = replace(APPROVAL, who_kind=Who.MACHINE)
    assert json.loads(events.payload(scored, automatic))["data"]["effort"] == "fast"
    assert "effort" not in json.loads(events.payload(scored, APPROVAL))["data"]
    assert "effort" not in json.loads(events.payload(ADA, automatic))["data"]


def test_no_view_shows_what_stays_in_the_house():
    shown = events.payload(ADA, APPROVAL).decode() + json.dumps(events.decision_view(APPROVAL))
    for secret in ("author-key-of-ada", "192.0.2.0", "Agent/1", "digest-of-content", "Mo"):
        assert secret not in shown


def test_every_action_has_its_event_and_bytes_that_stay_the_same():
    assert all(str(events.TYPE_OF[action]).startswith("comment.") for action in Action)
    assert events.payload(ADA, APPROVAL) == events.payload(ADA, APPROVAL)
    assert "“Fine”" in events.payload(ADA, APPROVAL).decode()


def test_a_verdict_shows_its_grounds():
    verdict = Verdict(
        action=Action.HOLD,
        reasons=(Reason("score", "toxicity 0.71.", "toxicity"), Reason("links", "3 links.")),
        scores={"toxicity": 0.71234567},
        spans=(Span(0, 4, "toxicity", 1.5),),
        reads_as="fine",
        language="en",
        model="m-1",
        policy=3,
        effort=Effort.FAST,
    )
    assert events.verdict_view(verdict) == {
        "action": "hold",
        "at_risk": False,
        "scores": {"toxicity": 0.712346},
        "reasons": [
            {"code": "score", "label": "toxicity", "detail": "toxicity 0.71."},
            {"code": "links", "detail": "3 links."},
        ],
        "spans": [{"begin": 0, "end": 4, "label": "toxicity", "weight": 1.5}],
        "reads_as": "fine",
        "language": "en",
        "model": "m-1",
        "policy": 3,
        "effort": "fast",
    }


def test_a_decision_shows_in_utc_when_it_was_undone():
    there = datetime(2026, 11, 22, 13, tzinfo=timezone(timedelta(hours=1)))
    view = events.decision_view(replace(APPROVAL, undone_at=there))
    assert (view["decision"], view["replaces"], view["undone_at"]) == ("41", "40", "2026-11-22T12:00:00Z")
    view = events.decision_view(replace(APPROVAL, replaces=None))
    assert (view["replaces"], view["undone_at"]) == (None, None)
