"""What the audit looks through in PostgreSQL: its log, before a checkpoint gives that away, and then its files."""

import psycopg

from service import config
from service.leak_audit import database_places, places

LEAK = "what was said in passing"


def test_the_log_is_read_before_a_checkpoint_writes_over_it(clean_postgres_url, tmp_path):
    """What stands in a segment of the log that is no longer written to is found: the server may give it away."""
    known = config.load({"REPLYDESK_DATABASE_URL": clean_postgres_url, "REPLYDESK_HOME": str(tmp_path)})
    since = database_places.log_position(known)
    with psycopg.connect(clean_postgres_url, autocommit=True) as connection:
        for _ in range(3):  # one of them may lie over the border of two pages
            connection.execute("SELECT pg_logical_emit_message(true, 'leak', %s)", [LEAK])
            connection.execute("SELECT pg_logical_emit_message(true, 'leak', %s)", ["." * 9000])
        connection.execute("SELECT pg_switch_wal()")
    found = []
    for place in database_places.database(known, tmp_path, since):
        assert isinstance(place, places.Place), place
        read = b"".join(place.chunks())
        found += [place.kind] if LEAK.encode() in read else []
    assert found == ["write-ahead log"]


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
