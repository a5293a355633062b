"""Akismet's protocol to the letter: the key in its four places, the bare words, the headers that mean something."""

from urllib.parse import quote_plus, urlencode

import pytest

from service.usecases.sites import tune_site
from tests.web.compat.akismet_cases import DOUBT, HAM, SPAM, call, fields, guid

COUNTED = {"spam": 1, "ham": 2, "missed_spam": 1, "false_positives": 1}


def test_a_writer_at_risk_is_never_called_spam(worded, says):
    worded.tune(akismet_held="spam")
    says(worded, self_harm=0.9, spam=0.99)
    for mode in ("score", "queue"):
        worded.tune(compat_mode=mode)
        answer = call(worded)
        assert (answer.text, "X-akismet-recheck-after" in answer.headers) == ("false", True)
    again = call(worded, told=fields(guid=guid(answer), recheck_reason="recheck"))
    assert (again.text, "X-akismet-recheck-after" in again.headers) == ("false", True)


# -- the key -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "place"),
    [(kind, place) for kind in ("akismet", "site") for place in ("api_key", "key", "query", "both")]
    + [("akismet", "host"), ("akismet", "own host")],  # a site's own key is no host label
)
def test_the_key_is_found_in_all_its_places(worded, place, kind):
    key = worded.courier.akismet_key if kind == "akismet" else worded.courier.key
    told, query, headers = fields(), {}, {}
    if place in ("api_key", "key"):
        told[place] = key
    elif place == "query":
        query = {"api_key": key}
    elif place == "both":
        told |= {"api_key": key, "key": "wrong"}
    else:
        host = f"{key.upper()}.rest.akismet.com" if place == "host" else f"{key}.127.0.0.1:8080"
        headers = {"Host": host}
    answer = worded.client.post("/1.1/comment-check", data=told, query_string=query, headers=headers)
    assert (answer.status_code, answer.data) == (200, b"false")


@pytest.mark.parametrize("path", ["comment-check", "submit-spam", "submit-ham", "verify-key", "get-stats"])
@pytest.mark.parametrize("key", [None, "", "wrong", "x" * 12, "x" * 5000, "ключ", "a\0b"])
def test_a_bad_key_is_one_word(worded, path, key):
    answer = worded.client.post(f"/1.1/{path}", data=fields() | ({} if key is None else {"api_key": key}))
    assert (answer.status_code, answer.data) == (200, b"invalid")
    assert answer.headers["X-akismet-debug-help"]


def test_a_key_opens_its_own_site(worded):
    tune_site(worded.context, "herald", {"compat_mode": "queue"})
    assert call(worded, told=fields(api_key=worded.herald.akismet_key)).data == b"false"
    assert worded.count() == 0


# -- verify-key and its kin --------------------------------------------------------------------------------------------


def test_verify_key_asks_about_key_before_api_key_and_wants_a_blog(worded):
    good, old = worded.courier.akismet_key, "oldoldoldold"
    for keys, word in (((good, old), b"valid"), ((old, good), b"invalid")):
        told = {"key": keys[0], "api_key": keys[1], "blog": "https://courier.example"}
        assert worded.client.post("/1.1/verify-key", data=told).data == word
    answer = worded.client.post("/1.1/verify-key", data={"key": good})
    assert (answer.data, answer.headers["X-akismet-debug-help"]) == (b"invalid", 'Empty "blog" value')


def test_the_settings_page_of_wordpress_gets_what_it_reads(worded):
    told = {"key": worded.courier.akismet_key, "blog": "https://courier.example"}
    answer = worded.client.post("/1.1/get-subscription", data=told)
    assert answer.json["status"] == "active"
    assert answer.json["api_key"] == worded.courier.akismet_key
    assert worded.client.post("/1.1/get-subscription", data={"key": "no"}).data == b"invalid"
    assert worded.client.post("/1.1/deactivate", data=told).data == b"deactivated"


def test_usage_is_counted_and_written_down(worded):
    for text in (SPAM, HAM, HAM):
        call(worded, told=fields(text))
    for _ in range(3):  # a report counts once
        call(worded, "submit-ham", fields(SPAM))
        call(worded, "submit-spam", fields(DOUBT))
    worded.app.extensions["replydesk.compat"].tally.flush()
    kept = worded.rows(lambda tx: tx.sites.usage(worded.courier.site.id))
    assert kept == {("2026-11", name): count for name, count in COUNTED.items()}
    key = {"api_key": worded.courier.akismet_key}
    usage = worded.client.get("/1.2/usage-limit", query_string=key).json
    assert usage == {"limit": "none", "usage": 5, "percentage": "0.00", "throttled": False}
    counts = {"spam": "1", "ham": "2", "missed_spam": "1", "false_positives": "1"}
    site = {"site": "https://courier.example", "api_calls": "5", **counts, "is_revoked": False}
    sites = worded.client.post("/1.2/key-sites", data=key).json
    assert sites == {"2026-11": [site], "limit": 500, "offset": 0, "total": 1}
    text = worded.client.get("/1.2/key-sites", query_string=key | {"format": "csv"}).text.splitlines()
    assert text[0] == f"Active sites for {key['api_key']} during 2026-11 (limit:500, offset: 0, total: 1)"
    assert text[1:] == [
        "Site,Total API Calls,Spam,Ham,Missed Spam,False Positives,Is Revoked",
        "https://courier.example,5,1,2,1,1,false",
    ]
    stats = worded.client.post("/1.1/get-stats", data=key | {"from": "6-months"}).json
    assert (stats["spam"], stats["ham"], stats["missed_spam"], stats["false_positives"]) == (1, 2, 1, 1)
    assert stats["accuracy"] == 33.33


# -- comment-check -----------------------------------------------------------------------------------------------------


def test_the_words_are_bare(worded):
    for text, word in ((SPAM, b"true"), (HAM, b"false")):
        answer = call(worded, told=fields(text))
        assert (answer.status_code, answer.data) == (200, word)
        assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
        assert answer.headers["X-akismet-guid"]
        assert "X-akismet-error" not in answer.headers
        assert "X-akismet-debug-help" not in answer.headers
        assert "X-akismet-recheck-after" not in answer.headers


def test_doubt_is_a_provisional_no(worded):
    answer = call(worded, told=fields(DOUBT))
    assert (answer.data, answer.headers["X-akismet-recheck-after"]) == (b"false", "300")
    assert answer.headers["X-replydesk-verdict"] == "held"
    worded.tune(akismet_held="spam")
    answer = call(worded, told=fields(DOUBT))
    assert (answer.data, "X-akismet-recheck-after" in answer.headers) == (b"true", False)


def test_blatant_spam_may_be_discarded(worded):
    for limit in ("0.5", ""):
        worded.tune(akismet_discard=limit)
        answer = call(worded, told=fields(SPAM))
        assert answer.headers.get("X-akismet-pro-tip") == ("discard" if limit else None)
        told = fields(
            comment_author="viagra-test-123", is_test="1" if limit else "false", test_discard="True"
        )
        answer = call(worded, told=told)
        assert answer.headers.get("X-akismet-pro-tip") == ("discard" if limit else None)


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"comment_author": "viagra-test-123"}, b"true"),
        ({"comment_author": "akismet-guaranteed-spam"}, b"true"),
        ({"comment_author_email": "akismet-guaranteed-spam@example.com"}, b"true"),
        ({"user_role": "administrator", "comment_content": SPAM}, b"false"),
        ({"user_role": "administrator", "comment_author": "viagra-test-123"}, b"true"),
        ({"user_role": "editor", "comment_content": SPAM}, b"true"),
        ({"user_ip": ""}, b"false"),
        ({"comment_content": "I like v<b></b>iagra, and you?"}, b"true"),
        ({"comment_content": 'See <a href="https://viagra.example/">this</a>.'}, b"true"),
        ({"comment_content": SPAM + HAM * 1000}, b"true"),
        ({f"HTTP_X_{n}": "x" for n in range(300)} | {"comment_context[0]": "a"}, b"false"),
        *(
            ({"comment_content": SPAM, absent: value}, b"true")
            for absent in ("user_agent", "referrer", "comment_type", "permalink", "comment_author")
            for value in (None, "")
        ),
    ],
)
def test_a_field_changes_what_it_may(worded, changes, word):
    assert call(worded, told=fields(**changes)).data == word


@pytest.mark.parametrize("missing", ["blog", "user_ip"])
@pytest.mark.parametrize("path", ["comment-check", "submit-spam", "submit-ham"])
def test_a_missing_field_is_named(worded, missing, path):
    answer = call(worded, path, fields(**{missing: None}))
    assert (answer.status_code, answer.text) == (200, f"Missing required field: {missing}.")
    assert answer.headers["X-akismet-debug-help"] == f'Empty "{missing}" value'


def test_a_filled_honeypot_and_a_vast_text_let_a_person_look(worded):
    for filled, verdict in (("555", "held"), ("", "approved")):
        answer = call(worded, told=fields(honeypot_field_name="phone2", phone2=filled))
        assert answer.headers["X-replydesk-verdict"] == verdict
    assert call(worded, told=fields(HAM * 1100)).headers["X-replydesk-verdict"] != "approved"


# -- bytes -------------------------------------------------------------------------------------------------------------


def test_bytes_of_an_old_blog_are_read(worded):
    worded.tune(compat_mode="queue")
    for charset, text in (
        ("iso-8859-1", "Schöne Grüße, Straße"),
        ("", "“Smart” quotes – Grüße"),
        ("windows-1251", "Очень хороший мост"),
        ("shift_jis", "とても良い橋です"),
    ):
        codec = charset if charset not in ("", "iso-8859-1") else "cp1252"
        told = fields(None, api_key=worded.courier.akismet_key, blog_charset=charset or None)
        raw = f"{urlencode(told)}&comment_content={quote_plus(text.encode(codec))}".encode()
        kind = "application/x-www-form-urlencoded"
        answer = worded.client.post("/1.1/comment-check", data=raw, content_type=kind)
        assert worded.comment(guid(answer)).body == text


def test_multipart_is_read_too(worded):
    told = fields(SPAM, api_key=worded.courier.akismet_key)
    answer = worded.client.post("/1.1/comment-check", data=told, content_type="multipart/form-data")
    assert answer.data == b"true"
