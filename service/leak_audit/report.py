"""What an audit did and found."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from service.leak_audit.places import OutOfReach, Place
from service.leak_audit.search import Hit, Searcher, Volume, search

HITS_BOUND: Final = 100_000
PLACE_BOUND: Final = 100
"""What is reported of one place: each form of each canary once, and no more than that."""


@dataclass(slots=True)
class AuditReport:
    """What an audit did and found."""

    paths: list[dict[str, str]] = field(default_factory=list)
    searched: dict[str, dict[str, int]] = field(default_factory=dict)
    not_reached: list[str] = field(default_factory=list)
    found: list[Hit] = field(default_factory=list)
    forms: int = 0
    canaries: int = 0
    seconds: float = 0.0
    search_seconds: float = 0.0

    @property
    def searched_bytes(self) -> int:
        """How many bytes were looked through, unpacked ones apart."""
        return sum(one["bytes"] for one in self.searched.values())

    @property
    def clean(self) -> bool:
        return not self.found

    def look_through(self, places: Iterable[Place | OutOfReach], forms: Mapping[bytes, str]) -> None:
        """Search every place for the forms, and take down what is found and what is out of reach."""
        searcher, started = Searcher(forms), time.monotonic()
        self.forms = len(forms)
        for place in places:
            if isinstance(place, OutOfReach):
                self.not_reached.append(f"{place.place}: {place.why}")
            else:
                self._search(searcher, place)
        self.search_seconds = time.monotonic() - started

    def _search(self, searcher: Searcher, place: Place) -> None:
        volume = Volume()
        named: set[tuple[str, str, str | None]] = set()
        for hit in search(searcher, f"{place.kind}: {place.name}", place.chunks(), volume):
            what = hit.place, hit.form, hit.canary  # a leak that is everywhere must not hide the next place
            if what not in named and len(named) < PLACE_BOUND and len(self.found) < HITS_BOUND:
                named.add(what)
                self.found.append(hit)
        counted = self.searched.setdefault(place.kind, {"places": 0, "bytes": 0, "unpacked": 0})
        counted["places"] += 1
        counted["bytes"] += volume.bytes
        counted["unpacked"] += volume.unpacked
