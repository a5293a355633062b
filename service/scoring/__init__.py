"""The classifier behind one protocol, and requests scored in one batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from service.domain.duplicates import Signature
from service.domain.verdict import Assessment, Effort


@dataclass(frozen=True, slots=True)
class Reading:
    """What the scorer is given of one comment."""

    text: str
    author_name: str = ""
    website: str | None = None


Explain = Callable[[int, Mapping[str, float]], bool]
"""Says of a text, by its number in the batch and its scores, whether it needs spans."""

Signer = Callable[[Sequence[str]], Sequence[Signature | None]]
"""Says what of each text can be compared with others, in order; None for one that is too short to tell."""


def no_signatures(texts: Sequence[str]) -> Sequence[Signature | None]:
    """Sign no text: each is decided by itself."""
    return [None] * len(texts)


class Scorer(Protocol):
    """Gives each text its assessment, in order; one matrix for the whole batch."""

    version: str

    def score(
        self, readings: Sequence[Reading], explain: bool | Explain = True, effort: Effort = Effort.FULL
    ) -> list[Assessment]:
        """Assess each reading, in order, with spans where `explain` asks for them.

        A scorer that knows one effort alone scores in full and says so.
        """

    def warm(self) -> None:
        """Be ready for the first text, as far as that can be done now."""
