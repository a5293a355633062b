"""The truth on SQLite or PostgreSQL, and a double of it in memory."""

from service.storage.probing import Probe, ReadOnlyError
from service.storage.store import SchemaError, SqlStore, open_store

__all__ = ["Probe", "ReadOnlyError", "SchemaError", "SqlStore", "open_store"]
