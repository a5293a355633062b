"""What the audit can look through in PostgreSQL, and what it cannot."""

import psycopg

from service import config
from service.leak_audit import database_places, places


def test_a_log_that_was_written_over_is_said_to_be_out_of_reach(clean_postgres_url, tmp_path):
    known = config.load({"REPLYDESK_DATABASE_URL": clean_postgres_url, "REPLYDESK_HOME": str(tmp_path)})
    since = database_places.log_position(known)
    with psycopg.connect(clean_postgres_url, autocommit=True) as connection:
        connection.execute("SELECT pg_logical_emit_message(true, 'leak', 'said')")
        connection.execute("SELECT pg_switch_wal()")
        connection.execute("CHECKPOINT")
    found = database_places.database(known, tmp_path, since)
    missed = [one.place for one in found if isinstance(one, places.OutOfReach)]
    assert missed == ["PostgreSQL's write-ahead log"]
