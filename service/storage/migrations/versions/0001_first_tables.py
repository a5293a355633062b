"""The first tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

PK = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
WORD = sa.String(32)


def _partial(
    name: str,
    table: str,
    columns: Sequence[Any],
    where: str,
    on_postgresql: str | None = None,
    unique: bool = False,
) -> None:
    op.create_index(
        name,
        table,
        columns,
        unique=unique,
        sqlite_where=sa.text(where),
        postgresql_where=sa.text(on_postgresql or where),
    )


def upgrade() -> None:
    """Make the first tables."""
    if op.get_context().dialect.name == "postgresql":
        op.execute(sa.schema.CreateSequence(sa.Sequence("decision_ids", data_type=sa.BigInteger())))
    op.create_table(
        "acts",
        sa.Column("pk", PK, sa.Identity(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("act", WORD, nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("pk", name="pk_acts"),
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("site_id", PK, autoincrement=False, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("comment_pk", PK, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("request_hash", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "key", name="pk_idempotency_keys"),
    )
    op.create_index("ix_idempotency_keys_created_at", "idempotency_keys", ["created_at"])
    op.create_table(
        "moderators",
        sa.Column("pk", PK, sa.Identity(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", WORD, nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("pk", name="pk_moderators"),
        sa.UniqueConstraint("name", name="uq_moderators_name"),
    )
    op.create_table(
        "numbers",
        sa.Column("name", WORD, nullable=False),
        sa.Column("value", PK, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_numbers"),
    )
    op.create_table(
        "sites",
        sa.Column("pk", PK, sa.Identity(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("policy_version", sa.Integer(), nullable=False),
        sa.Column("callback_url", sa.Text(), nullable=True),
        sa.Column("callback_disabled", sa.Text(), nullable=True),
        sa.Column("email_required", sa.Boolean(), nullable=False),
        sa.Column("address_mode", WORD, nullable=False),
        sa.Column("contact_public_key", sa.Text(), nullable=True),
        sa.Column("webhook_secrets", sa.Text(), nullable=False),
        sa.Column("inbound_secrets", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("pk", name="pk_sites"),
        sa.UniqueConstraint("name", name="uq_sites_name"),
    )
    op.create_table(
        "api_keys",
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("site_id", PK, nullable=False),
        sa.Column("kind", WORD, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["site_id"], ["sites.pk"], name="fk_api_keys_site_id"),
        sa.PrimaryKeyConstraint("fingerprint", name="pk_api_keys"),
    )
    op.create_index("ix_api_keys_site_id", "api_keys", ["site_id"])
    op.create_table(
        "articles",
        sa.Column("pk", PK, sa.Identity(), nullable=False),
        sa.Column("site_id", PK, nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("published_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["site_id"], ["sites.pk"], name="fk_articles_site_id"),
        sa.PrimaryKeyConstraint("pk", name="pk_articles"),
        sa.UniqueConstraint("site_id", "url", name="uq_articles_site_id_url"),
    )
    op.create_table(
        "policies",
        sa.Column("site_id", PK, autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("terms", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["sites.pk"], name="fk_policies_site_id"),
        sa.PrimaryKeyConstraint("site_id", "version", name="pk_policies"),
    )
    op.create_table(
        "sessions",
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("moderator_id", PK, nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["moderator_id"], ["moderators.pk"], name="fk_sessions_moderator_id"),
        sa.PrimaryKeyConstraint("token_hash", name="pk_sessions"),
    )
    op.create_table(
        "sign_ins",
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("moderator_id", PK, nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["moderator_id"], ["moderators.pk"], name="fk_sign_ins_moderator_id"),
        sa.PrimaryKeyConstraint("token_hash", name="pk_sign_ins"),
    )
    op.create_table(
        "site_counters",
        sa.Column("site_id", PK, autoincrement=False, nullable=False),
        sa.Column("seq", PK, nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["sites.pk"], name="fk_site_counters_site_id"),
        sa.PrimaryKeyConstraint("site_id", name="pk_site_counters"),
    )
    op.create_table(
        "comments",
        sa.Column("pk", PK, sa.Identity(), nullable=False),
        sa.Column("site_id", PK, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("status", WORD, nullable=False),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.Column("article_pk", PK, nullable=False),
        sa.Column("parent_id", sa.Text(), nullable=True),
        sa.Column("author_name", sa.Text(), nullable=False),
        sa.Column("website", sa.Text(), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("submitted_at", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("source", WORD, nullable=False),
        sa.Column("author_key", sa.Text(), nullable=True),
        sa.Column("ip", sa.Text(), nullable=True),
        sa.Column("user_agent", sa.Text(), nullable=True),
        sa.Column("referrer", sa.Text(), nullable=True),
        sa.Column("signals", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("decision_id", PK, nullable=True),
        sa.Column("published_revision", sa.Integer(), nullable=True),
        sa.Column("verdict", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["article_pk"], ["articles.pk"], name="fk_comments_article_pk"),
        sa.PrimaryKeyConstraint("pk", name="pk_comments"),
        sa.UniqueConstraint("site_id", "id", name="uq_comments_site_id_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_comments_article", "comments", ["article_pk", "pk"])
    _partial("ix_comments_author", "comments", ["site_id", "author_key", "status"], "author_key IS NOT NULL")
    _partial(
        "ix_comments_fresh", "comments", [sa.text("live DESC"), "pk"], "status = 'pending' AND attempts = 0"
    )
    _partial("ix_comments_held", "comments", ["pk"], "status = 'held'")
    _partial("ix_comments_published", "comments", ["article_pk", "pk"], "published_revision IS NOT NULL")
    op.create_index("ix_comments_site", "comments", ["site_id", "status", "pk"])
    _partial(
        "ix_comments_tried",
        "comments",
        [sa.text("live DESC"), "lease_until"],
        "status = 'pending' AND attempts > 0",
    )
    _partial(
        "ix_comments_waiting",
        "comments",
        ["site_id", "received_at", "pk"],
        "status = 'pending' AND live = 1",
        "status = 'pending' AND live = true",
    )
    op.create_table(
        "contacts",
        sa.Column("comment_pk", PK, autoincrement=False, nullable=False),
        sa.Column("box", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["comment_pk"], ["comments.pk"], name="fk_contacts_comment_pk"),
        sa.PrimaryKeyConstraint("comment_pk", name="pk_contacts"),
    )
    op.create_table(
        "decisions",
        sa.Column("pk", PK, autoincrement=False, nullable=False),
        sa.Column("comment_pk", PK, nullable=False),
        sa.Column("site_id", PK, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("action", WORD, nullable=False),
        sa.Column("who_kind", WORD, nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("from_status", WORD, nullable=False),
        sa.Column("to_status", WORD, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("effective_at", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("seq", PK, nullable=True),
        sa.Column("replaces", PK, nullable=True),
        sa.Column("previous", PK, nullable=True),
        sa.Column("undone_at", sa.BigInteger(), nullable=True),
        sa.Column("from_published", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["comment_pk"], ["comments.pk"], name="fk_decisions_comment_pk"),
        sa.PrimaryKeyConstraint("pk", name="pk_decisions"),
    )
    op.create_index("ix_decisions_comment", "decisions", ["comment_pk", "pk"])
    _partial(
        "ix_decisions_unpublished", "decisions", ["effective_at", "pk"], "seq IS NULL AND undone_at IS NULL"
    )
    _partial("ix_decisions_feed", "decisions", ["site_id", "seq"], "seq IS NOT NULL", unique=True)
    _partial("ix_decisions_lately", "decisions", ["pk"], "who_kind = 'moderator' AND undone_at IS NULL")
    op.create_table(
        "deliveries",
        sa.Column("pk", PK, sa.Identity(), nullable=False),
        sa.Column("site_id", PK, nullable=False),
        sa.Column("comment_pk", PK, nullable=False),
        sa.Column("decision_id", PK, nullable=False),
        sa.Column("webhook_id", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("last_outcome", sa.Text(), nullable=True),
        sa.Column("delivered_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["comment_pk"], ["comments.pk"], name="fk_deliveries_comment_pk"),
        sa.PrimaryKeyConstraint("pk", name="pk_deliveries"),
        sqlite_autoincrement=True,
    )
    _partial("ix_deliveries_dead", "deliveries", ["site_id", "pk"], "state = 'dead'")
    _partial("ix_deliveries_due", "deliveries", ["site_id", "next_attempt_at", "pk"], "state = 'waiting'")
    _partial("ix_deliveries_outstanding", "deliveries", ["comment_pk", "pk"], "state = 'waiting'")
    op.create_table(
        "labels",
        sa.Column("pk", PK, sa.Identity(), nullable=False),
        sa.Column("site_id", PK, nullable=False),
        sa.Column("comment_pk", PK, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("who_kind", WORD, nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("action", WORD, nullable=False),
        sa.Column("decision_id", PK, nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("retracted_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["comment_pk"], ["comments.pk"], name="fk_labels_comment_pk"),
        sa.PrimaryKeyConstraint("pk", name="pk_labels"),
    )
    op.create_index("ix_labels_comment_pk", "labels", ["comment_pk"])
    _partial("ix_labels_decision", "labels", ["decision_id"], "decision_id IS NOT NULL")
    op.create_table(
        "originals",
        sa.Column("comment_pk", PK, autoincrement=False, nullable=False),
        sa.Column("revision", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("ciphertext", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["comment_pk"], ["comments.pk"], name="fk_originals_comment_pk"),
        sa.PrimaryKeyConstraint("comment_pk", "revision", "field", name="pk_originals"),
    )
    op.create_table(
        "revisions",
        sa.Column("comment_pk", PK, autoincrement=False, nullable=False),
        sa.Column("revision", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("author_name", sa.Text(), nullable=False),
        sa.Column("website", sa.Text(), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("submitted_at", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("source", WORD, nullable=False),
        sa.Column("author_key", sa.Text(), nullable=True),
        sa.Column("verdict", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["comment_pk"], ["comments.pk"], name="fk_revisions_comment_pk"),
        sa.PrimaryKeyConstraint("comment_pk", "revision", name="pk_revisions"),
    )
    _partial("ix_revisions_author", "revisions", ["author_key"], "author_key IS NOT NULL")
    op.create_table(
        "notes",
        sa.Column("decision_id", PK, autoincrement=False, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["decision_id"], ["decisions.pk"], name="fk_notes_decision_id"),
        sa.PrimaryKeyConstraint("decision_id", name="pk_notes"),
    )
