"""A question put to the database over a connection that nothing else uses."""

from __future__ import annotations

import weakref

from sqlalchemy import text

from service.domain.errors import ReplydeskError
from service.storage.bulk import POSTGRESQL
from service.storage.engines import open_engine
from service.storage.unit_of_work import refuse_older_schema


class ReadOnlyError(ReplydeskError):
    """is read-only: a standby, or set so; nothing can be stored"""


class Probe:
    """Asks whether the database answers and has this code's schema; one connection, kept from question to question.

    The service's own pool may be used up by requests that wait, which says nothing of the database.
    """

    def __init__(self, database_url: str) -> None:
        """Raise ValueError for the URL; nothing is connected yet."""
        self._engine = open_engine(database_url)
        weakref.finalize(self, self._engine.dispose)

    def ask(self) -> None:
        """Return when all is well. Raises SchemaError, ReadOnlyError, or what the database or its driver raise."""
        refuse_older_schema(self._engine)
        if self._engine.dialect.name == POSTGRESQL:
            with self._engine.begin() as connection:
                only_reads = connection.execute(text("SHOW transaction_read_only")).scalar_one()
            if only_reads == "on":
                raise ReadOnlyError()
