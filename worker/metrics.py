"""What the workers count for Prometheus: units in the names, few labels, no site's and no reader's words."""

from __future__ import annotations

from collections import Counter as Counted
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Final

import structlog
from celery import current_app, signals
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server

from service.observability.counters import home_registry
from service.usecases import Scored
from service.webhooks.signing import Outcome

if TYPE_CHECKING:
    from wsgiref.simple_server import WSGIServer

    from service.config import Settings

VERDICT_BUCKETS: Final = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0)
BATCH_BUCKETS: Final = (0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
DELIVERY_BUCKETS: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 15.0)
HOW: Final = ("scored", "unscored", "exhausted", "late")
RESCORED: Final = ("kept", "approved", "held", "rejected", "spam", "left")
OUTCOMES: Final = ("delivered", "retry", "slow_down", "gone", "refused")
WORK: Final = ("score", "deliver")

log = structlog.get_logger(__name__)


class Meters:
    """The counters of one worker process."""

    def __init__(self) -> None:
        self.own = own = CollectorRegistry()

        def counter(name: str, text: str, label: str, values: Sequence[str] = ()) -> Counter:
            made = Counter(f"replydesk_{name}", text, [label], registry=own)
            for value in values:  # a series that is 0 from the start
                made.labels(value)
            return made

        def histogram(name: str, text: str, buckets: Sequence[float]) -> Histogram:
            return Histogram(f"replydesk_{name}", text, buckets=buckets, registry=own)

        self.scored = Counter(
            "replydesk_comments_scored",
            "Comments scored, by model and by effort: full, or fast.",
            ["model", "effort"],
            registry=own,
        )
        self.settled = counter(
            "comments_settled",
            "Comments that went to a verdict, by how: scored; unscored for want of a model; exhausted, tried too "
            "often; late, by the outage policy.",
            "how",
            HOW,
        )
        self.rescored = counter(
            "comments_rescored",
            "Comments scored again in full after a fast score, by outcome: kept; approved, held, rejected or spam by "
            "now; left, for a person acted first or it could not be scored.",
            "outcome",
            RESCORED,
        )
        self.verdict_seconds = histogram(
            "verdict_seconds", "Time from a live comment's acceptance to its verdict.", VERDICT_BUCKETS
        )
        self.read_seconds = histogram(
            "score_batch_read_seconds", "Time in which the classifier read a batch.", BATCH_BUCKETS
        )
        self.settle_seconds = histogram(
            "score_batch_settle_seconds", "Time in which a batch was decided and stored.", BATCH_BUCKETS
        )
        self.leases_expired = counter(
            "leases_expired",
            "Leases without a result, by work: a worker died or was too slow, or a text failed alone.",
            "work",
            WORK,
        )
        self.deliveries = counter("delivery_attempts", "Callbacks tried, by outcome.", "outcome", OUTCOMES)
        self.dead = Counter(
            "replydesk_deliveries_given_up", "Callbacks given up as dead letters.", registry=own
        )
        self.delivery_seconds = histogram(
            "delivery_seconds", "Time in which a receiver answered a callback, or did not.", DELIVERY_BUCKETS
        )
        self.model = Gauge(
            "replydesk_model_info",
            "1 for each model that a living worker scores with.",
            ["model"],
            registry=own,
            multiprocess_mode="livemax",
        )

    def judged(
        self, scored: Sequence[Scored], moved: Collection[int], read: float, settle: float, now: datetime
    ) -> None:
        """Count a batch: by which model it was read, and of what moved how, and how long each live comment waited."""
        self.read_seconds.observe(read)
        self.settle_seconds.observe(settle)
        settled = [one for one in scored if one.comment.pk in moved]  # who acted first has won the rest
        for one in settled:
            if one.comment.live:
                self.verdict_seconds.observe(max(0.0, (now - one.comment.received_at).total_seconds()))
        for how, count in Counted(_how(one) for one in settled).items():
            self.settled.labels(how).inc(count)
        self.read(scored)

    def judged_again(self, scored: Sequence[Scored], became: Mapping[str, int]) -> None:
        """Count what was scored again in full, and what became of it."""
        self.read(scored)
        for outcome, count in became.items():
            self.rescored.labels(outcome).inc(count)

    def read(self, scored: Sequence[Scored]) -> None:
        """Count by which model and with which effort comments were read."""
        readings = Counted((one.assessment.model, one.assessment.effort) for one in scored if one.assessment)
        for (model, effort), count in readings.items():
            self.scored.labels(model, effort.value).inc(count)
            self.model.labels(model).set(1)

    def delivered(self, outcome: Outcome, state: str) -> None:
        """Count one try of a callback."""
        self.deliveries.labels(outcome.kind).inc()
        if state == "dead":
            self.dead.inc()


def _how(one: Scored) -> str:
    if one.exhausted:
        return "exhausted"
    if one.late:
        return "late"
    return "scored" if one.assessment else "unscored"


@signals.worker_ready.connect  # type: ignore[untyped-decorator]  # Celery ships no types
def serve(**_: object) -> None:
    """Answer scrapers if the settings name a port: from the main process, which may fork others and counts nothing."""
    settings: Settings = current_app.settings
    if settings.metrics_port:
        listen(settings.metrics_port, settings.home)
        log.info("meters.serving", port=settings.metrics_port)


def listen(port: int, home: Path) -> tuple[WSGIServer, Thread]:
    """Tell on that port what the home's processes counted, from a thread of its own."""
    return start_http_server(port, registry=home_registry(home))


@cache
def meters() -> Meters:
    """Return this process's meters, made with the first use: after the fork, and after `counters.share`."""
    return Meters()
