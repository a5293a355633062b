"""The tables of duplicate clusters and bulk decisions."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Identity, Index, LargeBinary, Table, Text

from service.storage.columns import Instant, Pk, Word
from service.storage.comment_tables import comments
from service.storage.decision_tables import decisions
from service.storage.schema import metadata, partial, sites

clusters = Table(
    "duplicate_clusters",
    metadata,
    Column("pk", Pk, Identity(), primary_key=True),
    Column("site_id", Pk, ForeignKey(sites.c.pk), nullable=False),
    Column("entries", LargeBinary, nullable=False),
    Column("begun_at", Instant, nullable=False),
    Column("action", Word),
    Column("decided_by", Text),
    Column("stands_until", Instant),
    Column("bulk_decision_id", Pk),
)
is_decided = clusters.c.stands_until.is_not(None)
partial("ix_duplicate_clusters_decided", clusters.c.stands_until, clusters.c.site_id, where=is_decided)
Index("ix_duplicate_clusters_begun", clusters.c.begun_at, clusters.c.pk)
Index("ix_duplicate_clusters_site", clusters.c.site_id)
partial(
    "ix_duplicate_clusters_bulk_decision",
    clusters.c.bulk_decision_id,
    where=clusters.c.bulk_decision_id.is_not(None),
)

cluster_bands = Table(
    "duplicate_cluster_bands",
    metadata,
    Column("site_id", Pk, primary_key=True, autoincrement=False),
    Column("band", Pk, primary_key=True, autoincrement=False),
    Column(
        "cluster_id",
        Pk,
        ForeignKey(clusters.c.pk, ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
)
Index("ix_duplicate_cluster_bands_cluster", cluster_bands.c.cluster_id)

# apart from the comments, so that accepting and scoring a comment without copies costs nothing
cluster_members = Table(
    "duplicate_cluster_members",
    metadata,
    Column(
        "comment_pk",
        Pk,
        ForeignKey(comments.c.pk, ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    Column(
        "cluster_id",
        Pk,
        ForeignKey(clusters.c.pk, ondelete="CASCADE"),
        nullable=False,
    ),
)
Index("ix_duplicate_cluster_members_cluster", cluster_members.c.cluster_id, cluster_members.c.comment_pk)

bulk_decisions = Table(
    "bulk_decisions",
    metadata,
    Column("pk", Pk, Identity(), primary_key=True),
    Column("who", Text, nullable=False),
    Column("action", Word, nullable=False),
    Column("what", Text, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("undone_at", Instant),
)

bulk_members = Table(
    "bulk_decision_members",
    metadata,
    Column(
        "decision_id",
        Pk,
        ForeignKey(decisions.c.pk, ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("bulk_decision_id", Pk, ForeignKey(bulk_decisions.c.pk, ondelete="CASCADE"), nullable=False),
)
Index(
    "ix_bulk_decision_members_bulk_decision",
    bulk_members.c.bulk_decision_id,
    bulk_members.c.decision_id,
)
