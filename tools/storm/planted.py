"""The service with a bug planted in it: a storm that does not find it would find nothing.

Run as `python -m tools.storm.planted COMMAND…` in place of `replydesk COMMAND…`; REPLYDESK_STORM_PLANT names the
bugs, separated by commas.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

PROGRAM = "tools.storm.planted"
DELIVERY_LEASE = "REPLYDESK_STORM_DELIVERY_LEASE"
"""Seconds of a callback's lease, for a small storm that cannot wait for the shipped ones; unset: those."""
SWAP, MAINTAIN = "settle without compare-and-swap", "enqueue without maintenance"


def settle_without_swap() -> None:
    """Move every comment, whatever has become of it since it was leased."""
    from service.storage.comments import CommentRepository
    from service.storage.records import Move

    careful: Callable[[CommentRepository, Sequence[Move]], set[int]] = CommentRepository.move

    def move(self: Any, moves: Sequence[Move]) -> set[int]:
        blind = []
        for one in moves:
            now = self.by_pk(one.pk)
            if now is not None:
                seen = {
                    "revision": now.revision,
                    "from_status": now.status,
                    "expected_decision_id": now.decision_id,
                }
                blind.append(replace(one, **seen))
        return careful(self, blind)

    CommentRepository.move = move  # type: ignore[method-assign]


def enqueue_without_maintenance() -> None:
    """Let maintenance look away, and the rounds that workers make by themselves where no message comes."""
    from worker.maintenance import Maintenance
    from worker.polling_fallback import PollingFallback

    Maintenance.run = lambda self: None  # type: ignore[method-assign,assignment,return-value]
    PollingFallback.look = lambda self: False  # type: ignore[method-assign]


def plant_children() -> None:
    """Let `replydesk up` start its parts from here, too."""
    from service.cli.children import Child, ChildProcesses

    start = ChildProcesses.start

    def planted(self: ChildProcesses, name: str, command: list[str]) -> Child:
        return start(self, name, [PROGRAM if one == "service.cli.main" else one for one in command])

    ChildProcesses.start = planted  # type: ignore[method-assign]


PLANTS = {SWAP: settle_without_swap, MAINTAIN: enqueue_without_maintenance}


def main() -> None:
    """Plant the bug and be the service."""
    from service.cli.main import main as installation

    for bug in filter(None, os.environ["REPLYDESK_STORM_PLANT"].split(",")):
        PLANTS[bug]()
    if seconds := os.environ.get(DELIVERY_LEASE):
        from worker import delivery

        delivery.LEASE_SECONDS = float(seconds)  # type: ignore[misc]
    plant_children()
    installation()


if __name__ == "__main__":
    main()
