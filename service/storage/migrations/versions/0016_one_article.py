"""Know an article by a key that spellings of its address share, and read threads by date.

The keys are made by the code, not here: `service.storage.articles` does so after the last step, and again whenever an
older process, while it is being replaced, adds an article without one.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

ARTICLES = {
    "uq_articles_site_id_url_key": (["site_id", "url_key"], None, True),
    "ix_articles_keyless": (["pk"], sa.text("url_key IS NULL"), False),
    "ix_articles_moved": (["moved_to"], sa.text("moved_to IS NOT NULL"), False),
}
PK = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
THREAD = ["article_pk", "submitted_at", "pk"]
COMMENTS = {
    "ix_comments_thread": (THREAD, None, False),
    "ix_comments_published_thread": (THREAD, sa.text("published_revision IS NOT NULL"), False),
}


def upgrade() -> None:
    """Add the columns, then make the indexes while comments go on coming in."""
    again = True if _on_postgresql() else None  # the columns are kept when the process dies behind them
    op.add_column("articles", sa.Column("url_key", sa.Text), if_not_exists=again)
    op.add_column("articles", sa.Column("moved_to", PK), if_not_exists=again)
    op.add_column(
        "articles",
        sa.Column("private", sa.Boolean, nullable=False, server_default=sa.text("false")),
        if_not_exists=again,
    )
    op.add_column("articles", sa.Column("import_word", sa.Text), if_not_exists=again)
    if not _on_postgresql():
        _index()
        op.drop_index("ix_comments_published", "comments")
        return
    with op.get_context().autocommit_block():
        op.execute("SET statement_timeout = 0")  # for the rest of this connection, which serves nothing else
        _index()
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_comments_published")


def _on_postgresql() -> bool:
    return op.get_context().dialect.name == "postgresql"


def _index() -> None:
    for table, indexes in {"articles": ARTICLES, "comments": COMMENTS}.items():
        for name, (columns, where, unique) in indexes.items():
            if not _on_postgresql():
                op.create_index(name, table, columns, unique=unique, sqlite_where=where)
                continue
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")  # half-built by one that was broken off
            op.create_index(
                name, table, columns, unique=unique, postgresql_where=where, postgresql_concurrently=True
            )
