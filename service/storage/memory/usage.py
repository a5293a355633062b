"""The double's counts of what the compatibility APIs were asked."""

from __future__ import annotations

from collections.abc import Mapping

from service.storage.memory.state import Part


class UsagePart(Part):
    """The verbs about counts."""

    def add_usage(self, counted: Mapping[tuple[int, str, str], int]) -> None:
        kept = self._change().usage
        for counted_as, count in counted.items():
            kept[counted_as] = kept.get(counted_as, 0) + count

    def usage(self, site_id: int, since: str = "") -> dict[tuple[str, str], int]:
        return {
            (month, what): count
            for (owner, month, what), count in self._state.usage.items()
            if owner == site_id and month >= since
        }
