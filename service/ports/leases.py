"""What a lease that its owner will not use any more is worth: it ends before its time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol


class Leases(Protocol):
    """How leases end whose owner is gone, or that wait for another try."""

    def retries_free(self, now: datetime) -> bool:
        """Say whether a comment that was tried before waits with its lease free."""

    def abandon(self, pks: Sequence[int], until: datetime, free_at: datetime) -> int:
        """End the leases of comments that run until that very moment; return how many.

        They are free at `free_at`, alone, for the attempt stays counted. A lease that another has is not touched.
        """

    def abandon_deliveries(self, ids: Sequence[int], until: datetime, due_at: datetime) -> int:
        """Likewise of deliveries: due at `due_at`, the attempt counted."""
