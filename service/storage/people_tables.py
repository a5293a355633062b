"""The tables of moderators, their sign-ins, the log of human acts, and alarms."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Identity,
    Integer,
    LargeBinary,
    Table,
    Text,
)

from service.storage.columns import Instant, Pk, Word
from service.storage.schema import metadata, sites

moderators = Table(
    "moderators",
    metadata,
    Column("pk", Pk, Identity(), primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("role", Word, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
)

sign_ins = Table(
    "sign_ins",
    metadata,
    Column("token_hash", Text, primary_key=True),
    Column("moderator_id", Pk, ForeignKey(moderators.c.pk), nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("used_at", Instant),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", Text, primary_key=True),
    Column("moderator_id", Pk, ForeignKey(moderators.c.pk), nullable=False),
    Column("expires_at", Instant, nullable=False),
)

acts = Table(
    "acts",
    metadata,
    Column("number", Pk, primary_key=True, autoincrement=False),
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
    Column("site_id", Pk, ForeignKey(sites.c.pk), primary_key=True, autoincrement=False),
    Column("raised", Boolean, nullable=False),
    Column("serial", Integer, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_attempt_at", Instant),
)
