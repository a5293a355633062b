"""Akismet's protocol with a desk behind it: what is put there, checked again, reported, and never lifted."""

import json

import pytest

from service.domain.verdict import Action
from tests.web.api.caller import submission
from tests.web.compat.akismet_cases import DOUBT, HAM, SPAM, call, fields, guid
from tests.wxr import comment, item


def test_queue_mode_puts_comments_on_the_desk(worded):
    before = guid(call(worded, told=fields(DOUBT)))
    assert worded.count() == 0
    worded.tune(compat_mode="queue")
    guids = [guid(call(worded, told=fields(DOUBT))) for _ in range(2)]
    assert guids == [before, before]
    assert worded.count() == 1
    stored = worded.comment(guids[0])
    assert (stored.status, stored.source, stored.author_name) == ("held", "compat", "Ada")
    assert stored.article.url == "https://courier.example/bridge"
    assert stored.client.ip == "192.0.2.0"
    assert stored.author_key
    assert "ada@mail" not in repr(stored)


@pytest.mark.parametrize("by_export", [True, False])
def test_what_was_checked_here_is_shown_once_it_moves_in(worded, by_export):
    worded.tune(compat_mode="queue")
    known = guid(call(worded, told=fields(HAM)))
    stored = worded.comment(known)
    assert (stored.status, worded.published_ids()) == ("approved", [])
    author = {"name": stored.author_name, "website": stored.website, "email": "ada@mail.example"}
    if by_export:
        noted = f"<wp:meta_key>replydesk_id</wp:meta_key><wp:meta_value>{known}</wp:meta_value>"
        found = comment(7, stored.body, extra=f"<wp:commentmeta>{noted}</wp:commentmeta>")
        found = found.replace("https://ada.example", stored.website or "")
        assert worded.import_wordpress(item(found)) == {"replayed": 1}
    else:
        worded.post(submission(id=known, author=author, body=stored.body))
    assert (worded.comment(known).revision, worded.published_ids()) == (1, [known])


def test_a_recheck_is_answered_by_what_was_decided(worded):
    worded.tune(compat_mode="queue")
    known = guid(call(worded, told=fields(DOUBT)))
    again = fields(DOUBT, recheck_reason="recheck")
    answer = call(worded, told=again)
    assert (answer.data, answer.headers["X-akismet-recheck-after"]) == (b"false", "300")
    worded.decide("spam", known)
    assert call(worded, told=again).data == b"true"
    assert call(worded, told=fields(DOUBT)).data == b"true"
    by_guid = fields("Edited by the blog's own filters.", recheck_reason="recheck", guid=known)
    assert call(worded, told=by_guid).data == b"true"
    assert worded.count() == 1
    assert guid(call(worded, told=fields(HAM, guid=known))) != known  # it is not asked about again


@pytest.mark.parametrize("reason", ["edit", "recheck"])
def test_other_text_is_not_answered_by_the_old_ones_decision(worded, reason):
    worded.tune(compat_mode="queue")
    known = guid(call(worded))
    edited = fields(SPAM, guid=known, recheck_reason=reason)
    assert call(worded, told=edited).data == b"true"
    stored = worded.comment(known)
    assert (stored.body, stored.revision, stored.status) == (SPAM, 2, "spam")
    assert worded.count() == 1


def test_a_comment_of_another_source_lends_no_other_text_its_state(worded):
    worded.tune(compat_mode="queue")
    worded.post(submission(id="wp-77", body=HAM))
    worded.decide("approve", "wp-77")
    same = fields(HAM, guid="wp-77", recheck_reason="recheck")
    assert call(worded, told=same).headers["X-replydesk-verdict"] == "approved"
    assert call(worded, told=same | {"comment_content": SPAM}).data == b"true"
    assert worded.comment("wp-77").body == HAM


@pytest.mark.parametrize("decide", [False, True])
def test_what_waits_here_waits_in_other_words(worded, decide):
    worded.tune(compat_mode="score" if decide else "queue")
    worded.post(submission(id="wp-78", body=DOUBT))
    if decide:
        worded.review(Action.HOLD, "wp-78", delay=0)
    answer = call(worded, told=fields(HAM, guid="wp-78", recheck_reason="edit"))
    assert (answer.data, answer.headers["X-replydesk-verdict"]) == (b"false", "held")


@pytest.mark.parametrize("action", [Action.REJECT, Action.SPAM, Action.HOLD])
def test_new_text_does_not_lift_a_moderators_refusal(worded, action):
    worded.tune(compat_mode="queue")
    known = guid(call(worded, told=fields(DOUBT)))
    worded.review(action, known, delay=0)
    answer = call(worded, told=fields(HAM, guid=known, recheck_reason="edit"))
    said = {Action.REJECT: (b"true", "rejected"), Action.SPAM: (b"true", "spam")}
    assert (answer.data, answer.headers["X-replydesk-verdict"]) == said.get(action, (b"false", "held"))
    assert worded.comment(known).status != "approved"
    assert worded.comment(known).published_revision is None


@pytest.mark.parametrize("text", [HAM, "Thank you all for this, it was a good read."])
def test_a_recheck_does_not_lift_what_was_submitted_as_spam(worded, text):
    known = guid(call(worded, told=fields(HAM)))
    call(worded, "submit-spam", fields(HAM, guid=known))
    assert call(worded, told=fields(text, guid=known, recheck_reason="edit")).data == b"true"
    call(worded, "submit-ham", fields(HAM, guid=known))
    assert call(worded, told=fields(HAM, guid=known, recheck_reason="recheck")).data == b"false"


@pytest.mark.parametrize("mode", ["score", "decide", "queue"])
def test_what_a_person_said_of_a_comment_holds_when_it_comes_again(worded, mode):
    worded.tune(compat_mode=mode)
    call(worded, "submit-spam", fields(HAM))
    assert call(worded, told=fields(HAM)).data == b"true"
    (row,) = worded.get("/v1/comments").json["comments"]
    worded.review(Action.APPROVE, row["id"], delay=0, replaces=int(row["decision"]))
    assert call(worded, told=fields(HAM)).data == b"false"
    assert call(worded, told=fields(SPAM)).data == b"true"
    call(worded, "submit-ham", fields(SPAM))
    assert call(worded, told=fields(SPAM)).data == b"false"
    assert call(worded, told=fields(SPAM, user_ip="198.51.100.7")).data == b"true"


AGAIN = {
    "as it was": {},
    "with more blanks": {"comment_content": f" {HAM.replace(', ', ',  ')} "},
    "with what nobody sees": {"comment_content": HAM.replace("bridge", "bri\u200bdge")},
    "with another website": {"comment_author_url": "https://bo.example"},
    "with no website": {"comment_author_url": ""},
}


@pytest.mark.parametrize("again", AGAIN)
@pytest.mark.parametrize("action", [Action.REJECT, Action.SPAM])
def test_what_a_moderator_refused_stays_refused_when_it_comes_again(worded, again, action):
    worded.tune(compat_mode="queue")
    known = guid(call(worded, told=fields(HAM)))
    decision = worded.comment(known).decision_id
    worded.review(action, known, delay=0, replaces=decision)
    for _ in range(2):
        answer = call(worded, told=fields(**AGAIN[again]))
        assert (answer.data, guid(answer)) == (b"true", known)
    assert call(worded, told=fields(recheck_reason="recheck", guid=known, **AGAIN[again])).data == b"true"
    call(worded, "submit-ham", fields(**AGAIN[again]))
    assert worded.comment(known).status != "approved"
    assert worded.count() == 1
    assert call(worded, told=fields(**AGAIN[again])).data == b"true"


def test_a_check_is_answered_by_what_a_person_decides_of_the_new_text(worded):
    worded.tune(compat_mode="queue")
    known = guid(call(worded, told=fields(HAM)))
    worded.review(Action.REJECT, known, delay=0, replaces=worded.comment(known).decision_id)
    other = fields(comment_author_url="https://bo.example")
    assert call(worded, told=other).data == b"true"
    assert worded.comment(known).status == "held"
    worded.review(Action.APPROVE, known, delay=0)
    assert call(worded, told=other).data == b"false"


def test_copies_that_are_checked_here_are_one_row(worded):
    worded.tune(compat_mode="queue")
    pks = [
        worded.comment(guid(call(worded, told=fields(DOUBT, user_ip=ip)))).pk
        for ip in ("192.0.2.7", "198.51.100.7")
    ]
    clusters = worded.rows(lambda tx: tx.clusters.of_comments(pks))
    assert len(pks) == len(clusters) == 2
    assert len({one.id for one in clusters.values()}) == 1


def test_what_a_person_said_is_not_waited_for(worded, monkeypatch):
    def away(*_):
        raise OSError

    monkeypatch.setattr(worded.app.extensions["replydesk.compat"].verbs, "known", away)
    assert [call(worded, told=fields(text)).data for text in (HAM, SPAM)] == [b"false", b"true"]


def test_slashes_of_wordpress_are_undone(worded):
    worded.tune(compat_mode="queue")
    first = call(worded, told=fields(r"Quorble: it\'s \"good\" \\ news", comment_author=r"O\'Brien"))
    second = call(worded, told=fields('Quorble: it\'s "good" \\ news', comment_author="O'Brien"))
    assert first.headers["X-akismet-guid"] == second.headers["X-akismet-guid"]
    stored = worded.comment(first.headers["X-akismet-guid"])
    assert (stored.body, stored.author_name) == ('Quorble: it\'s "good" \\ news', "O'Brien")


def test_answers_hang_below_what_they_answer(worded):
    worded.tune(compat_mode="queue")
    first = guid(call(worded, told=fields(comment_parent="17")))
    second = call(worded, told=fields(DOUBT, comment_parent="18", comment_parent_guid=first))
    assert worded.comment(first).parent_id == "wp-17"
    assert worded.comment(second.headers["X-akismet-guid"]).parent_id == first


@pytest.mark.parametrize("checked", [True, False])
def test_a_report_is_one_label_and_a_change_of_mind_replaces_it(worded, checked):
    worded.tune(compat_mode="queue")
    known = guid(call(worded, told=fields(DOUBT))) if checked else None
    for path, action in (("submit-spam", Action.SPAM), ("submit-ham", Action.APPROVE)):
        for _ in range(3):
            answer = call(worded, path, fields(DOUBT))
            assert answer.data == b"Thanks for making the web a better place."
        (comment,) = worded.comments()
        assert worded.labels(comment.pk) == [(action, "akismet")]
        assert comment.status == {"submit-spam": "spam", "submit-ham": "approved"}[path]
        assert known in (None, comment.id)


def test_tests_teach_nothing(worded):
    for told in (fields(is_test="1"), fields("")):
        assert call(worded, "submit-spam", told).text.startswith("Thanks")
    assert worded.count() == 0


def test_no_address_is_answered_or_kept(worded):
    worded.tune(compat_mode="queue")
    answer = call(worded, told=fields("Quorble: write to ada@mail.example."))
    stored = worded.comment(answer.headers["X-akismet-guid"])
    assert "⟦email⟧" in stored.body
    assert b"ada@" not in answer.data + str(answer.headers).encode()
    assert "ada@" not in json.dumps(stored.signals)
