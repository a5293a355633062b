"""The sweep forgets: texts, machines, originals and callbacks by their age, and the files after an erasure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from service.domain.comment import Client
from service.domain.options import DEFAULTS, Options
from service.domain.retention import cutoffs, days_kept, deletes_at
from service.domain.status import Status
from service.domain.verdict import Action, Decision, Who
from service.storage import Store
from service.usecases import Judgement, retain, review, turns_to_retain
from tests.factories import NOON, finish_delivery, herald
from tests.worker.cast import Stage
from worker.sweep import CLEAR_SECONDS, TIDY_SECONDS, Sweep

DAY = 86_400.0
KINDS = 6
"""Of things that a site keeps for a while unless it says otherwise."""


@pytest.fixture
def stage(store: Store) -> Stage:
    """A stage over each store in turn."""
    return Stage.over(store)


def choose(stage: Stage, **chosen: Any) -> Options:
    """Let the site choose its terms of retention."""
    options = replace(stage.site.options, **chosen)
    with stage.deps.store.write() as tx:
        tx.sites.save(replace(stage.site, options=options))
    return options


def decide(stage: Stage, name: str, action: Action) -> Decision:
    """A moderator decides, at once."""
    return review(stage.deps, stage.site, name, Judgement(action, Who.MODERATOR, "Mo"))


def spam(stage: Stage, count: int) -> None:
    """Post so many and call them spam."""
    stage.post(*(f"Number {n}." for n in range(count)))
    for n in range(count):
        decide(stage, f"c-{n}", Action.SPAM)


def erased(stage: Stage) -> int:
    """Count what the stage's site kept no longer."""
    with stage.deps.store.read() as tx:
        return tx.comments.count(stage.site.id, Status.ERASED)


def over_after(looks: int) -> Callable[[], bool]:
    """Say at the last of so many looks that time is over."""
    answers = iter([False] * (looks - 1) + [True])
    return lambda: next(answers)


def swept(stage: Stage) -> Sweep:
    """A sweep that prunes each time it runs."""
    sweep = Sweep(stage.deps)
    sweep.tidy()
    return sweep


@pytest.mark.parametrize(
    ("action", "option", "days"),
    [(Action.REJECT, "keep_rejected_days", 90), (Action.SPAM, "keep_spam_days", 30)],
)
def test_texts_go_when_their_state_is_over(stage: Stage, action: Action, option: str, days: int) -> None:
    """A refused text goes so many days after the decision that stands, at the very moment the item shows."""
    stage.post("One.", "Two.", "Three.")
    decided = decide(stage, "c-0", action)
    decide(stage, "c-1", Action.APPROVE)
    shown = deletes_at(stage.look("c-0"), stage.site.options, decided)
    assert shown == NOON + timedelta(days=days)
    stage.clock.pass_seconds(days * DAY)
    swept(stage)
    assert stage.look("c-0").body == "One."
    stage.clock.pass_seconds(1)
    swept(stage)
    gone = stage.look("c-0")
    assert (gone.status, gone.body, gone.author_name) == (Status.ERASED, "", "")
    assert [stage.look(name).body for name in ("c-1", "c-2")] == ["Two.", "Three."]
    assert getattr(DEFAULTS, option) == days


def test_a_decision_made_anew_begins_its_time_anew(stage: Stage) -> None:
    """What was approved long ago and is rejected today is kept for the whole time from today."""
    stage.post("One.")
    first = decide(stage, "c-0", Action.APPROVE)
    stage.clock.pass_seconds(200 * DAY)
    again = Judgement(Action.REJECT, Who.MODERATOR, "Mo", replaces=first.id)
    second = review(stage.deps, stage.site, "c-0", again)
    swept(stage)
    assert stage.look().body == "One."
    assert deletes_at(stage.look(), stage.site.options, second) == NOON + timedelta(days=290)


def test_a_site_keeps_for_good_what_it_says_it_keeps(stage: Stage) -> None:
    """With `never` a state has no end, and nothing of it goes."""
    options = choose(stage, keep_spam_days=None)
    stage.post("One.")
    decide(stage, "c-0", Action.SPAM)
    stage.clock.pass_seconds(4000 * DAY)
    swept(stage)
    assert stage.look().body == "One."
    assert deletes_at(stage.look(), options) is None


def test_machines_go_by_age_whatever_the_state(stage: Stage) -> None:
    """Network, user agent and referring page go after their days; the text of an approved comment stays."""
    stage.post("One.", client=Client("192.0.2.7", "Reader/1.0", "https://courier.example/"))
    decide(stage, "c-0", Action.APPROVE)
    stage.clock.pass_seconds(30 * DAY + 1)
    swept(stage)
    assert (stage.look().client, stage.look().body) == (Client(), "One.")


def test_callbacks_go_by_age_once_they_are_done(stage: Stage) -> None:
    """A callback that was given up goes after its days, with the text in it; one that waits does not."""
    stage.post("One.", "Two.")
    for name in ("c-0", "c-1"):
        decide(stage, name, Action.APPROVE)
    with stage.deps.store.write() as tx:
        first = tx.deliveries.lease(NOON, NOON + timedelta(seconds=30), 1)[0]
        assert finish_delivery(tx, first.id, first.attempts, "dead", "410", None, NOON)
    stage.clock.pass_seconds(30 * DAY + 1)
    swept(stage)
    with stage.deps.store.read() as tx:
        assert [one.state for one in tx.deliveries.page(None, None, 9)] == ["waiting"]


def test_retention_goes_on_where_it_stopped_and_sites_take_turns(stage: Stage) -> None:
    """However much of one site is due, a sweep takes its time and no more, and another site's goes beside it."""
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


def test_what_a_sweep_had_no_time_for_is_the_next_ones(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Time runs out after each transaction: the sweep ends, and the next goes on without waiting ten minutes."""
    spam(stage, 3)
    stage.clock.pass_seconds(31 * DAY)
    ticking = Ticking()
    sweep = Sweep(stage.deps, ticking)
    real = type(stage.deps.store).write

    def slow(store: Store) -> Any:
        ticking.now += TIDY_SECONDS
        return real(store)

    monkeypatch.setattr(type(stage.deps.store), "write", slow)
    sweep.tidy()
    assert erased(stage) == 0
    for _ in range(KINDS):
        sweep.tidy()
    assert erased(stage) == 3


def test_a_worker_told_to_stop_forgets_no_further(stage: Stage) -> None:
    """A warm shutdown waits for one transaction at most, and the next worker goes on."""
    spam(stage, 3)
    stage.clock.pass_seconds(31 * DAY)
    Sweep(stage.deps, stopping=lambda: True).tidy()
    assert erased(stage) == 0


def test_a_site_that_keeps_for_good_meanwhile_keeps_what_was_due(stage: Stage) -> None:
    """Turns name what to look at; what goes is asked of the site as it is when its turn comes."""
    spam(stage, 3)
    stage.clock.pass_seconds(31 * DAY)
    turns = turns_to_retain(stage.deps)
    choose(stage, keep_spam_days=None)
    assert "spam" not in retain(stage.deps, turns, over_after(99))


def test_files_are_cleared_after_an_erasure(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sweep clears the files once after each erasure, and tries again a minute later where it could not."""
    from service.storage.records import Erasure

    answers = [False, True, True]
    asked: list[bool] = []

    def purge(*_: object) -> bool:
        asked.append(answers[len(asked)])
        return asked[-1]

    monkeypatch.setattr(type(stage.deps.store), "purge", purge)
    ticking = Ticking()
    sweep = Sweep(stage.deps, ticking)
    sweep.tidy()
    assert asked == []
    with stage.deps.store.write() as tx:
        tx.erasure.add(Erasure("e-1", stage.site.id, "site", 1, "{}", NOON))
    stage.clock.pass_seconds(1)
    for _ in range(3):
        sweep.tidy()
    assert asked == [False]
    ticking.now += CLEAR_SECONDS
    for _ in range(3):
        sweep.tidy()
        ticking.now += CLEAR_SECONDS
    assert asked == [False, True]


class Ticking:
    """A monotonic clock that the test sets."""

    def __init__(self) -> None:
        self.now = 5000.0

    def __call__(self) -> float:
        return self.now


def test_cutoffs_lie_as_far_back_as_each_thing_is_kept() -> None:
    """Every option has its moment, and None where a thing is kept for good."""
    found = cutoffs(replace(DEFAULTS, keep_client_days=None, keep_spam_days=2.0), NOON)
    assert found.client is None
    assert found.states[Status.SPAM] == NOON - timedelta(days=2)
    assert found.originals == found.states[Status.REJECTED] == NOON - timedelta(days=90)
    assert found.deliveries == NOON - timedelta(days=30)
    assert set(days_kept(DEFAULTS)) == set(found.states)


def test_callbacks_of_a_site_that_is_gone_do_not_wait_for_good(store: Store) -> None:
    """What waits for an address that answered 410 is not due, and goes when its time is over; elsewhere it waits on."""
    stage = Stage.over(store, callback_url="https://courier.example/hook")
    stage.post("One.")
    decide(stage, "c-0", Action.APPROVE)
    with store.read() as tx:
        assert tx.statistics.backlog(stage.clock.now).deliveries_due == 1
    stage.clock.pass_seconds(400 * DAY)
    swept(stage)
    with store.write() as tx:
        assert tx.statistics.backlog(stage.clock.now).deliveries_waiting == 1
        tx.sites.save(replace(stage.site, callback_disabled="it answered 410"))
        assert tx.statistics.backlog(stage.clock.now).deliveries_due == 0
    swept(stage)
    with store.read() as tx:
        assert tx.statistics.backlog(stage.clock.now).deliveries_waiting == 0
