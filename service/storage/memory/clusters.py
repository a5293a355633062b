"""The double's duplicate clusters and bulk decisions."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from service.domain.comment import Comment
from service.domain.duplicates import DuplicateCluster, Signature
from service.domain.status import FINAL, Status
from service.domain.verdict import Action
from service.ports.clusters import Bundle
from service.storage.clusters import BAND_LIMIT
from service.storage.memory.state import Part, as_stored


class ClustersPart(Part):
    """The verbs about clusters and bundles."""

    def clusters_near(
        self, site_id: int, bands: Collection[int], since: datetime
    ) -> dict[int, list[DuplicateCluster]]:
        near: dict[int, list[DuplicateCluster]] = defaultdict(list)
        for band, cluster_id in sorted(self._state.cluster_bands):
            cluster = self._state.clusters[cluster_id]
            fresh = cluster.begun_at >= since or (
                cluster.stands_until is not None and cluster.stands_until >= since
            )
            if band in bands and cluster.site_id == site_id and fresh and len(near[band]) < BAND_LIMIT:
                near[band].append(cluster)
        return {band: found for band, found in near.items() if found}

    def add_clusters(
        self, site_id: int, signatures: Sequence[Signature], now: datetime
    ) -> list[DuplicateCluster]:
        state = self._change()
        made = [
            DuplicateCluster(state.next("cluster"), site_id, signature.entries, as_stored(now))
            for signature in signatures
        ]
        for cluster, signature in zip(made, signatures, strict=True):
            state.clusters[cluster.id] = cluster
            state.cluster_bands.update((band, cluster.id) for band in signature.bands)
        return made

    def join_clusters(self, members: Sequence[tuple[int, int]]) -> None:
        self._change().cluster_members.update(members)

    def leave_clusters(self, site_id: int, author_key: str) -> None:
        members = self._change().cluster_members
        for pk in list(members):
            one = self._state.comments[pk]
            if (one.site_id, one.author_key, one.status) == (site_id, author_key, Status.HELD):
                del members[pk]

    def clusters_of(self, comment_pks: Collection[int]) -> dict[int, DuplicateCluster]:
        members = self._state.cluster_members
        return {pk: self._state.clusters[members[pk]] for pk in comment_pks if pk in members}

    def cluster_sizes(self, cluster_ids: Collection[int]) -> dict[int, int]:
        sizes = {cluster_id: len(self._held(cluster_id)) for cluster_id in cluster_ids}
        return {cluster_id: size for cluster_id, size in sizes.items() if size}

    def held_in_cluster(self, cluster_id: int, after: int, limit: int) -> list[Comment]:
        return [comment for comment in self._held(cluster_id) if comment.pk > after][:limit]

    def first_text(self, cluster_id: int) -> str | None:
        members = (pk for pk, its in sorted(self._state.cluster_members.items()) if its == cluster_id)
        found = (self._state.comments[pk] for pk in members if pk in self._state.comments)
        return next((one.body for one in found if one.status is not Status.ERASED), None)

    def _held(self, cluster_id: int) -> list[Comment]:
        members = (
            pk for pk, its_cluster in sorted(self._state.cluster_members.items()) if its_cluster == cluster_id
        )
        found = (self._state.comments[pk] for pk in members if pk in self._state.comments)
        return [comment for comment in found if comment.status is Status.HELD]

    def decide_cluster(
        self, cluster_id: int, bundle: Bundle, until: datetime, replaces: int | None = None
    ) -> bool:
        clusters = self._change().clusters
        if cluster_id not in clusters or clusters[cluster_id].bundle_id != replaces:
            return False
        clusters[cluster_id] = replace(
            clusters[cluster_id],
            action=bundle.action,
            decided_by=bundle.who,
            stands_until=as_stored(until),
            bundle_id=bundle.id,
        )
        return True

    def undecide_clusters(self, bundle_id: int) -> None:
        clusters = self._change().clusters
        for cluster in [one for one in clusters.values() if one.bundle_id == bundle_id]:
            clusters[cluster.id] = replace(
                cluster, action=None, decided_by=None, stands_until=None, bundle_id=None
            )

    def sites_with_decided_clusters(self, now: datetime) -> set[int]:
        return {
            cluster.site_id
            for cluster in self._state.clusters.values()
            if cluster.stands_until is not None and cluster.stands_until > now
        }

    def prune_clusters(self, before: datetime, limit: int) -> int:
        state = self._change()
        over = sorted(
            (cluster.begun_at, cluster.id)
            for cluster in state.clusters.values()
            if cluster.begun_at < before
            and not self._held(cluster.id)
            and (cluster.stands_until is None or cluster.stands_until < before)
        )
        gone = {cluster_id for _, cluster_id in over[:limit]}
        state.clusters = {
            cluster_id: cluster for cluster_id, cluster in state.clusters.items() if cluster_id not in gone
        }
        state.cluster_bands = {pair for pair in state.cluster_bands if pair[1] not in gone}
        state.cluster_members = {pk: its for pk, its in state.cluster_members.items() if its not in gone}
        return len(gone)

    def add_bundle(self, who: str, action: Action, what: str, now: datetime) -> Bundle:
        state = self._change()
        made = Bundle(state.next("bundle"), who, action, what, as_stored(now))
        state.bundles[made.id] = made
        return made

    def add_to_bundle(self, bundle_id: int, decision_ids: Sequence[int]) -> None:
        self._change().bundled.update((decision_id, bundle_id) for decision_id in decision_ids)

    def bundle(self, bundle_id: int, lock: bool = False) -> Bundle | None:  # noqa: ARG002 - a writer is alone here
        return self._state.bundles.get(bundle_id)

    def bundled(self, bundle_id: int, after: int, limit: int) -> list[tuple[int, Comment]]:
        found = (
            (decision_id, self._state.comments.get(self._state.decisions[decision_id].comment_pk))
            for decision_id, its in sorted(self._state.bundled.items())
            if its == bundle_id and decision_id > after
        )
        return [(decision_id, comment) for decision_id, comment in found if comment is not None][:limit]

    def bundle_stands(self, bundle_id: int) -> bool:
        every = self.bundled(bundle_id, 0, len(self._state.bundled))
        return any(one.decision_id == decision_id and one.status not in FINAL for decision_id, one in every)

    def bundles_lately(self, limit: int, before: int | None = None) -> list[tuple[Bundle, datetime | None]]:
        decision = {
            one.bundle_id: one.stands_until
            for one in sorted(
                self._state.clusters.values(), key=lambda cluster: cluster.stands_until or cluster.begun_at
            )
            if one.stands_until is not None
        }
        newest_first = (one for _, one in sorted(self._state.bundles.items(), reverse=True))
        left = [one for one in newest_first if one.undone_at is None and (before is None or one.id < before)]
        return [(one, decision.get(one.id)) for one in left[:limit]]

    def bundle_sizes(self, bundle_ids: Collection[int]) -> dict[int, int]:
        return dict(Counter(its for its in self._state.bundled.values() if its in set(bundle_ids)))

    def bundles_of(self, decision_ids: Collection[int]) -> dict[int, int]:
        return {one: self._state.bundled[one] for one in decision_ids if one in self._state.bundled}

    def end_bundle(self, bundle_id: int, now: datetime) -> bool:
        bundle = self._change().bundles.get(bundle_id)
        if bundle is None or bundle.undone_at is not None:
            return False
        self._state.bundles[bundle_id] = replace(bundle, undone_at=as_stored(now))
        return True
