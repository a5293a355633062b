"""Search by words: PostgreSQL's full text and SQLite's FTS5, over masked text alone, in a table apart.

Both hold the words in the normal form of `moderation.text`, and both are asked in it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from sqlalchemy import BigInteger, bindparam, column, delete, func, select, text
from sqlalchemy import table as plain_table

from service.domain.comment import Comment
from service.domain.text import terms
from service.storage.bulk import POSTGRESQL
from service.storage.columns import to_json
from service.storage.comment_rows import COMMENTS, joined
from service.storage.repository import Repository
from service.storage.schema import word
from service.storage.schema_comments import comments
from service.storage.schema_moderation import appeals, reports

WINDOWS: Final = {"sqlite": (20_000, 400_000, None), "postgresql": (2_000, None)}
"""How many of the newest comments are looked through first; a common word fills its page from few of them."""
_DROP_LITE = text("DELETE FROM words WHERE rowid IN :pks").bindparams(bindparam("pks", expanding=True))
_ADD_LITE = text("INSERT INTO words (rowid, text) VALUES (:pk, :text)")
# the words are ours, not those of the server's parser, which knows neither marks nor scripts without spaces
_ADD_PG = text(
    "INSERT INTO words (comment_pk, text)"
    " SELECT pk, CAST(text AS tsvector) FROM json_to_recordset(CAST(:rows AS json)) AS told (pk bigint, text text)"
    " ORDER BY pk ON CONFLICT (comment_pk) DO UPDATE SET text = excluded.text"
)
PLACE_LIMIT: Final = 16_383
PLACES_LIMIT: Final = 255
"""PostgreSQL's bounds: the last place of a word that it tells apart, and how many places it keeps of one."""
_FORGET = {
    "sqlite": _DROP_LITE,
    "postgresql": text("DELETE FROM words WHERE comment_pk IN :pks").bindparams(
        bindparam("pks", expanding=True)
    ),
}
_NEWEST = select(func.max(comments.c.pk))
_WORDS_PG = plain_table("words", column("comment_pk", BigInteger), column("text"))
_WORDS_LITE = plain_table("words", column("rowid", BigInteger), column("words"))
_FOUND = {
    "sqlite": select(_WORDS_LITE.c.rowid.label("pk")).where(text("words MATCH :asked")),
    "postgresql": select(_WORDS_PG.c.comment_pk.label("pk")).where(
        text("words.text @@ CAST(:asked AS tsquery)")
    ),
}
# What a planner expects of a word it never counted is thousands of comments, evenly spread, so that it would walk back
# through all of them to the first few. Materialized, the index of words is asked first; OFFSET 0 keeps the lookup of
# each hit a lookup. A word that few of the newest comments have is in few altogether.
_RARE = text(
    "WITH hits AS MATERIALIZED (SELECT comment_pk AS pk FROM words"
    " WHERE text @@ CAST(:asked AS tsquery))"
    " SELECT hits.pk FROM hits CROSS JOIN LATERAL (SELECT FROM comments WHERE comments.pk = hits.pk"
    " AND (CAST(:site_id AS BIGINT) IS NULL OR comments.site_id = :site_id) OFFSET 0) AS there"
    " WHERE hits.pk < :before ORDER BY hits.pk DESC LIMIT :limit"
)


class SearchRepository(Repository):
    """The index of words."""

    def index(self, pks: Collection[int]) -> None:
        """Make these comments findable by the words of their present name and text."""
        if not pks:
            return
        present = select(comments.c.pk, comments.c.author_name, comments.c.body).where(
            comments.c.pk.in_(pks), comments.c.status != word("erased")
        )
        found = [(row.pk, terms(f"{row.author_name} {row.body}")) for row in self._read(present)]
        if self._dialect == POSTGRESQL:
            rows = [{"pk": pk, "text": vector(its)} for pk, its in found]
            self._write(_ADD_PG, rows=to_json(rows))
            return
        self._write(_DROP_LITE, pks=sorted(pks))
        self._write_each(_ADD_LITE, [{"pk": pk, "text": " ".join(its)} for pk, its in found])

    def forget(self, pks: Collection[int]) -> None:
        """Take these comments out of the index, and what was written about them by readers: reports and appeals."""
        if pks:
            self._write(_FORGET[self._dialect], pks=sorted(pks))
            for table in (reports, appeals):
                self._write(delete(table).where(table.c.comment_pk.in_(pks)))

    def find(
        self, words: Sequence[str], site_id: int | None, before: int | None, limit: int
    ) -> list[Comment]:
        """Return comments that contain every word, newest first."""
        asked = [its for one in words if (its := terms(one))]
        if not asked:
            return []
        query = phrases(asked, self._dialect)
        newest = before or 1 + int(self._read(_NEWEST).scalar_one() or 0)
        found: list[Comment] = []
        for window in WINDOWS[self._dialect]:
            least = 0 if window is None else max(0, newest - window)
            if window is None and self._dialect == POSTGRESQL:
                return self._rare(query, site_id, newest, limit)
            found = self._within(query, site_id, newest, least, limit)
            if len(found) >= limit or least == 0:
                break
        return found

    def _rare(self, query: str, site_id: int | None, before: int, limit: int) -> list[Comment]:
        asked = {"asked": query, "site_id": site_id, "before": before, "limit": limit}
        pks = self._read(_RARE, **asked).scalars().all()
        found = COMMENTS.where(comments.c.pk.in_(pks)).order_by(comments.c.pk.desc())
        return self._all(joined, found) if pks else []

    def _within(self, query: str, site_id: int | None, before: int, least: int, limit: int) -> list[Comment]:
        key = _WORDS_PG.c.comment_pk if self._dialect == POSTGRESQL else _WORDS_LITE.c.rowid
        found = COMMENTS.where(comments.c.pk.in_(_FOUND[self._dialect].where(key < before, key >= least)))
        if site_id is not None:
            found = found.where(comments.c.site_id == site_id)
        return self._all(joined, found.order_by(comments.c.pk.desc()).limit(limit), asked=query)


def vector(found: Sequence[str]) -> str:
    """Write the terms of a text as a tsvector, each with its places; terms hold letters, marks and digits alone."""
    places: dict[str, list[int]] = {}
    for place, term in enumerate(found, 1):
        places.setdefault(term, []).append(min(place, PLACE_LIMIT))
    return " ".join(f"'{term}':{','.join(map(str, its[:PLACES_LIMIT]))}" for term, its in places.items())


def phrases(asked: Sequence[Sequence[str]], dialect: str) -> str:
    """Write what is asked for in the database's language: every phrase, and the terms of each behind each other."""
    if dialect == POSTGRESQL:
        return " & ".join("(" + " <-> ".join(f"'{term}'" for term in one) + ")" for one in asked)
    return " ".join('"' + " ".join(one) + '"' for one in asked)
