"""Every store: what was scored fast and is to be scored again, and with which effort the workers score now."""

from collections import Counter

from service.domain.verdict import Action, Effort
from service.storage.records import CurrentEffort
from tests.factories import NOON, after, draft, herald, ids, move


def marked(tx, site, *names, action=Action.HOLD, **changes):
    """Store comments, decide them, and mark them to be scored again."""
    made = tx.comments.add(site.id, [draft(name, **changes) for name in names], NOON)
    tx.scoring.lease_pending(NOON, after(30), 1_000)
    moves = [move(one, action, decision_id=one.pk, rescore=True) for one in made.values()]
    assert tx.comments.move(moves) == {one.pk for one in made.values()}
    found = tx.comments.by_pks([one.pk for one in made.values()])
    return [found[one.pk] for one in made.values()]


def test_what_is_marked_is_leased_apart_from_what_is_pending(tx, site):
    (one,) = marked(tx, site, "c-1")
    assert (one.rescore, one.attempts) == (True, 0)
    tx.comments.add(site.id, [draft("c-2")], after(1))
    assert tx.statistics.backlog(after(1)).to_rescore == 1
    (leased,) = tx.scoring.lease_rescores(after(1), after(31), 10)
    assert (leased.id, leased.attempts, leased.status) == ("c-1", 1, "held")
    assert tx.scoring.lease_rescores(after(2), after(32), 10) == []
    assert ids(tx.scoring.lease_pending(after(2), after(32), 10)) == ["c-2"]
    assert tx.statistics.backlog(after(2)).to_rescore == 1


def test_there_is_time_while_nothing_is_pending(tx, site):
    marked(tx, site, "c-1")
    assert tx.scoring.time_to_rescore(NOON)
    tx.comments.add(site.id, [draft("c-2", live=False)], after(1))
    assert not tx.scoring.time_to_rescore(after(1))
    tx.scoring.lease_pending(after(1), after(31), 10)
    assert tx.scoring.time_to_rescore(after(2))
    assert not tx.scoring.time_to_rescore(after(31))
    tx.scoring.lease_pending(after(31), after(61), 1, retried=True)
    tx.scoring.lease_rescores(after(32), after(62), 10)
    assert not tx.scoring.time_to_rescore(after(33))


def test_what_is_not_marked_is_never_leased_again(tx, site):
    tx.comments.add(site.id, [draft("c-1")], NOON)
    (leased,) = tx.scoring.lease_pending(NOON, after(30), 1)
    tx.comments.move([move(leased)])
    assert not tx.scoring.time_to_rescore(after(60))
    assert tx.scoring.lease_rescores(after(60), after(90), 10) == []
    assert tx.scoring.lease_rescores(after(60), after(90), 10, retried=True) == []
    assert tx.statistics.backlog(after(60)).to_rescore == 0


def test_a_lease_that_ran_out_is_taken_up_alone(tx, site):
    marked(tx, site, "c-1", "c-2")
    tx.scoring.lease_rescores(NOON, after(30), 10)
    assert tx.scoring.lease_rescores(after(30), after(60), 10) == []
    assert tx.scoring.time_to_rescore(after(30))
    (again,) = tx.scoring.lease_rescores(after(30), after(60), 10, retried=True)
    assert again.attempts == 2


def test_leases_are_given_back_and_abandoned_like_others(tx, site):
    one, two = marked(tx, site, "c-1", "c-2")
    tx.scoring.lease_rescores(NOON, after(30), 10)
    tx.scoring.release([one.pk], after(30))
    assert tx.scoring.abandon([two.pk], after(30), after(5)) == 1
    assert ids(tx.scoring.lease_rescores(after(1), after(31), 10)) == ["c-1"]
    assert tx.scoring.lease_rescores(after(1), after(31), 1, retried=True) == []
    assert ids(tx.scoring.lease_rescores(after(5), after(35), 1, retried=True)) == ["c-2"]


def test_any_other_move_ends_the_mark(tx, site):
    decided, edited, erased, left = marked(tx, site, "c-1", "c-2", "c-3", "c-4")
    tx.scoring.lease_rescores(NOON, after(30), 2)
    tx.comments.move([move(decided, Action.APPROVE, 99, verdict=None)])
    tx.comments.revise(edited, draft("c-2", body="Second thoughts."), after(1), False)
    tx.erasure.empty([erased.pk])
    assert ids(tx.scoring.lease_rescores(after(60), after(90), 10)) == ["c-4"]
    assert tx.scoring.lease_rescores(after(60), after(90), 10, retried=True) == []
    stored = tx.comments.by_pks([one.pk for one in (decided, edited, erased, left)])
    assert [stored[one.pk].rescore for one in (decided, edited, erased, left)] == [False] * 3 + [True]
    assert tx.statistics.backlog(after(60)).to_rescore == 1


def test_a_move_onto_the_same_state_keeps_the_decision_that_stands(tx, site):
    (one,) = marked(tx, site, "c-1")
    tx.scoring.lease_rescores(NOON, after(30), 10)
    same = move(one, Action.HOLD, decision_id=one.decision_id)
    assert tx.comments.move([same]) == {one.pk}
    stored = tx.comments.by_pk(one.pk)
    assert (stored.decision_id, stored.rescore, stored.verdict) == (one.decision_id, False, same.verdict)
    assert not tx.scoring.time_to_rescore(after(60))


def test_sites_take_turns_and_live_ones_go_first(tx, site):
    other = tx.sites.add(herald())
    marked(tx, site, *(f"flood-{n}" for n in range(40)))
    marked(tx, other, "few-0", "few-1", action=Action.APPROVE)
    marked(tx, other, "import-0", live=False)
    leased = tx.scoring.lease_rescores(after(1), after(31), 10)
    assert Counter(one.site_id for one in leased) == {site.id: 8, other.id: 2}
    assert all(one.live for one in leased)


def test_the_effort_of_all_workers_is_full_until_it_is_set(tx):
    assert tx.scoring.effort() == CurrentEffort(Effort.FULL, None)
    tx.scoring.set_effort(Effort.FAST, after(60))
    tx.scoring.set_effort(Effort.FAST, after(70))
    assert tx.scoring.effort() == CurrentEffort(Effort.FAST, after(60))
    tx.scoring.set_effort(Effort.FULL, after(80))
    assert tx.scoring.effort() == CurrentEffort(Effort.FULL, after(80))
