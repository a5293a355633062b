"""Articles in SQL: found by the key that spellings of an address share, described anew, and their threads moved."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Executable,
    RowMapping,
    bindparam,
    case,
    delete,
    exists,
    func,
    select,
    update,
)

from service.domain.article_url import article_key, article_keys
from service.domain.comment import Article, Comment
from service.domain.options import from_stored
from service.domain.policy import CLOSED
from service.storage.bulk import insert
from service.storage.repository import Repository
from service.storage.schema import sites, word
from service.storage.schema_comments import articles, comments
from service.storage.schema_moderation import decisions

STEP: Final = 1_000
"""Comments that one statement moves."""

KNOWN: Final = ("pk", "url", "title", "published_at", "url_key", "private", "import_word", "exported_at")
"""The columns that describe an article."""
Said = tuple[Article, bool]
"""What is said of an article, and whether it is the site's latest word."""
Known = tuple[int, Article]
"""An article with its pk."""

_asked, _kept, _other = articles.alias("asked"), articles.alias("kept"), articles.alias("other")
_FIND = (
    select(_asked.c.url_key.label("asked_key"), *(_kept.c[name] for name in KNOWN))
    .join_from(_asked, _kept, _kept.c.pk == func.coalesce(_asked.c.moved_to, _asked.c.pk))
    .where(_asked.c.site_id == bindparam("of_site"), _asked.c.url_key.in_(bindparam("keys", expanding=True)))
    .order_by(_kept.c.pk)
)
_FIND_TO_ADD = _FIND.with_for_update(read=True, key_share=True)
"""Nobody moves the thread between this look and the comment that is added: a mover locks these rows for itself."""
_FIND_TO_MOVE = _FIND.with_for_update()
_MAKE = insert(articles).on_conflict_do_nothing()


def article_of(row: RowMapping, prefix: str = "") -> Article:
    """Return the article of a row that has its columns, each name begun with `prefix`."""
    return Article(
        row[f"{prefix}url"],
        row[f"{prefix}title"],
        row[f"{prefix}published_at"],
        row[f"{prefix}url_key"] or "",
        row[f"{prefix}private"],
        row[f"{prefix}import_word"],
        row[f"{prefix}exported_at"],
    )


class ArticleRepository(Repository):
    """Articles: found by the key that spellings of an address share, described anew, and their threads moved."""

    def get(self, site_id: int, url: str) -> Article | None:
        """Return the article that the address leads to, also where its thread was moved since."""
        found = self._find(_FIND, site_id, article_keys(url))
        return next((article for _, article in found.values()), None)

    def save(self, site_id: int, article: Article) -> None:
        """Store the article as it is described here, new or known by its key."""
        pk, stored = self.store(site_id, [(article, False)])[article.identity]
        if _described(stored) != _described(article):
            self._describe(pk, stored, article)

    def move_thread(self, site_id: int, url: str, to: Article, redirect: bool) -> int | None:
        """Move every comment of the article to another one and return how many; None where there is none to move.

        Where `to` has comments, both threads become one. With `redirect` the old address leads there from now on,
        without it a new thread can begin under it. What was private in one of them is private in both.
        """
        found = self._find(_FIND_TO_MOVE, site_id, {*article_keys(url), to.identity})
        source = next((found[key] for key in article_keys(url) if key in found), None)
        if source is None:
            return None
        target = found.get(to.identity)
        if target is not None and target[0] != source[0]:
            return self._merge(source, target, redirect)
        return self._rename(site_id, source, to, redirect)

    def move_comment(self, comment: Comment, article: Article, is_latest: bool = True) -> Comment:
        """Put a comment and its answers under the article that the site names now; return it as it is then."""
        target, found = self.store(comment.site_id, [(article, is_latest)])[article.identity]
        stands_under = select(comments.c.article_pk).where(comments.c.pk == comment.pk)
        source = int(self._read(stands_under).scalar_one())
        if source != target:
            self._put_with_answers(comment, source, target)
            self.judge_closed_again(comments.c.article_pk == target)
        return replace(comment, article=found)

    def rekey(self, site_id: int) -> None:
        """Make the keys of all articles of a site anew, because it keeps other things apart now."""
        self._write(update(articles).where(articles.c.site_id == site_id).values(url_key=None))
        keyless = (
            select(articles, sites.c.options)
            .join(sites, sites.c.pk == articles.c.site_id)
            .where(articles.c.site_id == site_id, articles.c.url_key.is_(None))
            .order_by(articles.c.pk)
            .limit(STEP)
            .with_for_update(of=articles)
        )
        while rows := self._read(keyless).mappings().all():
            for row in rows:
                self._give_key(row)

    def store(self, site_id: int, said: Sequence[Said]) -> dict[str, Known]:
        """Return pk and article by the keys of what is said: what is missing is made, and each word counts in turn."""
        first = {article.identity: article for article, _ in reversed(said)}
        found = self._find(_FIND_TO_ADD, site_id, first)
        missing = sorted(first.keys() - found.keys())
        if missing:
            self._write_each(_MAKE, [_row(site_id, first[key]) for key in missing])
            found |= self._find(_FIND_TO_ADD, site_id, missing)
            found |= self._by_url(site_id, [first[key] for key in missing if key not in found])
        merged = dict(found.values())
        for article, by_site in said:
            pk = found[article.identity][0]
            merged[pk] = merged[pk].merged(article, by_site)
        for pk, stored in sorted(dict(found.values()).items()):
            if _described(merged[pk]) != _described(stored):
                self._describe(pk, stored, merged[pk])
        return {key: (pk, merged[pk]) for key, (pk, _) in found.items()}

    def _by_url(self, site_id: int, wanted: Sequence[Article]) -> dict[str, Known]:
        """Find what the site knows by another key, because this caller knew its option of a moment ago."""
        found: dict[str, Known] = {}
        for article in wanted:
            known = select(articles).where(articles.c.site_id == site_id, articles.c.url == article.url)
            row = self._read(known).mappings().one()
            found[article.identity] = row["pk"], article_of(row)
        return found

    def _find(self, statement: Executable, site_id: int, keys: Iterable[str]) -> dict[str, Known]:
        wanted = sorted(keys)
        rows = self._read(statement, of_site=site_id, keys=wanted).mappings() if wanted else ()
        return {row["asked_key"]: (row["pk"], article_of(row)) for row in rows}

    def _describe(self, pk: int, stored: Article, article: Article) -> None:
        named_twice = exists().where(
            _other.c.site_id == articles.c.site_id, _other.c.url == article.url, _other.c.pk != articles.c.pk
        )
        # one who knew the site's options of a moment ago may have added the same page in this spelling
        url = case((named_twice, articles.c.url), else_=article.url)
        self._change(pk, **(_described(article) | {"url": url}))
        if article.published_at != stored.published_at:
            self.judge_closed_again(comments.c.article_pk == pk)

    def judge_closed_again(self, which: ColumnElement[bool]) -> None:
        """Let the scorer judge again which of these comments came too late by the dates that were known."""
        was_closed = exists().where(
            decisions.c.pk == comments.c.decision_id,
            decisions.c.who_kind == word("machine"),
            decisions.c.reason == CLOSED,
        )
        again = update(comments).where(which, comments.c.status == word("rejected"), was_closed)
        self._write(again.values(rescore=True, attempts=0, lease_until=None))

    def _change(self, pk: int, **values: Any) -> None:
        self._write(update(articles).where(articles.c.pk == pk).values(values))

    def _rename(self, site_id: int, source: Known, to: Article, redirect: bool) -> int:
        pk, article = source
        leads_here = articles.c.url_key == to.identity, articles.c.moved_to == pk
        self._write(delete(articles).where(articles.c.site_id == site_id, *leads_here))
        self._change(pk, url=to.url, url_key=to.identity)
        if redirect and article.identity != to.identity:
            self._write(_MAKE, **_row(site_id, article) | {"moved_to": pk})
        counted = select(func.count()).select_from(comments).where(comments.c.article_pk == pk)
        return int(self._read(counted).scalar_one())

    def _merge(self, source: Known, target: Known, redirect: bool) -> int:
        """Make one thread of two; what the target lacks, its title or its date, it has from the source."""
        (source_pk, left), (target_pk, kept) = source, target
        whole = kept.merged(left, by_site=False)
        self._describe(target_pk, kept, replace(whole, private=kept.private or left.private))
        moved = self._put_all(source_pk, target_pk)
        led_there = update(articles).where(articles.c.moved_to == source_pk)
        self._write(led_there.values(moved_to=target_pk))
        if redirect:
            self._change(source_pk, moved_to=target_pk)
        else:
            self._write(delete(articles).where(articles.c.pk == source_pk))
        return moved

    def _put_all(self, source: int, target: int) -> int:
        some = (
            select(comments.c.pk)
            .where(comments.c.article_pk == source)
            .order_by(comments.c.pk)
            .limit(STEP)
            .with_for_update()
        )
        moved = 0
        while pks := self._read(some).scalars().all():
            self._put(pks, target)
            moved += len(pks)
        self.judge_closed_again(comments.c.article_pk == target)
        return moved

    def _put_with_answers(self, comment: Comment, source: int, target: int) -> None:
        pks, ids = [comment.pk], [comment.id]
        while pks:
            self._put(pks, target)
            answers = (
                select(comments.c.pk, comments.c.id)
                .where(comments.c.article_pk == source, comments.c.parent_id.in_(ids))
                .order_by(comments.c.pk)
                .with_for_update()
            )
            below = self._read(answers).all()
            pks, ids = [row.pk for row in below], [row.id for row in below]

    def _put(self, pks: Sequence[int], target: int) -> None:
        self._write(update(comments).where(comments.c.pk.in_(pks)).values(article_pk=target))

    def _give_key(self, keyless: RowMapping) -> None:
        pk, article = keyless["pk"], article_of(keyless)
        key = article_key(article.url, from_stored(keyless["options"]).articles_apart)
        there = self._find(_FIND_TO_MOVE, keyless["site_id"], [key]).get(key)
        if there is None:
            self._change(pk, url_key=key)
        elif keyless["moved_to"] is not None:
            self._write(delete(articles).where(articles.c.pk == pk))
        else:
            self._merge((pk, article), there, redirect=False)


def _described(article: Article) -> dict[str, Any]:
    return {
        "url": article.url,
        "title": article.title,
        "published_at": article.published_at,
        "private": bool(article.private),
        "import_word": article.import_word,
        "exported_at": article.exported_at,
    }


def _row(site_id: int, article: Article) -> dict[str, Any]:
    return _described(article) | {"site_id": site_id, "url_key": article.identity, "moved_to": None}
