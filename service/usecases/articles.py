"""What is said of an article by itself, without a comment: its title, its date, its readers, and where it is now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

from service.context import AppContext, Dependencies
from service.domain.article_surges import HELD_ARTICLES_LIMIT, still_held
from service.domain.article_url import article_key
from service.domain.comment import Article
from service.domain.errors import NotFound
from service.domain.site import Site
from service.privacy.sanitizer import masked_article
from service.storage import Tx

WATCHED_HOURS: Final = 24.0


@dataclass(frozen=True, slots=True)
class Moved:
    """A thread that was moved: where it is now, and how many comments went there."""

    article: Article
    comments: int


def describe_article(context: AppContext, site: Site, url: str, said: Mapping[str, Any], who: str) -> Article:
    """Store what is `said` of an article (`title`, `published_at`, `private`; None takes it away) and return it.

    `url` is normalised; an article that has no comments yet is made.
    """
    with context.deps.store.write() as tx:
        known = tx.articles.get(site.id, url) or Article(url)
        made = masked_article(site, replace(known, **said))
        tx.articles.save(site.id, replace(made, key=known.key or made.key))
        tx.audit_log.append(who, "article", f"{site.name}: an article is described", context.deps.clock())
        return tx.articles.get(site.id, url) or made


def move_thread(context: AppContext, site: Site, url: str, to: str, who: str, redirect: bool = True) -> Moved:
    """Move all comments of an article to another address; both are normalised.

    Where that has comments, both threads become one. With `redirect` the old address leads there from now on. Raises
    NotFound where nothing stands under the old address.
    """
    with context.deps.store.write() as tx:
        moved = tx.articles.move_thread(site.id, url, masked_article(site, Article(to)), redirect)
        article = tx.articles.get(site.id, to)
        if moved is None or article is None:
            raise NotFound("There is no article with this address on this site.")
        _hold_there(tx, site, url, to)
        tx.audit_log.append(
            who, "article", f"{site.name}: a thread of {moved} comments is moved", context.deps.clock()
        )
    return Moved(article, moved)


def _hold_there(tx: Tx, site: Site, url: str, to: str) -> None:
    """Let what waits for a person under the old address wait under the new one."""
    stored = tx.sites.by_id(site.id) or site
    held = tuple(
        (to if article_key(one) == article_key(url) else one, until)
        for one, until in stored.options.held_articles
    )
    if held != stored.options.held_articles:
        tx.sites.save(replace(stored, options=replace(stored.options, held_articles=held)))


def watch_article(
    deps: Dependencies, site_name: str, article_url: str, who: str, hours: float = WATCHED_HOURS
) -> Site:
    """Hold what arrives under the article for so many hours, 0 ends it; return the site. Raises NotFound.

    At most 50 articles of a site are watched at once: the one that would end first makes room.
    """
    now = deps.clock()
    with deps.store.write() as tx:
        site = tx.sites.get(site_name)
        if site is None:
            raise NotFound("There is no such site.")
        held = still_held(site.options.held_articles, now)
        others = [one for one in held if article_key(one[0]) != article_key(article_url)]
        until = (now + timedelta(hours=hours)).timestamp()
        held = [*others, (article_url, until)] if hours > 0 else others
        held.sort(key=lambda one: one[1])
        changed = replace(
            site, options=replace(site.options, held_articles=tuple(held[-HELD_ARTICLES_LIMIT:]))
        )
        tx.sites.save(changed)
        change = "watched" if hours > 0 else "watched no more"
        tx.audit_log.append(who, "article", f"{site.name}: an article is {change}", now)
    return changed
