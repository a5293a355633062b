"""The desk's own tables: claims, matters, reports, appeals, authors' statuses, saved views, and the index of words."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Identity, Index, Integer, Table, Text

from service.storage.columns import Instant, Pk, Word
from service.storage.comment_tables import comments
from service.storage.people_tables import moderators
from service.storage.schema import metadata, partial, sites

matters = Table(
    "matters",
    metadata,
    Column("pk", Pk, Identity(), primary_key=True),
    Column("kind", Word, nullable=False),
    Column("comment_pk", Pk, ForeignKey(comments.c.pk, ondelete="CASCADE"), nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("opened_by", Pk),
    Column("raised", Integer, nullable=False),
    Column("closed_at", Instant),
    Column("closed_by", Pk),
)
is_open = matters.c.closed_at.is_(None)
partial("uq_matters_open", matters.c.comment_pk, matters.c.kind, where=is_open, unique=True)
partial("ix_matters_queue", matters.c.kind, matters.c.pk, where=is_open)
partial("ix_matters_opened_by", matters.c.opened_by, where=matters.c.opened_by.is_not(None))
partial("ix_matters_closed_by", matters.c.closed_by, where=matters.c.closed_by.is_not(None))

claims = Table(
    "claims",
    metadata,
    Column(
        "comment_pk",
        Pk,
        ForeignKey(comments.c.pk, ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("moderator_id", Pk, ForeignKey(moderators.c.pk, ondelete="CASCADE"), nullable=False, index=True),
    Column("until", Instant, nullable=False),
)

reports = Table(
    "reports",
    metadata,
    Column(
        "comment_pk",
        Pk,
        ForeignKey(comments.c.pk, ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("by", Text, primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("reason", Text),
    Column("created_at", Instant, nullable=False),
)

appeals = Table(
    "appeals",
    metadata,
    Column("pk", Pk, Identity(), primary_key=True),
    Column("site_id", Pk, nullable=False),
    Column("comment_pk", Pk, ForeignKey(comments.c.pk, ondelete="CASCADE"), nullable=False, index=True),
    Column("decision_id", Pk, nullable=False, unique=True),
    Column("decided_by", Text),
    Column("text", Text, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("answered_at", Instant),
    Column("answered_by", Text),
    Column("answer", Text),
    Column("reversed_by", Pk),
)
is_unanswered = appeals.c.answered_at.is_(None)
partial("ix_appeals_open", appeals.c.pk, where=is_unanswered)
partial("ix_appeals_reversed_by", appeals.c.reversed_by, where=appeals.c.reversed_by.is_not(None))

author_statuses = Table(
    "author_statuses",
    metadata,
    Column("pk", Pk, Identity(), primary_key=True),
    Column("site_id", Pk, ForeignKey(sites.c.pk, ondelete="CASCADE"), nullable=False),
    Column("author_key", Text, nullable=False),
    Column("status", Word, nullable=False),
    Column("reason", Text),
    Column("who", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("until", Instant),
    Column("ended_at", Instant),
)
is_present = author_statuses.c.ended_at.is_(None)
partial(
    "uq_author_statuses_present",
    author_statuses.c.site_id,
    author_statuses.c.author_key,
    where=is_present,
    unique=True,
)
Index("ix_author_statuses_author", author_statuses.c.author_key)

views = Table(
    "views",
    metadata,
    Column("pk", Pk, Identity(), primary_key=True),
    Column("moderator_id", Pk, ForeignKey(moderators.c.pk, ondelete="CASCADE"), nullable=False),
    Column("name", Text, nullable=False),
    Column("query", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
)
Index("uq_views_name", views.c.moderator_id, views.c.name, unique=True)

# No table of `metadata`: each database keeps words in its own way. Words lie apart from the comments, so that taking
# a comment in and leasing it touches none of them.
_WORDS_TABLE = """CREATE TABLE words (
    comment_pk BIGINT PRIMARY KEY REFERENCES comments (pk) ON DELETE CASCADE, text TSVECTOR NOT NULL
)"""
_WORDS_LITE = """CREATE VIRTUAL TABLE words USING fts5(
    text, tokenize = "unicode61 remove_diacritics 0 categories 'L* M* N* Co'"
)"""
WORDS = {
    "sqlite": (
        _WORDS_LITE,
        "CREATE TRIGGER words_follow AFTER DELETE ON comments BEGIN DELETE FROM words WHERE rowid = old.pk; END",
    ),
    "postgresql": (
        _WORDS_TABLE,
        "CREATE INDEX ix_words_text ON words USING gin (text)",
    ),
}
