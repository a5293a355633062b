"""Give each site a place for its options, so that a new one needs no migration."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the column, empty: every option at its default."""
    op.add_column("sites", sa.Column("options", sa.Text))
