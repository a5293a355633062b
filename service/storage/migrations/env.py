"""Runs migrations on the connection that `service.storage.migrate` hands over; there is no other way in."""

from alembic import context
from sqlalchemy import Connection, event, text

from service.storage.engines import is_autocommit, is_pooled
from service.storage.schema import metadata

WAIT_MILLISECONDS = 120_000


def run(connection: Connection) -> None:
    """Migrate: on SQLite all in one transaction, on PostgreSQL each in its own unless it says otherwise.

    There the locks of one step must not be held through the next: traffic that holds the one table and wants the other
    would meet a migration that holds the other and wants the one.
    """
    on_postgresql = connection.dialect.name == "postgresql"
    if on_postgresql:
        # Building an index CONCURRENTLY, outside a transaction, takes as long as it takes, and nobody waits behind it.
        # Behind a pooler nothing may be set for a session, and outside a transaction no bound was.
        if not is_pooled(connection):
            connection.execute(text("SET statement_timeout = 0"))
            connection.execute(text("SET lock_timeout = 0"))
        connection.commit()
        event.listen(connection.engine, "begin", _hurry)
    else:
        # Left to itself Alembic would commit after each step here, and two starters would take turns within the chain.
        connection.connection.execute(f"PRAGMA busy_timeout = {WAIT_MILLISECONDS}")
        connection.begin()
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=not on_postgresql,
        transaction_per_migration=on_postgresql,
    )
    with context.begin_transaction():
        context.run_migrations()
    if not on_postgresql:
        connection.commit()


def _hurry(connection: Connection) -> None:
    """Let a step inside a transaction wait a second for a lock, and then take its time: traffic waits behind both."""
    if not is_autocommit(connection):
        connection.exec_driver_sql("SET LOCAL lock_timeout = '1s'; SET LOCAL statement_timeout = 0")


run(context.config.attributes["connection"])
