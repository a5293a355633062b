"""Runs migrations on the connection that `service.storage.migrate` hands over; there is no other way in."""

from alembic import context
from sqlalchemy import Connection, text

from service.storage.schema import metadata


def run(connection: Connection) -> None:
    """Migrate, all in one transaction unless a migration says otherwise."""
    context.configure(
        connection=connection, target_metadata=metadata, render_as_batch=connection.dialect.name == "sqlite"
    )
    with context.begin_transaction():
        if connection.dialect.name == "postgresql":
            # Building an index takes as long as it takes; waiting for a lock does not, since traffic waits behind it.
            connection.execute(text("SET LOCAL statement_timeout = 0"))
        context.run_migrations()


run(context.config.attributes["connection"])
