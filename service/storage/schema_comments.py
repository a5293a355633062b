"""The tables of articles and comments: their texts, keys, sealed boxes, originals and words."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    and_,
    literal_column,
    or_,
    text,
    true,
)

from service.domain.comment import Source
from service.domain.status import Status
from service.domain.verdict import LABELS, Effort
from service.storage.columns import Choice, Instant, Json, Pk, Word
from service.storage.schema import (
    KEPT_FOR_GOOD,
    given_pk,
    key_of,
    metadata,
    own_pk,
    partial,
    reference,
    sites,
    word,
)

articles = Table(
    "articles",
    metadata,
    own_pk(),
    reference("site_id", sites),
    Column("url", Text, nullable=False),
    Column("title", Text),
    Column("published_at", Instant),
    # what spellings of the address share; NULL only while the keys of a site are made anew
    Column("url_key", Text),
    # the article that this address leads to since its thread was moved there; no comment stands here
    Column("moved_to", Pk),
    # what was imported under it is not shown to readers
    Column("private", Boolean, nullable=False, server_default=text("false")),
    # a digest of what an import said of it last, so that the same file again changes nothing
    Column("import_word", Text),
    # when the newest export of it was made, so that an older one changes nothing
    Column("exported_at", Instant),
    UniqueConstraint("site_id", "url"),
)
Index("uq_articles_site_id_url_key", articles.c.site_id, articles.c.url_key, unique=True)
partial("ix_articles_moved", articles.c.moved_to, where=articles.c.moved_to.is_not(None))

comments = Table(
    "comments",
    metadata,
    own_pk(),
    Column("site_id", Pk, nullable=False),
    Column("id", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("status", Choice(Status), nullable=False),
    Column("live", Boolean, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("lease_until", Instant),
    reference("article_pk", articles),
    Column("parent_id", Text),
    Column("author_name", Text, nullable=False),
    Column("website", Text),
    Column("body", Text, nullable=False),
    Column("submitted_at", Instant, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("content_hash", Text, nullable=False),
    Column("source", Choice(Source), nullable=False),
    Column("author_key", Text),
    Column("ip", Text),
    Column("user_agent", Text),
    Column("referrer", Text),
    Column("signals", Json),
    Column("decided_at", Instant),
    Column("decision_id", Pk),
    Column("published_revision", Integer),
    Column("rescore", Boolean),
    Column("verdict", Text),
    # what the verdict comes down to, so that a queue of any length is sorted and filtered by index
    Column("label", Word),
    Column("score", Double),
    Column("doubt", Double),
    Column("language", Word),
    # every score in millionths, and only while the comment is held: what ranges are counted by
    *(Column(f"score_{label}", Integer) for label in LABELS),
    UniqueConstraint("site_id", "id"),
    sqlite_autoincrement=True,
)
LABEL_SCORES = {label: comments.c[f"score_{label}"] for label in LABELS}

is_pending = comments.c.status == word("pending")
is_held = comments.c.status == word("held")
is_fresh = and_(is_pending, comments.c.attempts == literal_column("0"))
is_tried = and_(is_pending, comments.c.attempts > literal_column("0"))
is_live_pending = and_(is_pending, comments.c.live == true())
is_to_rescore = and_(
    comments.c.rescore == true(),
    comments.c.status.in_([word("approved"), word("rejected"), word("spam"), word("held")]),
)
is_rescore_fresh = and_(is_to_rescore, comments.c.attempts == literal_column("0"))
is_rescore_tried = and_(is_to_rescore, comments.c.attempts > literal_column("0"))
is_published = comments.c.published_revision.is_not(None)
has_author = comments.c.author_key.is_not(None)

partial("ix_comments_turn", comments.c.live.desc(), comments.c.site_id, comments.c.pk, where=is_fresh)
partial("ix_comments_tried", comments.c.live.desc(), comments.c.lease_until, where=is_tried)
partial(
    "ix_comments_rescore", comments.c.live.desc(), comments.c.site_id, comments.c.pk, where=is_rescore_fresh
)
partial("ix_comments_rescore_tried", comments.c.live.desc(), comments.c.lease_until, where=is_rescore_tried)
partial(
    "ix_comments_waiting", comments.c.site_id, comments.c.received_at, comments.c.pk, where=is_live_pending
)
partial("ix_comments_held", comments.c.pk, where=is_held)
for _name, _columns in {
    "score": (comments.c.score.desc(), comments.c.pk),
    "doubt": (comments.c.doubt.desc(), comments.c.pk),
    "site_score": (comments.c.site_id, comments.c.score.desc(), comments.c.pk),
    "site_doubt": (comments.c.site_id, comments.c.doubt.desc(), comments.c.pk),
    "label_score": (comments.c.label, comments.c.score.desc(), comments.c.pk),
    "label": (comments.c.label, comments.c.pk),
    "language": (comments.c.language, comments.c.pk),
    "article": (comments.c.article_pk, comments.c.pk),
    # decisions are numbered as they are made, so the lowest that stands says since when a site's oldest is held
    "since": (comments.c.site_id, comments.c.decision_id),
    # wide enough that a histogram and a draw read this alone; SQLite wants even the status in it
    "scores": (
        comments.c.pk,
        comments.c.status,
        comments.c.site_id,
        comments.c.label,
        comments.c.language,
        comments.c.score,
        *LABEL_SCORES.values(),
    ),
}.items():
    partial(f"ix_comments_held_{_name}", *_columns, where=is_held)
partial(
    "ix_comments_published_thread",
    comments.c.article_pk,
    comments.c.submitted_at,
    comments.c.pk,
    where=is_published,
)
partial(
    "ix_comments_by_author",
    comments.c.site_id,
    comments.c.author_key,
    comments.c.status,
    comments.c.pk,
    comments.c.submitted_at,  # so that an author's history is read from the index alone
    comments.c.received_at,
    where=has_author,
)
# what retention looks for; both indexes hold only what is still to go
is_expiring = comments.c.status.in_([word("rejected"), word("spam"), word("withdrawn")])
is_of_client = or_(
    comments.c.ip.is_not(None), comments.c.user_agent.is_not(None), comments.c.referrer.is_not(None)
)
partial(
    "ix_comments_expiring",
    comments.c.site_id,
    comments.c.status,
    comments.c.received_at,
    where=is_expiring,
)
partial("ix_comments_client", comments.c.site_id, comments.c.received_at, where=is_of_client)
Index("ix_comments_site", comments.c.site_id, comments.c.status, comments.c.pk)
Index("ix_comments_article", comments.c.article_pk, comments.c.pk)
Index("ix_comments_thread", comments.c.article_pk, comments.c.submitted_at, comments.c.pk)

# superseded texts alone: the current one is in comments, so that accepting stays one insert
revisions = Table(
    "revisions",
    metadata,
    key_of("comment_pk", comments),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("author_name", Text, nullable=False),
    Column("website", Text),
    Column("body", Text, nullable=False),
    Column("submitted_at", Instant, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("content_hash", Text, nullable=False),
    Column("source", Choice(Source), nullable=False),
    Column("author_key", Text),
    Column("verdict", Text),
)
partial("ix_revisions_author", revisions.c.author_key, where=revisions.c.author_key.is_not(None))

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    given_pk("site_id"),
    Column("key", Text, primary_key=True),
    Column("comment_pk", Pk, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("request_hash", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
)
_beginning = literal_column(f"substr(key, 1, {len(KEPT_FOR_GOOD)})", Text)
is_passing = _beginning != literal_column(f"'{KEPT_FOR_GOOD}'", Text)
partial("ix_idempotency_keys_passing", idempotency_keys.c.created_at, where=is_passing)

# sealed boxes, which no process of ours can open
contacts = Table(
    "contacts",
    metadata,
    key_of("comment_pk", comments),
    Column("box", LargeBinary, nullable=False),
)

originals = Table(
    "originals",
    metadata,
    key_of("comment_pk", comments),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("field", Text, primary_key=True),
    Column("ciphertext", LargeBinary, nullable=False),
)

# one row: the effort with which every worker scores now
scoring_state = Table(
    "scoring_state",
    metadata,
    Column("name", Word, primary_key=True),
    Column("effort", Choice(Effort), nullable=False),
    Column("since", Instant, nullable=False),
)

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
