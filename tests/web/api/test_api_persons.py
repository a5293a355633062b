"""A site erases or hands over what one person wrote: all of it, nothing of anyone else, with a receipt that holds."""

import json
from itertools import cycle

import pytest

from service.domain.audit_log import UnkeyedSigner, walk
from service.domain.status import Status
from service.domain.verdict import Action
from service.privacy.signatures import StatementError, check
from service.usecases import answer as answer_appeal
from service.usecases import appeal
from service.usecases.appeal import Answer
from tests.factories import ADDRESS
from tests.web.api.caller import problem, submission

BO = "bo.unique.canary@example.org"
BY_BO = {"author": {"name": "Bo", "email": BO}}
WRITTEN = 50


def erase(newsroom, email=ADDRESS, **more):
    return newsroom.call("POST", "/v1/erasures", json={"email": email}, **more)


def export_of(newsroom, email=ADDRESS):
    return newsroom.call("POST", "/v1/exports", json={"email": email})


def keys(newsroom):
    return newsroom.call("GET", "/.well-known/replydesk.json", None).json["receipt_keys"]


def written(newsroom, email, prefix, count):
    """Let one person write comments, which come to stand in every state that there is."""
    turns = cycle(["pending", "held", "approved", "rejected", "spam", "unpublished", "withdrawn", "revised"])
    for n, turn in zip(range(count), turns, strict=False):
        name = f"{prefix}-{n}"
        text = f"{prefix} wrote number {n}. Call +49 30 901820!"
        given = submission(id=name, author={"name": prefix, "email": email}, body=text)
        assert newsroom.post(given).status_code == 202
        if turn == "pending":
            continue
        newsroom.settle(name)
        if turn == "unpublished":
            newsroom.review(Action.APPROVE, name)
        elif turn == "withdrawn":
            newsroom.call("DELETE", f"/v1/comments/{name}")
        elif turn in ("approved", "rejected", "spam"):
            current = newsroom.get(f"/v1/comments/{name}").json["decision"]
            action = {"approved": "approve", "rejected": "reject", "spam": "spam"}[turn]
            newsroom.decide(action, name, note=f"about {prefix}", reason=f"as {prefix}", replaces=current)
        elif turn == "revised":
            assert newsroom.post({**given, "body": f"{prefix} thought again about {n}."}).status_code == 202


def test_a_person_with_fifty_comments_in_all_states_is_forgotten(real_newsroom):
    newsroom = real_newsroom
    written(newsroom, ADDRESS, "ada", WRITTEN)
    written(newsroom, BO, "bo", 10)
    others = export_of(newsroom, BO).json["comments"]
    assert len(others) == 10
    assert {one.status for one in newsroom.comments()} == set(Status) - {Status.ERASED}
    answer = erase(newsroom)
    assert (answer.status_code, ADDRESS in answer.text) == (200, False)
    receipt = check(answer.json, keys(newsroom))
    assert receipt["comments_in_all"] == receipt["touched"]["comments"] == WRITTEN
    assert {one["id"] for one in receipt["comments"]} == {f"ada-{n}" for n in range(WRITTEN)}
    for table in ("contacts", "originals", "notes", "labels", "revisions", "deliveries"):
        assert receipt["touched"][table] > 0, table
    assert export_of(newsroom).json["comments"] == []
    assert export_of(newsroom, BO).json["comments"] == others
    assert not [one for one in newsroom.published_ids() if one.startswith("ada")]
    assert [one.body for one in newsroom.comments() if one.id.startswith("ada")] == [""] * WRITTEN
    told = [one for one in newsroom.callbacks() if (one.type, one.state) == ("comment.erased", "waiting")]
    assert len(told) == newsroom.feed().count(Action.ERASE) == WRITTEN
    data = json.loads(told[0].payload)["data"]
    assert data["comment"]["body"] == data["comment"]["name"] == ""
    assert data["reason"].startswith("er-")
    assert not [one for one in newsroom.callbacks() if b"ada wrote" in one.payload]
    links, head = newsroom.rows(lambda tx: (tx.audit_log.after(0, 999), tx.audit_log.head()))
    assert walk(links, head, UnkeyedSigner()).holds
    assert [one.act.who for one in links if one.act and one.act.act == "erase"] == ["site courier"]


def test_erased_is_final(newsroom):
    newsroom.post()
    newsroom.settle()
    erase(newsroom)
    problem(newsroom.get("/v1/comments/c-1"), 404, "gone")
    problem(newsroom.post(submission(body="I am back.")), 409, "final")
    problem(newsroom.post(), 409, "final")
    problem(newsroom.decide("approve"), 409, "final")
    problem(newsroom.call("POST", "/v1/comments/c-1/undo"), 409, "final")
    again = erase(newsroom)
    assert check(again.json, keys(newsroom))["comments_in_all"] == 0


def test_a_text_that_an_erasure_kept_can_be_taken_off(newsroom):
    newsroom.tune(erased_texts="keep")
    newsroom.post()
    newsroom.settle()
    newsroom.decide("approve", replaces=newsroom.get("/v1/comments/c-1").json["decision"])
    erase(newsroom)
    assert newsroom.comment().body == submission()["body"]
    assert newsroom.call("DELETE", "/v1/comments/c-1").json["status"] == "erased"
    assert (newsroom.comment().body, newsroom.published()) == ("", [])
    problem(newsroom.call("DELETE", "/v1/comments/c-1"), 404, "not-found")


@pytest.mark.parametrize("spelling", [ADDRESS, ADDRESS.upper(), f"  {ADDRESS} "])
def test_an_address_is_found_however_it_is_spelled(newsroom, spelling):
    newsroom.post()
    tagged = ADDRESS.replace("@", "+news@")
    assert check(erase(newsroom, tagged).json, keys(newsroom))["comments_in_all"] == 0
    assert check(erase(newsroom, spelling).json, keys(newsroom))["comments_in_all"] == 1


def test_another_site_cannot_erase_here(newsroom):
    newsroom.post()
    assert check(erase(newsroom, key=newsroom.herald.key).json, keys(newsroom))["comments_in_all"] == 0
    problem(erase(newsroom, key=None), 401, "unauthorized")
    assert newsroom.comment().status is Status.PENDING


@pytest.mark.parametrize("email", ["no address", "", None, 7, ["a@b.example"], "x" * 400 + "@example.org"])
def test_what_is_no_address_is_refused_without_being_repeated(newsroom, email):
    for path in ("/v1/erasures", "/v1/exports"):
        answer = newsroom.call("POST", path, json={"email": email})
        told = problem(answer, 422, "validation")
        assert told["errors"][0]["field"] == "email"
        assert not (isinstance(email, str) and email and email in answer.text)


def test_a_changed_receipt_does_not_hold(newsroom):
    newsroom.post()
    receipt = erase(newsroom).json
    published = keys(newsroom)
    check(receipt, published)
    changed = [
        {**receipt, "receipt": {**receipt["receipt"], "comments_in_all": 2}},
        {**receipt, "signature": {**receipt["signature"], "value": "A" * 86}},
        {**receipt, "signature": {**receipt["signature"], "key": "0" * 16}},
        {**receipt, "signature": {**receipt["signature"], "value": "*"}},
        {**receipt, "signature": None},
        {"receipt": []}, [], None, "receipt",
    ]  # fmt: skip
    for one in changed:
        with pytest.raises(StatementError, match="no statement"):
            check(one, published)
    with pytest.raises(StatementError):
        check(receipt, [])


def test_an_export_is_whole_and_shows_nobody_else(newsroom):
    written(newsroom, ADDRESS, "ada", 8)
    written(newsroom, BO, "bo", 4)
    current = newsroom.comment("ada-1").decision_id
    newsroom.review(Action.HOLD, "ada-1", replaces=current, note="rude to the mayor")
    answer = export_of(newsroom)
    assert answer.status_code == 200
    export = answer.json
    assert [one["id"] for one in export["comments"]] == [f"ada-{n}" for n in range(8)]
    assert export["complete"] is True
    revised = export["comments"][7]
    assert [text["revision"] for text in revised["texts"]] == [1, 2]
    assert export["comments"][0]["texts"][0]["kept_encrypted_as_typed"] == ["body"]
    assert export["comments"][3]["status"] == "rejected"
    assert export["comments"][3]["will_be_deleted_at"] == "2027-02-20T12:00:00Z"
    for secret in ("bo wrote", "Mara", "rude to the mayor", "901820", ADDRESS, BO):
        assert secret not in answer.text
    assert newsroom.comment("ada-0").author_key not in answer.text
    assert answer.headers["Cache-Control"] == "no-store"


def test_an_export_leaves_out_what_another_wrote_under_the_same_id(newsroom):
    newsroom.post(submission(**BY_BO, body="bo wrote this one first."))
    newsroom.settle()
    current = newsroom.get("/v1/comments/c-1").json["decision"]
    newsroom.decide("reject", reason="too much of bo", replaces=current)
    newsroom.post(submission(body="Ada wrote this instead."))
    answer = export_of(newsroom)
    (mine,) = answer.json["comments"]
    assert [(one["revision"], one["body"]) for one in mine["texts"]] == [(2, "Ada wrote this instead.")]
    assert mine["decisions"] == []
    for secret in ("bo wrote", "Bo", "too much of bo"):
        assert secret not in answer.text


def test_an_export_holds_what_another_wrote_over(real_newsroom):
    newsroom = real_newsroom
    newsroom.post(submission(body="Ada wrote this one first."))
    newsroom.settle()
    newsroom.post(submission(**BY_BO, body="bo wrote over it.", client={"user_agent": "Of Bo"}))
    newsroom.post(submission(id="c-2", body="Ada wrote this one second."))
    answer = export_of(newsroom)
    first, second = answer.json["comments"]
    assert [(one["revision"], one["body"]) for one in first["texts"]] == [(1, "Ada wrote this one first.")]
    assert (first["status"], first["published"], first["sealed_box"]) == ("superseded", False, False)
    assert [one["action"] for one in first["decisions"]] == ["hold"]
    assert (second["id"], second["status"]) == ("c-2", "pending")
    for secret in ("bo wrote", "Bo", BO):
        assert secret not in answer.text


def test_an_export_holds_appeals_and_their_answers(newsroom):
    newsroom.post()
    newsroom.review(Action.REJECT, delay=0)
    deps, site = newsroom.deps, newsroom.courier.site
    made = appeal(deps, site, "c-1", "I meant it kindly.")
    found = export_of(newsroom).json["comments"][0]["appeals"]
    assert [(one["text"], one["answer"]) for one in found] == [("I meant it kindly.", None)]
    answer_appeal(deps, site, made.id, Answer(False, "It stays as it is.", "Noor"), 0)
    exported = export_of(newsroom)
    assert exported.json["comments"][0]["appeals"][0]["answer"] == "It stays as it is."
    assert "Noor" not in exported.text
