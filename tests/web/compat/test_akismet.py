"""Akismet's protocol to the letter: the key in its four places, the bare words, the headers that mean something."""

import json
from urllib.parse import quote_plus, urlencode

import pytest

from service.domain.verdict import Action, Assessment, Who
from service.usecases.sites import tune_site
from tests.web.api.caller import submission
from tests.web.compat.akismet_cases import DOUBT, HAM, SPAM, fields


@pytest.fixture
def newsroom(fresh):
    """A newsroom whose policy is known, whatever the model says."""
    tune_site(fresh.context, "courier", {"hold_words": "quorble", "spam_words": "viagra"})
    return fresh


def call(newsroom, path="comment-check", told=None):
    """Call 1.1 with the courier's Akismet key in its usual field."""
    data = {"api_key": newsroom.courier.akismet_key} | (fields() if told is None else told)
    return newsroom.client.post(f"/1.1/{path}", data=data)


def queue(newsroom):
    """Let the courier's compatibility APIs put comments on the desk."""
    tune_site(newsroom.context, "courier", {"compat_mode": "queue"})


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


def test_queue_mode_puts_comments_on_the_desk(newsroom):
    queue(newsroom)
    guids = [call(newsroom, told=fields(DOUBT)).headers["X-akismet-guid"] for _ in range(2)]
    assert guids[0] == guids[1]
    assert newsroom.count() == 1
    stored = newsroom.comment(guids[0])
    assert (stored.status, stored.source, stored.author_name) == ("held", "compat", "Ada")
    assert stored.article.url == "https://courier.example/bridge"
    assert stored.client.ip == "192.0.2.0"
    assert stored.author_key
    assert "ada@mail" not in repr(stored)


def test_other_modes_store_nothing(newsroom):
    """Score and decide answer alone; the id of the answer is the one that queue mode would give."""
    guid = call(newsroom, told=fields(DOUBT)).headers["X-akismet-guid"]
    assert newsroom.count() == 0
    queue(newsroom)
    newsroom.app.extensions["replydesk.compat"].by_key.forget()
    assert call(newsroom, told=fields(DOUBT)).headers["X-akismet-guid"] == guid


def test_a_recheck_is_answered_by_what_was_decided(newsroom):
    queue(newsroom)
    guid = call(newsroom, told=fields(DOUBT)).headers["X-akismet-guid"]
    again = fields(DOUBT, recheck_reason="recheck")
    answer = call(newsroom, told=again)
    assert (answer.data, answer.headers["X-akismet-recheck-after"]) == (b"false", "300")
    newsroom.decide("spam", guid)
    assert call(newsroom, told=again).data == b"true"
    assert call(newsroom, told=fields(DOUBT)).data == b"true"
    by_guid = fields("Edited by the blog's own filters.", recheck_reason="recheck", guid=guid)
    assert call(newsroom, told=by_guid).data == b"true"
    assert newsroom.count() == 1


@pytest.mark.parametrize("reason", ["edit", "recheck"])
def test_other_text_is_not_answered_by_the_old_ones_decision(newsroom, reason):
    queue(newsroom)
    guid = call(newsroom).headers["X-akismet-guid"]
    edited = fields(SPAM, guid=guid, recheck_reason=reason)
    assert call(newsroom, told=edited).data == b"true"
    stored = newsroom.comment(guid)
    assert (stored.body, stored.revision, stored.status) == (SPAM, 2, "spam")
    assert newsroom.count() == 1


def test_a_comment_of_another_source_lends_no_other_text_its_state(newsroom):
    queue(newsroom)
    newsroom.post(submission(id="wp-77", body=HAM))
    newsroom.decide("approve", "wp-77")
    same = fields(HAM, guid="wp-77", recheck_reason="recheck")
    assert call(newsroom, told=same).headers["X-replydesk-verdict"] == "approved"
    assert call(newsroom, told=same | {"comment_content": SPAM}).data == b"true"
    assert newsroom.comment("wp-77").body == HAM


def test_what_waits_from_another_source_waits_in_other_words(newsroom):
    queue(newsroom)
    newsroom.post(submission(id="wp-78", body=DOUBT))
    asked = fields(HAM, guid="wp-78", recheck_reason="edit")
    answer = call(newsroom, told=asked)
    assert (answer.data, answer.headers["X-replydesk-verdict"]) == (b"false", "held")


@pytest.mark.parametrize("action", [Action.REJECT, Action.SPAM, Action.HOLD])
def test_new_text_does_not_lift_a_moderators_refusal(newsroom, action):
    queue(newsroom)
    guid = call(newsroom, told=fields(DOUBT)).headers["X-akismet-guid"]
    newsroom.review(action, guid, delay=0)
    answer = call(newsroom, told=fields(HAM, guid=guid, recheck_reason="edit"))
    said = {Action.REJECT: (b"true", "rejected"), Action.SPAM: (b"true", "spam")}
    assert (answer.data, answer.headers["X-replydesk-verdict"]) == said.get(action, (b"false", "held"))
    assert newsroom.comment(guid).status != "approved"
    assert newsroom.comment(guid).published_revision is None


@pytest.mark.parametrize("text", [HAM, "Thank you all for this, it was a good read."])
def test_a_recheck_does_not_lift_what_was_submitted_as_spam(newsroom, text):
    guid = call(newsroom, told=fields(HAM)).headers["X-akismet-guid"]
    call(newsroom, "submit-spam", fields(HAM, guid=guid))
    assert call(newsroom, told=fields(text, guid=guid, recheck_reason="edit")).data == b"true"
    call(newsroom, "submit-ham", fields(HAM, guid=guid))
    assert call(newsroom, told=fields(HAM, guid=guid, recheck_reason="recheck")).data == b"false"


@pytest.mark.parametrize("mode", ["score", "decide", "queue"])
def test_what_a_person_said_of_a_comment_holds_when_it_comes_again(newsroom, mode):
    """Also without the word that it is asked about again: a client checks what a spammer sends a second time."""
    tune_site(newsroom.context, "courier", {"compat_mode": mode})
    call(newsroom, "submit-spam", fields(HAM))
    assert call(newsroom, told=fields(HAM)).data == b"true"
    (row,) = newsroom.get("/v1/comments").json["comments"]
    newsroom.review(Action.APPROVE, row["id"], delay=0, replaces=int(row["decision"]))
    assert call(newsroom, told=fields(HAM)).data == b"false"
    assert call(newsroom, told=fields(SPAM)).data == b"true"
    call(newsroom, "submit-ham", fields(SPAM))
    assert call(newsroom, told=fields(SPAM)).data == b"false"
    assert call(newsroom, told=fields(SPAM, user_ip="198.51.100.7")).data == b"true"


def test_what_a_person_said_is_not_waited_for(newsroom, monkeypatch):
    """While the store is away the text is judged as it stands."""

    def away(*_):
        raise OSError

    monkeypatch.setattr(newsroom.app.extensions["replydesk.compat"].verbs, "known", away)
    assert [call(newsroom, told=fields(text)).data for text in (HAM, SPAM)] == [b"false", b"true"]


def test_a_recheck_of_what_waits_for_a_person_waits(newsroom):
    newsroom.post(submission(id="wp-79", body=DOUBT))
    newsroom.review(Action.HOLD, "wp-79", delay=0)
    answer = call(newsroom, told=fields(HAM, guid="wp-79", recheck_reason="edit"))
    assert answer.headers["X-replydesk-verdict"] == "held"


def test_a_new_comment_is_none_that_is_known(newsroom):
    queue(newsroom)
    guid = call(newsroom, told=fields(DOUBT)).headers["X-akismet-guid"]
    other = call(newsroom, told=fields(HAM, guid=guid)).headers["X-akismet-guid"]
    assert other != guid
    assert newsroom.comment(guid).body == DOUBT


def test_slashes_of_wordpress_are_undone(newsroom):
    queue(newsroom)
    first = call(newsroom, told=fields(r"Quorble: it\'s \"good\" \\ news", comment_author=r"O\'Brien"))
    second = call(newsroom, told=fields('Quorble: it\'s "good" \\ news', comment_author="O'Brien"))
    assert first.headers["X-akismet-guid"] == second.headers["X-akismet-guid"]
    stored = newsroom.comment(first.headers["X-akismet-guid"])
    assert (stored.body, stored.author_name) == ('Quorble: it\'s "good" \\ news', "O'Brien")


def test_answers_hang_below_what_they_answer(newsroom):
    """A parent is known by the id that our plugin sends, else by the number that an import gave it."""
    queue(newsroom)
    first = call(newsroom, told=fields(comment_parent="17")).headers["X-akismet-guid"]
    second = call(newsroom, told=fields(DOUBT, comment_parent="18", comment_parent_guid=first))
    assert newsroom.comment(first).parent_id == "wp-17"
    assert newsroom.comment(second.headers["X-akismet-guid"]).parent_id == first


# -- submit-spam and submit-ham ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("path", "action"), [("submit-spam", Action.SPAM), ("submit-ham", Action.APPROVE)])
@pytest.mark.parametrize("checked", [True, False])
def test_a_report_is_one_label(newsroom, path, action, checked):
    queue(newsroom)
    told = fields(DOUBT)
    guid = call(newsroom, told=told).headers["X-akismet-guid"] if checked else None
    for _ in range(3):
        answer = call(newsroom, path, told)
        assert answer.data == b"Thanks for making the web a better place."
    assert newsroom.count() == 1
    with newsroom.context.deps.store.read() as tx:
        (comment,) = tx.comments.page(newsroom.courier.site.id).comments
        labels = [one for one in tx.labels.of_comment(comment.pk) if one.retracted_at is None]
    assert [(one.action, one.who_kind, one.who) for one in labels] == [(action, Who.SITE, "akismet")]
    assert comment.status == {"submit-spam": "spam", "submit-ham": "approved"}[path]
    assert guid in (None, comment.id)


def test_a_change_of_mind_replaces_the_label(newsroom):
    queue(newsroom)
    for path in ("submit-spam", "submit-ham"):
        call(newsroom, path, fields(DOUBT))
    with newsroom.context.deps.store.read() as tx:
        (comment,) = tx.comments.page(newsroom.courier.site.id).comments
        kept = [one.action for one in tx.labels.of_comment(comment.pk) if one.retracted_at is None]
    assert (comment.status, kept) == ("approved", [Action.APPROVE])


def test_tests_teach_nothing(newsroom):
    for told in (fields(is_test="1"), fields("")):
        assert call(newsroom, "submit-spam", told).text.startswith("Thanks")
    assert newsroom.count() == 0


def test_no_address_is_answered_or_kept(newsroom):
    queue(newsroom)
    answer = call(newsroom, told=fields("Quorble: write to ada@mail.example."))
    stored = newsroom.comment(answer.headers["X-akismet-guid"])
    assert "⟦email⟧" in stored.body
    assert b"ada@" not in answer.data + str(answer.headers).encode()
    assert "ada@" not in json.dumps(stored.signals)
