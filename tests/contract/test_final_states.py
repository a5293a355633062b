"""Every final state ends what is open about a comment: reports, appeals, claims, its place among copies."""

from datetime import timedelta

import pytest

from service.domain.desk import Matter, Wanted
from service.domain.duplicates import Signature
from service.domain.errors import Final
from service.domain.status import Status
from service.domain.verdict import LABELS, Action, Assessment, Who
from service.privacy.sealing import Address
from service.usecases import (
    NothingToAppeal,
    Scored,
    answer,
    appeal,
    claim_held,
    erase,
    record_scores,
    report,
    review,
    take_answer_back,
    withdraw,
)
from service.usecases.appeal import Answer
from service.usecases.review import Judgement
from tests.factories import NOON

COPY = Signature(b"\x01\x00" * 48, (1, 2, 3))


@pytest.fixture
def mara(stage):
    with stage.deps.store.write() as tx:
        return tx.moderators.add("Mara", "moderator", NOON)


def held(stage, count):
    posted = stage.post(*(f"Buy now {n}!" for n in range(count)), email=Address.parse("ada@mail.example"))
    doubtful = Assessment(dict.fromkeys(LABELS, 0.01) | {"spam": 0.7}, "made-up-1")
    record_scores(stage.deps, [Scored(one, doubtful, signature=COPY) for one in posted])
    return [stage.look(one.id) for one in posted]


def decide(stage, comment, action, replaces=None):
    judgement = Judgement(action, Who.MODERATOR, "Mara", replaces=replaces)
    review(stage.deps, stage.site, comment.id, judgement)


def open_queues(stage, moderator):
    """What each queue of the desk shows, by the comments' ids, and what is counted."""
    with stage.deps.store.read() as tx:
        shown = {
            str(kind): [one.comment.id for one in tx.queue.with_matter(kind, Wanted(), moderator.id, NOON, 9)]
            for kind in Matter
        }
        shown["appeals"] = [one.comment.id for _, one in tx.appeals.unanswered(Wanted(), 9)]
        shown["held"] = [one.comment.id for one in tx.queue.page(Wanted(), moderator.id, NOON, 9)]
        counts = tx.queue.counts(9)
    assert counts["reported"] == len(shown["reported"])
    assert counts["aside"] == len(shown["aside"])
    assert counts["appeals"] == len(shown["appeals"])
    return shown


EMPTY = {"reported": [], "aside": [], "appeals": [], "held": []}


def end(stage, how, comment):
    if how == "withdrawn":
        assert withdraw(stage.deps, stage.site, comment.id, "courier").status is Status.WITHDRAWN
    elif how == "erased":
        erase(stage.deps, stage.site, [comment.author_key or ""], Who.SITE, "courier", "reference")
    else:
        with stage.deps.store.write() as tx:
            tx.erasure.empty([comment.pk])


ENDS = ["withdrawn", "erased", "retained no longer"]


def reported(stage):
    decide(stage, stage.look(), Action.APPROVE)
    for reader in ("one", "two"):
        report(stage.deps, stage.site, "c-0", reader, "rude")


def set_aside(stage):
    decide(stage, stage.look(), Action.HOLD)


def appealed(stage):
    decide(stage, stage.look(), Action.REJECT)
    return appeal(stage.deps, stage.site, "c-0", "Please look again.")


@pytest.mark.parametrize("how", ENDS)
@pytest.mark.parametrize(
    ("begin", "queue"), [(reported, "reported"), (set_aside, "aside"), (appealed, "appeals")]
)
def test_what_is_open_ends_with_the_comment(stage, mara, begin, queue, how):
    held(stage, 1)
    begin(stage)
    assert open_queues(stage, mara) == EMPTY | {queue: ["c-0"]}
    end(stage, how, stage.look("c-0"))
    assert open_queues(stage, mara) == EMPTY


def test_an_appeal_against_a_withdrawn_comment_is_over(stage):
    held(stage, 1)
    made = appealed(stage)
    end(stage, "withdrawn", stage.look("c-0"))
    with pytest.raises(Final):
        take_answer_back(stage.deps, stage.site, made.id, "Bea")
    with pytest.raises((Final, NothingToAppeal)):
        appeal(stage.deps, stage.site, "c-0", "Please!")
    with pytest.raises(Final):
        answer(stage.deps, stage.site, made.id, Answer(True, "Yes.", "Bea"), 0.0)


@pytest.mark.parametrize("how", ENDS)
def test_nobody_has_it_in_hand(stage, mara, how):
    (comment,) = held(stage, 1)
    assert claim_held(stage.deps, mara.id, Wanted(), 5)
    end(stage, how, comment)
    with stage.deps.store.read() as tx:
        assert tx.queue.claims(NOON) == []
    with stage.deps.store.write() as tx:
        other = tx.moderators.add("Bea", "moderator", NOON)
        assert tx.queue.claim(other.id, [comment.pk], NOON, NOON + timedelta(seconds=60)) == {comment.pk}


@pytest.mark.parametrize("how", ENDS)
def test_it_leaves_its_copies(stage, mara, how):
    copies = held(stage, 3)
    assert open_queues(stage, mara)["held"] == ["c-0"]
    with stage.deps.store.read() as tx:
        cluster = tx.clusters.of_comments([copies[0].pk])[copies[0].pk]
        assert tx.clusters.sizes([cluster.id]) == {cluster.id: 3}
    if how == "erased":
        with stage.deps.store.write() as tx:
            tx.erasure.empty([copies[0].pk])
    else:
        end(stage, how, copies[0])
    assert open_queues(stage, mara)["held"] == ["c-1"]
    with stage.deps.store.read() as tx:
        assert tx.clusters.sizes([cluster.id]) == {cluster.id: 2}
        assert tx.clusters.of_comments([copies[0].pk]) == {}


def test_all_of_it_ends_at_once(stage, mara):
    (comment,) = held(stage, 1)
    decide(stage, comment, Action.REJECT)
    appeal(stage.deps, stage.site, comment.id, "Please look again.")
    report(stage.deps, stage.site, comment.id, "one", None)
    with stage.deps.store.write() as tx:
        tx.cases.open(Matter.ASIDE, stage.look("c-0"), NOON)
        tx.queue.claim(mara.id, [comment.pk], NOON, NOON + timedelta(seconds=60))
    for _ in range(2):
        end(stage, "withdrawn", comment)
        assert open_queues(stage, mara) == EMPTY


def test_other_comments_keep_what_is_open_about_them(stage, mara):
    first, second = held(stage, 2)
    for one in (first, second):
        decide(stage, one, Action.REJECT)
        appeal(stage.deps, stage.site, one.id, "Please look again.")
        report(stage.deps, stage.site, one.id, "one", None)
    end(stage, "withdrawn", first)
    assert open_queues(stage, mara) == EMPTY | {"reported": ["c-1"], "appeals": ["c-1"]}
