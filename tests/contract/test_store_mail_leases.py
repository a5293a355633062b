"""Leases of callbacks, on every store: busy sites are skipped, and none gets more than there is room for."""

from __future__ import annotations

import pytest

from service.domain.site import Site
from service.storage import Store
from tests.factories import NOON, after, courier, delivery, draft, herald


@pytest.fixture
def sites(store: Store) -> tuple[Site, Site]:
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


def test_a_skipped_site_waits(store: Store, sites: tuple[Site, Site]) -> None:
    with store.write() as tx:
        leased = tx.deliveries.lease(NOON, after(60), 10, site_limits={sites[0].id: 0})
    assert [one.site_id for one in leased] == [sites[1].id] * 2
    with store.write() as tx:
        assert [one.site_id for one in tx.deliveries.lease(NOON, after(60), 10)] == [sites[0].id] * 2


def test_a_site_gets_no_more_than_its_limit(store, sites):
    with store.write() as tx:
        leased = tx.deliveries.lease(NOON, after(60), 10, per_site=1)
    assert sorted(one.site_id for one in leased) == [sites[0].id, sites[1].id]
    with store.write() as tx:
        leased = tx.deliveries.lease(after(60), after(120), 10, per_site=1, site_limits={sites[0].id: 2})
    assert sorted(one.site_id for one in leased) == [sites[0].id, sites[0].id, sites[1].id]
