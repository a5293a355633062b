"""Edits of decided comments: a person's refusal outlives new text, and an edit keeps the time of the first posting."""

import io
import json
from dataclasses import replace
from datetime import timedelta

import pytest

from service.domain.author_status import AuthorStatus
from service.domain.status import Status
from service.domain.verdict import LABELS, Action, Assessment, Who
from service.importers.jsonl import import_lines
from service.importers.wordpress import import_export
from service.usecases import Scored, StatusChange, set_author_status, settle, undo
from service.usecases.tuning import tune_site
from service.webhooks import signing
from tests.factories import NOON
from tests.web.api.caller import ARTICLE, submission

CALM = "Thank you for the report about the bridge, it was a good read."
HEAD = (
    b'<?xml version="1.0" encoding="UTF-8" ?><rss version="2.0" xmlns:wp="http://wordpress.org/export/1.2/">'
    b"<channel>"
)
WP_COMMENT = (
    "<item><title>The bridge</title><link>{url}</link><wp:post_date_gmt>2026-10-31 09:00:00</wp:post_date_gmt>"
    "<wp:status>publish</wp:status><wp:post_type>post</wp:post_type>"
    "<wp:comment><wp:comment_id>{number}</wp:comment_id><wp:comment_author>Ada</wp:comment_author>"
    "<wp:comment_date_gmt>2026-11-01 10:00:00</wp:comment_date_gmt>"
    "<wp:comment_content><![CDATA[{body}]]></wp:comment_content>"
    "<wp:comment_approved>{state}</wp:comment_approved><wp:comment_type>comment</wp:comment_type>"
    "<wp:comment_parent>0</wp:comment_parent></wp:comment></item>"
)


def judged(newsroom, comment, **scores):
    """Let the model decide a comment by these scores; without any it finds nothing against it."""
    told = Assessment({**dict.fromkeys(LABELS, 0.01), **scores}, "made-up-1", language="en")
    settle(newsroom.context.deps, [Scored(comment, told)])


def post_alone(newsroom, comment_id, body):
    assert newsroom.post(submission(id=comment_id, body=body)).status_code in (200, 202)


def post_in_batch(newsroom, comment_id, body):
    answer = newsroom.call("POST", "/v1/comments/batch", json=[submission(id=comment_id, body=body)])
    assert answer.status_code == 200


def post_inbound(newsroom, comment_id, body):
    raw = json.dumps(submission(id=comment_id, body=body)).encode()
    moment = int(newsroom.clock.now.timestamp())
    headers = signing.sign([newsroom.courier.inbound_secret], f"msg-{hash(body)}", moment, raw)
    answer = newsroom.call(
        "POST",
        "/v1/sites/courier/inbound",
        None,
        data=raw,
        headers={**headers, "Content-Type": "application/json"},
    )
    assert answer.status_code in (200, 202), answer.text


def import_line(newsroom, comment_id, body):
    line = json.dumps(submission(id=comment_id, body=body)).encode()
    list(import_lines(newsroom.context, newsroom.courier.site, io.BytesIO(line)))


ENTRIES = {"api": post_alone, "batch": post_in_batch, "inbound": post_inbound, "lines": import_line}
DECISIONS = {
    "rejected by a moderator": lambda newsroom: newsroom.review(Action.REJECT, delay=0),
    "spam by a moderator": lambda newsroom: newsroom.review(Action.SPAM, delay=0),
    "set aside by a moderator": lambda newsroom: newsroom.review(Action.HOLD, delay=0),
    "rejected, not sent yet": lambda newsroom: newsroom.review(Action.REJECT, delay=5),
    "rejected by the site": lambda newsroom: newsroom.decide("reject"),
    "spam by the site": lambda newsroom: newsroom.decide("spam"),
    "held by the site": lambda newsroom: newsroom.decide("hold"),
}


@pytest.mark.parametrize("entry", ENTRIES)
@pytest.mark.parametrize("decision", DECISIONS)
def test_new_text_does_not_lift_a_persons_refusal(newsroom, decision, entry):
    newsroom.post()
    DECISIONS[decision](newsroom)
    ENTRIES[entry](newsroom, "c-1", CALM)
    revised = newsroom.comment()
    assert (revised.revision, revised.status) == (2, Status.PENDING)
    judged(newsroom, revised)
    after = newsroom.comment()
    assert (after.status, after.published_revision) == (Status.HELD, None)
    assert "earlier_decision" in [reason.code for reason in after.verdict.reasons]
    assert newsroom.get("/v1/decisions").json["decisions"][-1]["action"] == "hold"


def test_a_refusal_is_kept_in_the_real_stores(real_newsroom):
    newsroom = real_newsroom
    newsroom.post()
    newsroom.review(Action.REJECT, delay=0)
    for number in range(3):
        post_alone(newsroom, "c-1", f"{CALM} {number}")
        judged(newsroom, newsroom.comment())
        assert newsroom.comment().status is Status.HELD
    newsroom.review(Action.APPROVE, delay=0)
    post_alone(newsroom, "c-1", f"{CALM} And a good day to all.")
    judged(newsroom, newsroom.comment())
    assert newsroom.comment().status is Status.APPROVED


def test_a_trusted_author_does_not_lift_a_persons_refusal(newsroom):
    newsroom.post()
    set_author_status(
        newsroom.context.deps,
        newsroom.courier.site,
        newsroom.comment().pk,
        StatusChange(AuthorStatus.TRUSTED, "Mara"),
    )
    newsroom.review(Action.SPAM, delay=0)
    post_alone(newsroom, "c-1", CALM)
    judged(newsroom, newsroom.comment())
    assert newsroom.comment().status is Status.HELD


def test_a_refusal_that_was_taken_back_holds_nothing(newsroom):
    newsroom.post()
    judged(newsroom, newsroom.comment())
    newsroom.review(Action.REJECT, delay=0, replaces=newsroom.comment().decision_id)
    undo(newsroom.context.deps, newsroom.courier.site, "c-1", Who.MODERATOR, "Mara")
    post_alone(newsroom, "c-1", CALM)
    judged(newsroom, newsroom.comment())
    assert newsroom.comment().status is Status.APPROVED


def test_the_machines_own_refusal_is_judged_anew(newsroom):
    tune_site(newsroom.context, "courier", {"toxicity.reject": "0.97"})
    newsroom.post()
    judged(newsroom, newsroom.comment(), toxicity=0.99)
    assert newsroom.comment().status is Status.REJECTED
    post_alone(newsroom, "c-1", CALM)
    judged(newsroom, newsroom.comment())
    assert newsroom.comment().status is Status.APPROVED


def test_an_outage_publishes_nothing_that_a_person_refused(newsroom):
    tune_site(newsroom.context, "courier", {"outage": "publish"})
    newsroom.post()
    newsroom.review(Action.REJECT, delay=0)
    post_alone(newsroom, "c-1", CALM)
    settle(newsroom.context.deps, [Scored(newsroom.comment(), None, late=True)])
    assert newsroom.comment().status is Status.HELD


def import_wordpress(newsroom, body, state, number=7):
    told = WP_COMMENT.format(url=ARTICLE, number=number, body=body, state=state).encode()
    raw = io.BytesIO(HEAD + told + b"</channel></rss>")
    list(import_export(newsroom.context, newsroom.courier.site, raw))


@pytest.mark.parametrize("action", [Action.REJECT, Action.SPAM, Action.HOLD])
def test_a_later_export_does_not_lift_a_moderators_refusal(real_newsroom, action):
    newsroom = real_newsroom
    import_wordpress(newsroom, "Buy now!", "1")
    newsroom.review(action, "wp-7", delay=0, replaces=newsroom.comment("wp-7").decision_id)
    import_wordpress(newsroom, CALM, "1")
    after = newsroom.comment("wp-7")
    assert (after.revision, after.status, after.published_revision) == (2, Status.HELD, None)


@pytest.mark.parametrize("entry", ENTRIES)
@pytest.mark.parametrize("by_site", [True, False])
@pytest.mark.parametrize("action", ["reject", "spam", "hold"])
def test_an_export_of_what_the_site_posted_lifts_no_refusal(real_newsroom, action, by_site, entry):
    newsroom = real_newsroom
    ENTRIES[entry](newsroom, "wp-7", "Buy now!")
    if by_site:
        newsroom.decide(action, "wp-7")
    else:
        newsroom.review(Action(action), "wp-7", delay=0)
    import_wordpress(newsroom, CALM, "1")
    after = newsroom.comment("wp-7")
    assert (after.revision, after.status, after.published_revision) == (2, Status.HELD, None)
    assert newsroom.count() == 1


def test_an_export_of_a_second_blog_lifts_no_refusal_either(real_newsroom):
    newsroom = real_newsroom
    old = WP_COMMENT.format(url="https://old.example/a", number=3, body="Old.", state="1").replace(
        "2026-", "2012-"
    )
    raw = io.BytesIO(HEAD + old.encode() + b"</channel></rss>")
    list(import_export(newsroom.context, newsroom.courier.site, raw))
    for name in ("wp-7", "wp-8"):
        post_alone(newsroom, name, "Buy now!")
    newsroom.review(Action.REJECT, "wp-7", delay=0)
    for body, revision in ((CALM, 2), (CALM, 2), (f"{CALM} Again.", 3)):
        import_wordpress(newsroom, body, "1")
        after = newsroom.comment("wp-7")
        assert (after.revision, after.status, after.published_revision) == (revision, Status.HELD, None)
    for _ in range(2):
        import_wordpress(newsroom, CALM, "1", number=3)
        assert newsroom.comment("wp-3").body == "Old."
        assert newsroom.count() == 4


def test_no_number_of_exports_lifts_a_moderators_refusal(real_newsroom):
    newsroom = real_newsroom
    import_wordpress(newsroom, "Buy now!", "1")
    newsroom.review(Action.REJECT, "wp-7", delay=0, replaces=newsroom.comment("wp-7").decision_id)
    for number, (state, status) in enumerate(
        (("1", Status.HELD), ("1", Status.HELD), ("trash", Status.REJECTED), ("1", Status.HELD))
    ):
        import_wordpress(newsroom, f"{CALM} {number}", state)
        assert newsroom.comment("wp-7").status is status, number
    newsroom.review(Action.APPROVE, "wp-7", delay=0)
    import_wordpress(newsroom, CALM, "1")
    assert newsroom.comment("wp-7").status is Status.APPROVED


def test_an_edit_shows_no_longer_what_was_just_refused(real_newsroom):
    newsroom = real_newsroom
    tune_site(newsroom.context, "courier", {"moderation": "post"})
    newsroom.forget()
    newsroom.post()
    judged(newsroom, newsroom.comment())
    newsroom.review(Action.REJECT, replaces=newsroom.comment().decision_id)
    assert newsroom.comment().published_revision == 1
    post_alone(newsroom, "c-1", CALM)
    assert newsroom.comment().published_revision is None
    newsroom.clock.pass_seconds(9)
    newsroom.publish_due()
    judged(newsroom, newsroom.comment())
    assert (newsroom.comment().status, newsroom.comment().published_revision) == (Status.HELD, None)


def test_an_export_that_refuses_too_refuses(newsroom):
    import_wordpress(newsroom, "Buy now!", "1")
    newsroom.review(Action.REJECT, "wp-7", delay=0, replaces=newsroom.comment("wp-7").decision_id)
    import_wordpress(newsroom, CALM, "spam")
    assert newsroom.comment("wp-7").status is Status.SPAM
    import_wordpress(newsroom, "Buy now!", "trash", number=8)
    import_wordpress(newsroom, CALM, "1", number=8)
    assert newsroom.comment("wp-8").status is Status.APPROVED


@pytest.mark.parametrize(("state", "status"), [("trash", "rejected"), ("spam", "spam"), ("0", "held")])
def test_what_the_site_refused_after_an_import_is_refused(real_newsroom, state, status):
    newsroom = real_newsroom
    for said in ("1", state, "1"):
        import_wordpress(newsroom, "The mayor is a thief.", said)
    after = newsroom.comment("wp-7")
    assert (after.revision, after.status, after.published_revision) == (1, status, None)
    assert newsroom.get("/v1/decisions").json["decisions"][-1]["comment"]["id"] == "wp-7"


def test_a_later_export_refuses_nothing_that_a_moderator_approved(newsroom):
    import_wordpress(newsroom, CALM, "0")
    newsroom.review(Action.APPROVE, "wp-7", delay=0)
    import_wordpress(newsroom, CALM, "trash")
    assert newsroom.comment("wp-7").status is Status.APPROVED
    import_wordpress(newsroom, "Buy now!", "1", number=8)
    import_wordpress(newsroom, CALM, "1", number=8)
    import_wordpress(newsroom, "Buy now!", "trash", number=8)
    assert newsroom.comment("wp-8").status is Status.APPROVED


# -- the time of the first posting -------------------------------------------------------------------------------------


def closing(newsroom):
    """Let comments close two days after publication; return the article, which appeared a day ago."""
    tune_site(newsroom.context, "courier", {"close_after_days": "2"})
    return {"url": ARTICLE, "published_at": (NOON - timedelta(days=1)).isoformat()}


@pytest.mark.parametrize("entry", ["api", "batch"])
@pytest.mark.parametrize("moderation", ["pre", "post"])
def test_an_edit_is_judged_by_the_time_of_the_first_posting(newsroom, entry, moderation):
    article = closing(newsroom)
    tune_site(newsroom.context, "courier", {"moderation": moderation})
    newsroom.forget()
    newsroom.post(submission(article=article))
    judged(newsroom, newsroom.comment())
    for days, body in ((6, CALM), (30, f"{CALM} Thanks again.")):
        newsroom.clock.pass_seconds(days * 86_400)
        ENTRIES[entry](newsroom, "c-1", body)
        judged(newsroom, newsroom.comment())
        after = newsroom.comment()
        assert (after.status, after.published_revision, after.body) == (Status.APPROVED, after.revision, body)
        assert after.submitted_at == NOON


def test_the_time_of_an_edit_does_not_close_a_comment(real_newsroom):
    newsroom = real_newsroom
    article = closing(newsroom)
    newsroom.post(submission(article=article))
    judged(newsroom, newsroom.comment())
    newsroom.clock.pass_seconds(7 * 86_400)
    edited = newsroom.clock.now.isoformat()
    newsroom.post(submission(article=article, body=CALM, submitted_at=edited))
    judged(newsroom, newsroom.comment())
    assert newsroom.comment().status is Status.APPROVED


def test_a_comment_that_came_too_late_stays_too_late(newsroom):
    article = closing(newsroom)
    newsroom.clock.pass_seconds(7 * 86_400)
    newsroom.post(submission(article=article))
    judged(newsroom, newsroom.comment())
    assert newsroom.comment().status is Status.REJECTED
    newsroom.post(submission(article=article, body=CALM))
    judged(newsroom, newsroom.comment())
    assert newsroom.comment().status is Status.REJECTED


def test_a_line_imported_again_keeps_its_moment(newsroom):
    article = closing(newsroom)
    for days, body in ((0, "It opens."), (9, CALM)):
        newsroom.clock.pass_seconds(days * 86_400)
        line = json.dumps(submission(article=article, body=body)).encode()
        list(import_lines(newsroom.context, newsroom.courier.site, io.BytesIO(line)))
        judged(newsroom, newsroom.comment())
        assert newsroom.comment().status is Status.APPROVED


def test_a_first_moment_that_was_wrong_can_be_corrected(newsroom):
    article = closing(newsroom)
    newsroom.post(submission(article=article, submitted_at=(NOON + timedelta(days=300)).isoformat()))
    judged(newsroom, newsroom.comment())
    assert newsroom.comment().status is Status.REJECTED
    newsroom.post(submission(article=article, body=CALM, submitted_at=NOON.isoformat()))
    judged(newsroom, newsroom.comment())
    assert newsroom.comment().status is Status.APPROVED
    assert replace(newsroom.comment(), submitted_at=NOON) == newsroom.comment()
