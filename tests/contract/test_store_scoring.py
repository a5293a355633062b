"""Every store: leases and the compare-and-swap."""

from collections import Counter
from dataclasses import replace

import pytest

from service.domain.status import Status
from service.domain.verdict import Action
from tests.factories import ADA, BO, CHI, HELD, NOON, after, courier, draft, herald, ids, move, verdict


@pytest.fixture
def site(store):
    with store.write() as tx:
        made = tx.sites.add(courier())
        tx.comments.add(made.id, [draft("c-1", ADA), draft("c-2", BO), draft("c-3", CHI)], NOON)
        return made


def test_lease_takes_the_oldest_and_counts_the_attempt(tx, site):
    leased = tx.scoring.lease_pending(NOON, after(30), 2)
    assert ids(leased) == ["c-1", "c-2"]
    assert [comment.attempts for comment in leased] == [1, 1]
    assert tx.comments.get(site.id, "c-1") == leased[0]


def test_leased_comment_is_not_leased_again(tx, site):
    tx.scoring.lease_pending(NOON, after(30), 2)
    assert ids(tx.scoring.lease_pending(after(1), after(31), 10)) == ["c-3"]
    assert tx.scoring.lease_pending(after(2), after(32), 10) == []
    assert tx.scoring.lease_pending(after(29), after(60), 10, retried=True) == []


def test_live_comments_go_before_imports(tx, site):
    tx.scoring.lease_pending(NOON, after(30), 10)
    tx.comments.add(site.id, [draft("import-1", live=False), draft("live-1", BO)], after(1))
    assert ids(tx.scoring.lease_pending(after(2), after(32), 1)) == ["live-1"]
    assert ids(tx.scoring.lease_pending(after(2), after(32), 1)) == ["import-1"]


def test_flood_of_one_site_does_not_starve_another(tx, site):
    other = tx.sites.add(herald())
    tx.comments.add(site.id, [draft(f"flood-{number}") for number in range(300)], NOON)
    tx.comments.add(other.id, [draft(f"few-{number}") for number in range(3)], after(1))
    leased = tx.scoring.lease_pending(after(2), after(32), 50)
    assert len(leased) == 50
    assert [one.id for one in leased if one.site_id == other.id] == ["few-0", "few-1", "few-2"]
    flood = [one for one in leased if one.site_id == site.id]
    assert [one.pk for one in flood] == sorted(one.pk for one in flood)
    assert ids(flood)[:4] == ["c-1", "c-2", "c-3", "flood-0"]


def test_two_floods_share_a_lease(tx, site):
    other = tx.sites.add(herald())
    tx.comments.add(site.id, [draft(f"one-{number}") for number in range(100)], NOON)
    tx.comments.add(other.id, [draft(f"two-{number}") for number in range(100)], after(1))
    for _ in range(3):
        leased = tx.scoring.lease_pending(after(2), after(32), 20)
        assert Counter(one.site_id for one in leased) == {site.id: 10, other.id: 10}


def test_more_sites_than_places_are_served_in_turn(tx, site):
    tx.scoring.lease_pending(NOON, after(30), 10)
    others = [tx.sites.add(replace(herald(), name=f"site-{number}")) for number in range(5)]
    for one in others:
        tx.comments.add(one.id, [draft("a"), draft("b")], NOON)
    turns = [
        {one.site_id for one in tx.scoring.lease_pending(after(1), after(31), limit)}
        for limit in (2, 3, 2, 3)
    ]
    assert [len(turn) for turn in turns[:3]] == [2, 3, 2]
    assert set().union(*turns) == {one.id for one in others}


def test_backfill_waits_behind_every_sites_live_comments(tx, site):
    tx.scoring.lease_pending(NOON, after(30), 10)
    other = tx.sites.add(herald())
    imported = [draft(f"import-{number}", live=False) for number in range(100)]
    tx.comments.add(site.id, imported, NOON)
    tx.comments.add(other.id, imported, NOON)
    tx.comments.add(other.id, [draft(f"live-{number}") for number in range(8)], after(1))
    first = tx.scoring.lease_pending(after(2), after(32), 6)
    second = tx.scoring.lease_pending(after(2), after(32), 6)
    assert ids(first) == [f"live-{number}" for number in range(6)]
    assert ids(second)[:2] == ["live-6", "live-7"]
    assert Counter(one.site_id for one in second if not one.live) == {site.id: 2, other.id: 2}


def test_expired_lease_is_taken_up_alone(tx, site):
    """A row tried before comes back alone once its lease has expired, so that poison cannot hide in a batch."""
    tx.scoring.lease_pending(NOON, after(30), 10)
    assert tx.scoring.lease_pending(after(30), after(60), 10) == []
    first = tx.scoring.lease_pending(after(30), after(60), 10, retried=True)
    second = tx.scoring.lease_pending(after(30), after(60), 10, retried=True)
    assert len(first) == len(second) == 1
    assert first[0].attempts == second[0].attempts == 2
    assert first[0].pk != second[0].pk


def test_expired_live_comment_goes_before_an_expired_import(tx, site):
    tx.comments.add(site.id, [draft("import-1", live=False)], NOON)
    tx.scoring.lease_pending(NOON, after(30), 10)
    taken = [tx.scoring.lease_pending(after(40), after(60), 1, retried=True)[0].id for _ in range(4)]
    assert taken[-1] == "import-1"


def test_released_lease_counts_no_attempt(tx, site):
    leased = tx.scoring.lease_pending(NOON, after(30), 2)
    tx.scoring.release([comment.pk for comment in leased], after(30))
    again = tx.scoring.lease_pending(after(1), after(31), 2)
    tx.scoring.release([], after(30))
    assert ids(again) == ["c-1", "c-2"]
    assert [comment.attempts for comment in again] == [1, 1]


def test_release_leaves_decided_comments_alone(tx, site):
    (leased,) = tx.scoring.lease_pending(NOON, after(30), 1)
    tx.comments.move([move(leased)])
    tx.scoring.release([leased.pk], after(30))
    stored = tx.comments.get(site.id, "c-1")
    assert (stored.status, stored.attempts) == (HELD, 1)


def test_release_leaves_the_lease_of_another_alone(tx, site):
    (mine,) = tx.scoring.lease_pending(NOON, after(30), 1)
    (theirs,) = tx.scoring.lease_pending(after(30), after(60), 1, retried=True)
    tx.scoring.release([mine.pk], after(30))
    assert tx.scoring.lease_pending(after(31), after(61), 1, retried=True) == []
    stored = tx.comments.by_pk(mine.pk)
    assert mine.pk == theirs.pk
    assert stored.attempts == 2


def test_move_stores_the_whole_verdict(tx, site):
    (leased,) = tx.scoring.lease_pending(NOON, after(30), 1)
    swap = move(leased, Action.APPROVE, 41, decided_at=after(2))
    assert tx.comments.move([swap]) == {leased.pk}
    stored = tx.comments.get(site.id, "c-1")
    assert (stored.status, stored.decision_id, stored.decided_at) == (Status.APPROVED, 41, after(2))
    assert (stored.published_revision, stored.verdict) == (1, verdict(Action.APPROVE))


def test_move_without_a_verdict_leaves_the_one_that_is_there(tx, site):
    (leased,) = tx.scoring.lease_pending(NOON, after(30), 1)
    tx.comments.move([move(leased, decision_id=1)])
    held = tx.comments.get(site.id, "c-1")
    tx.comments.move([move(held, Action.APPROVE, 2, verdict=None)])
    approved = tx.comments.get(site.id, "c-1")
    assert approved.verdict == verdict(Action.HOLD)


@pytest.mark.parametrize(
    "other",
    [{"revision": 2}, {"from_status": Status.HELD}, {"expected_decision_id": 7}],
    ids=["another revision", "another status", "another current decision"],
)
def test_lost_swap_changes_nothing(tx, site, other):
    one, two = tx.scoring.lease_pending(NOON, after(30), 2)
    lost = replace(move(one, decision_id=1), **other)
    assert tx.comments.move([lost, move(two, decision_id=2)]) == {two.pk}
    assert tx.comments.get(site.id, "c-1") == one


def test_current_decision_is_compared(tx, site):
    (leased,) = tx.scoring.lease_pending(NOON, after(30), 1)
    tx.comments.move([move(leased, decision_id=5)])
    held = tx.comments.get(site.id, "c-1")
    assert tx.comments.move([replace(move(held, Action.APPROVE, 6), expected_decision_id=None)]) == set()
    assert tx.comments.move([move(held, Action.APPROVE, 6)]) == {leased.pk}


def test_moved_comment_leaves_the_queue(tx, site):
    leased = tx.scoring.lease_pending(NOON, after(30), 10)
    assert tx.comments.move([move(comment) for comment in leased]) == {comment.pk for comment in leased}
    assert tx.scoring.lease_pending(after(60), after(90), 10, retried=True) == []
    assert tx.comments.move([]) == set()


def test_revised_comment_is_new_again(tx, site):
    (leased,) = tx.scoring.lease_pending(NOON, after(30), 1)
    tx.comments.revise(leased, draft(body="Second thoughts."), after(1), False)
    assert tx.comments.move([move(leased)]) == set()
    (again,) = tx.scoring.lease_pending(after(2), after(32), 1)
    assert (again.id, again.revision, again.attempts) == ("c-1", 2, 1)


def test_many_move_at_once(tx, site):
    tx.comments.add(site.id, [draft(f"m-{number}") for number in range(300)], NOON)
    said = replace(verdict(), reads_as="ジャン · “quoted” \\ 😀", reasons=())
    moves = [
        move(one, decision_id=one.pk, verdict=said) for one in tx.scoring.lease_pending(NOON, after(30), 500)
    ]
    assert len(tx.comments.move(moves)) == 303
    assert tx.comments.get(site.id, "m-299").verdict == said


def test_an_abandoned_lease_is_free_at_its_moment_and_the_attempt_counts(tx, site):
    first, *_ = tx.scoring.lease_pending(NOON, after(30), 10)
    assert tx.scoring.abandon([first.pk], after(30), after(2)) == 1
    assert not tx.scoring.has_retries(after(1))
    assert tx.scoring.lease_pending(after(1), after(31), 10, retried=True) == []
    assert tx.scoring.has_retries(after(2))
    (again,) = tx.scoring.lease_pending(after(2), after(32), 10, retried=True)
    assert not tx.scoring.has_retries(after(2))
    assert (again.id, again.attempts) == ("c-1", 2)


def test_a_lease_that_another_has_by_now_is_not_abandoned(tx, site):
    comments = tx.scoring.lease_pending(NOON, after(30), 10)
    (taken,) = tx.scoring.lease_pending(after(30), after(60), 1, retried=True)
    second, third = (one for one in comments if one.pk != taken.pk)  # of equals any may be taken
    tx.comments.move([move(second)])
    assert tx.scoring.abandon([one.pk for one in comments], after(30), after(31)) == 1
    assert ids(tx.scoring.lease_pending(after(31), after(61), 1, retried=True)) == [third.id]
    assert tx.scoring.lease_pending(after(31), after(61), 1, retried=True) == []
    assert tx.scoring.abandon([], after(60), after(61)) == 0
