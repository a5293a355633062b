"""The tables of decisions and what follows from them: notes, labels, deliveries and erasures."""

from __future__ import annotations

from sqlalchemy import (
    Column,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    and_,
)

from service.storage.columns import Instant, Pk, Word
from service.storage.comment_tables import comments
from service.storage.schema import metadata, partial, word

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
