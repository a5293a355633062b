"""Counts of what the compatibility APIs were asked: they add up, by site and month."""

from tests.factories import courier, herald


def test_counts_add_up(store):
    with store.write() as tx:
        one, other = tx.sites.add(courier()), tx.sites.add(herald())
        tx.sites.add_usage({(one.id, "2026-11", "ham"): 2, (one.id, "2026-10", "ham"): 1})
    with store.write() as tx:
        tx.sites.add_usage({(one.id, "2026-11", "ham"): 3, (one.id, "2026-11", "spam"): 1})
        tx.sites.add_usage({(other.id, "2026-11", "ham"): 9})
    with store.read() as tx:
        assert tx.sites.usage(one.id) == {
            ("2026-10", "ham"): 1,
            ("2026-11", "ham"): 5,
            ("2026-11", "spam"): 1,
        }
        assert tx.sites.usage(one.id, since="2026-11") == {("2026-11", "ham"): 5, ("2026-11", "spam"): 1}
        assert tx.sites.usage(other.id) == {("2026-11", "ham"): 9}


def test_no_counts_are_no_error(store):
    with store.write() as tx:
        site = tx.sites.add(courier())
        tx.sites.add_usage({})
        assert tx.sites.usage(site.id) == {}
