"""Keep which comments are to be scored again in full, and with which effort the workers score now."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

DECIDED = "status IN ('approved', 'rejected', 'spam', 'held')"
INDEXES: dict[str, tuple[list[Any], str]] = {
    "ix_comments_rescore": ([sa.text("live DESC"), "site_id", "pk"], "attempts = 0"),
    "ix_comments_rescore_tried": ([sa.text("live DESC"), "lease_until"], "attempts > 0"),
}


def upgrade() -> None:
    """Make the table and the column, empty, and the indexes while comments go on coming in."""
    again = True if _on_postgresql() else None  # the column is kept when the process dies before the indexes
    op.create_table(
        "scoring_state",
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("effort", sa.String(32), nullable=False),
        sa.Column("since", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_scoring_state"),
        if_not_exists=again,
    )
    op.add_column("comments", sa.Column("rescore", sa.Boolean), if_not_exists=again)
    if not _on_postgresql():
        for name, (columns, attempts) in INDEXES.items():
            where = sa.text(f"rescore = 1 AND {DECIDED} AND {attempts}")
            op.create_index(name, "comments", columns, sqlite_where=where)
        return
    with op.get_context().autocommit_block():
        op.execute("SET statement_timeout = 0")  # for the rest of this connection, which serves nothing else
        for name, (columns, attempts) in INDEXES.items():
            where = sa.text(f"rescore = true AND {DECIDED} AND {attempts}")
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")  # half-built by one that was broken off
            op.create_index(name, "comments", columns, postgresql_where=where, postgresql_concurrently=True)


def _on_postgresql() -> bool:
    return op.get_context().dialect.name == "postgresql"
