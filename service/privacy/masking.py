"""Masks contacts that a reader typed into a text: a typed placeholder stands where an address or number stood.

No reader can forge a placeholder: the brackets that open and close one, typed by a reader, become the look-alikes
U+301A and U+301B, and what a moderator reveals is found by position, never by the placeholder's text.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import product
from typing import Final
from urllib.parse import unquote, unquote_plus, urlsplit

import idna

from service.domain.comment import normalise_url
from service.domain.faults import InvalidValue
from service.domain.text import lowered
from service.privacy import emails, handles, phones
from service.privacy.sealing import Address, normalise
from service.privacy.visible_text import VisibleText, as_seen

PLACEHOLDERS: Final[dict[str, str]] = {"email": "⟦email⟧", "phone": "⟦phone⟧", "handle": "⟦handle⟧"}
RANK: Final = {"phone": 0, "email": 1, "handle": 2}
READERS_BRACKETS: Final = str.maketrans("⟦⟧", "〚〛")
SIGNS: Final = ("@", " at ", "(at)", " (at) ", "[at]", " @ ")
DOTS: Final = (".", " dot ", "(dot)", " (dot) ", "[dot]")


@dataclass(frozen=True, slots=True)
class Contact:
    """One masked contact of kind "email", "phone" or "handle".

    `begin` and `end` are code points of the placeholder in the masked text.
    """

    kind: str
    begin: int
    end: int
    original: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Masked:
    """A text that shows no contact, and what stood in the places of the placeholders, in order."""

    text: str = field(repr=False)
    found: tuple[Contact, ...]


def mask(text: str, region: str | None = None, own: Address | None = None) -> Masked:
    """Return `text` with addresses, phone numbers and messenger handles replaced, in time linear in its length.

    `region` is the ISO country whose national phone numbers count. `own` is the writer's address: each literal
    occurrence goes, in any case, percent-encoded or spelled out.
    """
    visible = as_seen(text)
    spans = [*phones.find(visible.text, region), *handles.find(visible.text)]
    if emails.might_hold(visible.text):
        spans += emails.find(visible.text)
        spans += _occurrences(visible, own) if own is not None else ()
    if not spans:
        return Masked(_unforged(text), ())
    return _replaced(text, _merged((*visible.written(begin, end), kind) for begin, end, kind in spans))


def mask_addresses(text: str, own: Address | None = None) -> str:
    """Return `text` with addresses replaced alone: for what nobody can restore, and where a number is news."""
    visible = as_seen(text)
    if not emails.might_hold(visible.text):
        return _unforged(text)
    spans = [one for one in emails.find(visible.text) if one[2] == "email"]
    spans += _occurrences(visible, own) if own is not None else ()
    return _replaced(text, _merged((*visible.written(begin, end), kind) for begin, end, kind in spans)).text


def _replaced(text: str, spans: list[tuple[int, int, str]]) -> Masked:
    pieces: list[str] = []
    found: list[Contact] = []
    at = length = 0
    for begin, end, kind in spans:
        pieces += [_unforged(text[at:begin]), PLACEHOLDERS[kind]]
        length += begin - at
        found.append(Contact(kind, length, length + len(pieces[-1]), text[begin:end]))
        length += len(pieces[-1])
        at = end
    pieces.append(_unforged(text[at:]))
    return Masked("".join(pieces), tuple(found))


def _merged(spans: Iterable[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """Join what overlaps; the more telling kind names the whole."""
    merged: list[tuple[int, int, str]] = []
    for begin, end, kind in sorted(spans):
        if merged and begin < merged[-1][1]:
            first, last, other = merged[-1]
            merged[-1] = first, max(last, end), max(other, kind, key=lambda name: RANK[name])
        else:
            merged.append((begin, end, kind))
    return merged


def _occurrences(visible: VisibleText, own: Address) -> list[tuple[int, int, str]]:
    """Return every place where the writer's own address stands, however plain its local part is."""
    seen = lowered(visible.text)
    found: list[tuple[int, int, str]] = []
    for form in _forms(own, seen):
        at = seen.find(form)
        while at >= 0:
            found.append((at, at + len(form), "email"))
            at = seen.find(form, at + len(form))
    return found


def _forms(own: Address, seen: str) -> set[str]:
    """Return every literal way to write the address: typed or normal, either IDN spelling, its signs spelled out.

    Only the domains whose first label is in `seen` count, so that most texts cost next to nothing.
    """
    typed, _, typed_domain = lowered(as_seen(own.reveal()).text).rpartition("@")
    normal, _, domain = normalise(own).rpartition("@")
    domains = {
        typed_domain,
        domain,
        lowered(as_seen(idna.decode(domain)).text) if "xn--" in domain else domain,
    }
    hosts = [host for host in domains if host.partition(".")[0] in seen]
    if not hosts:
        return set()
    names = {typed, normal, lowered(as_seen(normal).text)}
    return {
        name.replace(".", name_dot) + at + host.replace(".", host_dot)
        for name, name_dot, at, host, host_dot in product(names, DOTS, SIGNS, hosts, DOTS)
    }


def _unforged(text: str) -> str:
    return text.translate(READERS_BRACKETS) if "⟦" in text or "⟧" in text else text


TELLING: Final = frozenset("@%&+\\([{<")
"""An address that holds none of these, and no character beyond ASCII, holds no at sign, plain, escaped or spelled."""


def page_url(url: str) -> str:
    """Return the article's address in the form used for comparison, without any email address.

    A parameter of the query that holds one is dropped, as tracking parameters are, however it is escaped or spelled
    out; the rest stays as it was written. Raises InvalidValue when `normalise_url` does, or when host or path hold one.
    """
    normal = normalise_url(url)
    if normal.isascii() and TELLING.isdisjoint(normal):
        return normal
    parts = urlsplit(normal)
    if _holds_address(unquote(parts.netloc)) or _holds_address(unquote(parts.path)):
        raise InvalidValue("url.email")
    kept = [one for one in parts.query.split("&") if not _holds_address(unquote_plus(one))]
    query = "&".join(kept)
    return parts._replace(query="" if _holds_address(unquote_plus(query)) else query).geturl()


def _holds_address(text: str) -> bool:
    seen = as_seen(text).text
    return emails.might_hold(seen) and bool(emails.find(seen))
