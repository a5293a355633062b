"""Scoring: lease pending rows, read a batch in one matrix, settle; until nothing is pending or time is up.

The lease and the settling are two short transactions; the reading between them holds none.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

import structlog

from service.actions import Scored, settle
from service.logs import ranges
from service.moderation.comment import Comment
from service.moderation.policy import Cut, Policy
from service.ports import SCORE, House, Reading, Scorer, Signer
from service.reader import NoModel
from worker.meters import meters

RUN_SECONDS: Final = 4.0
GATHER_SECONDS: Final = 0.05
"""Between two leases while few come in: each costs two commits and an explanation's worth of time, however small."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much one run may take: rows a batch, seconds in all, and seconds between two leases that are not full."""

    batch: int = 128
    seconds: float = RUN_SECONDS
    gather: float = GATHER_SECONDS


def score_pending(
    house: House,
    scorer: Scorer,
    bounds: Bounds = Bounds(),
    stopping: Callable[[], bool] = lambda: False,
    sign: Signer = lambda texts: [None] * len(texts),
) -> int:
    """Settle what is pending and return how many comments moved; rings for more when it stops before the end."""
    run = _Run(house, scorer, stopping, sign)
    ends_at = time.monotonic() + bounds.seconds
    while not stopping() and (began := time.monotonic()) < ends_at:
        leased = _lease(house, bounds.batch)
        if stopping():
            _give_back(house, [*leased.fresh, *leased.tried])
            break
        if not run.judge(leased):
            return run.moved
        if len(leased.fresh) == bounds.batch:
            house.bell.ring(SCORE)  # there may be more than one worker's worth
        run.catch_up(leased, max(bounds.gather, time.monotonic() - began))
        if len(leased.fresh) < bounds.batch:
            time.sleep(max(0.0, began + bounds.gather - time.monotonic()))
    house.bell.ring(SCORE)
    return run.moved


@dataclass(slots=True)
class _Run:
    """One run: what it works with, and how many comments moved so far."""

    house: House
    scorer: Scorer
    stopping: Callable[[], bool]
    sign: Signer
    moved: int = 0

    def judge(self, leased: Leased) -> bool:
        """Judge what was leased; False when there was nothing."""
        for batch in (leased.fresh, leased.tried):
            self.moved += _judge(self.house, self.scorer, batch, leased, self.sign)
        return bool(leased.fresh or leased.tried)

    def catch_up(self, leased: Leased, seconds: float) -> None:
        """Go on with what was tried before, one by one, as long as the rest took.

        A worker that dies leaves a whole batch of it behind: one for each fresh batch would take minutes under load.
        """
        ends_at = time.monotonic() + seconds
        while leased.tried and not self.stopping() and time.monotonic() < ends_at:
            leased = _lease(self.house, 0)
            self.judge(leased)


@dataclass(frozen=True, slots=True)
class Leased:
    """A batch that was never tried, one comment that was, and the policies of their sites by the site's id."""

    fresh: list[Comment]
    tried: list[Comment]
    policies: Mapping[int, Policy]
    waves_decided: Collection[int] = ()
    """Sites where a decision stands over a wave, so that every arrival is compared with it."""


def _lease(house: House, batch: int) -> Leased:
    """Lease a batch that was never tried, and one comment that was: alone, so that a poison one cannot hide.

    A batch of 0 leaves what was never tried where it is.
    """
    now = house.clock()
    until = now + timedelta(seconds=house.lease_seconds)
    with house.store.write() as tx:
        fresh = tx.lease_pending(now, until, batch) if batch else []
        tried = tx.lease_pending(now, until, 1, retried=True)
    if not fresh and not tried:
        return Leased([], [], {})
    with house.store.read() as tx:
        sites = [tx.site_by_id(site_id) for site_id in {one.site_id for one in (*fresh, *tried)}]
        waves_decided = tx.sites_with_waves_decided(now)
    meters().leases_expired.labels("score").inc(len(tried))
    return Leased(fresh, tried, {site.id: site.policy for site in sites if site}, waves_decided)


def _judge(house: House, scorer: Scorer, comments: Sequence[Comment], leased: Leased, sign: Signer) -> int:
    if not comments:
        return 0
    started = time.monotonic()
    spent = [Scored(one, None, exhausted=True) for one in comments if one.attempts > house.max_attempts]
    scored = spent + _assess(scorer, [one for one in comments if one.attempts <= house.max_attempts])
    scored = _sign(sign, _explain(scorer, scored, leased.policies), leased)
    read = time.monotonic()
    try:
        moved = settle(house, scored)
    except Exception:
        _give_back(house, comments)  # the store failed, not the texts: no attempt is counted
        raise
    settled, now = time.monotonic(), house.clock()
    meters().judged(scored, read - started, settled - read, now)
    log.info(
        "score.batch",
        comments=ranges(one.pk for one in comments),
        leased=len(comments),
        moved=moved,
        oldest_s=round((now - min(one.received_at for one in comments)).total_seconds(), 3),
        read_ms=round((read - started) * 1000, 1),
        settle_ms=round((settled - read) * 1000, 1),
    )
    return moved


def _assess(scorer: Scorer, comments: Sequence[Comment]) -> list[Scored]:
    """Score a batch. One that fails is tried again text by text; a text that fails alone keeps its lease.

    Its attempt is counted, so it comes again when the lease runs out, alone, until it was tried too often.
    """
    if not comments:
        return []
    try:
        assessed = scorer.score([_reading(one) for one in comments], explain=False)
        return [Scored(one, assessment) for one, assessment in zip(comments, assessed, strict=True)]
    except NoModel:
        return [Scored(one, None) for one in comments]
    except Exception as failure:  # noqa: BLE001  # whatever a text can do to the classifier must not stop the others
        if len(comments) > 1:
            return [scored for one in comments for scored in _assess(scorer, [one])]
        (poison,) = comments
        # the message may quote the text, so its type alone is logged
        log.warning("score.failed", comment=poison.pk, attempt=poison.attempts, error=type(failure).__name__)
        return []


def _explain(scorer: Scorer, scored: Sequence[Scored], policies: Mapping[int, Policy]) -> list[Scored]:
    """Give spans to those that their site will not simply approve: explaining one costs as much as scoring thirty.

    What cannot be explained is decided without spans.
    """
    doubtful = [n for n, one in enumerate(scored) if _is_doubtful(one, policies.get(one.comment.site_id))]
    explained = list(scored)
    try:
        again = (
            scorer.score([_reading(scored[n].comment) for n in doubtful], explain=True) if doubtful else []
        )
        for n, assessment in zip(doubtful, again, strict=True):
            explained[n] = replace(scored[n], assessment=assessment)
    except Exception as failure:  # noqa: BLE001  # likewise
        log.warning("score.unexplained", comments=len(doubtful), error=type(failure).__name__)
    return explained


def _sign(sign: Signer, scored: Sequence[Scored], leased: Leased) -> list[Scored]:
    """Give a signature to those that may be held, and to every arrival where a decision stands over a wave."""
    wanted = [
        n
        for n, one in enumerate(scored)
        if one.comment.site_id in leased.waves_decided
        or one.assessment is None
        or not one.assessment.confident
        or _is_doubtful(one, leased.policies.get(one.comment.site_id))
    ]
    signed = list(scored)
    try:
        signatures = sign([_read_text(scored[n]) for n in wanted]) if wanted else []
        for n, signature in zip(wanted, signatures, strict=True):
            signed[n] = replace(scored[n], signature=signature)
    except Exception as failure:  # noqa: BLE001  # likewise: what cannot be compared is decided by itself
        log.warning("score.unsigned", comments=len(wanted), error=type(failure).__name__)
    return signed


def _read_text(one: Scored) -> str:
    """Return the text as the classifier read it through its disguise, or as it stands."""
    reads_as = one.assessment.reads_as if one.assessment else None
    return reads_as or one.comment.body


def _is_doubtful(one: Scored, policy: Policy | None) -> bool:
    """Whether a score reaches the lowest of its label's cuts."""
    if one.assessment is None or policy is None:
        return False
    return any(
        score >= min(at for at in (cut.approve, cut.hold, cut.reject, cut.spam) if at is not None)
        for label, score in one.assessment.scores.items()
        if (cut := policy.cuts.get(label)) is not None and cut != Cut()
    )


def _reading(comment: Comment) -> Reading:
    return Reading(comment.body, comment.author_name, comment.website)


def _give_back(house: House, comments: Sequence[Comment]) -> None:
    """End the leases unused, if the store still takes it; else they run out."""
    try:
        with house.store.write() as tx:
            tx.release([one.pk for one in comments])
    except Exception as failure:  # noqa: BLE001  # the store is away: the leases carry the guarantee
        log.warning("score.lease_kept", leased=len(comments), error=type(failure).__name__)
