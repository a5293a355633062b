"""Akismet's protocol to the letter: the key in its four places, the bare words, the headers that mean something."""

from urllib.parse import quote_plus, urlencode

import pytest

from service.domain.verdict import Assessment
from service.usecases.sites import tune_site
from tests.web.compat.akismet_cases import DOUBT, HAM, SPAM, call, fields, queue


@pytest.fixture
def newsroom(fresh):
    """A newsroom whose policy is known, whatever the model says."""
    tune_site(fresh.context, "courier", {"hold_words": "quorble", "spam_words": "viagra"})
    return fresh


def test_a_writer_at_risk_is_never_called_spam(newsroom, monkeypatch):
    tune_site(newsroom.context, "courier", {"akismet_held": "spam"})
    said = Assessment({"self_harm": 0.9, "spam": 0.99}, "made-up-1", language="en")
    verbs = newsroom.app.extensions["replydesk.compat"].verbs
    monkeypatch.setattr(verbs, "score", lambda readings, explain=False: [said] * len(readings))
    for mode in ("score", "queue"):
        tune_site(newsroom.context, "courier", {"compat_mode": mode})
        newsroom.forget()
        answer = call(newsroom)
        assert (answer.text, "X-akismet-recheck-after" in answer.headers) == ("false", True)
    again = call(newsroom, told=fields(guid=answer.headers["X-akismet-guid"], recheck_reason="recheck"))
    assert (again.text, "X-akismet-recheck-after" in again.headers) == ("false", True)


# -- the key -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "place"),
    [(kind, place) for kind in ("akismet", "site") for place in ("api_key", "key", "query", "both")]
    + [("akismet", "host")],  # a site's own key is no host label
)
def test_the_key_is_found_in_all_its_places(newsroom, place, kind):
    key = newsroom.courier.akismet_key if kind == "akismet" else newsroom.courier.key
    told, query, headers = fields(), {}, {}
    if place in ("api_key", "key"):
        told[place] = key
    elif place == "query":
        query = {"api_key": key}
    elif place == "both":
        told |= {"api_key": key, "key": "wrong"}
    else:
        headers = {"Host": f"{key.upper()}.rest.akismet.com"}
    answer = newsroom.client.post("/1.1/comment-check", data=told, query_string=query, headers=headers)
    assert (answer.status_code, answer.data) == (200, b"false")


def test_a_label_before_our_own_name_is_a_key(newsroom):
    tuned = {"Host": f"{newsroom.courier.akismet_key}.127.0.0.1:8080"}
    assert newsroom.client.post("/1.1/comment-check", data=fields(), headers=tuned).data == b"false"


@pytest.mark.parametrize("path", ["comment-check", "submit-spam", "submit-ham", "verify-key", "get-stats"])
@pytest.mark.parametrize("key", [None, "", "wrong", "x" * 12, "x" * 5000, "ключ", "a\0b"])
def test_a_bad_key_is_one_word(newsroom, path, key):
    answer = newsroom.client.post(f"/1.1/{path}", data=fields() | ({} if key is None else {"api_key": key}))
    assert (answer.status_code, answer.data) == (200, b"invalid")
    assert answer.headers["X-akismet-debug-help"]


def test_a_key_opens_its_own_site(newsroom):
    tune_site(newsroom.context, "herald", {"compat_mode": "queue"})
    assert call(newsroom, told=fields(api_key=newsroom.herald.akismet_key)).data == b"false"
    assert newsroom.count() == 0


# -- verify-key and its kin --------------------------------------------------------------------------------------------


def test_verify_key_asks_about_key_before_api_key(newsroom):
    good = newsroom.courier.akismet_key
    told = {"key": good, "api_key": "oldoldoldold", "blog": "https://courier.example"}
    assert newsroom.client.post("/1.1/verify-key", data=told).data == b"valid"
    told |= {"key": "oldoldoldold", "api_key": good}
    assert newsroom.client.post("/1.1/verify-key", data=told).data == b"invalid"


def test_verify_key_wants_a_blog(newsroom):
    answer = newsroom.client.post("/1.1/verify-key", data={"key": newsroom.courier.akismet_key})
    assert (answer.data, answer.headers["X-akismet-debug-help"]) == (b"invalid", 'Empty "blog" value')


def test_the_settings_page_of_wordpress_gets_what_it_reads(newsroom):
    told = {"key": newsroom.courier.akismet_key, "blog": "https://courier.example"}
    answer = newsroom.client.post("/1.1/get-subscription", data=told)
    assert answer.json["status"] == "active"
    assert answer.json["api_key"] == newsroom.courier.akismet_key
    assert newsroom.client.post("/1.1/get-subscription", data={"key": "no"}).data == b"invalid"
    assert newsroom.client.post("/1.1/deactivate", data=told).data == b"deactivated"


def test_usage_is_counted(newsroom):
    for text in (SPAM, HAM, HAM):
        call(newsroom, told=fields(text))
    call(newsroom, "submit-ham", fields(SPAM))
    key = {"api_key": newsroom.courier.akismet_key}
    assert newsroom.client.get("/1.2/usage-limit", query_string=key).json == {
        "limit": "none",
        "usage": 4,
        "percentage": "0.00",
        "throttled": False,
    }
    sites = newsroom.client.post("/1.2/key-sites", data=key).json
    assert sites == {
        "2026-11": [
            {
                "site": "https://courier.example",
                "api_calls": "4",
                "spam": "1",
                "ham": "2",
                "missed_spam": "0",
                "false_positives": "1",
                "is_revoked": False,
            }
        ],
        "limit": 500,
        "offset": 0,
        "total": 1,
    }
    text = newsroom.client.get("/1.2/key-sites", query_string=key | {"format": "csv"}).text.splitlines()
    assert text[0] == f"Active sites for {key['api_key']} during 2026-11 (limit:500, offset: 0, total: 1)"
    assert text[1:] == [
        "Site,Total API Calls,Spam,Ham,Missed Spam,False Positives,Is Revoked",
        "https://courier.example,4,1,2,0,1,false",
    ]
    stats = newsroom.client.post("/1.1/get-stats", data=key | {"from": "6-months"}).json
    assert (stats["spam"], stats["ham"], stats["false_positives"]) == (1, 2, 1)
    assert stats["accuracy"] == 66.67


@pytest.mark.parametrize(
    ("path", "count"), [("submit-spam", "missed_spam"), ("submit-ham", "false_positives")]
)
def test_a_report_counts_once(newsroom, path, count):
    for _ in range(3):
        call(newsroom, path, fields(DOUBT))
    stats = newsroom.client.post("/1.1/get-stats", data={"key": newsroom.courier.akismet_key}).json
    assert stats[count] == 1


def test_counts_are_written_down(newsroom):
    call(newsroom)
    newsroom.app.extensions["replydesk.compat"].tally.flush()
    with newsroom.context.deps.store.read() as tx:
        assert tx.sites.usage(newsroom.courier.site.id) == {("2026-11", "ham"): 1}
    key = {"api_key": newsroom.courier.akismet_key}
    answer = newsroom.client.get("/1.2/usage-limit", query_string=key)
    assert answer.json["usage"] == 1


# -- comment-check -----------------------------------------------------------------------------------------------------


def test_the_words_are_bare(newsroom):
    for text, word in ((SPAM, b"true"), (HAM, b"false")):
        answer = call(newsroom, told=fields(text))
        assert (answer.status_code, answer.data) == (200, word)
        assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
        assert answer.headers["X-akismet-guid"]
        assert "X-akismet-error" not in answer.headers
        assert "X-akismet-debug-help" not in answer.headers
        assert "X-akismet-recheck-after" not in answer.headers


def test_doubt_is_a_provisional_no(newsroom):
    answer = call(newsroom, told=fields(DOUBT))
    assert (answer.data, answer.headers["X-akismet-recheck-after"]) == (b"false", "300")
    assert answer.headers["X-replydesk-verdict"] == "held"
    tune_site(newsroom.context, "courier", {"akismet_held": "spam"})
    newsroom.app.extensions["replydesk.compat"].by_key.forget()
    answer = call(newsroom, told=fields(DOUBT))
    assert answer.data == b"true"
    assert "X-akismet-recheck-after" not in answer.headers


def test_blatant_spam_may_be_discarded(newsroom):
    tune_site(newsroom.context, "courier", {"akismet_discard": "0.5"})
    assert call(newsroom, told=fields(SPAM)).headers["X-akismet-pro-tip"] == "discard"
    tune_site(newsroom.context, "courier", {"akismet_discard": ""})
    newsroom.app.extensions["replydesk.compat"].by_key.forget()
    assert "X-akismet-pro-tip" not in call(newsroom, told=fields(SPAM)).headers


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"comment_author": "viagra-test-123"}, b"true"),
        ({"comment_author": "akismet-guaranteed-spam"}, b"true"),
        ({"comment_author_email": "akismet-guaranteed-spam@example.com"}, b"true"),
        ({"user_role": "administrator", "comment_content": SPAM}, b"false"),
        ({"user_role": "administrator", "comment_author": "viagra-test-123"}, b"true"),
        ({"user_role": "editor", "comment_content": SPAM}, b"true"),
    ],
)
def test_the_hooks_of_tests_work(newsroom, changes, word):
    assert call(newsroom, told=fields(**changes)).data == word


def test_a_test_can_ask_for_the_discard_header(newsroom):
    told = fields(comment_author="viagra-test-123", is_test="1", test_discard="True")
    assert call(newsroom, told=told).headers["X-akismet-pro-tip"] == "discard"
    told["is_test"] = "false"
    assert "X-akismet-pro-tip" not in call(newsroom, told=told).headers


@pytest.mark.parametrize("missing", ["blog", "user_ip"])
@pytest.mark.parametrize("path", ["comment-check", "submit-spam", "submit-ham"])
def test_a_missing_field_is_named(newsroom, missing, path):
    answer = call(newsroom, path, fields(**{missing: None}))
    assert (answer.status_code, answer.text) == (200, f"Missing required field: {missing}.")
    assert answer.headers["X-akismet-debug-help"] == f'Empty "{missing}" value'


@pytest.mark.parametrize("absent", ["user_agent", "referrer", "comment_type", "permalink", "comment_author"])
def test_what_is_missing_is_no_way_round_the_check(newsroom, absent):
    assert call(newsroom, told=fields(SPAM, **{absent: None})).data == b"true"
    assert call(newsroom, told=fields(SPAM, **{absent: ""})).data == b"true"


def test_an_empty_ip_is_an_unknown_one(newsroom):
    assert call(newsroom, told=fields(user_ip="")).data == b"false"


def test_a_filled_honeypot_lets_a_person_look(newsroom):
    answer = call(newsroom, told=fields(honeypot_field_name="phone2", phone2="555"))
    assert answer.headers["X-replydesk-verdict"] == "held"
    answer = call(newsroom, told=fields(honeypot_field_name="phone2", phone2=""))
    assert answer.headers["X-replydesk-verdict"] == "approved"


def test_a_text_of_a_hundred_kilobytes_is_never_waved_through(newsroom):
    assert call(newsroom, told=fields(HAM * 1100)).headers["X-replydesk-verdict"] != "approved"
    assert call(newsroom, told=fields(SPAM + HAM * 1000)).data == b"true"


def test_html_hides_nothing(newsroom):
    assert call(newsroom, told=fields("I like v<b></b>iagra, and you?")).data == b"true"
    assert call(newsroom, told=fields('See <a href="https://viagra.example/">this</a>.')).data == b"true"


# -- bytes -------------------------------------------------------------------------------------------------------------


def test_bytes_of_an_old_blog_are_read(newsroom):
    queue(newsroom)
    for charset, text in (
        ("iso-8859-1", "Schöne Grüße, Straße"),
        ("", "“Smart” quotes – Grüße"),
        ("windows-1251", "Очень хороший мост"),
        ("shift_jis", "とても良い橋です"),
    ):
        codec = charset if charset not in ("", "iso-8859-1") else "cp1252"
        told = fields(api_key=newsroom.courier.akismet_key, blog_charset=charset or None)
        told.pop("comment_content")
        raw = f"{urlencode(told)}&comment_content={quote_plus(text.encode(codec))}".encode()
        answer = newsroom.client.post(
            "/1.1/comment-check", data=raw, content_type="application/x-www-form-urlencoded"
        )
        assert answer.status_code == 200
        with newsroom.context.deps.store.read() as tx:
            comment = tx.comments.get(newsroom.courier.site.id, answer.headers["X-akismet-guid"])
        assert comment.body == text


def test_multipart_is_read_too(newsroom):
    told = fields(SPAM, api_key=newsroom.courier.akismet_key)
    answer = newsroom.client.post("/1.1/comment-check", data=told, content_type="multipart/form-data")
    assert answer.data == b"true"


def test_unknown_fields_are_passed_over(newsroom):
    more = {f"HTTP_X_{n}": "x" for n in range(300)} | {"comment_context[0]": "a", "comment_context[1]": "b"}
    assert call(newsroom, told=fields() | more).data == b"false"


# -- the desk ----------------------------------------------------------------------------------------------------------


# -- submit-spam and submit-ham ----------------------------------------------------------------------------------------
