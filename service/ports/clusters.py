"""What a transaction does for duplicate clusters and bulk decisions."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from service.domain.comment import Comment
from service.domain.duplicates import DuplicateCluster, Signature
from service.domain.verdict import Action


@dataclass(frozen=True, slots=True)
class Bundle:
    """Decisions that a person made in one act, so that one act takes them back. `what` says what was chosen."""

    id: int
    who: str
    action: Action
    what: str
    made_at: datetime
    undone_at: datetime | None = None


class Clusters(Protocol):
    """Copies of one text, found by what they have in common."""

    def clusters_near(
        self, site_id: int, bands: Collection[int], since: datetime
    ) -> dict[int, list[DuplicateCluster]]:
        """Return by band the site's clusters that were created, or covered copies, at `since` or later, oldest first.

        At most eight a band: the copies of one text meet in its first cluster.
        """

    def add_clusters(
        self, site_id: int, signatures: Sequence[Signature], now: datetime
    ) -> list[DuplicateCluster]:
        """Create one cluster for each signature, in order."""

    def join_clusters(self, members: Sequence[tuple[int, int]]) -> None:
        """Store members as pairs of comment pk and cluster id; a comment leaves the cluster it was in."""

    def leave_clusters(self, site_id: int, author_key: str) -> None:
        """Remove the held comments of an author from their clusters."""

    def clusters_of(self, comment_pks: Collection[int]) -> dict[int, DuplicateCluster]:
        """Return the cluster by comment pk."""

    def cluster_sizes(self, cluster_ids: Collection[int]) -> dict[int, int]:
        """Count the held members by cluster; a cluster without any is left out."""

    def held_in_cluster(self, cluster_id: int, after: int, limit: int) -> list[Comment]:
        """Return the cluster's held members with a pk above `after`, oldest first."""

    def first_text(self, cluster_id: int) -> str | None:
        """Return the text of the cluster's oldest member that has one, in any state; None without any."""

    def decide_cluster(
        self, cluster_id: int, bundle: Bundle, until: datetime, replaces: int | None = None
    ) -> bool:
        """Let a bulk decision cover new copies of the cluster until then.

        False where another bundle's stands there by now than `replaces`, None meaning nobody's: nothing is changed.
        """

    def undecide_clusters(self, bundle_id: int) -> None:
        """Stop a bulk decision from covering new copies."""

    def sites_with_decided_clusters(self, now: datetime) -> set[int]:
        """Return the sites where a cluster's decision covers new copies."""

    def prune_clusters(self, before: datetime, limit: int) -> int:
        """Delete clusters created before then without a held member or a current decision; return how many."""


class Bundles(Protocol):
    """Bulk decisions."""

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
