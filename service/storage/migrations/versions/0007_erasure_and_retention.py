"""Remember erasures, and let retention find what is old enough without looking at what is not."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

INDEXES: Final = {
    "ix_comments_expiring": (
        ["site_id", "status", "received_at"],
        "status IN ('rejected', 'spam', 'withdrawn')",
    ),
    "ix_comments_client": (
        ["site_id", "received_at"],
        "ip IS NOT NULL OR user_agent IS NOT NULL OR referrer IS NOT NULL",
    ),
}


def upgrade() -> None:
    """Make the table of erasures, and the two indexes of what is to go."""
    pk = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    # on PostgreSQL the table is kept when the process dies while it builds the indexes
    again = True if op.get_context().dialect.name == "postgresql" else None
    op.create_table(
        "erasures",
        sa.Column("pk", pk, sa.Identity(), nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("site_id", pk, nullable=False),
        sa.Column("requested_by", sa.String(32), nullable=False),
        sa.Column("comments", sa.Integer, nullable=False),
        sa.Column("receipt", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("purged_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("pk", name="pk_erasures"),
        sa.UniqueConstraint("id", name="uq_erasures_id"),
        if_not_exists=again,
    )
    unpurged = sa.text("purged_at IS NULL")
    op.create_index(
        "ix_erasures_unpurged",
        "erasures",
        ["created_at"],
        sqlite_where=unpurged,
        postgresql_where=unpurged,
        if_not_exists=again,
    )
    if op.get_context().dialect.name != "postgresql":
        for name, (columns, where) in INDEXES.items():
            op.create_index(name, "comments", columns, sqlite_where=sa.text(where))
        return
    with op.get_context().autocommit_block():  # so that comments go on coming in meanwhile
        for name, (columns, where) in INDEXES.items():
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")  # half-built by one that was broken off
            op.create_index(
                name, "comments", columns, postgresql_where=sa.text(where), postgresql_concurrently=True
            )
