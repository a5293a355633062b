"""The tables of what is done about comments: decisions, deliveries, clusters, cases, claims and erasures."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, LargeBinary, Table, Text, and_

from service.domain.author_status import AuthorStatus
from service.domain.desk import Matter
from service.domain.status import Status
from service.domain.verdict import Action, Who
from service.storage.columns import Choice, Instant, Pk, Word
from service.storage.schema import (
    given_pk,
    key_of,
    metadata,
    moderators,
    own_pk,
    partial,
    reference,
    sites,
    word,
)
from service.storage.schema_comments import comments

decisions = Table(
    "decisions",
    metadata,
    given_pk("pk"),
    reference("comment_pk", comments),
    Column("site_id", Pk, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("action", Choice(Action), nullable=False),
    Column("who_kind", Choice(Who), nullable=False),
    Column("who", Text, nullable=False),
    Column("from_status", Choice(Status), nullable=False),
    Column("to_status", Choice(Status), nullable=False),
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
    key_of("decision_id", decisions),
    Column("text", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
)

labels = Table(
    "labels",
    metadata,
    own_pk(),
    Column("site_id", Pk, nullable=False),
    reference("comment_pk", comments, index=True),
    Column("revision", Integer, nullable=False),
    Column("who_kind", Choice(Who), nullable=False),
    Column("who", Text, nullable=False),
    Column("action", Choice(Action), nullable=False),
    Column("decision_id", Pk),
    Column("created_at", Instant, nullable=False),
    Column("retracted_at", Instant),
)
partial("ix_labels_decision", labels.c.decision_id, where=labels.c.decision_id.is_not(None))

# -- deliveries ----------------------------------------------------------------------------------------------------

deliveries = Table(
    "deliveries",
    metadata,
    own_pk(),
    Column("site_id", Pk, nullable=False),
    reference("comment_pk", comments),
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
    own_pk(),
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

clusters = Table(
    "duplicate_clusters",
    metadata,
    own_pk(),
    reference("site_id", sites),
    Column("entries", LargeBinary, nullable=False),
    Column("begun_at", Instant, nullable=False),
    Column("action", Choice(Action)),
    Column("decided_by", Text),
    Column("stands_until", Instant),
    Column("bulk_decision_id", Pk),
)
is_decided = clusters.c.stands_until.is_not(None)
partial("ix_duplicate_clusters_decided", clusters.c.stands_until, clusters.c.site_id, where=is_decided)
Index("ix_duplicate_clusters_begun", clusters.c.begun_at, clusters.c.pk)
Index("ix_duplicate_clusters_site", clusters.c.site_id)
partial(
    "ix_duplicate_clusters_bulk_decision",
    clusters.c.bulk_decision_id,
    where=clusters.c.bulk_decision_id.is_not(None),
)

cluster_bands = Table(
    "duplicate_cluster_bands",
    metadata,
    given_pk("site_id"),
    given_pk("band"),
    key_of("cluster_id", clusters, cascade=True),
)
Index("ix_duplicate_cluster_bands_cluster", cluster_bands.c.cluster_id)

# apart from the comments, so that accepting and scoring a comment without copies costs nothing
cluster_members = Table(
    "duplicate_cluster_members",
    metadata,
    key_of("comment_pk", comments, cascade=True),
    reference("cluster_id", clusters, cascade=True),
)
Index("ix_duplicate_cluster_members_cluster", cluster_members.c.cluster_id, cluster_members.c.comment_pk)

bulk_decisions = Table(
    "bulk_decisions",
    metadata,
    own_pk(),
    Column("who", Text, nullable=False),
    Column("action", Choice(Action), nullable=False),
    Column("what", Text, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("undone_at", Instant),
)

bulk_members = Table(
    "bulk_decision_members",
    metadata,
    key_of("decision_id", decisions, cascade=True),
    reference("bulk_decision_id", bulk_decisions, cascade=True),
)
Index(
    "ix_bulk_decision_members_bulk_decision",
    bulk_members.c.bulk_decision_id,
    bulk_members.c.decision_id,
)

matters = Table(
    "matters",
    metadata,
    own_pk(),
    Column("kind", Choice(Matter), nullable=False),
    reference("comment_pk", comments, cascade=True),
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
    key_of("comment_pk", comments, cascade=True),
    reference("moderator_id", moderators, cascade=True, index=True),
    Column("until", Instant, nullable=False),
)

reports = Table(
    "reports",
    metadata,
    key_of("comment_pk", comments, cascade=True),
    Column("by", Text, primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("reason", Text),
    Column("created_at", Instant, nullable=False),
)

appeals = Table(
    "appeals",
    metadata,
    own_pk(),
    Column("site_id", Pk, nullable=False),
    reference("comment_pk", comments, cascade=True, index=True),
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
    own_pk(),
    reference("site_id", sites, cascade=True),
    Column("author_key", Text, nullable=False),
    Column("status", Choice(AuthorStatus), nullable=False),
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
