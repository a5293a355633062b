"""watch_article: let everything new under an article wait for a person, for some hours; and end that."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from service.context import Dependencies
from service.domain.addresses import article_key
from service.domain.errors import NotFound
from service.domain.site import Site
from service.domain.surge import HELD_ARTICLES_LIMIT, still_held

HOURS: Final = 24.0


def watch_article(
    deps: Dependencies, site_name: str, article_url: str, who: str, hours: float = HOURS
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
        until = _seconds(now + timedelta(hours=hours))
        held = [*others, (article_url, until)] if hours > 0 else others
        held.sort(key=lambda one: one[1])
        changed = replace(
            site, options=replace(site.options, held_articles=tuple(held[-HELD_ARTICLES_LIMIT:]))
        )
        tx.sites.save(changed)
        change = "watched" if hours > 0 else "watched no more"
        tx.audit_log.append(who, "article", f"{site.name}: an article is {change}", now)
    return changed


def _seconds(moment: datetime) -> float:
    return moment.timestamp()
