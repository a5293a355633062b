"""Keep the scores of four more labels of what is held, and let every site's policy hold for them."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

OLD = ("toxicity", "severe_toxicity", "obscene", "threat", "insult", "identity_attack", "spam")
CUTS = {"self_harm.hold": 0.3, "sexual.hold": 0.5, "personal_info.hold": 0.5, "refuse.hold": 0.5}
NEW = [term.partition(".")[0] for term in CUTS]
INDEX = "ix_comments_held_scores"
COLUMNS = [
    "pk",
    "status",
    "site_id",
    "label",
    "language",
    "score",
    *(f"score_{label}" for label in (*OLD, *NEW)),
]
HELD = sa.text("status = 'held'")
_SITES = sa.text(
    "SELECT sites.pk, sites.policy_version, policies.terms FROM sites JOIN policies"
    " ON policies.site_id = sites.pk AND policies.version = sites.policy_version"
)
_KEEP = sa.text(
    "INSERT INTO policies (site_id, version, terms) VALUES (:pk, :version, :terms)"
    " ON CONFLICT (site_id, version) DO NOTHING"
)
_USE = sa.text("UPDATE sites SET policy_version = :version WHERE pk = :pk AND policy_version = :before")


def upgrade() -> None:
    """Add the columns, empty: no older model gave these scores. Then the policies, and the index anew."""
    again = (
        True if _on_postgresql() else None
    )  # the columns are kept when the process dies before the index is made
    for label in NEW:
        op.add_column("comments", sa.Column(f"score_{label}", sa.Integer), if_not_exists=again)
    _add_cuts()
    if not _on_postgresql():
        op.drop_index(INDEX, "comments")
        op.create_index(INDEX, "comments", COLUMNS, sqlite_where=HELD)
        return
    with op.get_context().autocommit_block():
        op.execute("SET statement_timeout = 0")  # for the rest of this connection, which serves nothing else
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {INDEX}")
        op.create_index(INDEX, "comments", COLUMNS, postgresql_where=HELD, postgresql_concurrently=True)


def _on_postgresql() -> bool:
    return op.get_context().dialect.name == "postgresql"


def _add_cuts() -> None:
    """Give each site a next version of its policy, unless it has one that knows the labels."""
    connection = op.get_bind()
    for pk, before, terms in connection.execute(_SITES).all():
        told = json.loads(terms)
        if any(term.partition(".")[0] in NEW for term in told):
            continue
        text = json.dumps(told | CUTS, ensure_ascii=False, separators=(",", ":"))
        connection.execute(_KEEP, {"pk": pk, "version": before + 1, "terms": text})
        connection.execute(_USE, {"pk": pk, "version": before + 1, "before": before})
