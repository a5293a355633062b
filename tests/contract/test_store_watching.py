"""Every store: what waits, site by site."""

from __future__ import annotations

from service.moderation.verdict import Action
from service.ports import SiteQueue, Store
from tests.builders import BO, NOON, after, courier, decided, delivery, draft, herald


def test_queues_tell_what_waits_of_each_site(store: Store) -> None:
    """Each site's pending and held comments are counted, with the moments of the oldest; imports are never late."""
    with store.write() as tx:
        first, second = tx.add_site(courier()), tx.add_site(herald())
        tx.add_comments(first.id, [draft("import-1", live=False)], NOON)
        tx.add_comments(first.id, [draft("c-1"), draft("c-2", BO)], after(5))
        made = tx.add_comments(second.id, [draft("c-1"), draft("c-2", BO), draft("c-3")], after(9))
        decided(tx, made["c-2"], Action.HOLD)
        decided(tx, made["c-1"], Action.HOLD)
        decided(tx, made["c-3"], Action.APPROVE)
        tx.add_deliveries([delivery(made["c-3"], 1), delivery(made["c-1"], 2, state="dead")])
    with store.read() as tx:
        queues = tx.site_queues()
        assert tx.site_queues(limit=1) == queues[:1]
    assert queues == [
        SiteQueue(first.id, "courier", 3, after(5), 0, None, 0, 0),
        SiteQueue(second.id, "herald", 0, None, 2, after(9), 1, 1),
    ]


def test_a_house_without_sites_has_no_queues(store: Store) -> None:
    """Where there is no site there is nothing to tell."""
    with store.read() as tx:
        assert tx.site_queues() == []
