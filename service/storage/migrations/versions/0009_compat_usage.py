"""Count by month what the compatibility APIs were asked, for the calls that say so."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Make the table, empty."""
    pk = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "compat_usage",
        sa.Column("site_id", pk, nullable=False, autoincrement=False),
        sa.Column("month", sa.Text, nullable=False),
        sa.Column("what", sa.String(32), nullable=False),
        sa.Column("count", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("site_id", "month", "what", name="pk_compat_usage"),
        sa.ForeignKeyConstraint(
            ["site_id"], ["sites.pk"], name="fk_compat_usage_site_id", ondelete="CASCADE"
        ),
    )
