"""Let the lease of fresh comments find each site's own, so that no site waits behind another's flood."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

COLUMNS: list[Any] = [sa.text("live DESC"), "site_id", "pk"]
FRESH = sa.text("status = 'pending' AND attempts = 0")


def upgrade() -> None:
    """Make the index by priority and site, and drop the one by priority alone, which nothing uses any more."""
    if op.get_context().dialect.name != "postgresql":
        op.create_index("ix_comments_turn", "comments", COLUMNS, sqlite_where=FRESH)
        op.drop_index("ix_comments_fresh", "comments")
        return
    with op.get_context().autocommit_block():  # so that comments go on coming in meanwhile
        op.execute(
            "DROP INDEX CONCURRENTLY IF EXISTS ix_comments_turn"
        )  # half-built by one that was broken off
        op.create_index(
            "ix_comments_turn", "comments", COLUMNS, postgresql_where=FRESH, postgresql_concurrently=True
        )
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_comments_fresh")
