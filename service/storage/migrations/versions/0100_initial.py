"""The tables of the first release, as the code describes them.

Before the first change after a release, write them out here as they were then: a test compares what migrations lead to
with what the code describes, and the next migration would find its own change made already.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy.schema import CreateIndex, CreateSequence, CreateTable

import service.storage.unit_of_work  # noqa: F401  # its parts describe every table
from service.storage.schema import decision_ids, metadata
from service.storage.schema_comments import WORDS

revision = "0100"
down_revision = None


def upgrade() -> None:
    """Make every table and index, and the index of words."""
    dialect = op.get_context().dialect.name
    if dialect == "postgresql":
        op.execute(CreateSequence(decision_ids))
    for table in metadata.sorted_tables:
        op.execute(CreateTable(table))
        # of two that cost the same planners take the one made last: the partial one, which holds only what is wanted
        for index in sorted(table.indexes, key=lambda one: (bool(one.dialect_kwargs), str(one.name))):
            op.execute(CreateIndex(index))
    for statement in WORDS[dialect]:
        op.execute(statement)
    if dialect == "postgresql":
        # an index answers alone only for pages that were vacuumed, and a fifth of a great table is long in coming
        op.execute("ALTER TABLE comments SET (autovacuum_vacuum_scale_factor = 0.02)")
