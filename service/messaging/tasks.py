"""The tasks by name, the queues that carry them, and the protocol of what sends them."""

from __future__ import annotations

from typing import Final, Protocol

SCORE, DELIVER, PUBLISH, MAINTAIN = (
    "replydesk.score",
    "replydesk.deliver",
    "replydesk.publish",
    "replydesk.maintain",
)
QUEUES: Final = {SCORE: "score", DELIVER: "deliver", PUBLISH: "maintenance", MAINTAIN: "maintenance"}


class Dispatcher(Protocol):
    """Sends tasks to workers. A message carries no data and may be lost."""

    def enqueue(self, name: str, after: float = 0.0) -> None:
        """Ask, `after` seconds from now, for a run of the named task; never blocks, never raises."""
