"""Signals noted later: what becomes known of a comment after it came is read back as it was given."""

from tests.factories import NOON, courier, draft


def test_noted_signals_take_the_place_of_the_old_ones(store):
    with store.write() as tx:
        site = tx.sites.add(courier())
        made = tx.comments.add(site.id, [draft("c-1", signals={"links": 1}), draft("c-2")], NOON)
        tx.comments.set_signals(made["c-1"].pk, {"origin": {"system": "coral", "comment_id": "7"}})
    with store.read() as tx:
        first, second = (tx.comments.get(site.id, name) for name in ("c-1", "c-2"))
    assert dict(first.signals) == {"origin": {"system": "coral", "comment_id": "7"}}
    assert dict(second.signals) == {}
    assert first.body == draft("c-1").body
