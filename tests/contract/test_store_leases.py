"""Every store: leases that end before their time, for their owner is gone or the next try has its moment."""

import pytest

from tests.factories import NOON, after, courier, draft, ids, move


@pytest.fixture
def leased(store):
    """The courier with three comments, leased until half a minute past noon."""
    with store.write() as tx:
        site = tx.sites.add(courier())
        tx.comments.add(site.id, [draft(f"c-{n}") for n in range(3)], NOON)
        return site, tx.scoring.lease_pending(NOON, after(30), 10)


def test_an_abandoned_lease_is_free_at_its_moment_and_the_attempt_counts(store, leased):
    _, comments = leased
    with store.write() as tx:
        assert tx.scoring.abandon([comments[0].pk], after(30), after(2)) == 1
        assert not tx.scoring.has_retries(after(1))
        assert tx.scoring.lease_pending(after(1), after(31), 10, retried=True) == []
        assert tx.scoring.has_retries(after(2))
        (again,) = tx.scoring.lease_pending(after(2), after(32), 10, retried=True)
        assert not tx.scoring.has_retries(after(2))
    assert (again.id, again.attempts) == ("c-0", 2)


def test_a_lease_that_another_has_by_now_is_not_abandoned(store, leased):
    _, comments = leased
    with store.write() as tx:
        (taken,) = tx.scoring.lease_pending(after(30), after(60), 1, retried=True)
        second, third = (one for one in comments if one.pk != taken.pk)  # of equals any may be taken
        tx.comments.move([move(second)])
        assert tx.scoring.abandon([one.pk for one in comments], after(30), after(31)) == 1
        assert ids(tx.scoring.lease_pending(after(31), after(61), 1, retried=True)) == [third.id]
        assert tx.scoring.lease_pending(after(31), after(61), 1, retried=True) == []
        assert tx.scoring.abandon([], after(60), after(61)) == 0
