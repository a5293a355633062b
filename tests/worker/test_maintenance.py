"""Maintenance: it finds what a lost message left lying, settles what waited too long, and drops what expired."""

from datetime import timedelta

import pytest

from service.domain.policy import Policy
from service.domain.status import Status
from service.domain.verdict import Action
from service.messaging.tasks import DELIVER, SCORE
from service.storage.records import IdempotencyKey
from tests.factories import NOON, draft, herald
from tests.stage import Stage
from tests.worker.cast import Told
from worker.maintenance import (
    HEAD_START_SECONDS,
    KEYS_KEPT,
    LATE_BATCH,
    PRUNE_SECONDS,
    SILENCE_SECONDS,
    Maintenance,
)
from worker.scoring import score_pending


@pytest.fixture
def maintenance(stage, ticking):
    return Maintenance(stage.deps, ticking)


def maintain_through(maintenance, ticking, seconds):
    for _ in range(int(seconds // 2) + 1):
        maintenance.run()
        ticking.now += 2


def test_a_lost_message_is_sent_again(stage, maintenance):
    maintenance.run()
    assert stage.enqueued() == []
    stage.post("One.")
    stage.enqueued()
    assert maintenance.run().pending == 1
    assert stage.enqueued() == [SCORE]
    score_pending(stage.deps, Told())
    stage.enqueued()
    maintenance.run()
    assert stage.enqueued() == [DELIVER]


def test_due_decisions_are_published_even_if_the_message_was_lost(stage):
    stage.post("One.")
    stage.decide("c-0", Action.APPROVE, delay=5)
    maintenance = Maintenance(stage.deps)
    maintenance.run()
    assert stage.feed() == []
    stage.clock.pass_seconds(5)
    maintenance.run()
    assert stage.feed() == [(1, "approve")]


@pytest.mark.parametrize(
    ("outage", "status"), [("hold", "held"), ("publish", "approved"), ("hold_links", "approved")]
)
def test_what_no_score_reaches_in_time_follows_the_outage_policy(store, ticking, outage, status):
    stage = Stage.over(store, policy=Policy(outage=outage))
    maintenance = Maintenance(stage.deps, ticking)
    stage.post("One.")
    stage.clock.pass_seconds(299)
    maintain_through(maintenance, ticking, HEAD_START_SECONDS + 4)
    assert stage.statuses(1) == ["pending"]
    stage.clock.pass_seconds(2)
    maintenance.run()
    assert stage.statuses(1) == [status]


def test_everything_late_goes_in_one_run(stage, ticking, maintenance):
    with stage.deps.store.write() as tx:
        patient = tx.sites.add(herald(policy=Policy(outage_after_seconds=3600)))
    stage.post(*[f"Number {n}." for n in range(LATE_BATCH * 2 + 50)])
    with stage.deps.store.write() as tx:
        tx.comments.add(patient.id, [draft("c-0")], NOON)
    stage.clock.pass_seconds(301)
    maintenance.run()
    ticking.now += HEAD_START_SECONDS
    maintenance.run()
    with stage.deps.store.read() as tx:
        assert tx.comments.count(stage.site.id, Status.PENDING) == 0
        assert tx.comments.count(patient.id, Status.PENDING) == 1


def test_after_a_silence_scoring_has_the_first_go(stage, ticking, maintenance):
    stage.post("One.", "Two.")
    stage.clock.pass_seconds(8 * 3600)
    maintenance.run()
    assert (stage.statuses(2), SCORE in stage.enqueued()) == (["pending", "pending"], True)
    score_pending(stage.deps, Told())
    assert stage.statuses(2) == ["approved", "approved"]


def test_a_new_silence_gives_a_new_head_start(stage, ticking, maintenance):
    maintain_through(maintenance, ticking, HEAD_START_SECONDS + 4)
    stage.post("One.")
    stage.clock.pass_seconds(3600)
    ticking.now += SILENCE_SECONDS + 1
    maintenance.run()
    assert stage.statuses(1) == ["pending"]
    maintain_through(maintenance, ticking, HEAD_START_SECONDS + 4)
    assert stage.statuses(1) == ["held"]


def test_copies_that_are_late_are_one_row(stage, ticking, maintenance):
    one, two = stage.post(*["The council will close the old bridge on Monday for at least eight months."] * 2)
    stage.clock.pass_seconds(3600)
    maintain_through(maintenance, ticking, HEAD_START_SECONDS + 4)
    with stage.deps.store.read() as tx:
        clusters = tx.clusters.of_comments([one.pk, two.pk])
    assert (stage.statuses(2), clusters[one.pk].id) == (["held", "held"], clusters[two.pk].id)


def test_a_backfill_is_never_late(stage, ticking, maintenance):
    stage.post("Old.", live=False)
    stage.clock.pass_seconds(9999)
    maintain_through(maintenance, ticking, HEAD_START_SECONDS + 4)
    assert stage.statuses(1) == ["pending"]


def test_what_expired_is_dropped_now_and_then(stage, ticking, maintenance):
    (posted,) = stage.post("One.")
    with stage.deps.store.write() as tx:
        mo = tx.moderators.add("Mo", "moderator", NOON)
        tx.moderators.add_sign_in(mo.id, "old link", NOON)
        tx.moderators.add_sign_in(mo.id, "young link", NOON + timedelta(minutes=15))
        tx.moderators.add_session(mo.id, "old session", NOON)
        tx.moderators.add_session(mo.id, "young session", NOON + timedelta(hours=1))
        for name, age in (("old key", 1), ("young key", -1)):
            key, made = IdempotencyKey(name, posted.pk, 1, "h"), NOON - KEYS_KEPT - timedelta(seconds=age)
            tx.comments.add_idempotency_keys(stage.site.id, [key], made)
    maintenance.clean_up()
    with stage.deps.store.write() as tx:
        assert set(tx.comments.idempotency_keys(stage.site.id, ["old key", "young key"])) == {"young key"}
        assert tx.moderators.session("young session", NOON) == mo
        assert tx.moderators.use_sign_in("young link", NOON) == mo
        assert tx.retention.prune(NOON, NOON - KEYS_KEPT) == 0
        tx.moderators.add_session(mo.id, "another", NOON)
    ticking.now += PRUNE_SECONDS - 1
    maintenance.clean_up()
    with stage.deps.store.write() as tx:
        assert tx.retention.prune(NOON, NOON - KEYS_KEPT) == 1
