"""The tasks that packages hand to workers, by name, and what hands them over."""

from __future__ import annotations

from typing import Protocol

SCORE, DELIVER, PUBLISH, SWEEP = (
    "replydesk.score",
    "replydesk.deliver",
    "replydesk.publish",
    "replydesk.sweep",
)
"""Names of tasks: a message carries a name, never text and never an address."""


class Dispatcher(Protocol):
    """Hands tasks to workers. A message carries no data and may be lost."""

    def enqueue(self, name: str, after: float = 0.0) -> None:
        """Ask, `after` seconds from now, for a run of the named task; never blocks, never raises."""
