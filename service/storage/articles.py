"""Articles in SQL: found by the key that spellings of an address share, described anew, and their threads moved."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache
from typing import Any, Final

from sqlalchemy import (
    BindParameter,
    Executable,
    RowMapping,
    bindparam,
    case,
    delete,
    exists,
    func,
    select,
    true,
    update,
)

from service.domain.article_url import article_key, article_keys
from service.domain.comment import Article, Comment
from service.domain.options import from_stored
from service.domain.policy import CLOSED
from service.storage.bulk import insert_into
from service.storage.columns import Instant
from service.storage.comment_tables import articles, comments
from service.storage.decision_tables import decisions
from service.storage.repository import Repository
from service.storage.schema import sites, word

STEP: Final = 1_000
"""Comments that one statement moves."""
KNOWN: Final = ("pk", "url", "title", "published_at", "url_key", "private", "import_word")
"""The columns that tell an article."""
Said = tuple[Article, bool]
"""What is said of an article, and whether it is the site's latest word."""
Known = tuple[int, Article]
"""An article with its pk."""
_asked, _kept, _other = articles.alias("asked"), articles.alias("kept"), articles.alias("other")
_SITE: BindParameter[Any] = bindparam("of_site")
_FIND = (
    select(
        _asked.c.url_key.label("asked_key"),
        *(_kept.c[name] for name in KNOWN),
    )
    .join_from(_asked, _kept, _kept.c.pk == func.coalesce(_asked.c.moved_to, _asked.c.pk))
    .where(_asked.c.site_id == _SITE, _asked.c.url_key.in_(bindparam("keys", expanding=True)))
    .order_by(_kept.c.pk)
)
_FIND_TO_ADD = _FIND.with_for_update(read=True, key_share=True)
"""Nobody moves the thread between this look and the comment that is added: a mover locks these rows for itself."""
_BY_URL = select(articles).where(articles.c.site_id == _SITE, articles.c.url == bindparam("of_url"))
_FIND_TO_MOVE = _FIND.with_for_update()
_NAMED_TWICE = exists().where(
    _other.c.site_id == articles.c.site_id, _other.c.url == bindparam("new_url"), _other.c.pk != articles.c.pk
)
_DESCRIBE = (
    update(articles)
    .where(articles.c.pk == bindparam("article_pk"))
    .values(
        # one who knew the site's options of a moment ago may have added the same page in this spelling
        url=case((_NAMED_TWICE, articles.c.url), else_=bindparam("new_url")),
        title=bindparam("new_title"),
        published_at=bindparam("new_published_at", type_=Instant),
        private=bindparam("new_private"),
        import_word=bindparam("new_word"),
    )
)
_SET_KEY = (
    update(articles).where(articles.c.pk == bindparam("article_pk")).values(url_key=bindparam("new_key"))
)
_RENAME = (
    update(articles)
    .where(articles.c.pk == bindparam("article_pk"))
    .values(url=bindparam("new_url"), url_key=bindparam("new_key"))
)
_REDIRECT = (
    update(articles).where(articles.c.pk == bindparam("article_pk")).values(moved_to=bindparam("target"))
)
_REDIRECT_OTHERS = (
    update(articles)
    .where(articles.c.moved_to == bindparam("article_pk"))
    .values(moved_to=bindparam("target"))
)
_DROP = delete(articles).where(articles.c.pk == bindparam("article_pk"))
_DROP_REDIRECT = delete(articles).where(
    articles.c.site_id == _SITE,
    articles.c.url_key == bindparam("of_key"),
    articles.c.moved_to == bindparam("article_pk"),
)
_FORGET_KEYS = update(articles).where(articles.c.site_id == _SITE).values(url_key=None)
_KEYLESS = (
    select(articles, sites.c.options)
    .join(sites, sites.c.pk == articles.c.site_id)
    .where(articles.c.site_id == _SITE, articles.c.url_key.is_(None))
    .order_by(articles.c.pk)
    .limit(bindparam("limit"))
    .with_for_update(of=articles)
)
_COUNT = select(func.count()).select_from(comments).where(comments.c.article_pk == bindparam("article_pk"))
_SOME = (
    select(comments.c.pk)
    .where(comments.c.article_pk == bindparam("article_pk"))
    .order_by(comments.c.pk)
    .limit(bindparam("limit"))
    .with_for_update()
)
_ANSWERS = (
    select(comments.c.pk, comments.c.id)
    .where(
        comments.c.article_pk == bindparam("article_pk"),
        comments.c.parent_id.in_(bindparam("ids", expanding=True)),
    )
    .order_by(comments.c.pk)
    .with_for_update()
)
_PUT = (
    update(comments)
    .where(comments.c.pk.in_(bindparam("pks", expanding=True)))
    .values(article_pk=bindparam("target"))
)
_JUDGE_AGAIN = (
    update(comments)
    .where(
        comments.c.article_pk == bindparam("of_article"),
        comments.c.status == word("rejected"),
        exists().where(
            decisions.c.pk == comments.c.decision_id,
            decisions.c.who_kind == word("machine"),
            decisions.c.reason == CLOSED,
        ),
    )
    .values(rescore=true(), attempts=0, lease_until=None)
)
_STANDS_UNDER = select(comments.c.article_pk).where(comments.c.pk == bindparam("comment_pk"))


def article_of(row: RowMapping, prefix: str = "") -> Article:
    """Return the article of a row that has its columns, each name begun with `prefix`."""
    return Article(
        row[f"{prefix}url"],
        row[f"{prefix}title"],
        row[f"{prefix}published_at"],
        row[f"{prefix}url_key"] or "",
        row[f"{prefix}private"],
        row[f"{prefix}import_word"],
    )


class ArticleRepository(Repository):
    """The verbs about articles."""

    def get(self, site_id: int, url: str) -> Article | None:
        """Return the article that the address leads to, also where its thread was moved since."""
        found = self._find(_FIND, site_id, article_keys(url))
        return next((article for _, article in found.values()), None)

    def save(self, site_id: int, article: Article) -> None:
        """Store the article as it is described here, new or known by its key."""
        pk, stored = self.store(site_id, [(article, False)])[article.identity]
        if _compared(stored) != _compared(article):
            self._describe(pk, stored, article)

    def move_thread(self, site_id: int, url: str, to: Article, redirect: bool) -> int | None:
        """Move every comment of the article to another one and return how many; None where there is none to move.

        Where `to` has comments, both threads become one. With `redirect` the old address leads there from now on,
        without it a new thread can begin under it. What was private in one of them is private in both.
        """
        there = {to.identity}
        found = self._find(_FIND_TO_MOVE, site_id, {*article_keys(url), *there})
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
        source = int(self._read(_STANDS_UNDER, comment_pk=comment.pk).scalar_one())
        if source != target:
            self._put_with_answers(comment, source, target)
            self._judge_closed_again(target)
        return replace(comment, article=found)

    def rekey(self, site_id: int) -> None:
        """Make the keys of all articles of a site anew, because it keeps other things apart now."""
        self._write(_FORGET_KEYS, of_site=site_id)
        while keyless := self._write(_KEYLESS, of_site=site_id, limit=STEP).mappings().all():
            self._key(keyless)

    def store(self, site_id: int, said: Sequence[Said]) -> dict[str, Known]:
        """Return pk and article by the keys of what is said: what is missing is made, and each word counts in turn."""
        first = {article.identity: article for article, _ in reversed(said)}
        found = self._find(_FIND_TO_ADD, site_id, first)
        missing = sorted(first.keys() - found.keys())
        if missing:
            self._make_articles(site_id, [first[key] for key in missing])
            found |= self._find(_FIND_TO_ADD, site_id, missing)
            found |= self._by_url(site_id, [first[key] for key in missing if key not in found])
        merged = dict(found.values())
        for article, by_site in said:
            pk = found[article.identity][0]
            merged[pk] = merged[pk].merged(article, by_site)
        for pk, stored in sorted(dict(found.values()).items()):
            if _compared(merged[pk]) != _compared(stored):
                self._describe(pk, stored, merged[pk])
        return {key: (pk, merged[pk]) for key, (pk, _) in found.items()}

    def _by_url(self, site_id: int, wanted: Sequence[Article]) -> dict[str, Known]:
        """Find what the site knows by another key, because this caller knew its option of a moment ago."""
        found: dict[str, Known] = {}
        for article in wanted:
            row = self._read(_BY_URL, of_site=site_id, of_url=article.url).mappings().one()
            found[article.identity] = row["pk"], article_of(row)
        return found

    def _find(self, statement: Executable, site_id: int, keys: Iterable[str]) -> dict[str, Known]:
        wanted = sorted(keys)
        rows = self._read(statement, of_site=site_id, keys=wanted).mappings() if wanted else ()
        return {row["asked_key"]: (row["pk"], article_of(row)) for row in rows}

    def _describe(self, pk: int, stored: Article, article: Article) -> None:
        self._write(
            _DESCRIBE,
            article_pk=pk,
            new_url=article.url,
            new_title=article.title,
            new_published_at=article.published_at,
            new_private=bool(article.private),
            new_word=article.import_word,
        )
        if article.published_at != stored.published_at:
            self._judge_closed_again(pk)

    def _judge_closed_again(self, pk: int) -> None:
        """Let the scorer judge again what came too late by the date that the article had."""
        self._write(_JUDGE_AGAIN, of_article=pk)

    def _make_articles(self, site_id: int, missing: Sequence[Article]) -> None:
        self._write_each(_make(self._dialect), [_row(site_id, article) for article in missing])

    def _rename(self, site_id: int, source: Known, to: Article, redirect: bool) -> int:
        pk, article = source
        self._write(_DROP_REDIRECT, of_site=site_id, of_key=to.identity, article_pk=pk)
        self._write(_RENAME, article_pk=pk, new_url=to.url, new_key=to.identity)
        if redirect and article.identity != to.identity:
            self._write(_make(self._dialect), **_row(site_id, article) | {"moved_to": pk})
        return int(self._read(_COUNT, article_pk=pk).scalar_one())

    def _merge(self, source: Known, target: Known, redirect: bool) -> int:
        """Make one thread of two; what the target lacks, its title or its date, it has from the source."""
        (source_pk, left), (target_pk, kept) = source, target
        whole = kept.merged(left, by_site=False)
        self._describe(target_pk, kept, replace(whole, private=kept.private or left.private))
        moved = self._put_all(source_pk, target_pk)
        self._write(_REDIRECT_OTHERS, article_pk=source_pk, target=target_pk)
        if redirect:
            self._write(_REDIRECT, article_pk=source_pk, target=target_pk)
        else:
            self._write(_DROP, article_pk=source_pk)
        return moved

    def _put_all(self, source: int, target: int) -> int:
        moved = 0
        while pks := self._read(_SOME, article_pk=source, limit=STEP).scalars().all():
            self._write(_PUT, pks=list(pks), target=target)
            moved += len(pks)
        self._judge_closed_again(target)
        return moved

    def _put_with_answers(self, comment: Comment, source: int, target: int) -> None:
        pks, ids = [comment.pk], [comment.id]
        while pks:
            self._write(_PUT, pks=pks, target=target)
            below = self._read(_ANSWERS, article_pk=source, ids=ids).all()
            pks, ids = [row.pk for row in below], [row.id for row in below]

    def _key(self, keyless: Iterable[RowMapping]) -> None:
        for row in keyless:
            article = article_of(row)
            key = article_key(article.url, from_stored(row["options"]).articles_apart)
            there = self._find(_FIND_TO_MOVE, row["site_id"], [key]).get(key)
            if there is None:
                self._write(_SET_KEY, article_pk=row["pk"], new_key=key)
            elif row["moved_to"] is not None:
                self._write(_DROP, article_pk=row["pk"])
            else:
                self._merge((row["pk"], article), there, redirect=False)


def _compared(article: Article) -> tuple[object, ...]:
    return article.url, article.title, article.published_at, bool(article.private), article.import_word


@cache
def _make(dialect: str) -> Executable:
    return insert_into(articles, dialect).on_conflict_do_nothing()


def _row(site_id: int, article: Article) -> dict[str, Any]:
    return {
        "site_id": site_id,
        "url": article.url,
        "title": article.title,
        "published_at": article.published_at,
        "url_key": article.identity,
        "private": bool(article.private),
        "import_word": article.import_word,
        "moved_to": None,
    }
