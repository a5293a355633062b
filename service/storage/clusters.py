"""Duplicate clusters in SQL: copies of one text, found by what they have in common."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import (
    RowMapping,
    bindparam,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)

from service.domain.comment import Comment
from service.domain.duplicates import DuplicateCluster, Signature
from service.domain.verdict import Action
from service.storage.bulk import insert_into
from service.storage.cluster_tables import (
    bulk_members,
    cluster_bands,
    cluster_members,
    clusters,
    is_decided,
)
from service.storage.columns import Instant, Pk
from service.storage.comment_rows import COMMENTS, joined
from service.storage.comment_tables import comments, is_held
from service.storage.decision_tables import decisions
from service.storage.records import BulkDecision
from service.storage.repository import Repository
from service.storage.schema import word

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
_NEW_CLUSTER = insert(clusters).returning(clusters.c.pk)
_OF = (
    select(cluster_members.c.comment_pk, clusters)
    .join(clusters, clusters.c.pk == cluster_members.c.cluster_id)
    .where(cluster_members.c.comment_pk.in_(bindparam("pks", expanding=True)))
)
_LEAVE = delete(cluster_members).where(
    cluster_members.c.comment_pk.in_(
        select(comments.c.pk).where(
            comments.c.site_id == bindparam("site_id"),
            comments.c.author_key == bindparam("author_key"),
            is_held,
        )
    )
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
_DECIDED = (
    select(comments.c.pk)
    .join(decisions, decisions.c.comment_pk == comments.c.pk)
    .join(bulk_members, bulk_members.c.decision_id == decisions.c.pk)
    .where(
        bulk_members.c.bulk_decision_id == bindparam("of_bulk_decision", type_=Pk),
        decisions.c.revision == comments.c.revision,
    )
    .correlate(None)
)
"""What the cluster's decision was made on, also where it left the cluster since; not where it was edited."""
_FIRST_TEXT = (
    select(comments.c.body)
    .where(
        comments.c.pk.in_(
            select(cluster_members.c.comment_pk)
            .where(cluster_members.c.cluster_id == bindparam("cluster_id"))
            .union_all(_DECIDED)
        ),
        comments.c.status != word("erased"),
    )
    .order_by(comments.c.pk)
    .limit(1)
)
_DECIDE = (
    update(clusters)
    .where(
        clusters.c.pk == bindparam("cluster_id"),
        clusters.c.bulk_decision_id.is_not_distinct_from(bindparam("replaced", type_=Pk)),
    )
    .values(
        action=bindparam("its_action"),
        decided_by=bindparam("its_decider"),
        stands_until=bindparam("its_end"),
        bulk_decision_id=bindparam("its_bulk_decision"),
    )
)
_UNDECIDE = (
    update(clusters)
    .where(clusters.c.bulk_decision_id == bindparam("of_bulk_decision"))
    .values(action=None, decided_by=None, stands_until=None, bulk_decision_id=None)
)
_STANDING = (
    select(clusters.c.site_id)
    .distinct()
    .where(is_decided, clusters.c.stands_until > bindparam("now", type_=Instant))
)
_HAS_HELD = exists(
    select(cluster_members.c.comment_pk)
    .select_from(_MEMBERS)
    .where(cluster_members.c.cluster_id == clusters.c.pk, is_held)
    .correlate(clusters)
)
_OVER = (
    select(clusters.c.pk)
    .where(
        ~_HAS_HELD,
        clusters.c.begun_at < bindparam("before", type_=Instant),
        or_(clusters.c.stands_until.is_(None), clusters.c.stands_until < bindparam("before", type_=Instant)),
    )
    .order_by(clusters.c.begun_at, clusters.c.pk)
    .limit(bindparam("limit"))
)


class ClusterRepository(Repository):
    """The verbs about clusters."""

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
        made = [
            DuplicateCluster(
                self._write(_NEW_CLUSTER, site_id=site_id, entries=one.entries, begun_at=now).scalar_one(),
                site_id,
                one.entries,
                now,
            )
            for one in signatures
        ]
        self._add(
            cluster_bands,
            [
                {"site_id": site_id, "band": band, "cluster_id": cluster.id}
                for cluster, one in zip(made, signatures, strict=True)
                for band in sorted(set(one.bands))
            ],
        )
        return made

    def join(self, members: Sequence[tuple[int, int]]) -> None:
        """Store members as pairs of comment pk and cluster id; a comment leaves the cluster it was in."""
        self._must_write()
        if not members:
            return
        new = insert_into(cluster_members, self._dialect)
        joins = new.on_conflict_do_update(
            index_elements=["comment_pk"], set_={"cluster_id": new.excluded.cluster_id}
        )
        self._write_each(
            joins, [{"comment_pk": pk, "cluster_id": cluster_id} for pk, cluster_id in sorted(members)]
        )

    def leave(self, site_id: int, author_key: str) -> None:
        """Remove the held comments of an author from their clusters."""
        self._write(_LEAVE, site_id=site_id, author_key=author_key)

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
        return [
            joined(row)
            for row in self._read(_HELD, cluster_id=cluster_id, after=after, limit=limit).mappings()
        ]

    def first_text(self, cluster: DuplicateCluster) -> str | None:
        """Return the oldest text of the cluster's members, or of what it was decided on; None without any."""
        of = {"cluster_id": cluster.id, "of_bulk_decision": cluster.bulk_decision_id}
        return self._read(_FIRST_TEXT, **of).scalar_one_or_none()

    def decide(
        self, cluster_id: int, bulk_decision: BulkDecision, until: datetime, replaces: int | None = None
    ) -> bool:
        """Let a bulk decision cover new copies of the cluster until then.

        False where another one's stands there by now than `replaces`, None meaning nobody's: nothing is changed.
        """
        done = self._write(
            _DECIDE,
            cluster_id=cluster_id,
            replaced=replaces,
            its_action=bulk_decision.action.value,
            its_decider=bulk_decision.who,
            its_end=until,
            its_bulk_decision=bulk_decision.id,
        )
        return done.rowcount == 1

    def undecide(self, bulk_decision_id: int) -> None:
        """Stop a bulk decision from covering new copies."""
        self._write(_UNDECIDE, of_bulk_decision=bulk_decision_id)

    def sites_with_decisions(self, now: datetime) -> set[int]:
        """Return the sites where a cluster's decision covers new copies."""
        return set(self._read(_STANDING, now=now).scalars())

    def prune(self, before: datetime, limit: int) -> int:
        """Delete clusters created before then without a held member or a current decision; return how many."""
        gone = list(self._read(_OVER, before=before, limit=limit).scalars())
        if gone:
            for table, column in (
                (cluster_bands, cluster_bands.c.cluster_id),
                (cluster_members, cluster_members.c.cluster_id),
                (clusters, clusters.c.pk),
            ):
                self._write(delete(table).where(column.in_(bindparam("gone", expanding=True))), gone=gone)
        return len(gone)


def _cluster(row: RowMapping) -> DuplicateCluster:
    return DuplicateCluster(
        id=row["pk"],
        site_id=row["site_id"],
        entries=row["entries"],
        begun_at=row["begun_at"],
        action=Action(row["action"]) if row["action"] else None,
        decided_by=row["decided_by"],
        stands_until=row["stands_until"],
        bulk_decision_id=row["bulk_decision_id"],
    )
