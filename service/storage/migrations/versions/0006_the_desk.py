"""Give the desk its tables, its orders of the held comments, and the index of words; fill them from what is there."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

Pk = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Word = sa.String(32)
HELD = sa.text("status = 'held'")
HAS_AUTHOR = sa.text("author_key IS NOT NULL")
IS_OPEN = sa.text("closed_at IS NULL")
INDEXES: dict[str, tuple[list[Any], Any]] = {
    "ix_comments_held_score": ([sa.text("score DESC"), "pk"], HELD),
    "ix_comments_held_doubt": ([sa.text("doubt DESC"), "pk"], HELD),
    "ix_comments_held_site_score": (["site_id", sa.text("score DESC"), "pk"], HELD),
    "ix_comments_held_site_doubt": (["site_id", sa.text("doubt DESC"), "pk"], HELD),
    "ix_comments_held_label_score": (["label", sa.text("score DESC"), "pk"], HELD),
    "ix_comments_held_label": (["label", "pk"], HELD),
    "ix_comments_held_language": (["language", "pk"], HELD),
    "ix_comments_held_article": (["article_pk", "pk"], HELD),
    "ix_comments_by_author": (["site_id", "author_key", "status", "pk"], HAS_AUTHOR),
}
BATCH = 2_000


def upgrade() -> None:
    """Add columns and tables, then the indexes while comments go on coming in, then what old comments put there."""
    for name, kind in (("label", Word), ("score", sa.Double), ("doubt", sa.Double), ("language", Word)):
        op.add_column("comments", sa.Column(name, kind), if_not_exists=_again())
    _tables()
    if op.get_context().dialect.name != "postgresql":
        _words_in_sqlite()
        _fill()
        for name, (columns, where) in INDEXES.items():
            op.create_index(name, "comments", columns, sqlite_where=where)
        op.drop_index("ix_comments_author", "comments")
        return
    op.execute(
        "CREATE TABLE IF NOT EXISTS words ("
        "comment_pk BIGINT PRIMARY KEY REFERENCES comments (pk) ON DELETE CASCADE, text TSVECTOR NOT NULL)"
    )
    op.execute("CREATE INDEX IF NOT EXISTS ix_words_text ON words USING gin (text)")
    with op.get_context().autocommit_block():
        _fill()
        for name, (columns, where) in INDEXES.items():
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")  # half-built by one that was broken off
            op.create_index(name, "comments", columns, postgresql_where=where, postgresql_concurrently=True)
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_comments_author")


def _of_comment(**more: Any) -> sa.Column[Any]:
    return sa.Column(
        "comment_pk",
        Pk,
        sa.ForeignKey("comments.pk", ondelete="CASCADE", name=more.pop("name")),
        nullable=False,
        **more,
    )


def _tables() -> None:
    op.create_table(
        "matters",
        sa.Column("pk", Pk, sa.Identity(), nullable=False),
        sa.Column("kind", Word, nullable=False),
        _of_comment(name="fk_matters_comment_pk"),
        sa.Column("opened_at", sa.BigInteger, nullable=False),
        sa.Column("opened_by", Pk),
        sa.Column("raised", sa.Integer, nullable=False),
        sa.Column("closed_at", sa.BigInteger),
        sa.Column("closed_by", Pk),
        sa.PrimaryKeyConstraint("pk", name="pk_matters"),
        if_not_exists=_again(),
    )
    _index("uq_matters_open", "matters", ["comment_pk", "kind"], IS_OPEN, unique=True)
    _index("ix_matters_lane", "matters", ["kind", "pk"], IS_OPEN)
    _index("ix_matters_opened_by", "matters", ["opened_by"], sa.text("opened_by IS NOT NULL"))
    _index("ix_matters_closed_by", "matters", ["closed_by"], sa.text("closed_by IS NOT NULL"))
    op.create_table(
        "claims",
        _of_comment(name="fk_claims_comment_pk", autoincrement=False),
        _of_moderator("fk_claims_moderator_id"),
        sa.Column("until", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("comment_pk", name="pk_claims"),
        if_not_exists=_again(),
    )
    op.create_index("ix_claims_moderator_id", "claims", ["moderator_id"], if_not_exists=_again())
    op.create_table(
        "reports",
        _of_comment(name="fk_reports_comment_pk", autoincrement=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("comment_pk", "by", name="pk_reports"),
        if_not_exists=_again(),
    )
    op.create_table(
        "appeals",
        sa.Column("pk", Pk, sa.Identity(), nullable=False),
        sa.Column("site_id", Pk, nullable=False),
        _of_comment(name="fk_appeals_comment_pk"),
        sa.Column("decision_id", Pk, nullable=False),
        sa.Column("decided_by", sa.Text),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("opened_at", sa.BigInteger, nullable=False),
        sa.Column("answered_at", sa.BigInteger),
        sa.Column("answered_by", sa.Text),
        sa.Column("answer", sa.Text),
        sa.Column("reversed_by", Pk),
        sa.PrimaryKeyConstraint("pk", name="pk_appeals"),
        sa.UniqueConstraint("decision_id", name="uq_appeals_decision_id"),
        if_not_exists=_again(),
    )
    op.create_index("ix_appeals_comment_pk", "appeals", ["comment_pk"], if_not_exists=_again())
    _index("ix_appeals_open", "appeals", ["pk"], sa.text("answered_at IS NULL"))
    _index("ix_appeals_reversed_by", "appeals", ["reversed_by"], sa.text("reversed_by IS NOT NULL"))
    op.create_table(
        "standings",
        sa.Column("pk", Pk, sa.Identity(), nullable=False),
        sa.Column(
            "site_id",
            Pk,
            sa.ForeignKey("sites.pk", ondelete="CASCADE", name="fk_standings_site_id"),
            nullable=False,
        ),
        sa.Column("author_key", sa.Text, nullable=False),
        sa.Column("standing", Word, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("until", sa.BigInteger),
        sa.Column("ended_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("pk", name="pk_standings"),
        if_not_exists=_again(),
    )
    ended = sa.text("ended_at IS NULL")
    _index("uq_standings_present", "standings", ["site_id", "author_key"], ended, unique=True)
    op.create_index("ix_standings_author", "standings", ["author_key"], if_not_exists=_again())
    op.create_table(
        "views",
        sa.Column("pk", Pk, sa.Identity(), nullable=False),
        _of_moderator("fk_views_moderator_id"),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("query", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("pk", name="pk_views"),
        if_not_exists=_again(),
    )
    op.create_index("uq_views_name", "views", ["moderator_id", "name"], unique=True, if_not_exists=_again())


def _of_moderator(name: str) -> sa.Column[Any]:
    return sa.Column(
        "moderator_id", Pk, sa.ForeignKey("moderators.pk", ondelete="CASCADE", name=name), nullable=False
    )


def _index(name: str, table: str, columns: list[str], where: Any, unique: bool = False) -> None:
    op.create_index(
        name,
        table,
        columns,
        unique=unique,
        sqlite_where=where,
        postgresql_where=where,
        if_not_exists=_again(),
    )


def _again() -> bool | None:
    """Pass over what is there: on PostgreSQL the tables are kept when the process dies while it builds the indexes."""
    return True if op.get_context().dialect.name == "postgresql" else None


def _words_in_sqlite() -> None:
    op.execute("CREATE VIRTUAL TABLE words USING fts5(text, tokenize = 'unicode61 remove_diacritics 0')")
    op.execute(
        "CREATE TRIGGER words_follow AFTER DELETE ON comments"
        " BEGIN DELETE FROM words WHERE rowid = old.pk; END"
    )


def _fill() -> None:
    """Go through the comments in short steps; on PostgreSQL each is a transaction, and a second run changes nothing."""
    connection, last = op.get_bind(), 0
    told = sa.text("SELECT pk, status, verdict FROM comments WHERE pk > :last ORDER BY pk LIMIT :batch")
    put = sa.text(
        "UPDATE comments SET label = :label, score = :score, doubt = :doubt, language = :language WHERE pk = :pk"
    )
    while rows := connection.execute(told, {"last": last, "batch": BATCH}).all():
        first, last = rows[0].pk, rows[-1].pk
        # the queue asks only for what is held; others get theirs with their next verdict
        held = [_led(row.pk, row.verdict) for row in rows if row.status == "held"]
        if held:
            connection.execute(put, held)
        connection.execute(sa.text(_index_words(connection)), {"first": first, "last": last})


def _index_words(connection: sa.Connection) -> str:
    chosen = "FROM comments WHERE pk BETWEEN :first AND :last AND status NOT IN ('pending', 'erased')"
    if connection.dialect.name == "postgresql":
        return (
            "INSERT INTO words (comment_pk, text)"
            f" SELECT pk, to_tsvector('simple', author_name || ' ' || body) {chosen}"
            " ON CONFLICT (comment_pk) DO NOTHING"
        )
    return f"INSERT INTO words (rowid, text) SELECT pk, author_name || ' ' || body {chosen}"


def _led(pk: int, verdict: str | None) -> dict[str, Any]:
    """What the verdict came down to by the rule of this schema's day."""
    told = json.loads(verdict) if verdict else {"reasons": [], "scores": {}, "language": None}
    scores = told["scores"]
    grounds = (label for _, _, label in told["reasons"] if label in scores)
    label = next(grounds, None) or max(scores, key=scores.__getitem__, default=None)
    score = round(scores[label], 6) if label else 0.0
    doubt = round(1 - 2 * abs(score - 0.5), 6) if label else 1.0
    return {"pk": pk, "label": label, "score": score, "doubt": doubt, "language": told["language"]}
