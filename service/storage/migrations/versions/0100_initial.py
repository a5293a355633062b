"""The tables of the first release, as the code describes them.

Before the first change after a release, write them out here as they were then: a test compares what migrations lead to
with what the code describes, and the next migration would find its own change made already.
"""

from __future__ import annotations

from alembic import op

import service.storage.store  # noqa: F401  # its parts describe every table
from service.storage.schema import metadata

revision = "0100"
down_revision = None


def upgrade() -> None:
    """Make every table and index, and the index of words."""
    metadata.create_all(op.get_bind(), checkfirst=False)
