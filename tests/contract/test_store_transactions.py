"""Every store: all or nothing, and one winner, however many threads try at once."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy.exc import SQLAlchemyError

from service.domain.verdict import Action
from tests.factories import NOON, after, decided, decision, delivery, draft, move

THREADS = 8


def at_once(store, work, threads=THREADS):
    """Do `work` in that many transactions, all begun at the same moment, and return what each answered."""
    gate = threading.Barrier(threads)

    def run(number):
        gate.wait(10)
        with store.write() as tx:
            return work(tx, number)

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(run, range(threads)))


def wins_once(answers):
    return sorted(map(bool, answers)) == [False] * (THREADS - 1) + [True]


# -- all or nothing ----------------------------------------------------------------------------------------------------


def test_failed_transaction_leaves_nothing_behind(store, site):
    def fail():
        with store.write() as tx:
            comment = tx.comments.add(site.id, [draft(box=b"box")], NOON)["c-1"]
            made = decided(tx, comment, Action.APPROVE)
            tx.deliveries.add([delivery(comment, made.id)])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with store.read() as tx:
        assert tx.comments.get(site.id, "c-1") is None
        assert tx.decisions.feed(site.id, 0, 10) == []
        assert tx.deliveries.page(None, None, 10) == []
    with store.write() as tx:
        assert tx.decisions.take_sequence(site.id, 1) == 1


def test_lease_of_a_failed_transaction_was_never_taken(store, site):
    with store.write() as tx:
        tx.comments.add(site.id, [draft()], NOON)

    def fail():
        with store.write() as tx:
            tx.scoring.lease_pending(NOON, after(30), 1)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with store.write() as tx:
        (leased,) = tx.scoring.lease_pending(NOON, after(30), 1)
    assert leased.attempts == 1


def test_reader_sees_only_what_is_committed(store, site):
    with store.write() as writing:
        writing.comments.add(site.id, [draft()], NOON)
        with store.read() as reading:
            assert reading.comments.get(site.id, "c-1") is None
    with store.read() as reading:
        assert reading.comments.get(site.id, "c-1") is not None


# -- one winner --------------------------------------------------------------------------------------------------------


def test_who_takes_a_comment_in_hand_waits_for_who_has_locked_it(store, site):
    with store.write() as tx:
        comment = tx.comments.add(site.id, [draft()], NOON)["c-1"]
        mo = tx.moderators.add("Mo", "moderator", NOON)
        tx.queue.claim(mo.id, [comment.pk], NOON, after(60))

    def take():
        with store.write() as tx:
            return tx.queue.claim(mo.id, [comment.pk], after(90), after(150))

    with ThreadPoolExecutor(1) as pool:
        with store.write() as tx:
            tx.comments.by_pks([comment.pk], lock=True)
            taking = pool.submit(take)
            with pytest.raises(TimeoutError):
                taking.result(0.3)
            assert tx.queue.claims(after(90)) == []
        assert taking.result(10) == {comment.pk}


def test_same_id_from_many_threads_is_one_row(store, site):
    def post(tx, number):
        added = tx.comments.add(site.id, [draft()], NOON)
        assert tx.comments.get(site.id, "c-1", lock=True) is not None
        return added

    assert wins_once(at_once(store, post))


def test_batches_in_opposite_orders_do_not_block_each_other(store, site):
    names = [f"c-{number}" for number in range(40)]

    def post(tx, number):
        order = names if number % 2 else names[::-1]
        return len(tx.comments.add(site.id, [draft(name) for name in order], NOON))

    assert sum(at_once(store, post)) == len(names)


@pytest.mark.parametrize(
    "lease",
    [
        lambda tx, _: [one.pk for one in tx.scoring.lease_pending(NOON, after(30), 5)],
        lambda tx, _: [one.comment_pk for one in tx.deliveries.lease(NOON, after(30), 5)],
    ],
    ids=["scoring", "delivery"],
)
def test_each_comment_is_leased_by_one_worker(store, site, lease):
    with store.write() as tx:
        added = tx.comments.add(site.id, [draft(f"c-{number}") for number in range(40)], NOON)
        tx.deliveries.add([delivery(comment, comment.pk) for comment in added.values()])
    leased = [pk for found in at_once(store, lease) for pk in found]
    assert len(leased) == len(set(leased)) == 40


@pytest.mark.parametrize(
    "act",
    [
        lambda tx, seen, n: tx.comments.move([move(seen, Action.APPROVE, n + 1)]),
        lambda tx, seen, n: tx.comments.revise(seen, draft(body=f"Text {n}."), after(n), False),
    ],
    ids=["deciding", "revising"],
)
def test_one_of_many_wins(store, site, act):
    with store.write() as tx:
        comment = tx.comments.add(site.id, [draft()], NOON)["c-1"]
    assert wins_once(at_once(store, lambda tx, number: act(tx, comment, number)))


def test_moves_in_opposite_orders_do_not_block_each_other(store, site):
    with store.write() as tx:
        added = list(tx.comments.add(site.id, [draft(f"c-{number}") for number in range(40)], NOON).values())

    def decide(tx, number):
        return len(tx.comments.move([move(comment) for comment in (added if number % 2 else added[::-1])]))

    assert sum(at_once(store, decide)) == len(added)


def test_sign_in_link_is_used_once_under_a_race(store):
    with store.write() as tx:
        mara = tx.moderators.add("Mara", "lead", NOON)
        tx.moderators.add_sign_in(mara.id, "link", after(900))
    assert wins_once(at_once(store, lambda tx, _: tx.moderators.use_sign_in("link", NOON)))


# -- the feed never skips ----------------------------------------------------------------------------------------------


def _decide(store, site, name, entered, go_on):
    """Decide a comment of its own; say when the decision has its number, and commit when told."""
    with store.write() as tx:
        comment = tx.comments.add(site.id, [draft(name)], NOON)[name]
        decided(tx, comment, Action.APPROVE)
        entered.set()
        assert go_on.wait(10)


def test_feed_never_shows_a_number_before_the_ones_below_it(store, site):
    first_has_number, second_has_number = threading.Event(), threading.Event()
    let_first_commit, at_will = threading.Event(), threading.Event()
    at_will.set()
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(_decide, store, site, "c-1", first_has_number, let_first_commit)
        assert first_has_number.wait(10)
        second = pool.submit(_decide, store, site, "c-2", second_has_number, at_will)
        for _ in range(50):
            with store.read() as tx:
                assert tx.decisions.feed(site.id, 0, 10) == []
        assert not second_has_number.is_set()
        let_first_commit.set()
        first.result(10)
        second.result(10)
    with store.read() as tx:
        assert [(one.seq, about.id) for one, about in tx.decisions.feed(site.id, 0, 10)] == [
            (1, "c-1"),
            (2, "c-2"),
        ]


def test_lower_id_that_commits_last_is_not_skipped(store, site):
    with store.write() as tx:
        low, high = tx.decisions.new_ids(2)
        added = tx.comments.add(site.id, [draft("c-1"), draft("c-2")], NOON)
    cursor = 0
    met = []
    for name, decision_id in (("c-2", high), ("c-1", low)):
        with store.write() as tx:
            number = tx.decisions.take_sequence(site.id, 1)
            tx.decisions.add([decision(added[name], decision_id, seq=number)])
        with store.read() as tx:
            for one, about in tx.decisions.feed(site.id, cursor, 10):
                cursor = one.seq or 0
                met.append((one.id, about.id))
    assert met == [(high, "c-2"), (low, "c-1")]


def test_reader_that_follows_the_feed_misses_nothing(store, site):
    rounds, writers, done = 10, 4, threading.Event()

    def write(number):
        for turn in range(rounds):
            with store.write() as tx:
                names = [f"c-{number}-{turn}-{place}" for place in range(1 + turn % 3)]
                for comment in tx.comments.add(site.id, [draft(name) for name in names], NOON).values():
                    decided(tx, comment, Action.APPROVE)

    def follow():
        met = []
        while True:
            last_round = done.is_set()
            with store.read() as tx:
                found = [one.seq for one, _ in tx.decisions.feed(site.id, met[-1] if met else 0, 5)]
            met += found
            if last_round and not found:
                return met

    with ThreadPoolExecutor(writers + 1) as pool:
        follower = pool.submit(follow)
        try:
            list(pool.map(write, range(writers)))
        finally:
            done.set()
        met = follower.result(30)
    total = writers * sum(1 + turn % 3 for turn in range(rounds))
    assert met == list(range(1, total + 1))


def test_an_error_of_the_database_quotes_no_text(store, site):
    with store.write() as tx:
        (comment,) = tx.comments.add(site.id, [draft()], NOON).values()
    twice = decision(comment, 7, reason="A very private sentence.")
    with pytest.raises(SQLAlchemyError) as failed, store.write() as tx:
        tx.decisions.add([twice, twice])
    assert "private sentence" not in str(failed.value)
