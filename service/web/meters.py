"""What the web counts for Prometheus: units in the names, bounded labels, no reader's words; sites by their names."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from service.context import Dependencies
from service.domain.verdict import Effort
from service.messaging.dispatcher import HEARTBEAT_SECONDS, read_heartbeats
from service.observability import counters
from service.observability.arrivals import Arrivals
from service.storage.records import Backlog, SiteQueue

if TYPE_CHECKING:
    from service.config import Settings

SITES_SHOWN: Final = 200
"""Series by site are for so many at most, those with the most waiting; the totals are always there."""
FRESH_SECONDS: Final = 1.0
"""For so long a scrape is answered from the last: /metrics needs no key, and each one counts what waits."""


class BacklogCollector(Collector):
    """Asks the store what waits, at most once a second; says so with `replydesk_store_up` when it cannot."""

    def __init__(self, deps: Dependencies) -> None:
        self._deps = deps

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """Say nothing before the first scrape: registering must not ask the store."""
        return []

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Return the gauges of one moment."""
        now = self._deps.clock()
        up = ("replydesk_store_up", "Whether the store answered this scrape.")
        try:
            with self._deps.store.read() as tx:
                backlog, queues = tx.statistics.backlog(now), tx.statistics.site_queues()
                effort = tx.scoring.effort().effort
        except Exception:  # noqa: BLE001  # a scrape reports that the store is away, whatever it died of
            yield GaugeMetricFamily(*up, 0)
            return
        yield GaugeMetricFamily(*up, 1)
        yield from _totals(backlog, now)
        fast = ("replydesk_scoring_fast", "1 while comments are scored fast, for too much waits.")
        yield GaugeMetricFamily(*fast, float(effort is Effort.FAST))
        yield from _by_site(queues, now)


class HeartbeatCollector(Collector):
    """Asks the broker what was heard of beat and workers, and whether the hosts' clocks agree."""

    def __init__(self, settings: Settings | None) -> None:
        self._url = settings.redis_url if settings else None
        self._prefix = settings.redis_prefix if settings else ""

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """Say nothing before the first scrape."""
        return []

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Return the gauges of one moment; without the broker nothing is known but that."""
        up = GaugeMetricFamily("replydesk_broker_up", "Whether the broker answered this scrape.")
        swept = GaugeMetricFamily(
            "replydesk_last_sweep_age_seconds", "Time since a sweep last began, whoever saw to it."
        )
        beat = GaugeMetricFamily("replydesk_beat_age_seconds", "Time since beat last enqueued a task.")
        skew = GaugeMetricFamily(
            "replydesk_clock_skew_seconds",
            "By how much a host's clock differs from the broker's, at the most.",
        )
        try:
            heard = read_heartbeats(self._url, self._prefix) if self._url else None
        except Exception:  # noqa: BLE001  # a scrape reports that the broker is away, whatever it died of
            heard = None
        up.add_metric([], float(heard is not None))
        if heard is not None:
            for family, age in ((swept, heard.sweep), (beat, heard.beat)):
                family.add_metric([], HEARTBEAT_SECONDS if age is None else age)  # that long at least
            skew.add_metric([], abs(heard.skew))
        return [up, swept, beat, skew]


def _totals(backlog: Backlog, now: datetime) -> Iterator[GaugeMetricFamily]:
    for name, text, value in (
        ("replydesk_comments_pending", "Comments accepted and not yet scored.", backlog.pending),
        ("replydesk_comments_held", "Comments that wait for a moderator.", backlog.held),
        (
            "replydesk_comments_to_rescore",
            "Comments decided on a fast score, to be scored in full.",
            backlog.to_rescore,
        ),
        (
            "replydesk_oldest_unscored_age_seconds",
            "Age of the oldest live unscored comment.",
            _age(backlog.oldest_unscored, now),
        ),
        ("replydesk_deliveries_waiting", "Callbacks not yet delivered.", backlog.deliveries_waiting),
        ("replydesk_deliveries_due", "Callbacks that are due now.", backlog.deliveries_due),
        ("replydesk_deliveries_dead", "Callbacks given up, to be replayed.", backlog.deliveries_dead),
        ("replydesk_decisions_due", "Decisions that are due.", backlog.due_decisions),
    ):
        yield GaugeMetricFamily(name, text, value)


def _by_site(queues: list[SiteQueue], now: datetime) -> Iterator[GaugeMetricFamily]:
    backlog_text = sorted(
        queues, key=lambda one: (-(one.pending + one.held + one.deliveries_waiting), one.site_id)
    )
    for name, text, value in (
        ("comments_pending", "Comments of the site not yet scored.", lambda one: one.pending),
        ("comments_held", "Comments of the site that wait for a moderator.", lambda one: one.held),
        (
            "oldest_unscored_age_seconds",
            "Age of the site's oldest live unscored comment.",
            lambda one: _age(one.oldest_unscored, now),
        ),
        (
            "oldest_held_age_seconds",
            "Age of the site's comment that has been held for longest.",
            lambda one: _age(one.oldest_held, now),
        ),
        (
            "deliveries_waiting",
            "Callbacks of the site not yet delivered.",
            lambda one: one.deliveries_waiting,
        ),
        ("deliveries_dead", "Callbacks of the site given up.", lambda one: one.deliveries_dead),
    ):
        family = GaugeMetricFamily(f"replydesk_site_{name}", text, labels=["site"])
        for one in backlog_text[:SITES_SHOWN]:
            family.add_metric([one.name], value(one))
        yield family


def _age(since: datetime | None, now: datetime) -> float:
    return max(0.0, (now - since).total_seconds()) if since else 0.0


@dataclass(frozen=True, slots=True)
class Meters:
    """The counters of this process, and the text of the backlog's gauges."""

    own: CollectorRegistry
    backlog: CollectorRegistry
    arrivals: Arrivals
    requests: Counter
    waits: Gauge
    backlog_text: CachedText

    def text(self) -> bytes:
        """Return everything in Prometheus' text format: what all processes of the home counted, and what waits."""
        return generate_latest(counters.summed_registry(self.own)) + self.backlog_text.text(self.backlog)


class CachedText:
    """The backlog's text, cached for a second; concurrent readers wait for one query."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._text, self._until = b"", 0.0

    def text(self, backlog: CollectorRegistry) -> bytes:
        """Return the gauges' text, of this second."""
        with self._turn:
            if time.monotonic() >= self._until:
                self._text = generate_latest(backlog)
                self._until = time.monotonic() + FRESH_SECONDS
            return self._text

    def forget(self) -> None:
        """Ask anew next time."""
        self._until = 0.0


def make_meters(deps: Dependencies, settings: Settings | None = None) -> Meters:
    """Make the meters of one process."""
    own, backlog = CollectorRegistry(), CollectorRegistry()
    backlog.register(BacklogCollector(deps))
    backlog.register(HeartbeatCollector(settings))
    return Meters(
        own=own,
        backlog=backlog,
        arrivals=Arrivals(own),
        requests=Counter(
            "replydesk_http_requests",
            "Requests by route and status.",
            ["method", "route", "status"],
            registry=own,
        ),
        waits=Gauge(
            "replydesk_waiting_requests",
            "Requests held by Prefer: wait.",
            registry=own,
            multiprocess_mode="livesum",
        ),
        backlog_text=CachedText(),
    )
