"""The tables of waves, and of what was decided together."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Identity, Index, LargeBinary, Table, Text

from service.storage.columns import Instant, Pk, Word
from service.storage.schema import comments, decisions, metadata, partial, sites

waves = Table(
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
is_decided = waves.c.stands_until.is_not(None)
partial("ix_waves_standing", waves.c.stands_until, waves.c.site_id, where=is_decided)
Index("ix_waves_begun", waves.c.begun_at, waves.c.pk)
Index("ix_waves_site", waves.c.site_id)
partial("ix_waves_bundle", waves.c.bundle_id, where=waves.c.bundle_id.is_not(None))

wave_bands = Table(
    "wave_bands",
    metadata,
    Column("site_id", Pk, primary_key=True, autoincrement=False),
    Column("band", Pk, primary_key=True, autoincrement=False),
    Column("wave_id", Pk, ForeignKey(waves.c.pk, ondelete="CASCADE"), primary_key=True, autoincrement=False),
)
Index("ix_wave_bands_wave", wave_bands.c.wave_id)

# apart from the comments, so that accepting and scoring what is in no wave costs nothing
wave_members = Table(
    "wave_members",
    metadata,
    Column(
        "comment_pk",
        Pk,
        ForeignKey(comments.c.pk, ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("wave_id", Pk, ForeignKey(waves.c.pk, ondelete="CASCADE"), nullable=False),
)
Index("ix_wave_members_wave", wave_members.c.wave_id, wave_members.c.comment_pk)

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
