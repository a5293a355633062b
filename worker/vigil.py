"""The vigil: while no ring is heard, because broker or beat is away, a worker makes its rounds by itself.

The rows are the queue, so a bell that is silent costs seconds, never a comment: outage policies, verdicts and callbacks
go on. Which worker makes a round does not matter; leases keep two of them apart.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, Final

import structlog
from celery import current_app

from service.bell import QUEUES
from service.ports import DELIVER, DEPART, SCORE, SWEEP

ORDER: Final = (SWEEP, DEPART, SCORE, DELIVER)
LEAST_SILENCE: Final = 10.0
SWEEPS_MISSED: Final = 5

log = structlog.get_logger(__name__)


class Vigil:
    """Listens for a silence and makes rounds in it, from a thread of its own."""

    def __init__(
        self,
        heard_at: Callable[[], float],
        make_round: Callable[[], object],
        every: float,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._heard_at, self._make_round, self._every = heard_at, make_round, every
        self._monotonic = monotonic
        self._over = threading.Event()
        self._alone = False

    def start(self) -> None:
        """Begin to listen."""
        threading.Thread(target=self._keep, name="vigil", daemon=True).start()

    def stop(self) -> None:
        """Make no further round; one that is being made goes on to its end."""
        self._over.set()

    def _keep(self) -> None:
        while not self._over.wait(self._every):
            try:
                self.look()
            except Exception as failure:  # noqa: BLE001  # a round that failed must not be the last
                log.error("vigil.failed", error=type(failure).__name__)

    def look(self) -> bool:
        """Make a round if no ring was heard for five sweeps, and ten seconds at least; return whether."""
        silence = self._monotonic() - self._heard_at()
        alone = silence >= max(LEAST_SILENCE, SWEEPS_MISSED * self._every)
        if alone != self._alone:
            self._alone = alone
            if alone:
                log.warning("vigil.begins", silent_s=round(silence, 1))
            else:
                log.info("vigil.ends")
        if alone:
            self._make_round()
        return alone


def keep_vigil(every: float) -> Vigil:
    """Keep the vigil for the tasks whose queues this worker serves."""
    app: Any = current_app._get_current_object()  # a proxy is bound to the thread that asks

    def make_round() -> None:
        served = app.amqp.queues.consume_from
        for name in ORDER:
            if QUEUES[name] in served:
                app.tasks[name]()  # in its lane, as a ring would have it

    vigil = Vigil(lambda: app.heard_at, make_round, every)
    vigil.start()
    return vigil
