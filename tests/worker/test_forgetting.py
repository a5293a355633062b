"""Maintenance forgets: texts, machines, originals and callbacks by their age, and the files after an erasure."""

from dataclasses import replace
from datetime import timedelta

import pytest

from service.domain.comment import Client
from service.domain.options import DEFAULTS
from service.domain.retention import cutoffs, days_kept, deletes_at
from service.domain.status import Status
from service.domain.verdict import Action
from service.storage.records import Erasure
from service.usecases import retain, turns_to_retain
from tests.factories import NOON, finish_delivery, herald
from tests.stage import Stage
from worker.maintenance import CLEAN_UP_SECONDS, CLEAR_SECONDS, Maintenance

DAY = 86_400.0
KINDS = 6
"""Of things that a site keeps for a while unless it says otherwise."""


def choose(stage, **chosen):
    options = replace(stage.site.options, **chosen)
    with stage.deps.store.write() as tx:
        tx.sites.save(replace(stage.site, options=options))
    return options


def spam(stage, count):
    stage.post(*(f"Number {n}." for n in range(count)))
    for n in range(count):
        stage.decide(f"c-{n}", Action.SPAM)


def erased(stage):
    with stage.deps.store.read() as tx:
        return tx.comments.count(stage.site.id, Status.ERASED)


def over_after(looks):
    """Say at the last of so many looks that time is over."""
    answers = iter([False] * (looks - 1) + [True])
    return lambda: next(answers)


def clean_up_once(stage):
    Maintenance(stage.deps).clean_up()


@pytest.mark.parametrize(
    ("action", "option", "days"),
    [(Action.REJECT, "keep_rejected_days", 90), (Action.SPAM, "keep_spam_days", 30)],
)
def test_texts_go_when_their_state_is_over(stage, action, option, days):
    stage.post("One.", "Two.", "Three.")
    decided = stage.decide("c-0", action)
    stage.decide("c-1", Action.APPROVE)
    assert deletes_at(stage.look(), stage.site.options, decided) == NOON + timedelta(days=days)
    stage.clock.pass_seconds(days * DAY)
    clean_up_once(stage)
    assert stage.look().body == "One."
    stage.clock.pass_seconds(1)
    clean_up_once(stage)
    gone = stage.look()
    assert (gone.status, gone.body, gone.author_name) == (Status.ERASED, "", "")
    assert [stage.look(name).body for name in ("c-1", "c-2")] == ["Two.", "Three."]
    assert getattr(DEFAULTS, option) == days


def test_a_decision_made_anew_begins_its_time_anew(stage):
    stage.post("One.")
    first = stage.decide("c-0", Action.APPROVE)
    stage.clock.pass_seconds(200 * DAY)
    second = stage.decide("c-0", Action.REJECT, replaces=first.id)
    clean_up_once(stage)
    assert stage.look().body == "One."
    assert deletes_at(stage.look(), stage.site.options, second) == NOON + timedelta(days=290)


def test_a_site_keeps_for_good_what_it_says_it_keeps(stage):
    options = choose(stage, keep_spam_days=None)
    stage.post("One.")
    stage.decide("c-0", Action.SPAM)
    stage.clock.pass_seconds(4000 * DAY)
    clean_up_once(stage)
    assert stage.look().body == "One."
    assert deletes_at(stage.look(), options) is None


def test_machines_go_by_age_whatever_the_state(stage):
    stage.post("One.", client=Client("192.0.2.7", "Reader/1.0", "https://courier.example/"))
    stage.decide("c-0", Action.APPROVE)
    stage.clock.pass_seconds(30 * DAY + 1)
    clean_up_once(stage)
    assert (stage.look().client, stage.look().body) == (Client(), "One.")


def test_callbacks_go_by_age_once_they_are_done(stage):
    stage.post("One.", "Two.")
    for name in ("c-0", "c-1"):
        stage.decide(name, Action.APPROVE)
    with stage.deps.store.write() as tx:
        first = tx.deliveries.lease(NOON, NOON + timedelta(seconds=30), 1)[0]
        assert finish_delivery(tx, first.id, first.attempts, "dead", "410", None, NOON)
    stage.clock.pass_seconds(30 * DAY + 1)
    clean_up_once(stage)
    with stage.deps.store.read() as tx:
        assert [one.state for one in tx.deliveries.page(None, None, 9)] == ["waiting"]


def test_retention_goes_on_where_it_stopped_and_sites_take_turns(stage):
    spam(stage, 7)
    with stage.deps.store.write() as tx:
        stage.site = tx.sites.add(herald())
    spam(stage, 3)
    stage.clock.pass_seconds(31 * DAY)
    turns = turns_to_retain(stage.deps)
    assert retain(stage.deps, turns, over_after(2 * KINDS), batch=2)["spam"] == 4
    assert erased(stage) == 2
    assert retain(stage.deps, turns, over_after(3), batch=2)["spam"] == 3
    assert erased(stage) == 3
    assert retain(stage.deps, turns, over_after(99), batch=2)["spam"] == 3
    assert not turns


def test_what_a_maintenance_run_had_no_time_for_is_the_next_ones(stage, ticking, monkeypatch):
    spam(stage, 3)
    stage.clock.pass_seconds(31 * DAY)
    maintenance = Maintenance(stage.deps, ticking)
    real = type(stage.deps.store).write

    def slow(store):
        ticking.now += CLEAN_UP_SECONDS
        return real(store)

    monkeypatch.setattr(type(stage.deps.store), "write", slow)
    maintenance.clean_up()
    assert erased(stage) == 0
    for _ in range(KINDS):
        maintenance.clean_up()
    assert erased(stage) == 3


def test_a_worker_told_to_stop_forgets_no_further(stage):
    spam(stage, 3)
    stage.clock.pass_seconds(31 * DAY)
    Maintenance(stage.deps, stopping=lambda: True).clean_up()
    assert erased(stage) == 0


def test_a_site_that_keeps_for_good_meanwhile_keeps_what_was_due(stage):
    spam(stage, 3)
    stage.clock.pass_seconds(31 * DAY)
    turns = turns_to_retain(stage.deps)
    choose(stage, keep_spam_days=None)
    assert "spam" not in retain(stage.deps, turns, over_after(99))


def test_files_are_cleared_after_an_erasure(stage, ticking, monkeypatch):
    asked, answers = [], [False, True, True]

    def purge(*_):
        asked.append(answers[len(asked)])
        return asked[-1]

    monkeypatch.setattr(type(stage.deps.store), "purge", purge)
    maintenance = Maintenance(stage.deps, ticking)
    maintenance.clean_up()
    assert asked == []
    with stage.deps.store.write() as tx:
        tx.erasure.add(Erasure("e-1", stage.site.id, "site", 1, "{}", NOON))
    stage.clock.pass_seconds(1)
    for _ in range(3):
        maintenance.clean_up()
    assert asked == [False]
    for _ in range(3):
        ticking.now += CLEAR_SECONDS
        maintenance.clean_up()
    assert asked == [False, True]


def test_cutoffs_lie_as_far_back_as_each_thing_is_kept():
    found = cutoffs(replace(DEFAULTS, keep_client_days=None, keep_spam_days=2.0), NOON)
    assert found.client is None
    assert found.states[Status.SPAM] == NOON - timedelta(days=2)
    assert found.originals == found.states[Status.REJECTED] == NOON - timedelta(days=90)
    assert found.deliveries == NOON - timedelta(days=30)
    assert set(days_kept(DEFAULTS)) == set(found.states)


def test_callbacks_of_a_site_that_is_gone_do_not_wait_for_good(store):
    stage = Stage.over(store, callback_url="https://courier.example/hook")
    stage.post("One.")
    stage.decide("c-0", Action.APPROVE)
    with store.read() as tx:
        assert tx.statistics.backlog(stage.clock.now).deliveries_due == 1
    stage.clock.pass_seconds(400 * DAY)
    clean_up_once(stage)
    with store.write() as tx:
        assert tx.statistics.backlog(stage.clock.now).deliveries_waiting == 1
        tx.sites.save(replace(stage.site, callback_disabled="it answered 410"))
        assert tx.statistics.backlog(stage.clock.now).deliveries_due == 0
    clean_up_once(stage)
    with store.read() as tx:
        assert tx.statistics.backlog(stage.clock.now).deliveries_waiting == 0
