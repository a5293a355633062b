"""Group copies of a held text into duplicate clusters, and remember bulk decisions so that one act undoes them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Make the tables, empty: what was held before stays by itself."""
    pk = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    instant, word = sa.BigInteger, sa.String(32)
    op.create_table(
        "waves",
        sa.Column("pk", pk, sa.Identity(), nullable=False),
        sa.Column("site_id", pk, nullable=False),
        sa.Column("entries", sa.LargeBinary, nullable=False),
        sa.Column("begun_at", instant, nullable=False),
        sa.Column("action", word),
        sa.Column("decided_by", sa.Text),
        sa.Column("stands_until", instant),
        sa.Column("bundle_id", pk),
        sa.PrimaryKeyConstraint("pk", name="pk_waves"),
        sa.ForeignKeyConstraint(["site_id"], ["sites.pk"], name="fk_waves_site_id"),
    )
    decided, bundled = sa.text("stands_until IS NOT NULL"), sa.text("bundle_id IS NOT NULL")
    op.create_index(
        "ix_waves_standing",
        "waves",
        ["stands_until", "site_id"],
        sqlite_where=decided,
        postgresql_where=decided,
    )
    op.create_index("ix_waves_begun", "waves", ["begun_at", "pk"])
    op.create_index("ix_waves_site", "waves", ["site_id"])
    op.create_index("ix_waves_bundle", "waves", ["bundle_id"], sqlite_where=bundled, postgresql_where=bundled)
    op.create_table(
        "wave_bands",
        sa.Column("site_id", pk, nullable=False),
        sa.Column("band", pk, nullable=False),
        sa.Column("wave_id", pk, nullable=False),
        sa.PrimaryKeyConstraint("site_id", "band", "wave_id", name="pk_wave_bands"),
        sa.ForeignKeyConstraint(["wave_id"], ["waves.pk"], name="fk_wave_bands_wave_id", ondelete="CASCADE"),
    )
    op.create_index("ix_wave_bands_wave", "wave_bands", ["wave_id"])
    op.create_table(
        "wave_members",
        sa.Column("comment_pk", pk, nullable=False),
        sa.Column("wave_id", pk, nullable=False),
        sa.PrimaryKeyConstraint("comment_pk", name="pk_wave_members"),
        sa.ForeignKeyConstraint(
            ["comment_pk"],
            ["comments.pk"],
            name="fk_wave_members_comment_pk",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["wave_id"], ["waves.pk"], name="fk_wave_members_wave_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_wave_members_wave", "wave_members", ["wave_id", "comment_pk"])
    op.create_table(
        "bundles",
        sa.Column("pk", pk, sa.Identity(), nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("action", word, nullable=False),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("made_at", instant, nullable=False),
        sa.Column("undone_at", instant),
        sa.PrimaryKeyConstraint("pk", name="pk_bundles"),
    )
    op.create_table(
        "bundled",
        sa.Column("decision_id", pk, nullable=False),
        sa.Column("bundle_id", pk, nullable=False),
        sa.PrimaryKeyConstraint("decision_id", name="pk_bundled"),
        sa.ForeignKeyConstraint(
            ["decision_id"], ["decisions.pk"], name="fk_bundled_decision_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["bundle_id"], ["bundles.pk"], name="fk_bundled_bundle_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_bundled_bundle", "bundled", ["bundle_id", "decision_id"])
