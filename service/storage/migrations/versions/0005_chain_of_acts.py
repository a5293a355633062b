"""Chain the log of human acts, and count the sign-ins that failed; acts logged before are taken in by the next one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the links' columns, empty, the chain's head, and the table of failed sign-ins."""
    for name, kind in (
        ("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite")),
        ("salt", sa.Text),
        ("digest", sa.Text),
        ("link", sa.Text),
        ("tag", sa.Text),
        ("key_version", sa.Integer),
        ("adopted", sa.Boolean),
    ):
        op.add_column("acts", sa.Column(name, kind))
    op.create_index("ix_acts_number", "acts", ["number"], unique=True)
    outside = sa.text("number IS NULL")
    op.create_index("ix_acts_outside", "acts", ["pk"], sqlite_where=outside, postgresql_where=outside)
    op.create_table(
        "act_heads",
        sa.Column("name", sa.String(32), primary_key=True),
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("link", sa.Text, nullable=False),
        sa.Column("tag", sa.Text, nullable=False),
        sa.Column("key_version", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_act_heads"),
    )
    op.create_table(
        "sign_in_failures",
        sa.Column("network", sa.Text, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("since", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("network", name="pk_sign_in_failures"),
    )
