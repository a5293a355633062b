"""The journal of leases: what a dead process had in hand is another's at once, what a living one has is left alone."""

import errno
import subprocess
import sys
from contextlib import contextmanager

import pytest
from structlog.testing import capture_logs

from service.messaging.tasks import DELIVER, SCORE
from tests.factories import NOON, after
from tests.stage import Stage
from tests.worker.cast import Told
from worker.journal import Journal
from worker.score import score_pending
from worker.sweep import Sweep

OWNER = """
import sys
from datetime import datetime
from pathlib import Path
from worker.journal import Journal
journal = Journal(Path(sys.argv[1]))
journal.note(sys.argv[2], datetime.fromisoformat(sys.argv[3]), [int(one) for one in sys.argv[4:]])
print("noted", flush=True)
sys.stdin.read()
"""


@contextmanager
def owner(home, work, *pks):
    """Another process that has these rows in hand until half a minute past noon."""
    told = [str(home), work, after(30).isoformat(), *map(str, pks)]
    process = subprocess.Popen(
        [sys.executable, "-c", OWNER, *told], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin
    assert process.stdout
    try:
        assert process.stdout.readline() == "noted\n"
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


def released(home):
    found = []
    Journal(home).release_dead(found.append)
    return found[0] if found else {}


def test_what_a_killed_worker_had_in_hand_is_scored_at_once_and_alone(store, tmp_path):
    stage = Stage.over(store)
    comments = stage.post("One.", "Two.", "Three.")
    with store.write() as tx:
        tx.scoring.lease_pending(NOON, after(30), 10)
    sweep, scorer = Sweep(stage.deps, journal=Journal(tmp_path)), Told()
    with owner(tmp_path, SCORE, *(one.pk for one in comments)) as process:
        assert sweep.release_dead() == 0
        assert score_pending(stage.deps, scorer) == 0
        stage.enqueued()
        process.kill()
        process.wait()
        assert sweep.release_dead() == 3
        assert SCORE in stage.enqueued()
        assert sweep.release_dead() == 0
    assert score_pending(stage.deps, scorer) == 3
    assert scorer.batches == [1, 1, 1]
    assert [stage.look(f"c-{n}").attempts for n in range(3)] == [2, 2, 2]


def test_a_poison_that_kills_is_held_without_waiting_for_a_lease(store, tmp_path):
    stage = Stage.over(store)
    stage.post("One.", "Deadly.", "Three.")
    sweep, home = Sweep(stage.deps, journal=Journal(tmp_path)), tmp_path

    class Died(BaseException):
        """The process is gone: nothing after it runs."""

    class Deadly(Told):
        def score(self, readings, *how, **named):
            if any(one.text == "Deadly." for one in readings):
                raise Died
            return super().score(readings, *how, **named)

    deaths = 0
    for _ in range(8):
        sweep.release_dead()
        journal = Journal(home)
        try:
            score_pending(stage.deps, Deadly(), journal=journal)
        except Died:
            deaths += 1
        journal.close()
    assert deaths == 3
    assert stage.statuses(3) == ["approved", "held", "approved"]
    assert len(stage.feed()) == 3


def test_what_was_recorded_is_nobodys_to_bury(tmp_path):
    journal = Journal(tmp_path)
    journal.note(SCORE, after(30), [1, 2])
    journal.note(DELIVER, after(60), [7, 8])
    journal.note(DELIVER, after(61), [9])
    journal.drop(SCORE, [1, 2])
    journal.drop(DELIVER, [8, 99])
    assert released(tmp_path) == {}
    journal.close()
    assert released(tmp_path) == {DELIVER: {after(60): [7], after(61): [9]}}
    assert released(tmp_path) == {}


def test_what_cannot_be_given_back_is_kept_for_the_next(tmp_path):
    gone = Journal(tmp_path)
    gone.note(SCORE, after(30), [1])
    gone.close()

    def fails(_):
        raise ConnectionResetError

    newcomer = Journal(tmp_path)
    newcomer.note(SCORE, after(31), [2])
    with pytest.raises(ConnectionResetError):
        newcomer.release_dead(fails)
    assert released(tmp_path) == {SCORE: {after(30): [1]}}


@pytest.mark.parametrize("torn", [b"[", b"[]", b'{"a": 1}', b'{"a": {"noon": [1]}}', b"\xff", b"[" * 60_000])
def test_a_torn_journal_says_nothing(tmp_path, torn):
    journal = Journal(tmp_path)
    journal.note(SCORE, after(30), [1])
    journal.close()
    (slot,) = tmp_path.rglob("*.json")
    slot.write_bytes(torn)
    assert released(tmp_path) == {}
    assert slot.stat().st_size == 0


def test_a_home_that_cannot_be_written_costs_speed_alone(tmp_path):
    (tmp_path / "run").write_text("no folder")
    journal = Journal(tmp_path)
    journal.note(SCORE, after(30), [1])
    journal.drop(SCORE, [1])
    assert journal.release_dead(lambda _: None) == 0
    journal.close()


def test_a_disk_that_was_full_for_a_while_is_written_again(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    journal = Journal(tmp_path)
    with monkeypatch.context() as patched, capture_logs() as said:
        patched.setattr("os.pwrite", full)
        journal.note(SCORE, after(30), [1])
        journal.note(SCORE, after(31), [2])
    assert [line["event"] for line in said] == ["journal.not_kept"]
    journal.note(SCORE, after(32), [3])
    journal.close()
    assert released(tmp_path) == {SCORE: {after(30): [1], after(31): [2], after(32): [3]}}


def test_what_ran_out_is_struck_at_the_next_lease(tmp_path):
    journal = Journal(tmp_path)
    journal.note(SCORE, after(30), [1, 2])
    journal.note(SCORE, after(70), [3], after(40))
    journal.close()
    assert released(tmp_path) == {SCORE: {after(70): [3]}}


def test_what_a_stopping_worker_kept_is_scored_by_the_next_at_once(store, tmp_path, monkeypatch):
    """It ends as it should, and leaves in its journal what the store would not take back."""
    stage = Stage.over(store)
    stage.post("One.", "Two.")
    journal, stopped = Journal(tmp_path), list[bool]()

    def fails(*_):
        stopped.append(True)
        patched.setattr(type(store), "write", None)
        raise ConnectionResetError

    with monkeypatch.context() as patched:
        patched.setattr("worker.score.record_scores", fails)
        with pytest.raises(ConnectionResetError):
            score_pending(stage.deps, Told(), stopping=lambda: bool(stopped), journal=journal)
    journal.close()
    assert Sweep(stage.deps, journal=Journal(tmp_path)).release_dead() == 2
    assert score_pending(stage.deps, Told()) == 2
