"""The tables and their indexes. A change here needs a migration beside it and a new HEAD.

Partial indexes carry the speed: each query of a running service (lease, queue page, feed, due deliveries) has an index
that holds only the rows it wants, in the order it wants them, so that it costs the same at any size. Their predicates
are written as literals here and in the queries: neither planner matches a partial index to a bound parameter.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    DDL,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Sequence,
    Table,
    Text,
    UniqueConstraint,
    and_,
    event,
    literal_column,
    or_,
    text,
    true,
)
from sqlalchemy.sql import ColumnElement

from service.domain.verdict import LABELS
from service.storage.columns import Instant, Json, Pk, Secrets, Word

HEAD = "0100"
"""The migration that this code needs; a test holds it against the newest one."""
KEPT_FOR_GOOD = "import-"
"""How the idempotency keys of imported lines begin, so that an old archive can be run again at any time.

Those that callers give are digests and never begin so."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

decision_ids = Sequence("decision_ids", metadata=metadata)
"""Gives decisions their ids on PostgreSQL, where a counter row would make all settling wait for one commit."""


def word(value: str) -> ColumnElement[str]:
    """Return one of the service's own words as an SQL literal. Raises ValueError for anything else."""
    if not (value.isascii() and value.replace("_", "").isalpha()):
        raise ValueError("is no word")
    return literal_column(f"'{value}'", Word)


def partial(
    name: str, *columns: ColumnElement[Any], where: ColumnElement[bool], unique: bool = False
) -> Index:
    """Make an index that holds only the rows of `where`."""
    return Index(name, *columns, unique=unique, sqlite_where=where, postgresql_where=where)


# -- sites ---------------------------------------------------------------------------------------------------------

sites = Table(
    "sites",
    metadata,
    Column("pk", Pk, Identity(), primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("url", Text, nullable=False),
    Column("title", Text),
    Column("policy_version", Integer, nullable=False),
    Column("callback_url", Text),
    Column("callback_disabled", Text),
    Column("email_required", Boolean, nullable=False),
    Column("address_mode", Word, nullable=False),
    Column("contact_public_key", Text),
    Column("webhook_secrets", Secrets, nullable=False),
    Column("inbound_secrets", Secrets, nullable=False),
    Column("region", Text),
    Column("created_at", Instant),
    Column("options", Text),
)

policies = Table(
    "policies",
    metadata,
    Column("site_id", Pk, ForeignKey(sites.c.pk), primary_key=True, autoincrement=False),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("terms", Text, nullable=False),
)

# narrow, so that taking a decision's number does not rewrite the site's row
site_counters = Table(
    "site_counters",
    metadata,
    Column("site_id", Pk, ForeignKey(sites.c.pk), primary_key=True, autoincrement=False),
    Column("seq", Pk, nullable=False),
)

# counters, on a store without sequences
numbers = Table(
    "numbers",
    metadata,
    Column("name", Word, primary_key=True),
    Column("value", Pk, nullable=False),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("fingerprint", Text, primary_key=True),
    Column("site_id", Pk, ForeignKey(sites.c.pk), nullable=False, index=True),
    Column("kind", Word, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant),
)

# -- comments ------------------------------------------------------------------------------------------------------

articles = Table(
    "articles",
    metadata,
    Column("pk", Pk, Identity(), primary_key=True),
    Column("site_id", Pk, ForeignKey(sites.c.pk), nullable=False),
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
    UniqueConstraint("site_id", "url"),
)
Index("uq_articles_site_id_url_key", articles.c.site_id, articles.c.url_key, unique=True)
partial("ix_articles_moved", articles.c.moved_to, where=articles.c.moved_to.is_not(None))

comments = Table(
    "comments",
    metadata,
    Column("pk", Pk, Identity(), primary_key=True),
    Column("site_id", Pk, nullable=False),
    Column("id", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("status", Word, nullable=False),
    Column("live", Boolean, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("lease_until", Instant),
    Column("article_pk", Pk, ForeignKey(articles.c.pk), nullable=False),
    Column("parent_id", Text),
    Column("author_name", Text, nullable=False),
    Column("website", Text),
    Column("body", Text, nullable=False),
    Column("submitted_at", Instant, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("content_hash", Text, nullable=False),
    Column("source", Word, nullable=False),
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
_VACUUM_OFTEN = DDL("ALTER TABLE comments SET (autovacuum_vacuum_scale_factor = 0.02)")  # type: ignore[no-untyped-call]
# an index answers alone only for pages that were vacuumed, and a fifth of a great table is long in coming
event.listen(comments, "after_create", _VACUUM_OFTEN.execute_if(dialect="postgresql"))
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
    Column("comment_pk", Pk, ForeignKey(comments.c.pk), primary_key=True, autoincrement=False),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("author_name", Text, nullable=False),
    Column("website", Text),
    Column("body", Text, nullable=False),
    Column("submitted_at", Instant, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("content_hash", Text, nullable=False),
    Column("source", Word, nullable=False),
    Column("author_key", Text),
    Column("verdict", Text),
)
partial("ix_revisions_author", revisions.c.author_key, where=revisions.c.author_key.is_not(None))

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("site_id", Pk, primary_key=True, autoincrement=False),
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
    Column("comment_pk", Pk, ForeignKey(comments.c.pk), primary_key=True, autoincrement=False),
    Column("box", LargeBinary, nullable=False),
)

originals = Table(
    "originals",
    metadata,
    Column("comment_pk", Pk, ForeignKey(comments.c.pk), primary_key=True, autoincrement=False),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("field", Text, primary_key=True),
    Column("ciphertext", LargeBinary, nullable=False),
)

# one row: the effort with which every worker scores now
scoring_state = Table(
    "scoring_state",
    metadata,
    Column("name", Word, primary_key=True),
    Column("effort", Word, nullable=False),
    Column("since", Instant, nullable=False),
)

# -- decisions -----------------------------------------------------------------------------------------------------

decisions = Table(
    "decisions",
    metadata,
    Column("pk", Pk, primary_key=True, autoincrement=False),
    Column("comment_pk", Pk, ForeignKey(comments.c.pk), nullable=False),
    Column("site_id", Pk, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("action", Word, nullable=False),
    Column("who_kind", Word, nullable=False),
    Column("who", Text, nullable=False),
    Column("from_status", Word, nullable=False),
    Column("to_status", Word, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("effective_at", Instant, nullable=False),
    Column("reason", Text),
    Column("seq", Pk),
    Column("replaces", Pk),
    Column("previous", Pk),
    Column("undone_at", Instant),
    Column("from_published", Integer),
)

is_numbered = decisions.c.seq.is_not(None)
awaits_publication = and_(decisions.c.seq.is_(None), decisions.c.undone_at.is_(None))
is_by_moderator = and_(decisions.c.who_kind == word("moderator"), decisions.c.undone_at.is_(None))

partial("ix_decisions_feed", decisions.c.site_id, decisions.c.seq, where=is_numbered, unique=True)
partial("ix_decisions_unpublished", decisions.c.effective_at, decisions.c.pk, where=awaits_publication)
partial("ix_decisions_lately", decisions.c.pk, where=is_by_moderator)
Index("ix_decisions_comment", decisions.c.comment_pk, decisions.c.pk)

# apart from the decisions, so that a note can be erased alone
notes = Table(
    "notes",
    metadata,
    Column("decision_id", Pk, ForeignKey(decisions.c.pk), primary_key=True, autoincrement=False),
    Column("text", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
)

labels = Table(
    "labels",
    metadata,
    Column("pk", Pk, Identity(), primary_key=True),
    Column("site_id", Pk, nullable=False),
    Column("comment_pk", Pk, ForeignKey(comments.c.pk), nullable=False, index=True),
    Column("revision", Integer, nullable=False),
    Column("who_kind", Word, nullable=False),
    Column("who", Text, nullable=False),
    Column("action", Word, nullable=False),
    Column("decision_id", Pk),
    Column("created_at", Instant, nullable=False),
    Column("retracted_at", Instant),
)
partial("ix_labels_decision", labels.c.decision_id, where=labels.c.decision_id.is_not(None))

# -- deliveries ----------------------------------------------------------------------------------------------------

deliveries = Table(
    "deliveries",
    metadata,
    Column("pk", Pk, Identity(), primary_key=True),
    Column("site_id", Pk, nullable=False),
    Column("comment_pk", Pk, ForeignKey(comments.c.pk), nullable=False),
    Column("decision_id", Pk, nullable=False),
    Column("webhook_id", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("state", Word, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_attempt_at", Instant, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("last_outcome", Text),
    Column("delivered_at", Instant),
    sqlite_autoincrement=True,
)

is_waiting = deliveries.c.state == word("waiting")
is_dead = deliveries.c.state == word("dead")

partial(
    "ix_deliveries_due", deliveries.c.site_id, deliveries.c.next_attempt_at, deliveries.c.pk, where=is_waiting
)
partial("ix_deliveries_outstanding", deliveries.c.comment_pk, deliveries.c.pk, where=is_waiting)
partial("ix_deliveries_dead", deliveries.c.site_id, deliveries.c.pk, where=is_dead)

# -- erasures ------------------------------------------------------------------------------------------------------

# what was handed out, and whether the files have been cleared since; nothing of the person
erasures = Table(
    "erasures",
    metadata,
    Column("pk", Pk, Identity(), primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("site_id", Pk, nullable=False),
    Column("requested_by", Word, nullable=False),
    Column("comments", Integer, nullable=False),
    Column("receipt", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("purged_at", Instant),
)
is_unpurged = erasures.c.purged_at.is_(None)
partial("ix_erasures_unpurged", erasures.c.created_at, where=is_unpurged)

# -- people --------------------------------------------------------------------------------------------------------

moderators = Table(
    "moderators",
    metadata,
    Column("pk", Pk, Identity(), primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("role", Word, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
)

sign_ins = Table(
    "sign_ins",
    metadata,
    Column("token_hash", Text, primary_key=True),
    Column("moderator_id", Pk, ForeignKey(moderators.c.pk), nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("used_at", Instant),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", Text, primary_key=True),
    Column("moderator_id", Pk, ForeignKey(moderators.c.pk), nullable=False),
    Column("expires_at", Instant, nullable=False),
)

acts = Table(
    "acts",
    metadata,
    Column("pk", Pk, Identity(), primary_key=True),
    Column("who", Text, nullable=False),
    Column("act", Word, nullable=False),
    Column("subject", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("number", Pk),
    Column("salt", Text),
    Column("digest", Text),
    Column("link", Text),
    Column("tag", Text),
    Column("key_version", Integer),
    Column("adopted", Boolean),
)
is_outside = acts.c.number.is_(None)
Index("ix_acts_number", acts.c.number, unique=True)
partial("ix_acts_outside", acts.c.pk, where=is_outside)

# the end of the chain, apart from its links; writers queue at this row
act_heads = Table(
    "act_heads",
    metadata,
    Column("name", Word, primary_key=True),
    Column("number", Pk, nullable=False),
    Column("link", Text, nullable=False),
    Column("tag", Text, nullable=False),
    Column("key_version", Integer, nullable=False),
)

# by keyed hash of the network: no IP lies here
sign_in_failures = Table(
    "sign_in_failures",
    metadata,
    Column("network", Text, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("since", Instant, nullable=False),
)

# where each site's alarm stands, and what of it is still to be told
alarms = Table(
    "alarms",
    metadata,
    Column("site_id", Pk, ForeignKey(sites.c.pk), primary_key=True, autoincrement=False),
    Column("raised", Boolean, nullable=False),
    Column("serial", Integer, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_attempt_at", Instant),
)
