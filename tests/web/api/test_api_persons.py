"""A site erases or hands over what one person wrote: all of it, nothing of anyone else, with a receipt that holds."""

import json
from datetime import timedelta
from itertools import cycle

import pytest

from service.domain.audit_log import UnkeyedSigner, walk
from service.domain.status import Status
from service.domain.verdict import Action
from service.privacy.signatures import StatementError, check
from service.usecases import answer as answer_appeal
from service.usecases import appeal
from service.usecases.appeal import Answer
from service.usecases.sites import tune_site
from tests.factories import ADDRESS, NOON, draft
from tests.web.api.caller import ARTICLE, problem, submission

BO = "bo.unique.canary@example.org"
WRITTEN = 50


def erase(newsroom, email=ADDRESS, **more):
    return newsroom.call("POST", "/v1/erasures", json={"email": email}, **more)


def keys(newsroom):
    return newsroom.call("GET", "/.well-known/replydesk.json", None).json["receipt_keys"]


def written(newsroom, email, prefix, count):
    """Let one person write `count` comments, and let them come to stand in every state that there is."""
    turns = cycle(["pending", "held", "approved", "rejected", "spam", "unpublished", "withdrawn", "revised"])
    for n, turn in zip(range(count), turns, strict=False):
        name = f"{prefix}-{n}"
        given = submission(
            id=name,
            author={"name": prefix, "email": email},
            body=f"{prefix} wrote number {n}. Call +49 30 901820!",
        )
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


def everything(newsroom, prefix):
    """Everything that is stored of one person's comments, for comparing."""
    with newsroom.context.deps.store.read() as tx:
        found = []
        for n in range(WRITTEN):
            comment = tx.comments.get(newsroom.courier.site.id, f"{prefix}-{n}")
            if comment is None:
                continue
            decisions = tx.decisions.of_comment(comment.pk)
            found += [comment, decisions, tx.labels.of_comment(comment.pk), tx.sealed.contact_box(comment.pk)]
            found += [tx.erasure.superseded(comment.pk), tx.sealed.originals(comment.pk, 1)]
            found += [tx.decisions.notes([one.id for one in decisions])]
            found += [one for one in tx.deliveries.page(None, None, 999) if one.comment_pk == comment.pk]
        return found


def test_a_person_with_fifty_comments_in_all_states_is_forgotten(real_newsroom):
    written(real_newsroom, ADDRESS, "ada", WRITTEN)
    written(real_newsroom, BO, "bo", 10)
    others = everything(real_newsroom, "bo")
    states = {real_newsroom.comment(f"ada-{n}").status for n in range(WRITTEN)}
    assert states == set(Status) - {Status.ERASED}
    answer = erase(real_newsroom)
    assert answer.status_code == 200
    receipt = check(answer.json, keys(real_newsroom))
    assert receipt["comments_in_all"] == WRITTEN
    assert {one["id"] for one in receipt["comments"]} == {f"ada-{n}" for n in range(WRITTEN)}
    assert receipt["touched"]["comments"] == WRITTEN
    for table in ("contacts", "originals", "notes", "labels", "revisions", "deliveries"):
        assert receipt["touched"][table] > 0, table
    assert everything(real_newsroom, "bo") == others
    _is_gone(real_newsroom)
    with real_newsroom.context.deps.store.read() as tx:
        assert walk(tx.audit_log.after(0, 999), tx.audit_log.head(), UnkeyedSigner()).holds
    assert ADDRESS not in answer.text


def _is_gone(newsroom):
    """Nothing of Ada is in any row; each of her comments told the site that it was erased, as the last word."""
    dumped = repr(everything(newsroom, "ada"))
    assert "ada wrote" not in dumped
    assert "about ada" not in dumped
    assert "as ada" not in dumped
    with newsroom.context.deps.store.read() as tx:
        waiting = tx.deliveries.page(newsroom.courier.site.id, "waiting", 999)
        told = [one for one in waiting if one.type == "comment.erased"]
        assert len(told) == WRITTEN
        body = json.loads(told[0].payload)
        assert body["data"]["comment"]["body"] == body["data"]["comment"]["name"] == ""
        assert body["data"]["reason"].startswith("er-")
        feed = tx.decisions.feed(newsroom.courier.site.id, 0, 999)
        assert [one.action for one, _ in feed].count(Action.ERASE) == WRITTEN
    shown = newsroom.get(f"/v1/sites/courier/published?article_url={ARTICLE}").json
    assert not [one for one in shown["comments"] if one["id"].startswith("ada")]


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


def test_published_texts_stay_without_their_author_where_the_site_wants_it(newsroom):
    tune_site(newsroom.context, "courier", {"erased_texts": "keep"})
    newsroom.forget()
    for name in ("c-1", "c-2"):
        newsroom.post(submission(id=name))
        newsroom.settle(name)
    newsroom.decide("approve", replaces=newsroom.get("/v1/comments/c-1").json["decision"])
    receipt = check(erase(newsroom).json, keys(newsroom))
    assert [one["done"] for one in receipt["comments"]] == ["removed", "text kept without its author"]
    (shown,) = newsroom.call("GET", f"/v1/sites/courier/published?article_url={ARTICLE}", None).json[
        "comments"
    ]
    assert (shown["id"], shown["name"], shown["body"]) == ("c-1", "", submission()["body"])
    assert newsroom.comment("c-2").body == ""
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
    """Any change to content, key or signature is seen, and whatever else is given is refused in one sentence."""
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


def test_an_erasure_is_in_the_log_of_acts_and_the_chain_holds(newsroom):
    newsroom.post()
    erase(newsroom)
    with newsroom.context.deps.store.read() as tx:
        links = tx.audit_log.after(0, 100)
        assert [(one.act.who, one.act.act) for one in links if one.act and one.act.act == "erase"] == [
            ("site courier", "erase")
        ]
        assert walk(links, tx.audit_log.head(), UnkeyedSigner()).holds


def test_an_export_is_whole_and_shows_nobody_else(newsroom):
    written(newsroom, ADDRESS, "ada", 8)
    written(newsroom, BO, "bo", 4)
    newsroom.review(
        Action.HOLD, "ada-1", replaces=newsroom.comment("ada-1").decision_id, note="rude to the mayor"
    )
    answer = newsroom.call("POST", "/v1/exports", json={"email": ADDRESS})
    assert answer.status_code == 200
    export = answer.json
    assert [one["id"] for one in export["comments"]] == [f"ada-{n}" for n in range(8)]
    assert export["complete"] is True
    revised = export["comments"][7]
    assert [text["revision"] for text in revised["texts"]] == [1, 2]
    assert export["comments"][0]["texts"][0]["kept_encrypted_as_typed"] == ["body"]
    assert export["comments"][3]["status"] == "rejected"
    assert export["comments"][3]["will_be_deleted_at"] == (
        newsroom.clock() + timedelta(days=90)
    ).isoformat().replace("+00:00", "Z")
    for secret in ("bo wrote", "Mara", "rude to the mayor", "901820", ADDRESS, BO):
        assert secret not in answer.text
    assert newsroom.comment("ada-0").author_key not in answer.text
    assert answer.headers["Cache-Control"] == "no-store"


def test_an_export_leaves_out_what_another_wrote_under_the_same_id(newsroom):
    newsroom.post(submission(author={"name": "Bo", "email": BO}, body="bo wrote this one first."))
    newsroom.settle()
    current = newsroom.get("/v1/comments/c-1").json["decision"]
    newsroom.decide("reject", reason="too much of bo", replaces=current)
    newsroom.post(submission(body="Ada wrote this instead."))
    answer = newsroom.call("POST", "/v1/exports", json={"email": ADDRESS})
    (mine,) = answer.json["comments"]
    assert [(one["revision"], one["body"]) for one in mine["texts"]] == [(2, "Ada wrote this instead.")]
    assert mine["decisions"] == []
    for secret in ("bo wrote", "Bo", "too much of bo"):
        assert secret not in answer.text


def test_an_export_holds_what_another_wrote_over(real_newsroom):
    newsroom = real_newsroom
    newsroom.post(submission(body="Ada wrote this one first."))
    newsroom.settle()
    newsroom.post(
        submission(
            author={"name": "Bo", "email": BO}, body="bo wrote over it.", client={"user_agent": "Of Bo"}
        )
    )
    newsroom.post(submission(id="c-2", body="Ada wrote this one second."))
    answer = newsroom.call("POST", "/v1/exports", json={"email": ADDRESS})
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
    deps, site = newsroom.context.deps, newsroom.courier.site
    made = appeal(deps, site, "c-1", "I meant it kindly.")
    found = newsroom.call("POST", "/v1/exports", json={"email": ADDRESS}).json["comments"][0]["appeals"]
    assert [(one["text"], one["answer"]) for one in found] == [("I meant it kindly.", None)]
    answer_appeal(deps, site, made.id, Answer(False, "It stays as it is.", "Noor"), 0)
    exported = newsroom.call("POST", "/v1/exports", json={"email": ADDRESS})
    assert exported.json["comments"][0]["appeals"][0]["answer"] == "It stays as it is."
    assert "Noor" not in exported.text


def test_an_export_of_very_many_comments_is_whole(real_newsroom):
    """However many there are, all come in one answer, oldest first, each once; and none of anyone else."""
    posted = real_newsroom.post(submission(id="first"))
    assert posted.status_code == 202
    key = real_newsroom.comment("first").author_key
    deps, site = real_newsroom.context.deps, real_newsroom.courier.site
    with deps.store.write() as tx:
        tx.comments.add(site.id, [draft(f"c-{n:04}", author_key=key) for n in range(1_001)], NOON)
        tx.comments.add(site.id, [draft("bo", "Bo")], NOON)
    answer = real_newsroom.call("POST", "/v1/exports", json={"email": ADDRESS})
    assert answer.json["complete"] is True
    assert [one["id"] for one in answer.json["comments"]] == ["first", *(f"c-{n:04}" for n in range(1_001))]
