"""What all tables share, and the tables of sites. A change of any table needs a migration beside it and a new HEAD.

Partial indexes carry the speed: each query of a running service (lease, queue page, feed, due deliveries) has an index
that holds only the rows it wants, in the order it wants them, so that it costs the same at any size. Their predicates
are written as literals here and in the queries: neither planner matches a partial index to a bound parameter.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Identity,
    Index,
    Integer,
    MetaData,
    Sequence,
    Table,
    Text,
    literal_column,
)
from sqlalchemy.sql import ColumnElement

from service.storage.columns import Instant, Pk, Secrets, Word

HEAD = "0100"
"""The migration that this code needs; a test holds it against the newest one."""
KEPT_FOR_GOOD = "import-"
"""How the idempotency keys of imported lines begin, so that an old archive can be run again at any time.

Those that callers give are digests and never begin so."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

decision_ids = Sequence("decision_ids", metadata=metadata)
"""Gives decisions their ids on PostgreSQL, where a counter row would make all settling wait for one commit."""


def word(value: str) -> ColumnElement[str]:
    """Return one of the service's own words as an SQL literal. Raises ValueError for anything else."""
    if not (value.isascii() and value.replace("_", "").isalpha()):
        raise ValueError("is no word")
    return literal_column(f"'{value}'", Word)


def partial(
    name: str, *columns: ColumnElement[Any], where: ColumnElement[bool], unique: bool = False
) -> Index:
    """Make an index that holds only the rows of `where`."""
    return Index(name, *columns, unique=unique, sqlite_where=where, postgresql_where=where)


sites = Table(
    "sites",
    metadata,
    Column("pk", Pk, Identity(), primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("url", Text, nullable=False),
    Column("title", Text),
    Column("policy_version", Integer, nullable=False),
    Column("callback_url", Text),
    Column("callback_disabled", Text),
    Column("email_required", Boolean, nullable=False),
    Column("address_mode", Word, nullable=False),
    Column("contact_public_key", Text),
    Column("webhook_secrets", Secrets, nullable=False),
    Column("inbound_secrets", Secrets, nullable=False),
    Column("region", Text),
    Column("created_at", Instant),
    Column("options", Text),
)

policies = Table(
    "policies",
    metadata,
    Column("site_id", Pk, ForeignKey(sites.c.pk), primary_key=True, autoincrement=False),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("terms", Text, nullable=False),
)

# narrow, so that taking a decision's number does not rewrite the site's row
site_counters = Table(
    "site_counters",
    metadata,
    Column("site_id", Pk, ForeignKey(sites.c.pk), primary_key=True, autoincrement=False),
    Column("seq", Pk, nullable=False),
)

# counters, on a store without sequences
numbers = Table(
    "numbers",
    metadata,
    Column("name", Word, primary_key=True),
    Column("value", Pk, nullable=False),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("fingerprint", Text, primary_key=True),
    Column("site_id", Pk, ForeignKey(sites.c.pk), nullable=False, index=True),
    Column("kind", Word, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant),
)

# how often the compatibility APIs were called, by month
compat_usage = Table(
    "compat_usage",
    metadata,
    Column("site_id", Pk, ForeignKey(sites.c.pk, ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("month", Text, primary_key=True),
    Column("what", Word, primary_key=True),
    Column("count", BigInteger, nullable=False),
)
