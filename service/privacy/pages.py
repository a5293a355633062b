"""Sanitize the address of an article: sites put their readers' email addresses into it."""

from __future__ import annotations

from typing import Final
from urllib.parse import unquote, unquote_plus, urlsplit

from service.domain.comment import normalise_url
from service.privacy import emails
from service.privacy.visible_text import as_seen

TELLING: Final = frozenset("@%&+\\([{<")
"""An address that holds none of these, and no character beyond ASCII, holds no at sign, plain, escaped or spelled."""


def page_url(url: str) -> str:
    """Return the article's address in the form used for comparison, without any email address.

    A parameter of the query that holds one is dropped, as tracking parameters are, however it is escaped or spelled
    out; the rest stays as it was written. Raises ValueError when `normalise_url` does, or when host or path hold one.
    """
    normal = normalise_url(url)
    if normal.isascii() and TELLING.isdisjoint(normal):
        return normal
    parts = urlsplit(normal)
    if _holds_address(unquote(parts.netloc)) or _holds_address(unquote(parts.path)):
        raise ValueError("must not contain an email address")
    kept = [one for one in parts.query.split("&") if not _holds_address(unquote_plus(one))]
    query = "&".join(kept)
    return parts._replace(query="" if _holds_address(unquote_plus(query)) else query).geturl()


def _holds_address(text: str) -> bool:
    seen = as_seen(text).text
    return emails.might_hold(seen) and bool(emails.find(seen))
