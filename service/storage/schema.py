"""What all tables share, and the tables of sites and people. A change of a table needs a migration and a new HEAD.

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
    LargeBinary,
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


def own_pk() -> Column[int]:
    """Make the key that the database gives."""
    return Column("pk", Pk, Identity(), primary_key=True)


def given_pk(name: str, *references: ForeignKey) -> Column[int]:
    """Make a whole or part of a key that the service gives."""
    return Column(name, Pk, *references, primary_key=True, autoincrement=False)


def key_of(name: str, table: Table, cascade: bool = False) -> Column[int]:
    """Make a whole or part of a key that is another table's; with `cascade` the row goes with the other one."""
    return given_pk(name, _to(table, cascade))


def reference(name: str, table: Table, cascade: bool = False, index: bool = False) -> Column[int]:
    """Make a reference to a row that has to be there; with `cascade` the row goes with the other one."""
    return Column(name, Pk, _to(table, cascade), nullable=False, index=index)


def _to(table: Table, cascade: bool) -> ForeignKey:
    return ForeignKey(table.c.pk, ondelete="CASCADE" if cascade else None)


sites = Table(
    "sites",
    metadata,
    own_pk(),
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
    key_of("site_id", sites),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("terms", Text, nullable=False),
)

# narrow, so that taking a decision's number does not rewrite the site's row
site_counters = Table(
    "site_counters",
    metadata,
    key_of("site_id", sites),
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
    reference("site_id", sites, index=True),
    Column("kind", Word, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant),
)

# how often the compatibility APIs were called, by month
compat_usage = Table(
    "compat_usage",
    metadata,
    key_of("site_id", sites, cascade=True),
    Column("month", Text, primary_key=True),
    Column("what", Word, primary_key=True),
    Column("count", BigInteger, nullable=False),
)

moderators = Table(
    "moderators",
    metadata,
    own_pk(),
    Column("name", Text, nullable=False, unique=True),
    Column("role", Word, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
)

sign_ins = Table(
    "sign_ins",
    metadata,
    Column("token_hash", Text, primary_key=True),
    reference("moderator_id", moderators),
    Column("expires_at", Instant, nullable=False),
    Column("used_at", Instant),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", Text, primary_key=True),
    reference("moderator_id", moderators),
    Column("expires_at", Instant, nullable=False),
)

acts = Table(
    "acts",
    metadata,
    given_pk("number"),
    Column("who", Text, nullable=False),
    Column("act", Word, nullable=False),
    Column("subject", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("salt", Text),
    Column("digest", Text, nullable=False),
    Column("link", Text, nullable=False),
    Column("tag", Text, nullable=False),
    Column("key_version", Integer, nullable=False),
)

# the end of the chain, apart from its links; writers queue at this row
act_heads = Table(
    "act_heads",
    metadata,
    Column("name", Word, primary_key=True),
    Column("number", Pk, nullable=False),
    Column("link", Text, nullable=False),
    Column("tag", Text, nullable=False),
    Column("key_version", Integer, nullable=False),
)

# by keyed hash of the network: no IP lies here
sign_in_failures = Table(
    "sign_in_failures",
    metadata,
    Column("network", Text, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("since", Instant, nullable=False),
)

# where each site's alarm stands, and what of it is still to be told
alarms = Table(
    "alarms",
    metadata,
    key_of("site_id", sites),
    Column("raised", Boolean, nullable=False),
    Column("serial", Integer, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_attempt_at", Instant),
)

views = Table(
    "views",
    metadata,
    own_pk(),
    reference("moderator_id", moderators, cascade=True),
    Column("name", Text, nullable=False),
    Column("query", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
)
Index("uq_views_name", views.c.moderator_id, views.c.name, unique=True)
