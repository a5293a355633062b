"""Edits of decided comments: a person's refusal outlives new text, and an edit keeps the time of the first posting."""

from datetime import timedelta

import pytest

from service.domain.author_status import AuthorStatus
from service.domain.status import Status
from service.domain.verdict import LABELS, Action, Assessment, Who
from service.privacy.sealing import Address
from service.usecases import (
    Scored,
    StatusChange,
    answer,
    appeal,
    record_scores,
    rescore,
    set_author_status,
    take_answer_back,
    undo,
)
from service.usecases.appeal import Answer
from service.usecases.articles import describe_article, move_thread
from service.usecases.erase import erase_person
from tests.factories import ADDRESS, NOON
from tests.web.api.caller import ARTICLE, ENTRIES, submission
from tests.web.api.edits import CALM, edited, export, judge, post
from tests.wxr import comment, item


def overrule(newsroom, action, comment_id="c-1", **given):
    """Let a moderator replace the decision that stands."""
    newsroom.review(action, comment_id, replaces=newsroom.comment(comment_id).decision_id, **given)


DECISIONS = {
    "rejected by a moderator": lambda newsroom: newsroom.review(Action.REJECT, delay=0),
    "spam by a moderator": lambda newsroom: newsroom.review(Action.SPAM, delay=0),
    "set aside by a moderator": lambda newsroom: newsroom.review(Action.HOLD, delay=0),
    "rejected, not sent yet": lambda newsroom: newsroom.review(Action.REJECT, delay=5),
    "rejected by the site": lambda newsroom: newsroom.decide("reject"),
    "spam by the site": lambda newsroom: newsroom.decide("spam"),
    "held by the site": lambda newsroom: newsroom.decide("hold"),
}


@pytest.mark.parametrize(
    ("decision", "entry"),
    [(decision, "api") for decision in DECISIONS] + [("rejected by a moderator", entry) for entry in ENTRIES],
)
def test_new_text_does_not_lift_a_persons_refusal(newsroom, decision, entry):
    newsroom.post()
    DECISIONS[decision](newsroom)
    assert ENTRIES[entry](newsroom, submission(body=CALM)) == {}
    assert (newsroom.comment().revision, newsroom.comment().status) == (2, Status.PENDING)
    after = judge(newsroom)
    assert (after.status, after.published_revision) == (Status.HELD, None)
    assert "earlier_decision" in [reason.code for reason in after.verdict.reasons]
    assert newsroom.get("/v1/decisions").json["decisions"][-1]["action"] == "hold"


def test_a_refusal_is_kept_in_the_real_stores(real_newsroom):
    real_newsroom.post()
    real_newsroom.review(Action.REJECT, delay=0)
    for number in range(3):
        assert edited(real_newsroom, f"{CALM} {number}").status is Status.HELD
    real_newsroom.review(Action.APPROVE, delay=0)
    assert edited(real_newsroom, f"{CALM} And a good day to all.").status is Status.APPROVED


@pytest.mark.parametrize("taken_back", [False, True])
def test_a_refusal_that_a_person_upheld_is_a_persons(real_newsroom, taken_back):
    newsroom = real_newsroom
    deps, site = newsroom.deps, newsroom.courier.site
    newsroom.tune(**{"toxicity.reject": "0.97"})
    newsroom.post()
    assert judge(newsroom, toxicity=0.99).status is Status.REJECTED
    made = appeal(deps, site, "c-1", "Please look again.")
    answer(deps, site, made.id, Answer(reverse=False, words="It stays.", who="Mara"), 0)
    if taken_back:
        take_answer_back(deps, site, made.id, "Mara")
    assert edited(newsroom).status is (Status.APPROVED if taken_back else Status.HELD)


def test_what_stands_for_no_person_refuses_nothing(newsroom):
    newsroom.tune(**{"toxicity.reject": "0.97"})
    newsroom.post()
    assert judge(newsroom, toxicity=0.99).status is Status.REJECTED
    assert edited(newsroom).status is Status.APPROVED
    overrule(newsroom, Action.REJECT, delay=0)
    undo(newsroom.deps, newsroom.courier.site, "c-1", Who.MODERATOR, "Mara")
    assert edited(newsroom, f"{CALM} Taken back.").status is Status.APPROVED
    trusted = StatusChange(AuthorStatus.TRUSTED, "Mara")
    set_author_status(newsroom.deps, newsroom.courier.site, newsroom.comment().pk, trusted)
    overrule(newsroom, Action.SPAM, delay=0)
    assert edited(newsroom, f"{CALM} From a trusted author.").status is Status.HELD


def test_an_outage_publishes_nothing_that_a_person_refused(newsroom):
    newsroom.tune(outage="publish")
    newsroom.post()
    newsroom.review(Action.REJECT, delay=0)
    post(newsroom, body=CALM)
    record_scores(newsroom.deps, [Scored(newsroom.comment(), None, late=True)])
    assert newsroom.comment().status is Status.HELD


@pytest.mark.parametrize("action", [Action.REJECT, Action.SPAM, Action.HOLD])
def test_no_number_of_exports_lifts_a_moderators_refusal(real_newsroom, action):
    export(real_newsroom, "Buy now!", "1")
    overrule(real_newsroom, action, "wp-7", delay=0)
    after = export(real_newsroom, CALM, "1")
    assert (after.revision, after.status, after.published_revision) == (2, Status.HELD, None)
    for number, (state, status) in enumerate(
        (("1", Status.HELD), ("trash", Status.REJECTED), ("1", Status.HELD))
    ):
        assert export(real_newsroom, f"{CALM} {number}", state).status is status
    real_newsroom.review(Action.APPROVE, "wp-7", delay=0)
    assert export(real_newsroom, CALM, "1").status is Status.APPROVED


@pytest.mark.parametrize(
    ("action", "by_site", "entry"),
    [("reject", True, entry) for entry in ENTRIES]
    + [(action, by_site, "api") for action in ("reject", "spam", "hold") for by_site in (True, False)],
)
def test_an_export_of_what_the_site_posted_lifts_no_refusal(newsroom, action, by_site, entry):
    assert ENTRIES[entry](newsroom, submission(id="wp-7", body="Buy now!")) == {}
    if by_site:
        newsroom.decide(action, "wp-7")
    else:
        newsroom.review(Action(action), "wp-7", delay=0)
    after = export(newsroom, CALM, "1")
    assert (after.revision, after.status, after.published_revision) == (2, Status.HELD, None)
    assert newsroom.count() == 1


def test_an_export_of_a_second_blog_lifts_no_refusal_either(real_newsroom):
    newsroom = real_newsroom
    old = comment(3, "Old.", written="2012-11-01 10:00:00")
    newsroom.import_wordpress(item(old, link="https://old.example/a", published="2012-10-31 09:00:00"))
    for name in ("wp-7", "wp-8"):
        post(newsroom, name, body="Buy now!")
    newsroom.review(Action.REJECT, "wp-7", delay=0)
    for body, revision in ((CALM, 2), (CALM, 2), (f"{CALM} Again.", 3)):
        after = export(newsroom, body, "1")
        assert (after.revision, after.status, after.published_revision) == (revision, Status.HELD, None)
    for _ in range(2):
        assert export(newsroom, CALM, "1", number=3).body == "Old."
        assert newsroom.count() == 4


def test_an_edit_shows_no_longer_what_was_just_refused(real_newsroom):
    newsroom = real_newsroom
    newsroom.tune(moderation="post")
    newsroom.post()
    judge(newsroom)
    overrule(newsroom, Action.REJECT)
    assert newsroom.comment().published_revision == 1
    post(newsroom, body=CALM)
    assert newsroom.comment().published_revision is None
    newsroom.publish(9)
    after = judge(newsroom)
    assert (after.status, after.published_revision) == (Status.HELD, None)


def test_an_export_that_refuses_too_refuses(newsroom):
    export(newsroom, "Buy now!", "1")
    overrule(newsroom, Action.REJECT, "wp-7", delay=0)
    assert export(newsroom, CALM, "spam").status is Status.SPAM
    export(newsroom, "Buy now!", "trash", number=8)
    assert export(newsroom, CALM, "1", number=8).status is Status.APPROVED


@pytest.mark.parametrize(("state", "status"), [("trash", "rejected"), ("spam", "spam"), ("0", "held")])
def test_what_the_site_refused_after_an_import_is_refused(real_newsroom, state, status):
    for said in ("1", state, "1"):
        after = export(real_newsroom, "The mayor is a thief.", said)
    assert (after.revision, after.status, after.published_revision) == (1, status, None)
    assert real_newsroom.get("/v1/decisions").json["decisions"][-1]["comment"]["id"] == "wp-7"


def test_a_later_export_refuses_nothing_that_a_moderator_approved(newsroom):
    export(newsroom, CALM, "0")
    newsroom.review(Action.APPROVE, "wp-7", delay=0)
    assert export(newsroom, CALM, "trash").status is Status.APPROVED
    for body, state in (("Buy now!", "1"), (CALM, "1"), ("Buy now!", "trash")):
        assert export(newsroom, body, state, number=8).status is Status.APPROVED


# -- what is the same text, and what an edit does not say -------------------------------------------------------------


@pytest.fixture
def article(newsroom):
    """An article that appeared a day ago; comments close two days after publication."""
    newsroom.tune(close_after_days="2")
    return {"url": ARTICLE, "published_at": (NOON - timedelta(days=1)).isoformat()}


@pytest.mark.parametrize("entry", ["api", "batch"])
@pytest.mark.parametrize("moderation", ["pre", "post"])
def test_an_edit_is_judged_by_the_time_of_the_first_posting(newsroom, article, entry, moderation):
    newsroom.tune(moderation=moderation)
    post(newsroom, article=article)
    judge(newsroom)
    for days, body in ((6, CALM), (30, f"{CALM} Thanks again.")):
        newsroom.clock.pass_seconds(days * 86_400)
        assert ENTRIES[entry](newsroom, submission(body=body)) == {}
        after = judge(newsroom)
        assert (after.status, after.published_revision, after.body) == (Status.APPROVED, after.revision, body)
        assert after.submitted_at == NOON


@pytest.mark.parametrize("entry", ENTRIES)
def test_a_closing_date_that_came_later_keeps_no_edit_out(newsroom, entry):
    article = {"url": ARTICLE, "published_at": (NOON - timedelta(days=10)).isoformat()}
    post(newsroom, article=article)
    assert judge(newsroom).status is Status.APPROVED
    newsroom.tune(close_after_days="7")
    for body in (CALM, f"{CALM} Thanks again."):
        assert ENTRIES[entry](newsroom, submission(article=article, body=body)) == {}
        assert newsroom.comment().body == body
    assert judge(newsroom).status is Status.APPROVED


@pytest.mark.parametrize("entry", ENTRIES)
def test_an_edit_of_an_authors_only_comment_is_not_the_first(real_newsroom, entry):
    newsroom = real_newsroom
    newsroom.tune(hold_first_time="yes")
    newsroom.post()
    assert judge(newsroom).status is Status.HELD
    assert edited(newsroom, "It opens.").status is Status.HELD
    newsroom.review(Action.APPROVE, delay=0)
    assert ENTRIES[entry](newsroom, submission(body=CALM)) == {}
    assert judge(newsroom).status is Status.APPROVED


def test_an_edit_without_an_address_is_by_the_same_author(real_newsroom):
    """Whose ban holds, and who can have it erased."""
    newsroom = real_newsroom
    deps, site = newsroom.deps, newsroom.courier.site
    newsroom.tune(email_required="no")
    newsroom.post()
    set_author_status(deps, site, newsroom.comment().pk, StatusChange(AuthorStatus.BANNED, "Mara"))
    assert edited(newsroom, author={"name": "Ada"}).status is Status.REJECTED
    erase_person(newsroom.context, site, Address.parse(ADDRESS), Who.SITE, "courier")
    assert newsroom.comment().status is Status.ERASED


def test_the_time_of_an_edit_neither_closes_nor_opens_a_comment(newsroom, article):
    post(newsroom, article=article)
    judge(newsroom)
    newsroom.clock.pass_seconds(7 * 86_400)
    told = newsroom.clock.now.isoformat()
    assert edited(newsroom, article=article, submitted_at=told).status is Status.APPROVED
    for body in ("It opens.", CALM):
        post(newsroom, "late", body=body, article=article)
        assert judge(newsroom, "late").status is Status.REJECTED


def test_a_line_imported_again_keeps_its_moment(newsroom, article):
    for days, body in ((0, "It opens."), (9, CALM)):
        newsroom.clock.pass_seconds(days * 86_400)
        newsroom.import_lines(submission(article=article, body=body))
        assert judge(newsroom).status is Status.APPROVED


def test_a_first_moment_that_was_wrong_can_be_corrected(newsroom, article):
    wrong = (NOON + timedelta(days=300)).isoformat()
    assert edited(newsroom, "It opens.", article=article, submitted_at=wrong).status is Status.REJECTED
    after = edited(newsroom, article=article, submitted_at=NOON.isoformat())
    assert (after.status, after.submitted_at) == (Status.APPROVED, NOON)


# -- an article's date that was wrong ----------------------------------------------------------------------------------

WRONG = {"url": ARTICLE, "published_at": "2016-01-01T00:00:00Z"}
RIGHT = {"url": ARTICLE, "published_at": (NOON - timedelta(days=1)).isoformat()}


def judged_again(newsroom):
    """Let the worker score again what is marked."""
    deps = newsroom.deps
    with deps.store.write() as tx:
        leased = tx.scoring.lease_rescores(newsroom.clock.now, newsroom.clock.now + timedelta(seconds=30), 10)
    told = Assessment(dict.fromkeys(LABELS, 0.01), "made-up-1", language="en")
    rescore(deps, [Scored(one, told) for one in leased])


def by_a_later_comment(newsroom):
    post(newsroom, "c-2", article=RIGHT)


def by_a_replay(newsroom):
    post(newsroom, article=RIGHT)


def by_a_description(newsroom):
    said = {"published_at": NOON - timedelta(days=1)}
    describe_article(newsroom.context, newsroom.courier.site, ARTICLE, said, "Mara")


def by_its_own_date(newsroom):
    post(newsroom, submitted_at="2016-01-01T10:00:00Z")


def by_moving_the_comment(newsroom):
    post(newsroom, article={**RIGHT, "url": f"{ARTICLE}-2"})


def by_moving_the_thread(newsroom):
    post(newsroom, "c-2", article={**RIGHT, "url": f"{ARTICLE}-2"})
    move_thread(newsroom.context, newsroom.courier.site, ARTICLE, f"{ARTICLE}-2", "Mara")


@pytest.mark.parametrize(
    "correct",
    [
        by_a_later_comment,
        by_a_replay,
        by_its_own_date,
        by_a_description,
        by_moving_the_comment,
        by_moving_the_thread,
    ],
)
def test_a_corrected_date_opens_what_was_closed(real_newsroom, correct):
    newsroom = real_newsroom
    newsroom.tune(close_after_days="2")
    post(newsroom, article=WRONG)
    assert judge(newsroom).status is Status.REJECTED
    correct(newsroom)
    judged_again(newsroom)
    after = newsroom.comment()
    assert (after.status, after.published_revision) == (Status.APPROVED, 1)
    assert newsroom.get("/v1/decisions").json["decisions"][-1]["action"] == "approve"


def test_a_corrected_date_opens_nothing_else(newsroom):
    """What a person refused, what its words refuse, and what came too late all the same."""
    newsroom.tune(close_after_days="2")
    post(newsroom, "by-a-person", article=WRONG, body=CALM)
    post(newsroom, "by-its-words", article=WRONG, body="Visit the casino.")
    post(newsroom, "too-late", article=WRONG, body=CALM, submitted_at=(NOON + timedelta(days=9)).isoformat())
    names = ("by-a-person", "by-its-words", "too-late")
    for name in names:
        judge(newsroom, name)
    newsroom.tune(reject_words="casino")
    overrule(newsroom, Action.REJECT, "by-a-person", delay=0)
    by_a_later_comment(newsroom)
    judged_again(newsroom)
    assert {newsroom.comment(name).status for name in names} == {Status.REJECTED}
