"""Where on the desk a moderator is: lane and cursor, carried by addresses and forms, so that every act leads back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from flask import url_for

LANES: Final = ("held", "waiting", "decided")
DIGITS: Final = 18  # more than any row number has, fewer than a database refuses


@dataclass(frozen=True, slots=True)
class Place:
    """A lane and the cursor behind which its page begins; None is its beginning."""

    lane: str = "held"
    after: int | None = None

    @classmethod
    def of(cls, values: Mapping[str, str]) -> Place:
        """Read a place from a query or a form; what makes no sense is the beginning of the held lane."""
        lane = values.get("lane", "held")
        return cls(lane if lane in LANES else "held", number(values.get("after")))

    def url(self, *, anchor: int | None = None, done: int | None = None, undone: int | None = None) -> str:
        """Return the address of this place, with what was just done and the comment to stand at."""
        return url_for(
            "desk.queue",
            lane=None if self.lane == "held" else self.lane,
            after=self.after,
            done=done,
            undone=undone,
            _anchor=f"c{anchor}" if anchor else None,
        )


def number(text: str | None) -> int | None:
    """Read a row number that a browser sent; None for everything that is none."""
    plain = text is not None and text.isascii() and text.isdigit() and len(text) <= DIGITS
    return int(text) if plain and text else None
