"""What readers see under an article, a page at a time: for the API that anyone may ask, and for the demo paper."""

from __future__ import annotations

from typing import Final

from service.storage import Tx
from service.storage.records import Page

PUBLISHED_LIMIT: Final = 1_000


def published_page(
    tx: Tx, site_id: int, article_url: str, limit: int = PUBLISHED_LIMIT, after: int = 0
) -> Page:
    """Return at most `limit` published comments by date, oldest first; `next` is the `after` of the page behind it."""
    found = tx.comments.published(site_id, article_url, limit + 1, after)
    page = tuple(found[:limit])
    return Page(page, page[-1].pk if len(found) > limit else None)
