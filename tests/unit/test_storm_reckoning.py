"""The storm's reckoning: each way in which a comment can be lost, doubled, stuck or misordered is found and named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace as Row

import pytest

from tests.storm.crowd import Ledger
from tests.storm.receiver import Taken
from tests.storm.reckoning import Findings, Rows, reckon, recoveries
from tests.storm.weather import Struck

SECOND = 1_000_000


class Told:
    """A small storm in which all went well: two comments, the first decided by the model and then by the site."""

    def __init__(self) -> None:
        self.ledger = Ledger(
            accepted={"c-1": 1, "c-2": 1}, decided={"c-1": "12"}, answers=[(1.0, 1.5), (4.0, 4.25)]
        )
        self.comments = [
            Row(pk=1, id="c-1", revision=1, status="approved", received_at=1 * SECOND, decided_at=2 * SECOND),
            Row(pk=2, id="c-2", revision=1, status="rejected", received_at=1 * SECOND, decided_at=5 * SECOND),
        ]
        self.decisions = [
            Row(pk=10, comment_pk=1, revision=1, who_kind="machine", seq=1, replaces=None),
            Row(pk=11, comment_pk=2, revision=1, who_kind="machine", seq=2, replaces=None),
            Row(pk=12, comment_pk=1, revision=1, who_kind="site", seq=3, replaces=None),
        ]
        self.deliveries = [
            Row(
                pk=one.pk,
                comment_pk=one.comment_pk,
                decision_id=one.pk,
                webhook_id=f"msg_{one.seq}",
                state="delivered",
                attempts=1,
                created_at=2 * SECOND,
                delivered_at=3 * SECOND,
            )
            for one in self.decisions
        ]
        self.taken = [
            Taken(3.0, f"msg_{one.seq}", f"c-{one.comment_pk}", one.seq, one.pk, b"{}")
            for one in self.decisions
        ]
        self.followed = [(one.seq, one.pk) for one in self.decisions]

    def rows(self) -> Rows:
        """The database's side."""
        return Rows(self.comments, self.decisions, self.deliveries)

    def found(self) -> Findings:
        """The reckoning."""
        return reckon(self.ledger, self.rows(), self.taken, self.followed)


def test_a_good_storm_has_no_findings() -> None:
    """Where all sides agree nothing is found, though one callback came twice."""
    told = Told()
    told.taken.append(told.taken[0])
    assert not told.found()
    assert told.found().lines() == []


def test_a_second_verdict_that_replaces_the_first_is_no_finding() -> None:
    """A comment that was scored fast may be decided again on a full score, once."""
    told = Told()
    told.decisions[2].who_kind, told.decisions[2].replaces = "machine", 10
    assert not told.found()


def lose_comment(told: Told) -> None:
    """Lose an accepted comment."""
    del told.comments[1], told.decisions[1], told.deliveries[1], told.taken[1]


def lose_callback(told: Told) -> None:
    """Mark a callback as delivered that the site never took."""
    del told.taken[0]


def skip_in_feed(told: Told) -> None:
    """Let the feed skip a decision."""
    del told.followed[1]


def decide_twice(told: Told) -> None:
    """Let the model decide the same revision again."""
    told.decisions[2].who_kind = "machine"


def decide_again_after_person(told: Told) -> None:
    """Let the model replace what the site decided."""
    told.decisions.append(Row(pk=13, comment_pk=1, revision=1, who_kind="machine", seq=4, replaces=12))


def decide_over_person(told: Told) -> None:
    """Let the model decide after the site."""
    told.decisions[0].who_kind, told.decisions[2].who_kind = "site", "machine"


def two_ids(told: Told) -> None:
    """Send one decision under two ids."""
    told.taken.append(replace(told.taken[0], webhook_id="msg_other"))


def leave_pending(told: Told) -> None:
    """Leave a comment without a verdict."""
    told.comments[1].status = "pending"


def leave_waiting(told: Told) -> None:
    """Leave a callback undelivered."""
    told.deliveries[0].state = "dead"


def turn_around(told: Told) -> None:
    """Let the second decision on a comment arrive before the first."""
    told.taken = [told.taken[2], told.taken[0], told.taken[1]]


def leave_gap(told: Told) -> None:
    """Leave out a sequence number."""
    told.decisions[2].seq = 4
    told.followed[2] = (4, 12)


@pytest.mark.parametrize(
    ("spoil", "kind"),
    [
        (lose_comment, "lost"),
        (lose_callback, "lost"),
        (skip_in_feed, "lost"),
        (decide_twice, "twice"),
        (decide_over_person, "twice"),
        (decide_again_after_person, "twice"),
        (two_ids, "twice"),
        (leave_pending, "stuck"),
        (leave_waiting, "stuck"),
        (turn_around, "disorder"),
        (leave_gap, "disorder"),
    ],
)
def test_each_fault_is_found(spoil: Callable[[Told], None], kind: str) -> None:
    """One thing gone wrong shows under its own kind."""
    told = Told()
    spoil(told)
    assert getattr(told.found(), kind), told.found().lines()


def test_recovery_is_what_was_still_felt_after_the_fault() -> None:
    """After a fault that ended at 2.5 s: the next answer, the last verdict and the last callback of what was there."""
    told = Told()
    felt = recoveries([Struck("web killed", 2.0, 2.5)], told.ledger, told.rows())["web killed"]
    assert (felt.times, felt.accepting, felt.verdicts, felt.callbacks) == (1, 1.75, 2.5, 0.5)
