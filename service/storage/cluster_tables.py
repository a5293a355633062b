"""The tables of duplicate clusters and bulk decisions."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Identity, Index, LargeBinary, Table, Text

from service.storage.columns import Instant, Pk, Word
from service.storage.schema import comments, decisions, metadata, partial, sites

clusters = Table(
    "waves",
    metadata,
    Column("pk", Pk, Identity(), primary_key=True),
    Column("site_id", Pk, ForeignKey(sites.c.pk), nullable=False),
    Column("entries", LargeBinary, nullable=False),
    Column("begun_at", Instant, nullable=False),
    Column("action", Word),
    Column("decided_by", Text),
    Column("stands_until", Instant),
    Column("bundle_id", Pk),
)
is_decided = clusters.c.stands_until.is_not(None)
partial("ix_waves_standing", clusters.c.stands_until, clusters.c.site_id, where=is_decided)
Index("ix_waves_begun", clusters.c.begun_at, clusters.c.pk)
Index("ix_waves_site", clusters.c.site_id)
partial("ix_waves_bundle", clusters.c.bundle_id, where=clusters.c.bundle_id.is_not(None))

cluster_bands = Table(
    "wave_bands",
    metadata,
    Column("site_id", Pk, primary_key=True, autoincrement=False),
    Column("band", Pk, primary_key=True, autoincrement=False),
    Column(
        "wave_id",
        Pk,
        ForeignKey(clusters.c.pk, ondelete="CASCADE"),
        key="cluster_id",
        primary_key=True,
        autoincrement=False,
    ),
)
Index("ix_wave_bands_wave", cluster_bands.c.cluster_id)

# apart from the comments, so that accepting and scoring a comment without copies costs nothing
cluster_members = Table(
    "wave_members",
    metadata,
    Column(
        "comment_pk",
        Pk,
        ForeignKey(comments.c.pk, ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    Column(
        "wave_id",
        Pk,
        ForeignKey(clusters.c.pk, ondelete="CASCADE"),
        key="cluster_id",
        nullable=False,
    ),
)
Index("ix_wave_members_wave", cluster_members.c.cluster_id, cluster_members.c.comment_pk)

bundles = Table(
    "bundles",
    metadata,
    Column("pk", Pk, Identity(), primary_key=True),
    Column("who", Text, nullable=False),
    Column("action", Word, nullable=False),
    Column("what", Text, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("undone_at", Instant),
)

bundled = Table(
    "bundled",
    metadata,
    Column(
        "decision_id",
        Pk,
        ForeignKey(decisions.c.pk, ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("bundle_id", Pk, ForeignKey(bundles.c.pk, ondelete="CASCADE"), nullable=False),
)
Index("ix_bundled_bundle", bundled.c.bundle_id, bundled.c.decision_id)
