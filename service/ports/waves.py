"""What a transaction does for waves and for what is decided together."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from service.moderation.comment import Comment
from service.moderation.verdict import Action
from service.moderation.waves import Signature, Wave


@dataclass(frozen=True, slots=True)
class Bundle:
    """Decisions that a person made in one act, so that one act takes them back. `what` says what was chosen."""

    id: int
    who: str
    action: Action
    what: str
    made_at: datetime
    undone_at: datetime | None = None


class Waves(Protocol):
    """Copies of one text, found by what they have in common."""

    def waves_near(self, site_id: int, bands: Collection[int], since: datetime) -> dict[int, list[Wave]]:
        """Return by band the site's waves that have it and began or were decided at `since` or later, oldest first.

        At most eight a band: the copies of one text meet in its first wave.
        """

    def add_waves(self, site_id: int, signatures: Sequence[Signature], now: datetime) -> list[Wave]:
        """Begin one wave for each signature, in order."""

    def join_waves(self, members: Sequence[tuple[int, int]]) -> None:
        """Note which comment (its pk) belongs to which wave; one that belonged to another leaves it."""

    def leave_waves(self, site_id: int, author_key: str) -> None:
        """Take what an author wrote, and is held, out of the waves it belongs to."""

    def waves_of(self, comment_pks: Collection[int]) -> dict[int, Wave]:
        """Return by comment the wave it belongs to."""

    def wave_sizes(self, wave_ids: Collection[int]) -> dict[int, int]:
        """Count by wave the members that are held; a wave without any is left out."""

    def held_in_wave(self, wave_id: int, after: int, limit: int) -> list[Comment]:
        """Return the wave's held members with a pk above `after`, oldest first."""

    def first_text(self, wave_id: int) -> str | None:
        """Return the text of the wave's oldest member that has one, in whatever state; None without any."""

    def decide_wave(self, wave_id: int, bundle: Bundle, until: datetime, replaces: int | None = None) -> bool:
        """Let a bundle's decision stand over the wave until then.

        False where another bundle's stands there by now than `replaces`, None meaning nobody's: nothing is changed.
        """

    def undecide_waves(self, bundle_id: int) -> None:
        """Take back what a bundle let stand over waves."""

    def sites_with_waves_decided(self, now: datetime) -> set[int]:
        """Return the sites that have a decision standing over a wave."""

    def prune_waves(self, before: datetime, limit: int) -> int:
        """Forget waves that began before that moment, have no held member and no decision standing; return how many."""


class Bundles(Protocol):
    """What was decided together."""

    def add_bundle(self, who: str, action: Action, what: str, now: datetime) -> Bundle: ...
    def add_to_bundle(self, bundle_id: int, decision_ids: Sequence[int]) -> None: ...
    def bundle(self, bundle_id: int, lock: bool = False) -> Bundle | None:
        """Return the bundle, None for no such; with `lock` no undo of it begins before this transaction ends."""

    def bundled(self, bundle_id: int, after: int, limit: int) -> list[tuple[int, Comment]]:
        """Return the bundle's decisions above `after`, by id, each with its comment as it is now."""

    def bundle_stands(self, bundle_id: int) -> bool:
        """Whether a decision of the bundle stands that can still be taken back."""

    def bundles_lately(self, limit: int, before: int | None = None) -> list[tuple[Bundle, datetime | None]]:
        """Return the latest bundles that are not undone, newest first; those made before one, where it is named.

        Beside each stands until when its decision also covers copies that arrive; None where it covers none.
        """

    def bundle_sizes(self, bundle_ids: Collection[int]) -> dict[int, int]:
        """Count by bundle the decisions in it; a bundle without any is left out."""

    def bundles_of(self, decision_ids: Collection[int]) -> dict[int, int]:
        """Return by decision the bundle that it was made in."""

    def end_bundle(self, bundle_id: int, now: datetime) -> bool:
        """Mark as undone; False when it was undone already, or never was."""
