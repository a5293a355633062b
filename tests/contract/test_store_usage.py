"""Counts of what the compatibility APIs were asked: they add up, by site and month."""

from tests.factories import courier, herald


def test_counts_add_up(store):
    with store.write() as tx:
        one, other = tx.add_site(courier()), tx.add_site(herald())
        tx.add_usage({(one.id, "2026-11", "ham"): 2, (one.id, "2026-10", "ham"): 1})
    with store.write() as tx:
        tx.add_usage({(one.id, "2026-11", "ham"): 3, (one.id, "2026-11", "spam"): 1})
        tx.add_usage({(other.id, "2026-11", "ham"): 9})
    with store.read() as tx:
        assert tx.usage(one.id) == {("2026-10", "ham"): 1, ("2026-11", "ham"): 5, ("2026-11", "spam"): 1}
        assert tx.usage(one.id, since="2026-11") == {("2026-11", "ham"): 5, ("2026-11", "spam"): 1}
        assert tx.usage(other.id) == {("2026-11", "ham"): 9}


def test_no_counts_are_no_error(store):
    with store.write() as tx:
        site = tx.add_site(courier())
        tx.add_usage({})
        assert tx.usage(site.id) == {}
