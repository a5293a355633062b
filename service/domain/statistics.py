"""What went on in a stretch of time: what came in, what was decided by whom, how fast, and whether people agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Final

from service.domain.status import Status
from service.domain.verdict import REFUSALS, Action, Who

BINS: Final = 10
CELLS: Final = ("both_fine", "both_bad", "only_model", "only_person")


@dataclass(frozen=True, slots=True)
class Judged:
    """A comment that a person judged: the scores, and the person's action."""

    scores: Mapping[str, float]
    person: Action
    comment_pk: int = 0


@dataclass(frozen=True, slots=True)
class PlaceCount:
    """A site or an article of a site, how many comments came in there, and how many of them wait for a person."""

    site: str
    name: str
    url: str
    arrived: int
    held: int


@dataclass(frozen=True, slots=True)
class Tally:
    """A stretch of time, counted. `decided` goes by who kind and action; undone decisions are left out.

    `waited_seconds` are those between arrival and a moderator's first word, of at most the newest 10,000. Taking back
    is in neither them nor `by_person`.
    """

    since: datetime
    until: datetime
    arrived: int
    by_status: Mapping[Status, int]
    decided: Mapping[tuple[Who, Action], int]
    by_person: Mapping[str, int]
    waited_seconds: Sequence[float]
    judged: Sequence[Judged]
    by_site: Sequence[PlaceCount]
    by_article: Sequence[PlaceCount]
    oldest_waiting: datetime | None
    oldest_waiting_pk: int | None

    @property
    def median_wait(self) -> float | None:
        """The median time from arrival to a moderator's decision, in seconds; None where nobody decided."""
        return median(self.waited_seconds) if self.waited_seconds else None


@dataclass(frozen=True, slots=True)
class Confusion:
    """How often model and people agree, on comments that people judged."""

    both_fine: int
    both_bad: int
    only_model: int
    """The model refused or held what a person found fine."""
    only_person: int
    """The model let pass what a person refused."""

    @property
    def agreement(self) -> float | None:
        """The share on which they agree, None of none."""
        total = self.both_fine + self.both_bad + self.only_model + self.only_person
        return (self.both_fine + self.both_bad) / total if total else None


@dataclass(frozen=True, slots=True)
class Bin:
    """Comments whose score lies from `low` up to the next bin: how many, their mean score, and the share refused."""

    low: float
    count: int
    score: float
    refused: float


def confusion(judged: Sequence[Judged], label: str, at: float = 0.5) -> Confusion:
    """Count agreement on one label: the model flags from `at` up, a person by rejecting or marking as spam.

    What a model scored that does not know the label is not counted.
    """
    cells = [cell_of(one, label, at) for one in judged]
    return Confusion(*(cells.count(cell) for cell in CELLS))


def cell_of(one: Judged, label: str, at: float = 0.5) -> str | None:
    """Say in which of the four counts of a label a judged comment is; None without a score for it."""
    if label not in one.scores:
        return None
    said_bad, found_bad = one.scores[label] >= at, one.person in REFUSALS
    if said_bad == found_bad:
        return "both_bad" if found_bad else "both_fine"
    return "only_model" if said_bad else "only_person"


def calibration(judged: Sequence[Judged], label: str) -> list[Bin]:
    """Return, for each tenth of the score that has comments, how often people refused what scored so."""
    found: list[Bin] = []
    for number in range(BINS):
        inside = [
            (score, one.person in REFUSALS)
            for one in judged
            if (score := one.scores.get(label)) is not None and min(int(score * BINS), BINS - 1) == number
        ]
        if inside:
            mean = sum(score for score, _ in inside) / len(inside)
            refused = sum(bad for _, bad in inside) / len(inside)
            found.append(Bin(number / BINS, len(inside), mean, refused))
    return found
