"""Keep every score of what is held in a column of its own, so that a range by any label is counted from one index."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

LABELS = ("toxicity", "severe_toxicity", "obscene", "threat", "insult", "identity_attack", "spam")
SCORES = [f"score_{label}" for label in LABELS]
INDEX = "ix_comments_held_scores"
COLUMNS = ["pk", "status", "site_id", "label", "language", "score", *SCORES]
HELD = sa.text("status = 'held'")
BATCH = 2_000


def upgrade() -> None:
    """Add the columns, fill those of held comments while others go on coming in, then make the index."""
    again = (
        True if _on_postgresql() else None
    )  # the columns are kept when the process dies while it fills them
    for name in SCORES:
        op.add_column("comments", sa.Column(name, sa.Integer), if_not_exists=again)
    if not _on_postgresql():
        _fill()
        op.create_index(INDEX, "comments", COLUMNS, sqlite_where=HELD)
        return
    with op.get_context().autocommit_block():
        _fill()
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {INDEX}")  # half-built by one that was broken off
        op.create_index(INDEX, "comments", COLUMNS, postgresql_where=HELD, postgresql_concurrently=True)
        # an index answers alone only for pages that were vacuumed, and a fifth of a great table is long in coming
        op.execute("ALTER TABLE comments SET (autovacuum_vacuum_scale_factor = 0.02)")


def _on_postgresql() -> bool:
    return op.get_context().dialect.name == "postgresql"


def _fill() -> None:
    """Go through what is held in short steps; on PostgreSQL each is a transaction, and a second run changes nothing."""
    if _on_postgresql():  # where a cast to a whole number rounds; on SQLite it cuts off
        millionths = "CAST((verdict::json->'scores'->>'{}')::numeric * 1000000 AS INTEGER)"
    else:
        millionths = "CAST(json_extract(verdict, '$.scores.{}') * 1000000 + 0.5 AS INTEGER)"
    told = ", ".join(
        f"{name} = {millionths.format(label)}" for name, label in zip(SCORES, LABELS, strict=True)
    )
    step = sa.text(
        "SELECT max(pk) FROM"
        " (SELECT pk FROM comments WHERE status = 'held' AND pk > :last ORDER BY pk LIMIT :batch) AS step"
    )
    fill = sa.text(
        f"UPDATE comments SET {told} WHERE status = 'held' AND pk > :last AND pk <= :upto AND verdict IS NOT NULL"
    )
    connection, last = op.get_bind(), 0
    while upto := connection.execute(step, {"last": last, "batch": BATCH}).scalar():
        connection.execute(fill, {"last": last, "upto": upto})
        last = upto
