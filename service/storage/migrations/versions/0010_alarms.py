"""Keep where each site's alarm stands, so that moderators are called once however many workers look."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Make the table, empty: no alarm stands."""
    pk = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "alarms",
        sa.Column("site_id", pk, autoincrement=False, nullable=False),
        sa.Column("raised", sa.Boolean, nullable=False),
        sa.Column("serial", sa.Integer, nullable=False),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_attempt_at", sa.BigInteger),
        sa.ForeignKeyConstraint(["site_id"], ["sites.pk"], name="fk_alarms_site_id"),
        sa.PrimaryKeyConstraint("site_id", name="pk_alarms"),
    )
