"""The links in a text, each counted once as a browser would follow it; those to the site itself may be left out."""

from __future__ import annotations

import re
from collections.abc import Collection
from contextlib import suppress
from typing import Final
from urllib.parse import unquote, urlsplit

from service.domain.characters import DENSE_LETTERS
from service.domain.text import caseless

_HINTS: Final = ("://", ":/", ":\\", "www", "href", "[url", "](//")
_START: Final = re.compile(
    r"(?P<scheme>(?:h(?:tt|xx)ps?|ftps?):[/\\]{1,9}+)"
    rf"|(?P<www>(?<![^\W_{DENSE_LETTERS}])www\d{{0,2}}\.(?=[^\W_]))"
    r"|(?P<tag>\bhref\s{0,3}=\s{0,3}[\"']?|\[url\s{0,3}=\s{0,3}[\"']?)"
    r"|(?P<code>\[url\])"
    r"|(?P<mark>\]\((?=//))"
)
_END: Final = re.compile(
    r"[\s<>\"'\[\](){}|⟦⟧]|(?:(?<=[^\W\d_])|(?<=[,;—–·•、，；。]))(?=(?:h(?:tt|xx)ps?|ftps?):[/\\])"
    r"|(?<=[,;—–·•、，；。])(?=www\d{0,2}\.[^\W_])"
)
"""What no address holds, or another address that is glued to it."""
_IPV6: Final = re.compile(r"(?<=[/\\])(?:[^\s/\\?#\[\]<>\"'()]{0,100}@)?\[(?P<host>[0-9a-f:.]{2,45})\]")
_DOTS: Final = re.compile(r"。(?=[a-z0-9])")
_HOST_END: Final = re.compile(r"[/\\?#]")
_NAMED: Final = re.compile(r"[^\W_](?:[\w.-]*[^\W_])?")
_WWW_HOST: Final = re.compile(r"www\d{0,2}\.[\w.-]*[\w-]\.[^\W\d_]{2,}")
_CLOSING: Final = {"h": "</a", "[": "[/url"}


def count_links(text: str, own: Collection[str] = ()) -> int:
    """Return the number of links in `text` that lead elsewhere than to the hosts in `own` and what is below them.

    A link is an address with a scheme or www., or in HTML, BBCode or Markdown. An address inside another one, and the
    words that a link is shown by, are parts of it.
    """
    seen = caseless(text)
    if not any(hint in seen for hint in _HINTS):
        return 0  # nearly every comment
    return sum(not _is_own(host, own) for host in _hosts(seen))


def own_hosts(*urls: str | None) -> frozenset[str]:
    """Return the hosts of the addresses of a site's own pages, as `count_links` compares them."""
    return frozenset(_plain_host(host) for url in urls if url and (host := urlsplit(url).hostname))


def _is_own(host: str, own: Collection[str]) -> bool:
    name = _plain_host(host)
    return any(name == one or name.endswith(f".{one}") for one in own)


def _plain_host(host: str) -> str:
    """Return the host in letters, without a leading www."""
    name = caseless(host)
    if "xn--" in name:
        with suppress(UnicodeError):  # raised for what is no name that anybody could own
            name = caseless(name.encode("ascii").decode("idna"))
    return re.sub(r"^www\d{0,2}\.", "", name.rstrip("."))


def _hosts(text: str) -> list[str]:
    found: list[str] = []
    at, unclosed = 0, set[str]()
    while start := _START.search(text, at):
        begin = start.end()
        numeric = _IPV6.match(text, begin) if start.lastgroup == "scheme" else None
        end = _end_of(text, numeric.end() if numeric else begin)
        at = max(end, begin)
        if numeric:
            found.append(numeric["host"])
            continue
        kind = start.lastgroup
        if kind == "www":
            host = _WWW_HOST.match(text, start.start(), _host_end(text, begin, end))
            found += [host[0]] if host else []
            continue
        target = text[start.start() : end] if kind == "scheme" else text[begin:end]
        if kind == "scheme" and text.startswith("](", end):
            continue  # the words of a Markdown link, whose target follows
        found += _targets(target, is_code=kind == "code" or start[0].startswith("["))
        closing = _CLOSING.get(start[0][0]) if kind == "tag" else None
        if closing and closing not in unclosed:
            closed = text.find(closing, at)
            at = closed if closed >= 0 else at
            unclosed |= {closing} if closed < 0 else set()
    return found


def _end_of(text: str, begin: int) -> int:
    match = _END.search(text, begin)
    return match.start() if match else len(text)


def _host_end(text: str, begin: int, end: int) -> int:
    match = _HOST_END.search(text, begin, end)
    return match.start() if match else end


def _targets(target: str, is_code: bool) -> list[str]:
    """Return the host of an address; nothing for a page of the same site, and for what is no page."""
    scheme = re.match(r"(?:h(?:tt|xx)ps?|ftps?):[/\\]*|[/\\]{2,}", target)
    begin = scheme.end() if scheme else 0
    host = target[begin : _host_end(target, begin, len(target))].rpartition("@")[2].partition(":")[0]
    host = _DOTS.sub(".", caseless(unquote(host)) if "%" in host else host)
    if not scheme and not (is_code and "." in host):
        return []
    named = _NAMED.match(host)
    return [named[0]] if named else []
