"""The double's articles: by the key of their address, with the addresses that lead on to another one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from service.domain.addresses import article_key, article_keys
from service.domain.comment import Article, Comment
from service.storage.memory.state import Part, as_stored
from service.storage.reading import PAGE_LIMIT


class ArticlesPart(Part):
    """The verbs about articles."""

    def article(self, site_id: int, url: str) -> Article | None:
        key = self._key_of(site_id, url)
        return self._state.articles[site_id, key] if key else None

    def save_article(self, site_id: int, article: Article) -> None:
        key = self._lead(site_id, article.identity)
        known = self._state.articles.get((site_id, key))
        private = bool(article.private)
        self._change().articles[site_id, key] = replace(
            article,
            url=known.url if known and key != article.identity else article.url,
            key=key,
            private=private,
        )

    def move_thread(self, site_id: int, url: str, to: Article, redirect: bool) -> int | None:
        source = self._key_of(site_id, url)
        if source is None:
            return None
        state, target = self._change(), self._lead(site_id, to.identity)
        old = state.articles[site_id, source]
        if target == source:  # the same page in another spelling, or back to where the thread was
            target = to.identity
            state.moved.pop((site_id, target), None)
        known = state.articles.get((site_id, target))
        if known is None or target == source:
            made = replace(old, url=to.url, key=target)
        else:
            made = replace(known.merged(old, by_site=False), private=bool(known.private or old.private))
        state.articles[site_id, target] = made
        moved = self._put(
            [one for one in state.comments.values() if self._is_under(one, site_id, source)], made
        )
        if target != source:
            del state.articles[site_id, source]
            leads = {
                place: target for place, key in state.moved.items() if place[0] == site_id and key == source
            }
            state.moved |= leads | ({(site_id, source): target} if redirect else {})
        return moved

    def move_comment(self, comment: Comment, article: Article) -> Comment:
        state = self._change()
        found = self._say(comment.site_id, article, by_site=True)
        source, put = comment.article.identity, [comment.pk]
        if found.identity == source:
            return replace(comment, article=found)
        for pk in put:
            above = state.comments[pk]
            put += [
                one.pk
                for one in state.comments.values()
                if self._is_under(one, comment.site_id, source)
                and one.parent_id == above.id
                and one.pk not in put
            ]
        self._put([state.comments[pk] for pk in put], found)
        return replace(comment, article=found)

    def thread(
        self, site_id: int, article_url: str, before: int | None = None, limit: int = 50
    ) -> list[Comment]:
        key = self._key_of(site_id, article_url)
        found = [one for one in self._state.comments.values() if self._is_under(one, site_id, key)]
        found.sort(key=written, reverse=True)
        if before is not None:
            edge = self._state.comments.get(before)
            found = [one for one in found if edge and written(one) < written(edge)]
        return [self._whole(one) for one in found][: max(1, min(limit, PAGE_LIMIT))]

    def key_articles(self, limit: int) -> int:  # noqa: ARG002 - no older version was ever here
        return 0

    def rekey_articles(self, site_id: int) -> None:
        state = self._change()
        apart = state.sites[site_id].options.articles_apart
        for place, article in [one for one in state.articles.items() if one[0][0] == site_id]:
            key = article_key(article.url, apart)
            if key == place[1]:
                continue
            del state.articles[place]
            known = state.articles.get((site_id, key))
            made = known.merged(article, by_site=False) if known else replace(article, key=key)
            state.articles[site_id, key] = made
            self._put(
                [one for one in state.comments.values() if self._is_under(one, site_id, place[1])], made
            )

    def _say(self, site_id: int, merged: Article, by_site: bool) -> Article:
        """Let one more word on an article count, and return it."""
        key = self._lead(site_id, merged.identity)
        moment = as_stored(merged.published_at) if merged.published_at else None
        merged = replace(merged, published_at=moment, key=merged.identity)
        stored = self._state.articles.get((site_id, key))
        now = stored.merged(merged, by_site) if stored else replace(merged, private=bool(merged.private))
        self._state.articles[site_id, key] = now
        return now

    def _key_of(self, site_id: int, url: str) -> str | None:
        """Return the key of the article that the address leads to."""
        keys = (self._lead(site_id, key) for key in article_keys(url))
        return next((key for key in keys if (site_id, key) in self._state.articles), None)

    def _lead(self, site_id: int, key: str) -> str:
        return self._state.moved.get((site_id, key), key)

    def _is_under(self, comment: Comment, site_id: int, key: str | None) -> bool:
        return (comment.site_id, comment.article.identity) == (site_id, key)

    def _leads_to(self, comment: Comment, url: str | None) -> bool:
        """Whether the comment stands under the article that the address leads to on its site."""
        return url is None or self._is_under(comment, comment.site_id, self._key_of(comment.site_id, url))

    def _whole(self, comment: Comment) -> Comment:
        """The comment with its article as it is known by now."""
        return replace(comment, article=self._state.articles[comment.site_id, comment.article.identity])

    def _put(self, found: Sequence[Comment], article: Article) -> int:
        for one in found:
            self._state.comments[one.pk] = replace(one, article=article)
        return len(found)


def written(comment: Comment) -> tuple[datetime, int]:
    """Return the place of a comment in its thread."""
    return comment.submitted_at, comment.pk
