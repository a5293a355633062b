"""What the web process counts for Prometheus: its own registry, units in the names, no site's or reader's words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from service.moderation.comment import Source
from service.ports import House

ACCEPT_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
OUTCOMES = ("new", "replay", "revised", "refused")


class BacklogCollector(Collector):
    """Asks the store what waits, once for each scrape; says so with `replydesk_store_up` when it cannot."""

    def __init__(self, house: House) -> None:
        self._house = house

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """Say nothing before the first scrape: registering must not ask the store."""
        return []

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Return the gauges of one moment."""
        now = self._house.clock()
        try:
            with self._house.store.read() as tx:
                backlog = tx.backlog(now)
        except Exception:  # noqa: BLE001  # a scrape reports that the store is away, whatever it died of
            yield GaugeMetricFamily("replydesk_store_up", "Whether the store answered this scrape.", 0)
            return
        age = (now - backlog.oldest_unscored).total_seconds() if backlog.oldest_unscored else 0.0
        for name, text, value in (
            ("replydesk_store_up", "Whether the store answered this scrape.", 1),
            ("replydesk_comments_pending", "Comments accepted and not yet scored.", backlog.pending),
            ("replydesk_comments_held", "Comments that wait for a moderator.", backlog.held),
            (
                "replydesk_oldest_unscored_age_seconds",
                "Age of the oldest live unscored comment.",
                max(0.0, age),
            ),
            ("replydesk_deliveries_waiting", "Callbacks not yet delivered.", backlog.deliveries_waiting),
            ("replydesk_deliveries_due", "Callbacks that are due now.", backlog.deliveries_due),
            ("replydesk_deliveries_dead", "Callbacks given up, to be replayed.", backlog.deliveries_dead),
            ("replydesk_departures_due", "Decisions whose moment to leave has come.", backlog.departures_due),
        ):
            yield GaugeMetricFamily(name, text, value)


@dataclass(frozen=True, slots=True)
class Meters:
    """The counters of one web process."""

    registry: CollectorRegistry
    accepted: Counter
    accept_seconds: Histogram
    requests: Counter
    waits: Gauge


def make_meters(house: House) -> Meters:
    """Make the meters, each known label at zero, so that a rate exists from the first scrape."""
    registry = CollectorRegistry()
    registry.register(BacklogCollector(house))
    meters = Meters(
        registry=registry,
        accepted=Counter(
            "replydesk_submissions",
            "Submissions by door and outcome.",
            ["source", "outcome"],
            registry=registry,
        ),
        accept_seconds=Histogram(
            "replydesk_accept_seconds",
            "Time from the first byte of a submission's body at the application to its commit.",
            ["source"],
            buckets=ACCEPT_BUCKETS,
            registry=registry,
        ),
        requests=Counter(
            "replydesk_http_requests",
            "Requests by route and status.",
            ["method", "route", "status"],
            registry=registry,
        ),
        waits=Gauge("replydesk_waiting_requests", "Requests held by Prefer: wait.", registry=registry),
    )
    for source in (Source.API, Source.BATCH, Source.INBOUND):
        meters.accept_seconds.labels(str(source))
        for outcome in OUTCOMES:
            meters.accepted.labels(str(source), outcome)
    return meters
