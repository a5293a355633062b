"""Submitting: accepted once, replayed, revised; alone, in a batch, signed; waited for, and never lost in silence."""

import json
import threading
from dataclasses import replace

import pytest
from sqlalchemy.exc import OperationalError

from service.messaging.tasks import SCORE
from service.privacy.sealing import open_box
from service.webhooks import signing
from tests.factories import ADDRESS
from tests.web.api.caller import faults, problem, submission


def test_a_comment_is_accepted_at_once(newsroom):
    answer = newsroom.post()
    assert answer.status_code == 202
    assert set(answer.json) == {"id", "revision", "status", "links"}
    assert (answer.json["id"], answer.json["revision"], answer.json["status"]) == ("c-1", 1, "pending")
    assert answer.json["links"]["self"] == "/v1/comments/c-1"
    assert newsroom.dispatcher.enqueued == [(SCORE, 0.0)]


def test_the_answer_names_the_receipt_of_the_comments_writer(newsroom):
    answer = newsroom.post()
    page = newsroom.client.get(answer.json["links"]["receipt"])
    assert page.status_code == 200
    assert answer.json["id"] not in page.text
    seen = newsroom.get("/v1/comments/c-1").json
    assert seen["links"] == answer.json["links"]


def test_the_same_again_is_told_what_became_of_the_first(newsroom):
    newsroom.post()
    newsroom.settle(toxicity=0.1)
    answer = newsroom.post()
    assert (answer.status_code, answer.json["status"]) == (200, "approved")
    assert answer.headers["Idempotent-Replay"] == "true"
    assert newsroom.count() == 1


def test_new_text_is_the_next_revision(newsroom):
    newsroom.post()
    newsroom.settle(toxicity=0.1)
    answer = newsroom.post(submission(body="I take it back."))
    assert answer.status_code == 202
    assert (answer.json["id"], answer.json["revision"], answer.json["status"]) == ("c-1", 2, "pending")


def test_without_an_id_the_same_again_is_told_so(real_newsroom):
    newsroom, other = (
        real_newsroom,
        submission(id=..., author={"name": "Ada", "email": "ada.other@mail.example"}),
    )
    first, second, third = (newsroom.post(one) for one in (submission(id=...), submission(id=...), other))
    for answer in (first, second, third):
        assert answer.json is not None
    assert (first.status_code, second.status_code, third.status_code) == (202, 200, 202)
    assert second.headers["Idempotent-Replay"] == "true"
    assert second.json["id"] == first.json["id"] != third.json["id"]
    batch = newsroom.call(
        "POST", "/v1/comments/batch", json=[submission(id=...), other, submission(id="c-9")]
    )
    results = batch.json["results"]
    assert [one["code"] for one in results] == [200, 200, 202]
    assert [one["id"] for one in results] == [first.json["id"], third.json["id"], "c-9"]
    signed = newsroom.post_signed(json.dumps(submission(id=...)).encode())
    assert (signed.status_code, signed.json["id"]) == (200, first.json["id"])
    assert newsroom.count() == 3


@pytest.mark.parametrize(
    "again",
    [
        {"article": {"url": "http://www.courier.example/bridge/?utm_source=x#top"}},
        {"body": "Cafe\u0301 au lait, tre\u0300s bon."},
        {"body": " Café au\u200b lait,\ntrès  bon.\ufeff"},
        {"author": {"name": "Ada L.", "email": ADDRESS.upper()}},
    ],
)
def test_without_an_id_another_spelling_is_the_same(newsroom, again):
    told = submission(id=..., body="Café au lait, très bon.")
    first, second = newsroom.post(told), newsroom.post(told | again)
    assert (second.status_code, second.json["id"], newsroom.count()) == (200, first.json["id"], 1)


def test_an_idempotency_key_names_one_content(newsroom):
    headers = {"Idempotency-Key": "attempt-17"}
    first = newsroom.post(submission(id=...), headers=headers)
    second = newsroom.post(submission(id=...), headers=headers)
    assert (first.status_code, second.status_code) == (202, 200)
    assert second.headers["Idempotent-Replay"] == "true"
    answer = newsroom.post(submission(id=..., body="Something else."), headers=headers)
    problem(answer, 409, "idempotency-mismatch")
    assert newsroom.count() == 1


@pytest.mark.parametrize("key", ["", "two words", "k" * 256, "schlüssel"])
def test_a_strange_idempotency_key_is_refused(newsroom, key):
    answer = newsroom.post(headers={"Idempotency-Key": key.encode().decode("latin-1")})
    assert faults(problem(answer, 422, "validation")) == {"Idempotency-Key": "pattern"}


def test_the_address_is_sealed_for_the_site_alone(newsroom):
    answers = [newsroom.post(), newsroom.get("/v1/comments/c-1"), newsroom.get("/v1/comments/c-1/contact")]
    assert open_box(newsroom.courier.contact_private_key, answers[2].json["box"]) == ADDRESS
    assert all(ADDRESS not in answer.text for answer in answers)


def test_a_site_may_do_without_addresses(newsroom):
    nameless = submission(author={"name": "Ada"})
    assert faults(problem(newsroom.post(nameless), 422, "validation")) == {"author.email": "missing"}
    with newsroom.context.deps.store.write() as tx:
        tx.sites.save(replace(newsroom.courier.site, email_required=False))
    newsroom.forget()
    assert newsroom.post(nameless).status_code == 202


# -- waiting -----------------------------------------------------------------------------------------------------------


def test_prefer_wait_answers_with_the_verdict(newsroom):
    newsroom.post()
    worker = threading.Timer(0.05, newsroom.settle)
    worker.start()
    answer = newsroom.post(headers={"Prefer": "wait=10"})
    worker.join()
    assert answer.status_code == 200
    assert answer.headers["Preference-Applied"] == "wait"
    assert answer.json["status"] == "held"
    assert answer.json["verdict"]["action"] == "hold"


def test_waiting_ends_without_a_verdict(newsroom):
    answer = newsroom.post(headers={"Prefer": "respond-async, wait=0"})
    assert answer.status_code == 202
    assert answer.json["status"] == "pending"


def test_waiting_is_held_by_few_threads(newsroom):
    waits = newsroom.app.extensions["replydesk.api"].waits
    assert [waits.acquire(blocking=False) for _ in range(3)] == [True, True, False]
    answer = newsroom.post(headers={"Prefer": "wait=10"})
    assert answer.status_code == 202


@pytest.mark.parametrize("prefer", ["wait", "wait=", "wait=-1", "wait=soon", "wait=1e9", ";;;,,,", "wait=٣"])
def test_a_strange_preference_is_ignored(newsroom, prefer):
    answer = newsroom.post(headers={"Prefer": prefer.encode().decode("latin-1")})
    assert answer.status_code == 202


# -- batches -----------------------------------------------------------------------------------------------------------


def test_a_batch_answers_each_item_in_order(newsroom):
    newsroom.post()
    items = [submission(id="c-2"), submission(), {"id": "c-3"}, submission(body="New words."), 17]
    results = newsroom.post_batch(*items)
    assert [result["code"] for result in results] == [202, 200, 422, 202, 422]
    assert [result.get("replay") for result in results] == [False, True, None, False, None]
    assert results[3]["revision"] == 2
    assert faults(results[2]["problem"]) == {"article": "missing", "author": "missing", "body": "missing"}
    assert newsroom.count() == 2


def test_a_flaw_in_one_item_is_its_own(newsroom):
    good = json.dumps(submission())
    raw = f'[{good}, {{"id": "c-2", "id": "c-3"}}, {{"body": NaN}}]'.encode()
    answer = newsroom.call("POST", "/v1/comments/batch", data=raw, content_type="application/json")
    codes = [result["code"] for result in answer.json["results"]]
    assert codes == [202, 422, 422]
    assert faults(answer.json["results"][1]["problem"]) == {"id": "repeated"}
    assert faults(answer.json["results"][2]["problem"]) == {"body": "not_json"}


def test_a_whole_batch_can_be_sent_again(newsroom):
    items = [submission(id=..., body="One."), submission(id=..., body="Two.")]
    headers = {"Idempotency-Key": "night-run"}
    first, second = (newsroom.post_batch(*items, headers=headers) for _ in range(2))
    assert [result["id"] for result in first] == [result["id"] for result in second]
    assert [result["replay"] for result in second] == [True, True]
    assert newsroom.count() == 2


def test_a_batch_sent_again_brings_no_old_text_back(newsroom):
    items, headers = [submission(id="kc", body="one")], {"Idempotency-Key": "kk2"}
    newsroom.post_batch(*items, headers=headers)
    newsroom.post(submission(id="kc", body="two"))
    (again,) = newsroom.post_batch(*items, headers=headers)
    assert (again["code"], again["replay"], again["revision"]) == (200, True, 2)
    assert newsroom.comment("kc").body == "two"


@pytest.mark.parametrize(
    ("items", "code"),
    [({"not": "a list"}, "array"), ("text", "array"), (17, "array"), ([{}] * 1001, "too_long")],
)
def test_what_is_no_batch_is_refused_whole(newsroom, items, code):
    answer = newsroom.call("POST", "/v1/comments/batch", json=items)
    assert faults(problem(answer, 422, "validation")) == {"(request)": code}


def test_a_batch_may_ask_for_fast_scores(newsroom):
    path = "/v1/comments/batch"
    newsroom.call("POST", f"{path}?effort=fast&from=archive", json=[submission()])
    assert newsroom.comment("c-1").signals["effort"] == "fast"
    newsroom.call("POST", f"{path}?effort=full", json=[submission(id="c-2")])
    assert "effort" not in newsroom.comment("c-2").signals
    answer = newsroom.call("POST", f"{path}?effort=some", json=[submission(id="c-3")])
    assert faults(problem(answer, 422, "validation")) == {"effort": "choice"}
    assert newsroom.count() == 2


# -- signed inbound calls ----------------------------------------------------------------------------------------------


def test_a_signed_call_is_accepted_once(newsroom):
    raw = json.dumps(submission(id=...)).encode()
    first, second = newsroom.post_signed(raw), newsroom.post_signed(raw)
    assert (first.status_code, second.status_code) == (202, 200)
    assert newsroom.count() == 1


@pytest.mark.parametrize("wrong", ["secret", "body", "old", "early", "site", "no headers", "junk headers"])
def test_a_wrong_signature_is_refused(newsroom, wrong):
    raw = json.dumps(submission(id=...)).encode()
    if wrong == "secret":
        answer = newsroom.post_signed(raw, secret=newsroom.herald.inbound_secret)
    elif wrong == "site":
        answer = newsroom.post_signed(raw, site="herald")
    elif wrong in ("old", "early"):
        answer = newsroom.post_signed(raw, age=400 if wrong == "old" else -400)
    else:
        headers = (
            {}
            if wrong == "no headers"
            else dict.fromkeys(("webhook-id", "webhook-timestamp", "webhook-signature"), "v1,,,=\xff")
        )
        if wrong == "body":
            at = int(newsroom.clock().timestamp())
            headers = signing.sign([newsroom.courier.inbound_secret], "msg_1", at, raw + b" ")
        answer = newsroom.call(
            "POST",
            "/v1/sites/courier/inbound",
            None,
            data=raw,
            content_type="application/json",
            headers=headers,
        )
    problem(answer, 401, "unauthorized")
    assert newsroom.count() == 0


def test_an_unknown_site_is_not_found(newsroom):
    problem(newsroom.post_signed(b"{}", site="nobody"), 404, "not-found")


# -- keys --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Basic Y291cmllcjpr",
        "Bearer rk_wrong",
        "Bearer " + "k" * 5000,
        "Bearer \xff\xfe",
    ],
)
def test_without_a_key_nothing_is_answered(newsroom, authorization):
    headers = {} if authorization is None else {"Authorization": authorization}
    answer = newsroom.post(key=None, headers=headers)
    problem(answer, 401, "unauthorized")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert newsroom.count() == 0


def test_the_scheme_is_read_in_any_case(newsroom):
    assert (
        newsroom.post(key=None, headers={"Authorization": f"bearer {newsroom.courier.key}"}).status_code
        == 202
    )


def test_the_akismet_key_opens_the_compat_apis_alone(newsroom):
    problem(newsroom.post(key=newsroom.courier.akismet_key), 401, "unauthorized")


def test_a_retired_key_ends(newsroom):
    newsroom.post()
    with newsroom.context.deps.store.write() as tx:
        tx.sites.retire_keys(newsroom.courier.site.id, "key", newsroom.clock())
    newsroom.clock.pass_seconds(3)
    newsroom.forget()
    problem(newsroom.post(), 401, "unauthorized")


# -- faults of the service ------------------------------------------------------------------------------------------


def test_a_busy_store_asks_to_come_again(newsroom, monkeypatch):
    newsroom.post()

    def busy(*_, **__):
        raise OperationalError("INSERT …", {"email": ADDRESS}, Exception(f"locked {ADDRESS}"))

    monkeypatch.setattr(type(newsroom.context.deps.store), "add_comment", busy)
    answer = newsroom.post(submission(id="c-2"))
    problem(answer, 503, "unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    assert newsroom.count() == 1


def test_a_fault_of_ours_shows_nothing(newsroom, monkeypatch):
    def broken(*_, **__):
        raise RuntimeError(f"while storing {ADDRESS}")

    monkeypatch.setattr("service.usecases.submit", broken)
    problem(newsroom.post(), 500, "internal")
