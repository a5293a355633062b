"""Find by an index which of a site's held comments has been held for longest."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

INDEX = "ix_comments_held_since"
COLUMNS = ["site_id", "decision_id"]
HELD = sa.text("status = 'held'")


def upgrade() -> None:
    """Make the index while comments go on coming in."""
    if op.get_context().dialect.name != "postgresql":
        op.create_index(INDEX, "comments", COLUMNS, sqlite_where=HELD)
        return
    with op.get_context().autocommit_block():
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {INDEX}")  # half-built by one that was broken off
        op.create_index(INDEX, "comments", COLUMNS, postgresql_where=HELD, postgresql_concurrently=True)
