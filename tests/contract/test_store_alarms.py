"""Every store: where alarms stand, and who tells them."""

from dataclasses import replace

from service.domain.alarms import Alarm
from tests.factories import NOON, after, herald


def test_a_change_is_stored_once(tx, site):
    first = Alarm(site.id, True, 1, NOON, b"grown", 0, NOON)
    assert tx.alarms.save(first)
    assert not tx.alarms.save(first)
    assert not tx.alarms.save(replace(first, serial=3))
    assert tx.alarms.all() == [first]
    second = replace(first, raised=False, serial=2, changed_at=after(60), payload=b"calm")
    assert tx.alarms.save(second)
    assert tx.alarms.all() == [second]


def test_it_is_told_by_one_until_it_arrived(tx, site):
    for one in (site, tx.sites.add(herald())):
        tx.alarms.save(Alarm(one.id, True, 1, NOON, b"grown", 0, NOON))
    (first, second) = sorted(tx.alarms.lease(NOON, after(60), 9), key=lambda one: one.site_id)
    assert (first.attempts, tx.alarms.lease(after(59), after(120), 9)) == (1, [])
    assert tx.alarms.finish(first, None)
    assert tx.alarms.finish(second, after(5))
    (again,) = tx.alarms.lease(after(300), after(360), 9)
    assert (again.site_id, again.attempts) == (second.site_id, 2)
    assert not tx.alarms.finish(second, None)


def test_a_newer_change_is_told_instead(tx, site):
    tx.alarms.save(Alarm(site.id, True, 1, NOON, b"grown", 0, NOON))
    (leased,) = tx.alarms.lease(NOON, after(60), 9)
    tx.alarms.save(Alarm(site.id, False, 2, after(70), b"calm", 0, after(70)))
    assert not tx.alarms.finish(leased, None)
    (newer,) = tx.alarms.lease(after(70), after(130), 9)
    assert (newer.payload, newer.attempts) == (b"calm", 1)
