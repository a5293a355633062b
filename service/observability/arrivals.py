"""Counts submissions for Prometheus, whatever their source: API, form, compatibility APIs and imports."""

from __future__ import annotations

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram

from service.domain.comment import Source

ACCEPT_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
OUTCOMES: Final = ("new", "replay", "revised", "refused", "limited")
TIMED: Final = (Source.API, Source.BATCH, Source.INBOUND, Source.FORM, Source.COMPAT)
"""Behind these somebody waits for the commit."""


class Arrivals:
    """Implements `context.ArrivalCounter`: known labels begin at zero, so that a rate exists from the first scrape."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._accepted = Counter(
            "replydesk_submissions",
            "Submissions by source and outcome.",
            ["source", "outcome"],
            registry=registry,
        )
        self._seconds = Histogram(
            "replydesk_accept_seconds",
            "Time from the first byte of a submission's body at the application to its commit.",
            ["source"],
            buckets=ACCEPT_BUCKETS,
            registry=registry,
        )
        for source in Source:
            for outcome in OUTCOMES:
                self._accepted.labels(str(source), outcome)
        for source in TIMED:
            self._seconds.labels(str(source))

    def came(self, source: Source, outcome: str, number: int = 1) -> None:
        """Count so many from this source."""
        self._accepted.labels(str(source), outcome).inc(number)

    def took(self, source: Source, seconds: float) -> None:
        """Take note of how long somebody waited for a commit."""
        self._seconds.labels(str(source)).observe(seconds)
