"""Leases of callbacks, on every store: busy sites are skipped, what was not posted is given back uncounted."""

import pytest

from tests.factories import NOON, after, courier, delivery, draft, finish_delivery, herald


@pytest.fixture
def sites(store):
    """Two sites that want callbacks, with two due deliveries each."""
    made = []
    with store.write() as tx:
        for site in (courier(), herald(callback_url="https://herald.example/hook")):
            added = tx.sites.add(site)
            drafts = [draft(f"c-{n}") for n in range(2)]
            comments = tx.comments.add(added.id, drafts, NOON).values()
            tx.deliveries.add([delivery(one, n) for n, one in enumerate(comments)])
            made.append(added)
    return made[0], made[1]


def test_a_skipped_site_waits(store, sites):
    with store.write() as tx:
        leased = tx.deliveries.lease(NOON, after(60), 10, skip={sites[0].id})
    assert [one.site_id for one in leased] == [sites[1].id] * 2
    with store.write() as tx:
        assert [one.site_id for one in tx.deliveries.lease(NOON, after(60), 10)] == [sites[0].id] * 2


def test_a_released_lease_counts_no_attempt(store, sites):
    with store.write() as tx:
        leased = tx.deliveries.lease(NOON, after(60), 10, skip={sites[1].id})
        tx.deliveries.release(leased, after(5))
    assert [one.next_attempt_at for one in leased] == [after(60)] * 2
    with store.write() as tx:
        assert tx.deliveries.lease(after(4), after(60), 10, skip={sites[1].id}) == []
        again = tx.deliveries.lease(after(5), after(60), 10, skip={sites[1].id})
    assert [one.attempts for one in again] == [1, 1]


def test_a_lease_that_another_has_now_is_not_released(store, sites):
    with store.write() as tx:
        (stale, _) = tx.deliveries.lease(NOON, after(60), 10, skip={sites[1].id})
    with store.write() as tx:
        tx.deliveries.lease(after(60), after(120), 10, skip={sites[1].id})
        tx.deliveries.release([stale], after(61))
    with store.read() as tx:
        now_there = tx.deliveries.page(sites[0].id, "waiting", 10)
    assert {(one.attempts, one.next_attempt_at) for one in now_there} == {(2, after(120))}


def test_a_finished_delivery_is_not_released(store, sites):
    with store.write() as tx:
        leased = tx.deliveries.lease(NOON, after(60), 10, skip={sites[1].id})
        for one in leased:
            assert finish_delivery(tx, one.id, 1, "delivered", "delivered: HTTP 204", None, NOON)
        tx.deliveries.release(leased, NOON)
    with store.read() as tx:
        assert {one.state for one in tx.deliveries.page(sites[0].id, None, 10)} == {"delivered"}
