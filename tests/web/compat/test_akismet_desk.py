"""Akismet's protocol with a desk behind it: what is put there, checked again, reported, and never lifted."""

import json

import pytest

from service.domain.verdict import Action, Who
from service.usecases.sites import tune_site
from tests.web.api.caller import submission
from tests.web.compat.akismet_cases import DOUBT, HAM, SPAM, call, fields, queue
from tests.wxr import comment, item


@pytest.fixture
def newsroom(fresh):
    """A newsroom whose policy is known, whatever the model says."""
    tune_site(fresh.context, "courier", {"hold_words": "quorble", "spam_words": "viagra"})
    return fresh


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


@pytest.mark.parametrize("by_export", [True, False])
def test_what_was_checked_here_is_shown_once_it_moves_in(newsroom, by_export):
    queue(newsroom)
    guid = call(newsroom, told=fields(HAM)).headers["X-akismet-guid"]
    stored = newsroom.comment(guid)
    assert (stored.status, newsroom.published_ids()) == ("approved", [])
    author = {"name": stored.author_name, "website": stored.website, "email": "ada@mail.example"}
    if by_export:
        noted = f"<wp:meta_key>replydesk_id</wp:meta_key><wp:meta_value>{guid}</wp:meta_value>"
        found = comment(7, stored.body, extra=f"<wp:commentmeta>{noted}</wp:commentmeta>")
        found = found.replace("https://ada.example", stored.website or "")
        assert newsroom.import_wordpress(item(found)) == {"replayed": 1}
    else:
        newsroom.post(submission(id=guid, author=author, body=stored.body))
    assert (newsroom.comment(guid).revision, newsroom.published_ids()) == (1, [guid])


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
