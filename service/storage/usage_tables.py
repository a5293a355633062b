"""The table of what the compatibility APIs were asked."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Table, Text

from service.storage.columns import Pk, Word
from service.storage.schema import metadata, sites

compat_usage = Table(
    "compat_usage",
    metadata,
    Column("site_id", Pk, ForeignKey(sites.c.pk, ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("month", Text, primary_key=True),
    Column("what", Word, primary_key=True),
    Column("count", BigInteger, nullable=False),
)
