"""Every store: what an audit left that was killed is taken off by the next one, and nothing else is."""

from dataclasses import replace
from datetime import timedelta

from service.leak_audit.audit import take_off_what_was_left
from tests.factories import NOON, courier, draft

KILLED, RUNNING, NAMED_ALIKE = "audit-0123456789", "audit-9876543210", "audit-aaaaaaaaaa"


def test_what_a_killed_audit_left_is_taken_off(store):
    old = NOON - timedelta(hours=2)
    with store.write() as tx:
        for name, url, made in (
            (KILLED, f"https://{KILLED}.example", old),
            (RUNNING, f"https://{RUNNING}.example", NOON - timedelta(minutes=10)),
            (NAMED_ALIKE, "https://audits.example", old),
            ("courier", "https://courier.example", old),
        ):
            site = tx.sites.add(replace(courier(), name=name, url=url, created_at=made))
            tx.comments.add(site.id, [draft("c-1")], NOON)
            tx.moderators.add(name, "lead", NOON)
    assert take_off_what_was_left(store, NOON) == [KILLED]
    with store.read() as tx:
        assert {site.name for site in tx.sites.all()} == {RUNNING, NAMED_ALIKE, "courier"}
        assert {one.name for one in tx.moderators.all()} == {RUNNING, NAMED_ALIKE, "courier"}
    assert take_off_what_was_left(store, NOON) == []
