"""A question put to the database over a connection that nothing else uses."""

from __future__ import annotations

import weakref

from service.storage.engines import open_engine
from service.storage.store import refuse_older_schema


class Probe:
    """Asks whether the database answers and has this code's schema; one connection, kept from question to question.

    The house's own pool may be used up by requests that wait, which says nothing of the database.
    """

    def __init__(self, database_url: str) -> None:
        """Raise ValueError for the URL; nothing is connected yet."""
        self._engine = open_engine(database_url)
        weakref.finalize(self, self._engine.dispose)

    def ask(self) -> None:
        """Return when all is well. Raises SchemaError, or what the database or its driver raise."""
        refuse_older_schema(self._engine)
