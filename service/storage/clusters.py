"""Duplicate clusters: copies of one text, found by what they have in common."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import RowMapping, bindparam, delete, exists, func, insert, or_, select, update

from service.domain.comment import Comment
from service.domain.duplicates import DuplicateCluster, Signature
from service.storage.bulk import insert_or_update
from service.storage.columns import Instant
from service.storage.comment_rows import COMMENTS, joined
from service.storage.records import BulkDecision
from service.storage.repository import Repository
from service.storage.rows import record_of
from service.storage.schema import word
from service.storage.schema_comments import comments, is_held
from service.storage.schema_moderation import cluster_bands, cluster_members, clusters, is_decided

BAND_LIMIT = 8
"""How many clusters of one band are compared; a text has sixteen bands, and copies meet in the oldest cluster."""
_AT_ONCE = 8_000
"""Values in one IN list; SQLite takes 32,766 parameters."""
_NEAR = (
    select(cluster_bands.c.band, clusters)
    .join(clusters, clusters.c.pk == cluster_bands.c.cluster_id)
    .where(
        cluster_bands.c.site_id == bindparam("site_id"),
        cluster_bands.c.band.in_(bindparam("bands", expanding=True)),
        or_(
            clusters.c.begun_at >= bindparam("since", type_=Instant),
            clusters.c.stands_until >= bindparam("since", type_=Instant),
        ),
    )
    .order_by(clusters.c.pk)
)
_OF = (
    select(cluster_members.c.comment_pk, clusters)
    .join(clusters, clusters.c.pk == cluster_members.c.cluster_id)
    .where(cluster_members.c.comment_pk.in_(bindparam("pks", expanding=True)))
)
_MEMBERS = cluster_members.join(comments, comments.c.pk == cluster_members.c.comment_pk)
_SIZES = (
    select(cluster_members.c.cluster_id, func.count().label("size"))
    .select_from(_MEMBERS)
    .where(cluster_members.c.cluster_id.in_(bindparam("cluster_ids", expanding=True)), is_held)
    .group_by(cluster_members.c.cluster_id)
)
_HELD = (
    COMMENTS.join(cluster_members, cluster_members.c.comment_pk == comments.c.pk)
    .where(
        cluster_members.c.cluster_id == bindparam("cluster_id"),
        cluster_members.c.comment_pk > bindparam("after"),
        is_held,
    )
    .order_by(cluster_members.c.comment_pk)
    .limit(bindparam("limit"))
)


_STANDING = (
    select(clusters.c.site_id)
    .distinct()
    .where(is_decided, clusters.c.stands_until > bindparam("now", type_=Instant))
)


class ClusterRepository(Repository):
    """Clusters and their members."""

    def near(
        self, site_id: int, bands: Collection[int], since: datetime
    ) -> dict[int, list[DuplicateCluster]]:
        """Return by band the site's clusters that were created, or covered copies, at `since` or later, oldest first.

        At most eight a band: the copies of one text meet in its first cluster.
        """
        near: dict[int, list[DuplicateCluster]] = defaultdict(list)
        wanted = sorted(set(bands))
        for begin in range(0, len(wanted), _AT_ONCE):
            some = wanted[begin : begin + _AT_ONCE]
            for row in self._read(_NEAR, site_id=site_id, bands=some, since=since).mappings():
                if len(near[row["band"]]) < BAND_LIMIT:
                    near[row["band"]].append(_cluster(row))
        return dict(near)

    def add(self, site_id: int, signatures: Sequence[Signature], now: datetime) -> list[DuplicateCluster]:
        """Create one cluster for each signature, in order."""
        made, bands = [], []
        for one in signatures:
            new = insert(clusters).returning(clusters.c.pk)
            pk = self._write(new, site_id=site_id, entries=one.entries, begun_at=now).scalar_one()
            made.append(DuplicateCluster(pk, site_id, one.entries, now))
            bands += [{"site_id": site_id, "band": band, "cluster_id": pk} for band in sorted(set(one.bands))]
        self._add(cluster_bands, bands)
        return made

    def join(self, members: Sequence[tuple[int, int]]) -> None:
        """Store members as pairs of comment pk and cluster id; a comment leaves the cluster it was in."""
        rows = [{"comment_pk": pk, "cluster_id": cluster_id} for pk, cluster_id in sorted(members)]
        self._write_each(insert_or_update(cluster_members, ("comment_pk",), "cluster_id"), rows)

    def leave(self, site_id: int, author_key: str) -> None:
        """Remove the held comments of an author from their clusters."""
        theirs = comments.c.site_id == site_id, comments.c.author_key == author_key
        held = select(comments.c.pk).where(*theirs, is_held)
        self._write(delete(cluster_members).where(cluster_members.c.comment_pk.in_(held)))

    def of_comments(self, comment_pks: Collection[int]) -> dict[int, DuplicateCluster]:
        """Return the cluster by comment pk."""
        rows = self._read(_OF, pks=sorted(comment_pks)).mappings() if comment_pks else ()
        return {row["comment_pk"]: _cluster(row) for row in rows}

    def sizes(self, cluster_ids: Collection[int]) -> dict[int, int]:
        """Count the held members by cluster; a cluster without any is left out."""
        rows = self._read(_SIZES, cluster_ids=sorted(cluster_ids)) if cluster_ids else ()
        return {row.cluster_id: row.size for row in rows}

    def held_members(self, cluster_id: int, after: int, limit: int) -> list[Comment]:
        """Return the cluster's held members with a pk above `after`, oldest first."""
        return self._all(joined, _HELD, cluster_id=cluster_id, after=after, limit=limit)

    def first_text(self, cluster_id: int) -> str | None:
        """Return the text of the cluster's oldest member that has one, in any state; None without any."""
        first = (
            select(comments.c.body)
            .select_from(_MEMBERS)
            .where(cluster_members.c.cluster_id == cluster_id, comments.c.status != word("erased"))
            .order_by(cluster_members.c.comment_pk)
            .limit(1)
        )
        return self._read(first).scalar_one_or_none()

    def decide(
        self, cluster_id: int, bulk_decision: BulkDecision, until: datetime, replaces: int | None = None
    ) -> bool:
        """Let a bulk decision cover new copies of the cluster until then.

        False where another one's stands there by now than `replaces`, None meaning nobody's: nothing is changed.
        """
        seen = clusters.c.pk == cluster_id, clusters.c.bulk_decision_id.is_not_distinct_from(replaces)
        decided = (
            update(clusters)
            .where(*seen)
            .values(
                action=bulk_decision.action,
                decided_by=bulk_decision.who,
                stands_until=until,
                bulk_decision_id=bulk_decision.id,
            )
        )
        return self._write(decided).rowcount == 1

    def undecide(self, bulk_decision_id: int) -> None:
        """Stop a bulk decision from covering new copies."""
        decided = update(clusters).where(clusters.c.bulk_decision_id == bulk_decision_id)
        self._write(decided.values(action=None, decided_by=None, stands_until=None, bulk_decision_id=None))

    def sites_with_decisions(self, now: datetime) -> set[int]:
        """Return the sites where a cluster's decision covers new copies."""
        return set(self._read(_STANDING, now=now).scalars())

    def prune(self, before: datetime, limit: int) -> int:
        """Delete clusters created before then without a held member or a current decision; return how many."""
        has_held = exists(
            select(cluster_members.c.comment_pk)
            .select_from(_MEMBERS)
            .where(cluster_members.c.cluster_id == clusters.c.pk, is_held)
            .correlate(clusters)
        )
        over = (
            select(clusters.c.pk)
            .where(
                ~has_held,
                clusters.c.begun_at < before,
                or_(clusters.c.stands_until.is_(None), clusters.c.stands_until < before),
            )
            .order_by(clusters.c.begun_at, clusters.c.pk)
            .limit(limit)
        )
        gone = self._read(over).scalars().all()
        if gone:
            for column in (cluster_bands.c.cluster_id, cluster_members.c.cluster_id, clusters.c.pk):
                self._write(delete(column.table).where(column.in_(gone)))
        return len(gone)


def _cluster(row: RowMapping) -> DuplicateCluster:
    return record_of(DuplicateCluster, row)
