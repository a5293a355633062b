"""Index words in the normal form of texts, and close what was left open about comments that are gone."""

from __future__ import annotations

import json
import time

import sqlalchemy as sa
from alembic import op

from service.domain.text import terms
from service.storage.searching import vector

revision = "0015"
down_revision = "0014"

BATCH = 1_000
GONE = "comment_pk IN (SELECT pk FROM comments WHERE status IN ('withdrawn', 'erased'))"


def upgrade() -> None:
    """Write the index anew while comments go on coming in; words are as this version's search asks for them."""
    if op.get_context().dialect.name != "postgresql":
        op.execute("DROP TRIGGER words_follow")
        op.execute("DROP TABLE words")
        op.execute(
            "CREATE VIRTUAL TABLE words USING fts5(text,"
            " tokenize = \"unicode61 remove_diacritics 0 categories 'L* M* N* Co'\")"
        )
        op.execute(
            "CREATE TRIGGER words_follow AFTER DELETE ON comments"
            " BEGIN DELETE FROM words WHERE rowid = old.pk; END"
        )
        _fill()
        _close()
        return
    with op.get_context().autocommit_block():
        op.execute("SET statement_timeout = 0")  # for the rest of this connection, which serves nothing else
        _fill()
        _close()


def _fill() -> None:
    """Go through the comments in short steps; on PostgreSQL each is a transaction, and a second run changes nothing."""
    connection, last = op.get_bind(), 0
    told = sa.text(
        "SELECT pk, status, author_name, body FROM comments WHERE pk > :last ORDER BY pk LIMIT :batch"
    )
    on_postgresql = connection.dialect.name == "postgresql"
    while rows := connection.execute(told, {"last": last, "batch": BATCH}).all():
        last = rows[-1].pk
        texts = [
            (row.pk, terms(f"{row.author_name} {row.body}"))
            for row in rows
            if row.status not in ("pending", "erased")
        ]
        if on_postgresql:
            found = json.dumps([{"pk": pk, "text": vector(its)} for pk, its in texts])
            connection.execute(sa.text(_ADD), {"rows": found})
        elif texts:
            put = sa.text("INSERT INTO words (rowid, text) VALUES (:pk, :text)")
            connection.execute(put, [{"pk": pk, "text": " ".join(its)} for pk, its in texts])


# joined with the comments, lest one that was removed meanwhile trip over the foreign key
_ADD = (
    "INSERT INTO words (comment_pk, text) SELECT told.pk, CAST(told.text AS tsvector)"
    " FROM json_to_recordset(CAST(:rows AS json)) AS told (pk bigint, text text)"
    " JOIN comments ON comments.pk = told.pk"
    " ON CONFLICT (comment_pk) DO UPDATE SET text = excluded.text"
)


def _close() -> None:
    """What older versions left open when a site withdrew a comment."""
    connection, now = op.get_bind(), {"now": time.time_ns() // 1_000}
    for statement in (
        f"UPDATE matters SET closed_at = :now WHERE closed_at IS NULL AND {GONE}",
        f"UPDATE appeals SET answered_at = :now WHERE answered_at IS NULL AND {GONE}",
    ):
        connection.execute(sa.text(statement), now)
    for table in ("claims", "wave_members"):
        connection.execute(sa.text(f"DELETE FROM {table} WHERE {GONE}"))
