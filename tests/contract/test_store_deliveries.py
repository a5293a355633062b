"""Every store: callbacks leased in order for each comment and in turns between sites, retried, given up, replayed."""

from dataclasses import replace

import pytest

from service.storage.records import Finished
from tests.factories import BO, NOON, after, delivery, draft, finish_delivery, herald


@pytest.fixture
def comments(tx, site):
    added = tx.comments.add(site.id, [draft("c-1"), draft("c-2", BO)], NOON)
    return added["c-1"], added["c-2"]


def test_delivery_comes_back_as_it_was_stored(tx, comments):
    wanted = delivery(comments[0], 9, payload=b'{"body":"\xc3\xa9"}\x00', next_attempt_at=after(3))
    tx.deliveries.add([wanted])
    (stored,) = tx.deliveries.page(None, None, 10)
    assert stored == replace(wanted, id=stored.id)
    assert type(stored.payload) is bytes


def test_due_delivery_is_leased_once(tx, comments):
    tx.deliveries.add([delivery(comments[0], 1, next_attempt_at=after(5))])
    assert tx.deliveries.lease(after(4), after(34), 10) == []
    (leased,) = tx.deliveries.lease(after(5), after(35), 10)
    assert leased.attempts == 1
    assert tx.deliveries.lease(after(34), after(64), 10) == []
    (again,) = tx.deliveries.lease(after(35), after(65), 10)
    assert (again.id, again.attempts, again.webhook_id) == (leased.id, 2, leased.webhook_id)


def test_one_outstanding_delivery_per_comment(tx, comments):
    one, two = comments
    tx.deliveries.add([delivery(one, 1), delivery(one, 2), delivery(two, 3)])
    first = tx.deliveries.lease(NOON, after(30), 10)
    assert [leased.decision_id for leased in first] == [1, 3]
    assert finish_delivery(tx, first[0].id, 1, "delivered", "200", None, after(1))
    assert [leased.decision_id for leased in tx.deliveries.lease(after(1), after(31), 10)] == [2]


def test_waiting_for_a_retry_holds_the_next_back(tx, comments):
    tx.deliveries.add([delivery(comments[0], 1), delivery(comments[0], 2)])
    (leased,) = tx.deliveries.lease(NOON, after(30), 10)
    assert finish_delivery(tx, leased.id, 1, "waiting", "500", after(60), after(1))
    assert tx.deliveries.lease(after(59), after(90), 10) == []
    assert [one.decision_id for one in tx.deliveries.lease(after(60), after(90), 10)] == [1]


def test_dead_letter_releases_the_next(tx, comments):
    tx.deliveries.add([delivery(comments[0], 1), delivery(comments[0], 2)])
    (leased,) = tx.deliveries.lease(NOON, after(30), 10)
    assert finish_delivery(tx, leased.id, 1, "dead", "gone", None, after(1))
    assert [one.decision_id for one in tx.deliveries.lease(after(1), after(31), 10)] == [2]
    (dead,) = tx.deliveries.page(None, "dead", 10)
    assert (dead.id, dead.last_outcome, dead.delivered_at) == (leased.id, "gone", None)


def test_late_word_of_a_lost_lease_counts_for_nothing(tx, comments):
    tx.deliveries.add([delivery(comments[0], 1)])
    (leased,) = tx.deliveries.lease(NOON, after(30), 10)
    (again,) = tx.deliveries.lease(after(30), after(60), 10)
    assert finish_delivery(tx, leased.id, 1, "dead", "timeout", None, after(31)) is False
    assert finish_delivery(tx, again.id, 2, "delivered", "200", None, after(32)) is True
    assert finish_delivery(tx, again.id, 2, "dead", "timeout", None, after(33)) is False
    (stored,) = tx.deliveries.page(None, "delivered", 10)
    assert (stored.delivered_at, stored.last_outcome) == (after(32), "200")


def test_endings_are_recorded_together(tx, comments):
    tx.deliveries.add([delivery(comments[0], 1), delivery(comments[1], 2)])
    first, second = tx.deliveries.lease(NOON, after(30), 10)
    ended = [
        Finished(second.id, 1, "waiting", "HTTP 500", after(60)),
        Finished(first.id, 1, "delivered", "HTTP 204", None),
        Finished(first.id + second.id, 1, "dead", "gone", None),
    ]
    assert tx.deliveries.finish(ended, after(1)) == {first.id, second.id}
    assert tx.deliveries.finish(ended, after(2)) == {second.id}
    (again,) = tx.deliveries.lease(after(60), after(90), 10)
    assert tx.deliveries.finish(ended, after(61)) == set()
    assert tx.deliveries.finish([], after(61)) == set()
    stored = {one.id: one for one in tx.deliveries.page(None, None, 10)}
    assert (stored[first.id].state, stored[first.id].delivered_at) == ("delivered", after(1))
    assert (again.id, again.attempts, again.last_outcome) == (second.id, 2, "HTTP 500")
    assert stored[second.id].next_attempt_at == after(90)


def test_silent_sites_are_passed_over(tx, site, comments):
    tx.deliveries.add([delivery(comments[0], 1)])
    tx.sites.save(replace(site, callback_disabled="answered 410"))
    assert tx.deliveries.lease(NOON, after(30), 10) == []
    tx.sites.save(replace(site, callback_url=None))
    assert tx.deliveries.lease(NOON, after(30), 10) == []
    tx.sites.save(site)
    assert len(tx.deliveries.lease(NOON, after(30), 10)) == 1


def test_sites_take_turns(tx, site):
    other = tx.sites.add(herald(callback_url="https://herald.example/callback"))
    mine = tx.comments.add(site.id, [draft(f"c-{number}") for number in range(8)], NOON)
    theirs = tx.comments.add(other.id, [draft("h-1")], NOON)
    tx.deliveries.add([delivery(comment, number) for number, comment in enumerate(mine.values(), 1)])
    tx.deliveries.add([delivery(theirs["h-1"], 9, next_attempt_at=after(1))])
    leased = tx.deliveries.lease(after(2), after(30), 4)
    assert sorted(one.site_id for one in leased) == [site.id] * 3 + [other.id]


def test_skipped_sites_are_left_alone(tx, site, comments):
    tx.deliveries.add([delivery(comments[0], 1)])
    assert tx.deliveries.lease(NOON, after(30), 10, site_limits={site.id: 0}) == []
    assert len(tx.deliveries.lease(NOON, after(30), 10, site_limits={site.id + 1: 0})) == 1


def test_lists_keep_to_site_state_and_cursor(tx, site):
    other = tx.sites.add(herald())
    mine = tx.comments.add(site.id, [draft("c-1"), draft("c-2", BO)], NOON)
    theirs = tx.comments.add(other.id, [draft("h-1")], NOON)
    tx.deliveries.add([delivery(mine["c-1"], 1), delivery(mine["c-2"], 2), delivery(theirs["h-1"], 3)])
    (first, *_) = tx.deliveries.lease(NOON, after(30), 1)
    finish_delivery(tx, first.id, 1, "dead", "timeout", None, after(1))

    def listed(found):
        return [one.decision_id for one in found]

    assert listed(tx.deliveries.page(None, None, 10)) == [1, 2, 3]
    assert listed(tx.deliveries.page(site.id, None, 10)) == [1, 2]
    assert listed(tx.deliveries.page(None, "waiting", 10)) == [2, 3]
    assert listed(tx.deliveries.page(site.id, "dead", 10)) == [1]
    assert listed(tx.deliveries.page(None, None, 1)) == [1]
    assert listed(tx.deliveries.page(None, None, 10, after=first.id)) == [2, 3]


def _dead(tx, comments):
    tx.deliveries.add([delivery(comments[0], 1), delivery(comments[1], 2)])
    leased = tx.deliveries.lease(NOON, after(30), 10)
    for one in leased:
        assert finish_delivery(tx, one.id, 1, "dead", "timeout", None, after(1))
    return [one.id for one in leased]


def test_dead_letters_can_be_replayed(tx, site, comments):
    first, second = _dead(tx, comments)
    assert tx.deliveries.replay(site.id, [first], after(60)) == 1
    (again,) = tx.deliveries.lease(after(60), after(90), 10)
    assert (again.id, again.attempts, again.webhook_id) == (first, 1, f"msg_{site.id}_1")
    assert [one.id for one in tx.deliveries.page(None, "dead", 10)] == [second]


def test_all_dead_letters_of_a_site_can_be_replayed(tx, site, comments):
    dead = _dead(tx, comments)
    other = tx.sites.add(herald())
    assert tx.deliveries.replay(other.id, dead, after(60)) == 0
    assert tx.deliveries.replay(site.id, [], after(60)) == 0
    assert tx.deliveries.replay(None, None, after(60)) == 2
    assert tx.deliveries.replay(site.id, None, after(60)) == 0


def test_backlog_counts_callbacks(tx, comments):
    tx.deliveries.add([delivery(comments[0], 1), delivery(comments[1], 2, next_attempt_at=after(60))])
    (leased,) = tx.deliveries.lease(NOON, after(30), 10)
    early = tx.statistics.backlog(after(60))
    finish_delivery(tx, leased.id, 1, "dead", "timeout", None, after(1))
    late = tx.statistics.backlog(after(60))
    assert (early.deliveries_waiting, early.deliveries_due, early.deliveries_dead) == (2, 2, 0)
    assert (late.deliveries_waiting, late.deliveries_due, late.deliveries_dead) == (1, 1, 1)
