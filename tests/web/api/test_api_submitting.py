"""Submitting: accepted once, replayed, revised; alone, in a batch, signed; waited for, and never lost in silence."""

import json
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy.exc import OperationalError

from service.messaging.tasks import SCORE
from service.privacy.sealing import open_box
from service.storage import Store
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
    page = newsroom.client.get(answer.json["links"]["receipt"])
    assert (page.status_code, answer.json["id"] in page.text) == (200, False)
    assert newsroom.get("/v1/comments/c-1").json["links"] == answer.json["links"]


def test_the_same_again_is_a_replay_and_new_text_the_next_revision(newsroom):
    newsroom.post()
    newsroom.settle(toxicity=0.1)
    answer = newsroom.post()
    assert (answer.status_code, answer.json["status"]) == (200, "approved")
    assert answer.headers["Idempotent-Replay"] == "true"
    answer = newsroom.post(submission(body="I take it back."))
    assert answer.status_code == 202
    assert (answer.json["id"], answer.json["revision"], answer.json["status"]) == ("c-1", 2, "pending")
    assert newsroom.count() == 1


@pytest.mark.parametrize("named", ["by id", "by key", "by content"])
def test_a_hundred_at_once_make_one(real_newsroom, named):
    given = submission() if named == "by id" else submission(id=...)
    headers = {"Idempotency-Key": "once"} if named == "by key" else {}
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: real_newsroom.post(given, headers=headers), range(100)))
    assert Counter(answer.status_code for answer in answers) == {202: 1, 200: 99}
    assert sum(answer.headers.get("Idempotent-Replay") == "true" for answer in answers) == 99
    assert len({answer.json["id"] for answer in answers}) == 1
    assert {answer.json["revision"] for answer in answers} == {1}
    assert real_newsroom.count() == 1


def test_without_an_id_the_same_again_is_told_so(real_newsroom):
    newsroom, one = real_newsroom, submission(id=...)
    other = submission(id=..., author={"name": "Ada", "email": "ada.other@mail.example"})
    first, second, third = (newsroom.post(given) for given in (one, one, other))
    assert (first.status_code, second.status_code, third.status_code) == (202, 200, 202)
    assert second.headers["Idempotent-Replay"] == "true"
    assert second.json["id"] == first.json["id"] != third.json["id"]
    results = newsroom.post_batch(one, other, submission(id="c-9"))
    assert [one["code"] for one in results] == [200, 200, 202]
    assert [one["id"] for one in results] == [first.json["id"], third.json["id"], "c-9"]
    signed = newsroom.post_signed(json.dumps(one).encode())
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
    with newsroom.deps.store.write() as tx:
        tx.sites.save(replace(newsroom.courier.site, email_required=False))
    newsroom.forget()
    assert newsroom.post(nameless).status_code == 202
    problem(newsroom.get("/v1/comments/c-1/contact"), 404, "no-contact")


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


def test_waiting_is_bounded_by_its_preference_and_by_few_threads(newsroom):
    for prefer in ("wait=0", "wait", "wait=", "wait=-1", "wait=soon", "wait=1e9", ";;;,,,", "wait=\xd9\xa3"):
        answer = newsroom.post(
            submission(id=..., body=prefer), headers={"Prefer": f"respond-async, {prefer}"}
        )
        assert (answer.status_code, answer.json["status"]) == (202, "pending")
    waits = newsroom.app.extensions["replydesk.api"].waits
    assert [waits.acquire(blocking=False) for _ in range(3)] == [True, True, False]
    assert newsroom.post(headers={"Prefer": "wait=10"}).status_code == 202


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


def test_a_whole_batch_can_be_sent_again_and_brings_no_old_text_back(newsroom):
    items = [
        submission(id=..., body="One."),
        submission(id=..., body="Two."),
        submission(id="c-3", body="Three."),
    ]
    headers = {"Idempotency-Key": "night-run"}
    first, second = (newsroom.post_batch(*items, headers=headers) for _ in range(2))
    assert [result["id"] for result in first] == [result["id"] for result in second]
    newsroom.post(submission(id="c-3", body="Edited."))
    third = newsroom.post_batch(*items, headers=headers)
    assert [result["replay"] for result in second + third] == [True] * 6
    assert (third[2]["code"], third[2]["revision"], newsroom.count()) == (200, 2, 3)
    assert newsroom.comment("c-3").body == "Edited."


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

INBOUND = "/v1/sites/courier/inbound"
SIGNED = json.dumps(submission(id=...)).encode()
NAMES = ("webhook-id", "webhook-timestamp", "webhook-signature")


def test_a_signed_call_is_accepted_once(newsroom):
    assert [newsroom.post_signed(SIGNED).status_code for _ in range(2)] == [202, 200]
    assert newsroom.count() == 1


def test_a_wrong_signature_is_refused(newsroom):
    at = int(newsroom.clock().timestamp())
    of_another = signing.sign([newsroom.courier.inbound_secret], "msg_1", at, SIGNED + b" ")
    answers = [
        newsroom.post_signed(SIGNED, secret=newsroom.herald.inbound_secret),
        newsroom.post_signed(SIGNED, site="herald"),
        newsroom.post_signed(SIGNED, age=400),
        newsroom.post_signed(SIGNED, age=-400),
    ]
    for headers in (of_another, {}, dict.fromkeys(NAMES, "v1,,,=\xff")):
        sent = {"data": SIGNED, "content_type": "application/json", "headers": headers}
        answers.append(newsroom.call("POST", INBOUND, None, **sent))
    for answer in answers:
        problem(answer, 401, "unauthorized")
    assert newsroom.count() == 0
    problem(newsroom.post_signed(b"{}", site="nobody"), 404, "not-found")


PLACES = {
    "id": "/comment/number",
    "body_html": "/comment/html",
    "author.name": "/comment/by/name",
    "author.email": "/comment/by/mail",
    "article.url": "/page",
}
HOOK = {
    "event": "comment.added",
    "page": "https://courier.example/bridge",
    "comment": {"number": 7, "html": "I <b>like</b> it.", "by": {"name": "Ada", "mail": "ada@mail.example"}},
}


@pytest.fixture
def mapped(newsroom):
    """A newsroom whose courier sends webhooks of its own."""
    newsroom.tune(inbound_map=json.dumps(PLACES))
    return newsroom


def test_a_webhook_of_its_own_is_a_comment(mapped):
    assert [mapped.call("POST", INBOUND, json=HOOK).status_code for _ in range(2)] == [202, 200]
    stored = mapped.comment("7")
    assert (stored.body, stored.author_name, stored.source) == ("I like it.", "Ada", "inbound")
    assert stored.author_key


def test_a_signature_counts_before_a_key(mapped):
    assert mapped.post_signed(json.dumps(HOOK).encode()).status_code == 202
    headers = dict.fromkeys(NAMES, "1") | {"webhook-signature": "v1,AAAA"}
    assert mapped.call("POST", INBOUND, headers=headers, json=HOOK).status_code == 401


def test_only_the_sites_own_key_opens_it(mapped):
    assert mapped.call("POST", INBOUND, None, json=HOOK).status_code == 401
    assert mapped.call("POST", INBOUND, mapped.herald.key, json=HOOK).status_code == 401
    assert mapped.call("POST", "/v1/sites/herald/inbound", mapped.herald.key, json=HOOK).status_code == 401


def test_faults_are_named_by_our_fields(mapped):
    answer = mapped.call("POST", INBOUND, json={"page": "no address", "comment": {"html": ["x"]}})
    assert answer.status_code == 422
    assert {one["field"] for one in answer.json["errors"]} == {"article.url", "author", "body"}


# -- keys --------------------------------------------------------------------------------------------------------------


def test_without_a_key_nothing_is_answered(newsroom):
    wrong = ["", "Bearer", "Bearer ", "Basic Y291cmllcjpr", "Bearer rk_wrong", "Bearer " + "k" * 5000]
    wrong += ["Bearer \xff\xfe", f"Bearer {newsroom.courier.akismet_key}"]
    for headers in ({}, *({"Authorization": one} for one in wrong)):
        answer = newsroom.post(key=None, headers=headers)
        problem(answer, 401, "unauthorized")
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert newsroom.count() == 0
    assert (
        newsroom.post(key=None, headers={"Authorization": f"bearer {newsroom.courier.key}"}).status_code
        == 202
    )


def test_a_retired_key_ends(newsroom):
    newsroom.post()
    with newsroom.deps.store.write() as tx:
        tx.sites.retire_keys(newsroom.courier.site.id, "key", newsroom.clock())
    newsroom.clock.pass_seconds(3)
    newsroom.forget()
    problem(newsroom.post(), 401, "unauthorized")


# -- faults of the service ---------------------------------------------------------------------------------------------


def raising(error):
    def raise_it(*_, **__):
        raise error

    return raise_it


def test_a_busy_store_and_a_fault_of_ours_show_nothing(newsroom, monkeypatch):
    busy = OperationalError("INSERT …", {"email": ADDRESS}, Exception(f"locked {ADDRESS}"))
    with monkeypatch.context() as patch:
        patch.setattr(Store, "add_comment", raising(busy))
        answer = newsroom.post()
    problem(answer, 503, "unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    monkeypatch.setattr("service.usecases.submit", raising(RuntimeError(f"while storing {ADDRESS}")))
    problem(newsroom.post(), 500, "internal")
    assert newsroom.count() == 0
