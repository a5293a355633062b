"""Every store: what waits, site by site."""

from service.domain.verdict import Action
from service.storage.records import SiteQueue
from tests.factories import BO, NOON, after, courier, decided, delivery, draft, herald


def test_queues_tell_what_waits_of_each_site(store):
    with store.write() as tx:
        first, second = tx.sites.add(courier()), tx.sites.add(herald())
        tx.comments.add(first.id, [draft("import-1", live=False)], NOON)
        tx.comments.add(first.id, [draft("c-1"), draft("c-2", BO)], after(5))
        made = tx.comments.add(second.id, [draft("c-1"), draft("c-2", BO), draft("c-3")], after(9))
        decided(tx, made["c-2"], Action.HOLD, effective_at=after(11))
        decided(tx, made["c-1"], Action.HOLD, effective_at=after(12))
        decided(tx, made["c-3"], Action.APPROVE)
        tx.deliveries.add([delivery(made["c-3"], 1), delivery(made["c-1"], 2, state="dead")])
    with store.read() as tx:
        queues = tx.statistics.site_queues()
        assert tx.statistics.site_queues(limit=1) == queues[:1]
    assert queues == [
        SiteQueue(first.id, "courier", 3, after(5), 0, None, 0, 0),
        SiteQueue(second.id, "herald", 0, None, 2, after(11), 1, 1),
    ]


def test_the_oldest_held_is_the_one_that_was_held_for_longest(store):
    with store.write() as tx:
        site = tx.sites.add(courier())
        made = tx.comments.add(site.id, [draft("c-1"), draft("c-2", BO)], NOON)
        decided(tx, made["c-1"], Action.APPROVE)
        decided(tx, made["c-2"], Action.HOLD, effective_at=after(60))
        decided(tx, comment_of(tx, site, "c-1"), Action.HOLD, effective_at=after(900))
    assert oldest_held(store) == after(60)
    with store.write() as tx:
        decided(tx, comment_of(tx, site, "c-2"), Action.APPROVE)
    assert oldest_held(store) == after(900)
    with store.write() as tx:
        decided(tx, comment_of(tx, site, "c-1"), Action.APPROVE)
    assert oldest_held(store) is None


def comment_of(tx, site, name):
    found = tx.comments.get(site.id, name)
    assert found is not None
    return found


def oldest_held(store):
    """Say since when the only site's oldest is held."""
    with store.read() as tx:
        (queue,) = tx.statistics.site_queues()
    return queue.oldest_held


def test_an_installation_without_sites_has_no_queues(store):
    with store.read() as tx:
        assert tx.statistics.site_queues() == []
