"""The truth on SQLite or PostgreSQL, and a double of it in memory."""

from service.storage.probing import Probe
from service.storage.store import SchemaError, SqlStore, open_store

__all__ = ["Probe", "SchemaError", "SqlStore", "open_store"]
