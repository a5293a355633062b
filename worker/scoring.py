"""Scoring: lease pending rows, read a batch in one matrix, settle; until nothing is pending or time is up.

The lease and the settling are two short transactions; the reading between them holds none. What was decided on a fast
score and is worth a full one is scored again in the gaps: when nothing is pending, or all of it was just taken.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

import structlog

from service.context import Dependencies
from service.domain.comment import Comment
from service.domain.effort import effort_of, next_effort
from service.domain.policy import Policy
from service.domain.verdict import Effort
from service.logging import ranges
from service.messaging.tasks import SCORE
from service.scoring import Scorer, Signer, no_signatures
from service.storage import Tx
from service.usecases import Scored, record_scores, rescore
from worker.metrics import meters
from worker.reading import assess

RUN_SECONDS: Final = 4.0
GATHER_SECONDS: Final = 0.05
"""Between two leases while few come in: each costs two commits and an explanation's worth of time, however small."""
SMALL_BATCH_SHARE: Final = 0.2
LONGEST_GATHER_SECONDS: Final = 0.15
"""A batch that is not full may take this share of a process's time: where processors are short it would be mostly what
any batch costs, however small, and whoever accepts comments waits for it. Gathered for so long at most."""
TURN_SECONDS: Final = 0.2
"""What a batch may take: whoever comes meanwhile, of whatever site, waits for its end."""
LEAST_BATCH: Final = 16
RESCORE_BATCH: Final = 16
"""So many are scored again at once: a comment that comes meanwhile waits no longer than for these."""
RETRY_SECONDS: Final = 1.0
"""The pause after a text failed alone, for each time that it did."""

GIVE_BACK_PAUSES: Final = (0.1, 0.2, 0.4, 0.8, 0.8, 0.8, 0.8, 0.8)
"""Seconds between tries to give leases back to a store that is away: PostgreSQL is restarted within."""

log = structlog.get_logger(__name__)


class Pace:
    """How many comments fit into a turn, judged by how long the last batches took."""

    def __init__(self) -> None:
        self._fits: float | None = None

    def batch(self, most: int) -> int:
        """Say how many to lease next, `most` at the most."""
        return most if self._fits is None else max(min(LEAST_BATCH, most), min(most, int(self._fits)))

    def took(self, comments: int, seconds: float) -> None:
        """Take note of a batch; a small one says little, for most of its time is the same for any."""
        if comments >= LEAST_BATCH:
            fits = comments * TURN_SECONDS / max(seconds, 0.001)
            self._fits = fits if self._fits is None else (self._fits + fits) / 2


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one run may take: rows a batch, seconds in all, and seconds between two leases that are not full."""

    batch: int = 128
    seconds: float = RUN_SECONDS
    gather: float = GATHER_SECONDS
    pace: Pace = field(default_factory=Pace)

    def gathering(self, spent: float) -> float:
        """Say how many seconds after a lease the next one is due, when its batch was not full and took `spent`."""
        return max(self.gather, min(LONGEST_GATHER_SECONDS, spent / SMALL_BATCH_SHARE))


def score_pending(
    deps: Dependencies,
    scorer: Scorer,
    limits: Limits = Limits(),
    stopping: Callable[[], bool] = lambda: False,
    signer: Signer = no_signatures,
) -> int:
    """Settle what is pending and return how many comments moved; enqueues another run when it stops before the end."""
    run = _Run(deps, scorer, stopping, signer)
    ends_at = time.monotonic() + limits.seconds
    while not stopping() and (began := time.monotonic()) < ends_at:
        wanted = limits.pace.batch(limits.batch)
        leased = run.lease(wanted)
        if stopping():
            run.give_back(leased.comments, leased.until)
            break
        if not leased.comments:
            if run.score_again(min(RESCORE_BATCH, limits.batch)):
                continue
            return run.moved
        run.judge(leased)
        spent = time.monotonic() - began
        if leased.fresh:
            limits.pace.took(len(leased.comments), spent)
        is_full = leased.fresh and len(leased.comments) == wanted
        if is_full:
            deps.dispatcher.enqueue(SCORE)  # there may be more than one worker's worth
        run.catch_up(leased, max(limits.gather, spent))
        if not is_full:
            if leased.effort is Effort.FULL:
                run.score_again(min(RESCORE_BATCH, limits.batch))
            time.sleep(max(0.0, began + limits.gathering(spent) - time.monotonic()))
    deps.dispatcher.enqueue(SCORE)
    return run.moved


@dataclass(frozen=True, slots=True)
class Leased:
    """A batch that was never tried, or one comment that was: alone, so that a poison one cannot hide in a batch."""

    comments: Sequence[Comment]
    until: datetime
    fresh: bool
    retries_wait: bool
    """Whether more wait that were tried before."""
    effort: Effort = Effort.FULL
    """With which comments are scored whose senders asked for none."""
    policies: Mapping[int, Policy] = field(default_factory=dict)
    """By the site's id."""


@dataclass(slots=True)
class _Run:
    """One run: what it works with, and how many comments moved so far."""

    deps: Dependencies
    scorer: Scorer
    stopping: Callable[[], bool]
    signer: Signer
    moved: int = 0

    def lease(self, batch: int) -> Leased:
        """Lease a batch that was never tried, or else one comment that was.

        A batch of 0 leaves what was never tried where it is. Never both: should a text kill the process, what was
        tried before must not be held to have had a part in it.
        """
        deps = self.deps
        now = deps.clock()
        until = now + timedelta(seconds=deps.lease_seconds)
        with deps.store.write() as tx:
            comments = tx.scoring.lease_pending(now, until, batch) if batch else []
            fresh = bool(comments)
            comments = comments or tx.scoring.lease_pending(now, until, 1, retried=True)
            retries_wait = tx.scoring.has_retries(now)
            effort = self._effort(tx, comments if fresh else (), now) if batch else tx.scoring.effort().effort
        return self._leased(Leased(comments, until, fresh, retries_wait, effort))

    def _leased(self, leased: Leased) -> Leased:
        """Take note of a lease and look up what reading its comments needs."""
        if not leased.comments:
            return leased
        meters().leases_expired.labels("score").inc(sum(one.attempts > 1 for one in leased.comments))
        try:
            with self.deps.store.read() as tx:
                sites = [tx.sites.by_id(site_id) for site_id in {one.site_id for one in leased.comments}]
        except Exception:
            self.give_back(leased.comments, leased.until)
            raise
        policies = {site.id: site.policy for site in sites if site}
        return replace(leased, policies=policies)

    def _effort(self, tx: Tx, fresh: Sequence[Comment], now: datetime) -> Effort:
        """Return the effort to score with, by the age of the oldest that waited; a change of it is every worker's.

        A lease takes each site's oldest first, so the oldest live comment of all is among what was just leased.
        """
        current = tx.scoring.effort().effort
        ages = ((now - one.received_at).total_seconds() for one in fresh if one.live)
        oldest = max(ages, default=0.0)
        effort = next_effort(current, oldest, self.deps.fast_after_seconds)
        if effort is not current:
            tx.scoring.set_effort(effort, now)
            log.warning("score.effort_changed", effort=effort.value, oldest_s=round(oldest, 1))
        return effort

    def catch_up(self, leased: Leased, seconds: float) -> None:
        """Go on with what was tried before, one by one, as long as the rest took.

        A worker that dies leaves a whole batch of it behind: one for each fresh batch would take minutes under load.
        """
        ends_at = time.monotonic() + seconds
        while leased.retries_wait and not self.stopping() and time.monotonic() < ends_at:
            leased = self.lease(0)
            self.judge(leased)

    def judge(self, leased: Leased) -> None:
        """Read and settle what was leased; a text that fails alone is tried again after a pause."""
        if not (comments := leased.comments):
            return
        started = time.monotonic()
        scored, failed = self._read(leased, lambda one: effort_of(one, leased.effort))
        read = time.monotonic()
        with self._giving_back(leased):
            moved = record_scores(self.deps, scored, self.signer)
            self._put_off(failed, leased.until)
        settled, now = time.monotonic(), self.deps.clock()
        meters().judged(scored, moved, read - started, settled - read, now)
        log.info(
            "score.batch",
            comments=ranges(one.pk for one in comments),
            leased=len(comments),
            moved=len(moved),
            effort=leased.effort.value,
            oldest_s=round((now - min(one.received_at for one in comments)).total_seconds(), 3),
            read_ms=round((read - started) * 1000, 1),
            settle_ms=round((settled - read) * 1000, 1),
        )
        self.moved += len(moved)

    def score_again(self, batch: int) -> bool:
        """Score a few in full that were decided on a fast score, and settle them again; return whether that was done.

        While anything pending waits, or without a model, they wait.
        """
        if self.stopping():
            return False
        deps, now = self.deps, self.deps.clock()
        until = now + timedelta(seconds=deps.lease_seconds)
        with deps.store.read() as tx:
            if not tx.scoring.time_to_rescore(now):
                return False
        with deps.store.write() as tx:
            comments = tx.scoring.lease_rescores(now, until, batch)
            comments = comments or tx.scoring.lease_rescores(now, until, 1, retried=True)
        if not comments:
            return False
        leased = self._leased(Leased(comments, until, fresh=False, retries_wait=False))
        scored, failed = self._read(leased, lambda _: Effort.FULL)
        if any(one.assessment is None and not one.exhausted for one in scored):
            self.give_back(comments, until)
            return False
        with self._giving_back(leased):
            became = rescore(deps, scored, self.signer)
            self._put_off(failed, until)
        meters().judged_again(scored, became)
        log.info("score.again", comments=ranges(one.pk for one in comments), **became)
        return True

    def _read(
        self, leased: Leased, effort_for: Callable[[Comment], Effort]
    ) -> tuple[list[Scored], list[Comment]]:
        """Score what was leased; return that, and what failed alone and is to be tried again."""
        comments, most = leased.comments, self.deps.max_attempts
        scored = [Scored(one, None, exhausted=True) for one in comments if one.attempts > most]
        untired = [one for one in comments if one.attempts <= most]
        scored += assess(self.scorer, untired, effort_for, leased.policies)
        read_alone = {one.comment.pk for one in scored}
        failed = [one for one in comments if one.pk not in read_alone]
        scored += [Scored(one, None, exhausted=True) for one in failed if one.attempts == most]
        return scored, [one for one in failed if one.attempts < most]

    @contextmanager
    def _giving_back(self, leased: Leased) -> Iterator[None]:
        """Give the leases back, uncounted, if the store fails."""
        try:
            yield
        except Exception:
            self.give_back(leased.comments, leased.until)  # the store failed, not the texts
            raise

    def _put_off(self, failed: Sequence[Comment], until: datetime) -> None:
        """Let what failed be tried again soon: the lease is for those of whom nothing is heard."""
        for one in failed:
            pause = min(RETRY_SECONDS * one.attempts, self.deps.lease_seconds)
            with self.deps.store.write() as tx:
                tx.scoring.abandon([one.pk], until, self.deps.clock() + timedelta(seconds=pause))
            self.deps.dispatcher.enqueue(SCORE, after=pause)

    def give_back(self, comments: Sequence[Comment], until: datetime) -> None:
        """End the leases unused. A store that is away for a moment is asked again; if for longer, they run out."""
        pks = [one.pk for one in comments]
        for pause in GIVE_BACK_PAUSES:
            try:
                with self.deps.store.write() as tx:
                    tx.scoring.release(pks, until)
                return
            except Exception as failure:  # noqa: BLE001  # the store is away: the leases carry the guarantee
                log.warning("score.not_released", leased=len(pks), error=type(failure).__name__)
            if self.stopping():
                break
            time.sleep(pause)
        log.warning("score.lease_kept", leased=len(pks))
