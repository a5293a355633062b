"""What the web counts for Prometheus: units in the names, bounded labels, no reader's words; sites by their names."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from threading import Condition
from typing import TYPE_CHECKING, Final

from cachetools import TTLCache, cached
from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from service.context import Dependencies
from service.domain.verdict import Effort
from service.messaging.heartbeats import HEARTBEAT_SECONDS, read_heartbeats
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
        for name, text, value in TOTALS:
            yield GaugeMetricFamily(f"replydesk_{name}", text, value(backlog, now))
        fast = ("replydesk_scoring_fast", "1 while comments are scored fast, for too much waits.")
        yield GaugeMetricFamily(*fast, float(effort is Effort.FAST))
        yield from _by_site(queues, now)


class HeartbeatCollector(Collector):
    """Asks the broker what was heard of beat and workers, and whether the hosts' clocks agree."""

    def __init__(self, settings: Settings | None) -> None:
        self._url = settings.redis_url if settings else None
        self._prefix = settings.redis_prefix if settings else ""

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Return the gauges of one moment; without the broker nothing is known but that."""
        up = GaugeMetricFamily("replydesk_broker_up", "Whether the broker answered this scrape.")
        maintained = GaugeMetricFamily(
            "replydesk_last_maintenance_age_seconds",
            "Time since a maintenance run last began, whoever saw to it.",
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
            for family, age in ((maintained, heard.maintenance), (beat, heard.beat)):
                family.add_metric([], HEARTBEAT_SECONDS if age is None else age)  # that long at least
            skew.add_metric([], abs(heard.skew))
        return [up, maintained, beat, skew]


TOTALS: Final[tuple[tuple[str, str, Callable[[Backlog, datetime], float]], ...]] = (
    ("comments_pending", "Comments accepted and not yet scored.", lambda it, _: it.pending),
    ("comments_held", "Comments that wait for a moderator.", lambda it, _: it.held),
    (
        "comments_to_rescore",
        "Comments decided on a fast score, to be scored in full.",
        lambda it, _: it.to_rescore,
    ),
    (
        "oldest_unscored_age_seconds",
        "Age of the oldest live unscored comment.",
        lambda it, now: _age(it.oldest_unscored, now),
    ),
    ("deliveries_waiting", "Callbacks not yet delivered.", lambda it, _: it.deliveries_waiting),
    ("deliveries_due", "Callbacks that are due now.", lambda it, _: it.deliveries_due),
    ("deliveries_dead", "Callbacks given up, to be replayed.", lambda it, _: it.deliveries_dead),
    ("decisions_due", "Decisions that are due.", lambda it, _: it.due_decisions),
)
BY_SITE: Final[tuple[tuple[str, str, Callable[[SiteQueue, datetime], float]], ...]] = (
    ("comments_pending", "Comments of the site not yet scored.", lambda it, _: it.pending),
    ("comments_held", "Comments of the site that wait for a moderator.", lambda it, _: it.held),
    (
        "oldest_unscored_age_seconds",
        "Age of the site's oldest live unscored comment.",
        lambda it, now: _age(it.oldest_unscored, now),
    ),
    (
        "oldest_held_age_seconds",
        "Age of the site's comment that has been held for longest.",
        lambda it, now: _age(it.oldest_held, now),
    ),
    ("deliveries_waiting", "Callbacks of the site not yet delivered.", lambda it, _: it.deliveries_waiting),
    ("deliveries_dead", "Callbacks of the site given up.", lambda it, _: it.deliveries_dead),
)


def _by_site(queues: list[SiteQueue], now: datetime) -> Iterator[GaugeMetricFamily]:
    longest = sorted(
        queues, key=lambda one: (-(one.pending + one.held + one.deliveries_waiting), one.site_id)
    )
    for name, text, value in BY_SITE:
        family = GaugeMetricFamily(f"replydesk_site_{name}", text, labels=["site"])
        for one in longest[:SITES_SHOWN]:
            family.add_metric([one.name], value(one, now))
        yield family


def _age(since: datetime | None, now: datetime) -> float:
    return max(0.0, (now - since).total_seconds()) if since else 0.0


@dataclass(frozen=True, slots=True)
class Meters:
    """The counters of this process, and the text of the backlog's gauges, asked for once a second at most."""

    own: CollectorRegistry
    backlog: CollectorRegistry
    arrivals: Arrivals
    requests: Counter
    waits: Gauge
    recent: TTLCache[Hashable, bytes]
    backlog_text: Callable[[], bytes]

    def text(self) -> bytes:
        """Return everything in Prometheus' text format: what all processes of the home counted, and what waits."""
        return generate_latest(counters.summed_registry(self.own)) + self.backlog_text()


def make_meters(deps: Dependencies, settings: Settings | None = None) -> Meters:
    """Make the meters of one process."""
    own, backlog = CollectorRegistry(), CollectorRegistry()
    backlog.register(BacklogCollector(deps))
    backlog.register(HeartbeatCollector(settings))
    recent: TTLCache[Hashable, bytes] = TTLCache(1, FRESH_SECONDS)
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
        recent=recent,
        backlog_text=cached(recent, condition=Condition())(lambda: generate_latest(backlog)),
    )
