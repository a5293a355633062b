"""Search by words: PostgreSQL's full text and SQLite's FTS5, over masked text alone, in a table apart."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from sqlalchemy import BigInteger, bindparam, column, delete, func, select, text
from sqlalchemy import table as plain_table

from service.moderation.comment import Comment
from service.storage.bulk import POSTGRESQL
from service.storage.desk_tables import appeals, reports
from service.storage.part import Part
from service.storage.reading import COMMENTS, joined
from service.storage.schema import comments

WINDOWS: Final = {"sqlite": (20_000, 400_000, None), "postgresql": (2_000, None)}
"""How many of the newest comments are looked through first; a common word fills its page from few of them."""

_SOURCE = "SELECT pk, author_name || ' ' || body FROM comments WHERE pk IN :pks AND status <> 'erased'"
_INDEX = {
    "sqlite": (
        text("DELETE FROM words WHERE rowid IN :pks").bindparams(bindparam("pks", expanding=True)),
        text(f"INSERT INTO words (rowid, text) {_SOURCE}").bindparams(bindparam("pks", expanding=True)),
    ),
    "postgresql": (
        text(
            "INSERT INTO words (comment_pk, text) SELECT pk, to_tsvector('simple', author_name || ' ' || body)"
            " FROM comments WHERE pk IN :pks AND status <> 'erased' ORDER BY pk"
            " ON CONFLICT (comment_pk) DO UPDATE SET text = excluded.text"
        ).bindparams(bindparam("pks", expanding=True)),
    ),
}
_FORGET = {
    "sqlite": text("DELETE FROM words WHERE rowid IN :pks").bindparams(bindparam("pks", expanding=True)),
    "postgresql": text("DELETE FROM words WHERE comment_pk IN :pks").bindparams(
        bindparam("pks", expanding=True)
    ),
}
_FORGET_TOLD = tuple(
    delete(table).where(table.c.comment_pk.in_(bindparam("pks", expanding=True)))
    for table in (reports, appeals)
)
# FTS5 keeps deleted words in its segments until they are written anew
_REBUILD = text("INSERT INTO words (words) VALUES ('rebuild')")
_NEWEST = select(func.max(comments.c.pk))
_WORDS_PG = plain_table("words", column("comment_pk", BigInteger), column("text"))
_WORDS_LITE = plain_table("words", column("rowid", BigInteger), column("words"))
_FOUND = {
    "sqlite": select(_WORDS_LITE.c.rowid.label("pk")).where(text("words MATCH :asked")),
    "postgresql": select(_WORDS_PG.c.comment_pk.label("pk")).where(
        text("words.text @@ plainto_tsquery('simple', :asked)")
    ),
}
# What a planner expects of a word it never counted is thousands of comments, evenly spread, so that it would walk back
# through all of them to the first few. Materialized, the index of words is asked first; OFFSET 0 keeps the lookup of
# each hit a lookup. A word that few of the newest comments have is in few altogether.
_RARE = text(
    "WITH hits AS MATERIALIZED (SELECT comment_pk AS pk FROM words"
    " WHERE text @@ plainto_tsquery('simple', :asked))"
    " SELECT hits.pk FROM hits CROSS JOIN LATERAL (SELECT FROM comments WHERE comments.pk = hits.pk"
    " AND (CAST(:site_id AS BIGINT) IS NULL OR comments.site_id = :site_id) OFFSET 0) AS there"
    " WHERE hits.pk < :before ORDER BY hits.pk DESC LIMIT :limit"
)
_THESE = COMMENTS.where(comments.c.pk.in_(bindparam("pks", expanding=True))).order_by(comments.c.pk.desc())


class SearchingPart(Part):
    """The verbs of the index of words."""

    def index_texts(self, pks: Collection[int]) -> None:
        if pks:
            for statement in _INDEX[self._dialect]:
                self._write(statement, pks=sorted(pks))

    def forget_texts(self, pks: Collection[int]) -> None:
        if pks:
            self._write(_FORGET[self._dialect], pks=sorted(pks))
            for statement in _FORGET_TOLD:
                self._write(statement, pks=sorted(pks))

    def rebuild_search(self) -> None:
        self._must_write()
        if self._dialect != POSTGRESQL:
            self._write(_REBUILD)

    def search(
        self, words: Sequence[str], site_id: int | None, before: int | None, limit: int
    ) -> list[Comment]:
        if not words:
            return []
        newest = before or 1 + int(self._read(_NEWEST).scalar_one() or 0)
        found: list[Comment] = []
        for window in WINDOWS[self._dialect]:
            least = 0 if window is None else max(0, newest - window)
            if window is None and self._dialect == POSTGRESQL:
                return self._rare(words, site_id, newest, limit)
            found = self._within(words, site_id, newest, least, limit)
            if len(found) >= limit or least == 0:
                break
        return found

    def _rare(self, words: Sequence[str], site_id: int | None, before: int, limit: int) -> list[Comment]:
        asked = {"asked": " ".join(words), "site_id": site_id, "before": before, "limit": limit}
        pks = list(self._read(_RARE, **asked).scalars())
        return [joined(row) for row in self._read(_THESE, pks=pks).mappings()] if pks else []

    def _within(
        self, words: Sequence[str], site_id: int | None, before: int, least: int, limit: int
    ) -> list[Comment]:
        if self._dialect == POSTGRESQL:
            asked, key = " ".join(words), _WORDS_PG.c.comment_pk
        else:
            asked = " ".join('"' + word.replace('"', '""') + '"' for word in words)
            key = _WORDS_LITE.c.rowid
        hits = _FOUND[self._dialect].where(key < bindparam("before"), key >= bindparam("least"))
        statement = COMMENTS.where(comments.c.pk.in_(hits))
        values = {"asked": asked, "before": before, "least": least, "limit": limit}
        if site_id is not None:
            statement = statement.where(comments.c.site_id == bindparam("site_id"))
            values["site_id"] = site_id
        statement = statement.order_by(comments.c.pk.desc()).limit(bindparam("limit"))
        return [joined(row) for row in self._read(statement, **values).mappings()]
