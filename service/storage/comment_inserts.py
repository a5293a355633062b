"""A comment as it arrives: its row, what is known of it without asking again, and PostgreSQL's one statement for it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import (
    Connection,
    Executable,
    LargeBinary,
    Text,
    and_,
    collate,
    func,
    literal_column,
    or_,
    select,
    text,
    true,
)
from sqlalchemy.types import TypeEngine

from service.domain.comment import Article, Comment, Draft, Source
from service.domain.status import Status
from service.storage.articles import KNOWN, article_of
from service.storage.bulk import POSTGRESQL, insert, insert_new, insert_rows, rows_of, rows_text, types_of
from service.storage.columns import Instant
from service.storage.rows import comment_of
from service.storage.schema import word
from service.storage.schema_comments import articles, comments, contacts

Arrival = tuple[int, Draft, datetime]
"""A site's pk, a draft for it, and the moment at which it came."""

_BESIDE: Final[dict[str, TypeEngine[Any]]] = {
    "url_key": Text(),
    "url": Text(),
    "title": Text(),
    "published_at": Instant(),
    "box": LargeBinary(),
}
"""What an arrival holds beside its own row."""
_NEXT_PKS = text("SELECT nextval('comments_pk_seq') FROM generate_series(1, :count)")
_UNIQUE: Final = ("site_id", "id")
_ADD: Final[Executable] = insert_new(comments, _UNIQUE).returning(comments.c.pk, comments.c.id)
_LATER: Final = ("decided_at", "verdict", "decision_id", "published_revision", "rescore")
"""What is NULL of a comment that has just come."""


def insert_comments(connection: Connection, rows: list[dict[str, Any]]) -> dict[str, int]:
    """Insert what is new and return its pks by id.

    On PostgreSQL a batch is inserted in the order of ids, so that two batches with the same ids wait for each other
    and never in a circle; pks taken beforehand keep the caller's order.
    """
    new = _ADD
    given: Any = rows
    if len(rows) > 1 and connection.dialect.name == POSTGRESQL:
        pks = connection.scalars(_NEXT_PKS, {"count": len(rows)}).all()
        rows = [{**row, "pk": pk} for row, pk in zip(rows, sorted(pks), strict=True)]
        rows.sort(key=lambda row: str(row["id"]))
        new, given = _add_batch(tuple(rows[0])), {"rows": rows_text(types_of(comments), rows)}
    return {row.id: row.pk for row in connection.execute(new, given)}


@cache
def _add_batch(names: tuple[str, ...]) -> Executable:
    return insert_rows(comments, names, _UNIQUE).returning(comments.c.pk, comments.c.id)


def added_at_once(connection: Connection, arrivals: Sequence[Arrival]) -> dict[tuple[int, str], Comment]:
    """Insert drafts, distinct by site and id, in a single statement on PostgreSQL and return them by site and id.

    Each round trip costs both sides as much as the insert itself. Left out is whose id exists, and whose article is new
    or is described anew: that takes more than one statement.
    """
    arriving = {(site_id, draft.id): (draft, now) for site_id, draft, now in arrivals}
    rows = [
        {
            **first_row(site_id, draft, now),
            "url_key": draft.article.identity,
            "url": draft.article.url,
            "title": draft.article.title,
            "published_at": draft.article.published_at,
            "box": draft.box,
        }
        for site_id, draft, now in arrivals
    ]
    added: dict[tuple[int, str], Comment] = {}
    given = {"rows": rows_text(types_of(comments) | _BESIDE, rows)}
    for row in connection.execute(_add_at_once(tuple(rows[0])), given).mappings():
        draft, now = arriving[row["site_id"], row["id"]]
        article = article_of(row, "article_")
        added[row["site_id"], row["id"]] = pending(row["pk"], row["site_id"], draft, article, now)
    return added


@cache
def _add_at_once(names: tuple[str, ...]) -> Executable:
    own = [name for name in names if name not in _BESIDE]
    types = {name: comments.c[name].type for name in own} | _BESIDE
    arriving = rows_of("rows", POSTGRESQL, **types | {"box": Text()})
    by_reader = arriving.c.source == word(Source.FORM.value)
    says_nothing_new = and_(
        or_(arriving.c.url == articles.c.url, by_reader),
        *(
            or_(
                arriving.c[name].is_(None),
                arriving.c[name] == articles.c[name],
                and_(by_reader, articles.c[name].is_not(None)),
            )
            for name in ("title", "published_at")
        ),
    )
    # looked up row by row: a join would read the whole table where it is small beside the rows that a list might have
    there = (
        select(*(articles.c[name].label(f"article_{name}") for name in KNOWN))
        .where(articles.c.site_id == arriving.c.site_id, articles.c.url_key == arriving.c.url_key)
        .where(articles.c.moved_to.is_(None), says_nothing_new)
        .limit(literal_column("1"))
        .with_for_update(read=True, key_share=True)  # against one who moves the thread just now
        .lateral("there")
    )
    known = (
        select(*(arriving.c[name] for name in own), arriving.c.box)
        .add_columns(*there.c)
        .join_from(arriving, there, true())
        .cte("known")
    )
    # in the order of ids, as batches are: two that share some wait for each other and never in a circle
    ordered = select(*(known.c[name] for name in own), known.c.article_pk).order_by(
        collate(known.c.id, "C"), known.c.site_id
    )
    added = (
        insert(comments)
        .from_select([*own, "article_pk"], ordered)
        .on_conflict_do_nothing(index_elements=["site_id", "id"])
        .returning(comments.c.pk, comments.c.site_id, comments.c.id)
        .cte("added")
    )
    same = and_(known.c.site_id == added.c.site_id, known.c.id == added.c.id)
    boxes = (
        select(added.c.pk, func.decode(known.c.box, "base64"))
        .join_from(added, known, same)
        .where(known.c.box.is_not(None))
    )
    return (
        select(added.c.pk, added.c.site_id, added.c.id, *(known.c[f"article_{name}"] for name in KNOWN))
        .join_from(added, known, same)
        .add_cte(insert(contacts).from_select(["comment_pk", "box"], boxes).cte("boxed"))
    )


def first_row(site_id: int, draft: Draft, now: datetime) -> dict[str, Any]:
    """Return the row of a new comment, but for its article."""
    return {
        "site_id": site_id,
        "id": draft.id,
        "revision": 1,
        "status": Status.PENDING,
        "attempts": 0,
        **content_of(draft, now),
    }


def content_of(draft: Draft, now: datetime) -> dict[str, Any]:
    """Return the columns that a revision replaces."""
    return {
        "live": draft.live,
        "parent_id": draft.parent_id,
        "author_name": draft.author_name,
        "website": draft.website,
        "body": draft.body,
        "submitted_at": draft.submitted_at,
        "received_at": now,
        "content_hash": draft.content_hash,
        "source": draft.source,
        "author_key": draft.author_key,
        "ip": draft.client.ip,
        "user_agent": draft.client.user_agent,
        "referrer": draft.client.referrer,
        "signals": draft.signals,
    }


def pending(pk: int, site_id: int, draft: Draft, article: Article, now: datetime) -> Comment:
    """Return the comment as it has just been stored, without asking the store again."""
    return comment_of({**dict.fromkeys(_LATER), **first_row(site_id, draft, now), "pk": pk}, article)
