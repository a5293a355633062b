"""The quiet double of the store: the same promises, kept in this process's memory; for tests and trials."""

from service.storage.memory.store import MemoryStore, MemoryTx

__all__ = ["MemoryStore", "MemoryTx"]
