"""Every store: decisions, their numbers and publication, the feed, notes and labels."""

from dataclasses import replace

import pytest

from service.domain.status import Status
from service.domain.verdict import Action, Who
from tests.factories import (
    APPROVED,
    ARTICLE,
    BO,
    CHI,
    NOON,
    WORDS,
    after,
    decided,
    decision,
    draft,
    herald,
    label,
)


@pytest.fixture
def comment(tx, site):
    return tx.comments.add(site.id, [draft()], NOON)["c-1"]


def test_decision_comes_back_as_it_was_made(tx, comment):
    (first,) = tx.decisions.new_ids(1)
    made = decision(
        comment,
        first,
        Action.REJECT,
        who_kind=Who.MODERATOR,
        who="Mara",
        effective_at=after(5),
        replaces=3,
        previous=2,
        from_published=1,
    )
    tx.decisions.add([made])
    assert tx.decisions.get(first) == made
    assert tx.decisions.get(first + 1) is None
    assert tx.decisions.of_comment(comment.pk) == [made]
    assert tx.decisions.of_comment(comment.pk + 1) == []


def test_decision_ids_are_never_given_twice(tx):
    first, second = tx.decisions.new_ids(3), tx.decisions.new_ids(2)
    assert tx.decisions.new_ids(0) == []
    assert first + second == sorted(set(first + second))


def test_each_site_counts_for_itself(tx, site):
    other = tx.sites.add(herald())
    assert [
        tx.decisions.take_sequence(site.id, 3),
        tx.decisions.take_sequence(site.id, 1),
        tx.decisions.take_sequence(other.id, 1),
    ] == [1, 4, 1]
    assert tx.decisions.take_sequence(site.id, 1) == 5


def test_feed_holds_published_decisions_in_order(tx, site):
    other = tx.sites.add(herald())
    mine = tx.comments.add(site.id, [draft("c-1"), draft("c-2", BO), draft("c-3", CHI)], NOON)
    theirs = tx.comments.add(other.id, [draft("h-1")], NOON)
    decided(tx, mine["c-3"], Action.APPROVE)
    decided(tx, mine["c-1"], Action.HOLD)
    decided(tx, mine["c-2"], Action.SPAM, published=False)
    decided(tx, theirs["h-1"], Action.SPAM)
    whole = tx.decisions.feed(site.id, 0, 10)
    assert [(one.seq, about.id, about.status) for one, about in whole] == [
        (1, "c-3", Status.APPROVED),
        (2, "c-1", Status.HELD),
    ]
    assert tx.decisions.feed(site.id, 1, 10) == whole[1:]
    assert tx.decisions.feed(site.id, 0, 1) == whole[:1]
    assert tx.decisions.feed(site.id, 2, 10) == []


def test_feed_shows_the_text_that_was_decided(tx, site, comment):
    decided(tx, comment, Action.APPROVE)
    seen = tx.comments.by_pk(comment.pk)
    tx.comments.revise(seen, draft(body="Second thoughts."), after(1), False)
    ((_, about),) = tx.decisions.feed(site.id, 0, 10)
    assert (about.revision, about.body, about.status) == (1, WORDS["Ada"], Status.PENDING)


def test_publication_gives_the_number_once(tx, site, comment):
    made = decided(tx, comment, Action.APPROVE, published=False, effective_at=after(5))
    assert tx.decisions.due(after(4), 10) == []
    assert tx.decisions.due(after(5), 10) == [made]
    number = tx.decisions.take_sequence(site.id, 1)
    assert tx.decisions.number({made.id: number}) == {made.id}
    assert tx.decisions.number({made.id: number + 1}) == set()
    assert tx.decisions.due(after(6), 10) == []
    assert tx.decisions.get(made.id) == replace(made, seq=number)


def test_undone_decision_is_never_published(tx, comment):
    made = decided(tx, comment, Action.APPROVE, published=False, effective_at=after(5))
    assert tx.decisions.undo([made.id], after(1)) == {made.id}
    assert tx.decisions.undo([made.id], after(2)) == set()
    assert tx.decisions.due(after(9), 10) == []
    assert tx.decisions.number({made.id: 1}) == set()
    assert tx.decisions.get(made.id) == replace(made, undone_at=after(1))


def test_decisions_come_in_the_order_of_their_moments(tx, site):
    added = tx.comments.add(site.id, [draft("c-1"), draft("c-2", BO), draft("c-3", CHI)], NOON)
    for name, moment in (("c-1", 7), ("c-2", 5), ("c-3", 6)):
        decided(tx, added[name], Action.APPROVE, published=False, effective_at=after(moment))
    due = [one.effective_at for one in tx.decisions.due(after(10), 10)]
    assert due == [after(5), after(6), after(7)]
    assert len(tx.decisions.due(after(10), 2)) == 2


def test_publishing_needs_the_standing_decision(tx, site, comment):
    made = decided(tx, comment, Action.HOLD)
    assert tx.decisions.publish([(comment.pk, made.id + 1, 1)]) == set()
    assert tx.comments.published(site.id, ARTICLE.url) == []
    assert tx.decisions.publish([(comment.pk, made.id, 1)]) == {comment.pk}
    assert [one.pk for one in tx.comments.published(site.id, ARTICLE.url)] == [comment.pk]
    assert tx.decisions.publish([(comment.pk, made.id, None)]) == {comment.pk}
    assert tx.comments.published(site.id, ARTICLE.url) == []


def test_lately_shows_what_people_decided(tx, site):
    other = tx.sites.add(herald())
    mine = tx.comments.add(site.id, [draft("c-1"), draft("c-2", BO), draft("c-3", CHI)], NOON)
    theirs = tx.comments.add(other.id, [draft("h-1")], NOON)
    by_hand = {"who_kind": Who.MODERATOR, "who": "Mara"}
    decided(tx, mine["c-3"], Action.HOLD)
    first = decided(tx, mine["c-1"], Action.APPROVE, **by_hand)
    undone = decided(tx, mine["c-2"], Action.SPAM, published=False, **by_hand)
    tx.decisions.undo([undone.id], after(1))
    last = decided(tx, theirs["h-1"], Action.APPROVE, published=False, **by_hand)
    assert [(one, about.id) for one, about in tx.decisions.latest(None, 10)] == [
        (last, "h-1"),
        (first, "c-1"),
    ]
    assert [about.status for _, about in tx.decisions.latest(last.id, 10)] == [APPROVED]
    assert len(tx.decisions.latest(None, 1)) == 1
    assert tx.decisions.by_ids({first.id, last.id, 999_999}) == {first.id: first, last.id: last}
    assert tx.decisions.by_ids(()) == {}
    assert tx.decisions.latest(first.id, 10) == []


def test_lately_leaves_out_what_was_decided_in_one_act(tx, site):
    found = tx.comments.add(site.id, [draft("c-1"), draft("c-2", BO)], NOON)
    by_hand = {"who_kind": Who.MODERATOR, "who": "Mara"}
    alone = decided(tx, found["c-1"], Action.APPROVE, **by_hand)
    member = decided(tx, found["c-2"], Action.APPROVE, **by_hand)
    bulk_decision = tx.bulk_decisions.add("Mara", Action.APPROVE, "cluster 1", NOON)
    tx.bulk_decisions.add_members(bulk_decision.id, [member.id])
    tx.decisions.undo([member.id], after(1))
    back = tx.comments.by_pk(found["c-2"].pk)
    (restore_id,) = tx.decisions.new_ids(1)
    restore = decision(back, restore_id, previous=member.id, **by_hand)
    tx.decisions.add([replace(restore, action=Action.RESTORE)])
    assert [one for one, _ in tx.decisions.latest(None, 10)] == [alone]


def test_notes_lie_beside_their_decisions(tx, comment):
    made = decided(tx, comment, Action.HOLD)
    tx.decisions.add_notes([made.id], "Asked the desk.", "Mara", NOON)
    tx.decisions.add_notes([made.id], "Asked the desk twice.", "Mara", after(1))
    assert tx.decisions.notes([made.id, made.id + 1]) == {made.id: "Asked the desk twice."}
    assert tx.decisions.notes([]) == {}


def test_labels_are_retracted_with_their_decision(tx, comment):
    tx.labels.add([label(comment, decision_id=4), label(comment, Action.SPAM)])
    assert tx.labels.of_comment(comment.pk) == [
        label(comment, decision_id=4),
        label(comment, Action.SPAM),
    ]
    assert tx.labels.retract([4], after(1)) == 1
    assert tx.labels.retract([4], after(2)) == 0
    assert [one.retracted_at for one in tx.labels.of_comment(comment.pk)] == [after(1), None]
    assert tx.labels.of_comment(comment.pk + 1) == []


def test_numbers_leap_forward_and_never_back(tx, site):
    other = tx.sites.add(herald())
    tx.decisions.advance_sequence(1_000_000)
    tx.decisions.advance_sequence(10)
    assert [tx.decisions.take_sequence(one.id, 1) for one in (site, other)] == [1_000_001] * 2
    (decision_id,) = tx.decisions.new_ids(1)
    assert decision_id > 1_000_000
