"""Let the sweep's look for old idempotency keys pass over those of imports, which are kept for good."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

PASSING = sa.text("substr(key, 1, 7) != 'import-'")


def upgrade() -> None:
    """Make the index of the keys that pass, and drop the one of all keys."""
    if op.get_context().dialect.name != "postgresql":
        op.create_index(
            "ix_idempotency_keys_passing", "idempotency_keys", ["created_at"], sqlite_where=PASSING
        )
        op.drop_index("ix_idempotency_keys_created_at", "idempotency_keys")
        return
    with op.get_context().autocommit_block():  # so that comments go on coming in meanwhile
        op.execute(
            "DROP INDEX CONCURRENTLY IF EXISTS ix_idempotency_keys_passing"
        )  # half-built by one that was broken off
        op.create_index(
            "ix_idempotency_keys_passing",
            "idempotency_keys",
            ["created_at"],
            postgresql_where=PASSING,
            postgresql_concurrently=True,
        )
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_idempotency_keys_created_at")
