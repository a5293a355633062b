"""The truth, on SQLite or PostgreSQL."""

from service.storage.probing import Probe, ReadOnlyError
from service.storage.unit_of_work import SchemaError, Store, Tx, open_store

__all__ = ["Probe", "ReadOnlyError", "SchemaError", "Store", "Tx", "open_store"]
