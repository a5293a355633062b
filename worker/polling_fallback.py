"""The polling fallback: while no message asks for maintenance, as broker or beat is away, a worker polls by itself.

The rows are the queue, so a broker that is away costs seconds, never a comment: outage policies, verdicts and callbacks
go on. Messages for other tasks are no sign of life: the web enqueues for every comment, only beat enqueues maintenance.
Which worker makes a round does not matter: leases keep two apart, and where the broker answers one makes it for all.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, Final

import structlog
from celery import current_app

from service.messaging.tasks import DELIVER, MAINTAIN, PUBLISH, QUEUES, SCORE

ORDER: Final = (MAINTAIN, PUBLISH, SCORE, DELIVER)
LEAST_SILENCE: Final = 5.0
RUNS_MISSED: Final = 2
TURN_SHARE: Final = 0.9
"""Of the time between two maintenance runs nobody else makes a round. Less than all: who is early would miss one."""

log = structlog.get_logger(__name__)


class PollingFallback:
    """Notices that no maintenance begins, or none can be enqueued, and makes rounds meanwhile in its own thread."""

    def __init__(
        self,
        maintained_at: Callable[[], float],
        make_round: Callable[[], object],
        every: float,
        monotonic: Callable[[], float] = time.monotonic,
        broker_away: Callable[[], bool] = lambda: False,
    ) -> None:
        self._broker_away = broker_away
        self._maintained_at, self._make_round, self._every = maintained_at, make_round, every
        self._monotonic = monotonic
        self._over = threading.Event()
        self._alone = False

    def start(self) -> None:
        """Begin to look."""
        threading.Thread(target=self._keep, name="polling-fallback", daemon=True).start()

    def stop(self) -> None:
        """Make no further round; one that is being made goes on to its end."""
        self._over.set()

    def _keep(self) -> None:
        while not self._over.wait(self._every):
            try:
                self.look()
            except Exception as failure:  # noqa: BLE001  # a round that failed must not be the last
                log.error("polling_fallback.failed", error=type(failure).__name__)

    def look(self) -> bool:
        """Make a round if the broker takes no writes or two maintenance runs were missed; return whether.

        It takes five seconds of silence at least, for beat may start anew meanwhile. A broker at the edge of its memory
        takes one write and refuses the next, so that its silence alone tells.
        """
        silence = self._monotonic() - self._maintained_at()
        alone = self._broker_away() or silence >= max(LEAST_SILENCE, RUNS_MISSED * self._every)
        if alone != self._alone:
            self._alone = alone
            if alone:
                log.warning("polling_fallback.started", silent_s=round(silence, 1))
            else:
                log.info("polling_fallback.stopped")
        if alone:
            self._make_round()
        return alone


def start_polling_fallback(every: float) -> PollingFallback:
    """Start the polling fallback for the tasks whose queues this worker serves."""
    app: Any = current_app._get_current_object()  # a proxy is bound to the thread that asks

    def maintained_at() -> float:
        if (
            time.monotonic() - app.maintained_at > every
            and (ago := app.heartbeats.maintained_ago()) is not None
        ):
            app.maintained_at = max(
                app.maintained_at, time.monotonic() - ago
            )  # another worker had the message
        return float(app.maintained_at)

    def make_round() -> None:
        served = app.amqp.queues.consume_from
        for name in ORDER:
            if QUEUES[name] in served and app.heartbeats.takes_turn(name, TURN_SHARE * every):
                app.tasks[name].apply()  # here and now; what fails is reported as for a message

    fallback = PollingFallback(
        maintained_at, make_round, every, broker_away=lambda: not app.heartbeats.takes_writes()
    )
    fallback.start()
    return fallback
