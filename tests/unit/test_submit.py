"""Submitting: new, replayed, revised or refused, by id, by content and by idempotency key."""

from dataclasses import replace

import pytest

from service.domain.comment import Article, Client, Source
from service.domain.errors import Final, IdempotencyMismatch
from service.domain.policy import Policy
from service.domain.status import Status
from service.domain.verdict import Action
from service.messaging.tasks import SCORE
from service.privacy.sealing import Address
from service.usecases import withdraw
from tests.factories import herald, sqlite_store
from tests.stage import Stage, submission

ELSEWHERE = Article("https://courier.example/elsewhere")


@pytest.fixture
def stage():
    return Stage.over(sqlite_store())


def outcomes(stage, *given):
    return [getattr(one, "outcome", type(one)) for one in stage.submit(*given)]


def test_a_comment_is_new_then_a_replay_then_the_next_revision(stage):
    for given, outcome, revision in (
        (submission(), "new", 1),
        (submission(), "replay", 1),
        (submission(body="The bridge is closed."), "revised", 2),
    ):
        (placed,) = stage.submit(given)
        comment = placed.comment
        assert (placed.outcome, comment.revision, comment.status) == (outcome, revision, Status.PENDING)
        assert stage.look("c-1").body == given.body
        assert stage.enqueued() == ([] if outcome == "replay" else [SCORE])
    assert (stage.published(), stage.mail()) == ([], [])


@pytest.mark.parametrize(("moderation", "meanwhile"), [("pre", []), ("post", ["The bridge is open."])])
def test_post_moderation_shows_the_old_text_until_the_new_is_decided(moderation, meanwhile):
    stage = Stage.over(sqlite_store(), policy=Policy(moderation=moderation))
    stage.score(stage.accept())
    assert stage.published() == ["The bridge is open."]
    stage.submit(submission(body="The bridge is closed."))
    assert stage.published() == meanwhile
    stage.score(stage.look("c-1"))
    assert stage.published() == ["The bridge is closed."]


def test_a_batch_answers_each_item_in_order(stage):
    items = [submission("a"), submission("b"), submission("a"), submission("a", "Other."), submission("b")]
    assert outcomes(stage, *items) == ["new", "new", "replay", "revised", "replay"]


def test_without_an_id_the_same_by_the_same_author_is_there_already(stage):
    first, second = stage.submit(submission(None), submission(None, "The  bridge is open. "))
    (third,) = stage.submit(submission(None, author_name="Ada L."))
    for again in (second, third):
        assert (again.outcome, again.comment.pk) == ("replay", first.comment.pk)


@pytest.mark.parametrize(
    "other",
    [
        {"email": Address.parse("bo@mail.example")},
        {"body": "The bridge is closed."},
        {"article": ELSEWHERE},
        {"parent_id": "c-7"},
        {"id": "c-9"},
        {"email": None},
        {"source": Source.COMPAT},
    ],
)
def test_without_an_id_what_differs_is_another_comment(stage, other):
    assert outcomes(stage, submission(None), replace(submission(None), **other)) == ["new", "new"]


def test_without_an_address_one_network_and_name_is_one_author(stage):
    anonymous = submission(None, email=None, client=Client("192.0.2.7", "Agent/1"))
    changes = ({"client": Client("198.51.100.7", "Agent/1")}, {"author_name": "Bo"}, {"client": Client()})
    others = [replace(anonymous, **change) for change in changes]
    assert outcomes(stage, anonymous, anonymous, *others) == ["new", "replay", "new", "new", "new"]


LONG = submission(None, "The bridge is open again, and the ferry is gone.", email=None)


@pytest.mark.parametrize(
    ("seconds", "other", "outcome"),
    [
        *((seconds, {"body": f" {LONG.body}"}, "replay") for seconds in (0, 5, 59)),
        (180, {}, "new"),
        (5, {"author_name": "Bo"}, "new"),
        (5, {"parent_id": "c-7"}, "new"),
        (5, {"body": f"{LONG.body} Or not."}, "new"),
        (5, {"article": ELSEWHERE}, "new"),
        (5, {"client": Client("192.0.2.7", "Agent/1")}, "new"),
    ],
)
def test_what_nobody_in_particular_posts_twice_within_a_minute_is_one(stage, seconds, other, outcome):
    (first,) = stage.submit(LONG)
    stage.clock.pass_seconds(seconds)
    (second,) = stage.submit(replace(LONG, **other))
    assert (second.outcome, second.comment.pk == first.comment.pk) == (outcome, outcome == "replay")


def test_a_short_word_of_two_readers_is_two_comments(stage):
    assert outcomes(stage, *[submission(None, "Well said, thanks!", email=None)] * 2) == ["new", "new"]


def test_what_was_edited_or_withdrawn_may_be_posted_again(stage):
    first = stage.accept(None)
    stage.submit(submission(first.id, "Edited."))
    assert outcomes(stage, submission(None)) == ["new"]
    other = stage.accept(None, body="Other.")
    withdraw(stage.deps, stage.site, other.id, "courier")
    assert outcomes(stage, submission(None, "Other.")) == ["new"]


def test_what_a_moderator_refused_is_not_posted_anew(stage):
    stage.decide(stage.accept(None).id, Action.REJECT)
    (again,) = stage.submit(submission(None))
    assert (again.outcome, again.comment.status) == ("replay", Status.REJECTED)


def test_an_idempotency_key_makes_one_comment_and_another_is_told_of_it(stage):
    keys = ("k-1", "k-1", "k-2", "k-2")
    first, *others = (stage.submit(submission(None, idempotency_key=key))[0] for key in keys)
    for again in others:
        assert (again.outcome, again.comment.pk) == ("replay", first.comment.pk)
    assert outcomes(stage, submission(None, "Other.", idempotency_key="k-2")) == [IdempotencyMismatch]


def test_an_idempotency_key_stands_for_one_submission_whole(stage):
    first = submission("a-1", idempotency_key="k")
    changes = (
        {"id": "b-1"},
        {"article": ELSEWHERE},
        {"id": None, "article": ELSEWHERE},
        {"parent_id": "c-0"},
    )
    others = [replace(first, **change) for change in (*changes, {"email": Address.parse("bo@mail.example")})]
    assert outcomes(stage, first, *others) == ["new"] + [IdempotencyMismatch] * 5
    (again,) = stage.submit(first)
    assert (again.outcome, again.comment.id) == ("replay", "a-1")


def test_a_withdrawn_comment_takes_no_revision(stage):
    stage.accept()
    withdraw(stage.deps, stage.site, "c-1", "courier")
    assert outcomes(stage, submission(), submission(body="Other.")) == ["replay", Final]


def test_two_sites_may_use_one_id(stage):
    stage.accept()
    with stage.deps.store.write() as tx:
        other = tx.sites.add(herald())
    assert [placed.outcome for placed in stage.submit(submission(), site=other)] == ["new"]
