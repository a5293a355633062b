"""The ids that comments of a WordPress export have here: made of their numbers, or noted by our plugin."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final
from urllib.parse import urlsplit

from service.context import AppContext
from service.domain.article_url import article_key, host_of
from service.domain.comment import Comment, Source
from service.domain.errors import Invalid
from service.domain.faults import Fault
from service.domain.markup import plain_text
from service.domain.site import Site
from service.importers.jsonl import LineSanitizer
from service.importers.wxr import Exported
from service.storage import Tx
from service.usecases import foreign_fields
from service.usecases.submission import ID

PLAIN: Final = "wp-"
"""What stands before the numbers of the first blog's comments."""
KNOWN_AS: Final = re.compile(ID)
KNOWN_LIMIT: Final = 500_000
"""So many comments of one file can be named as parents by ids that are not made of their numbers."""


class Names:
    """Gives the comments of a file their ids, so that those of two blogs are never taken for each other."""

    def __init__(self, context: AppContext, site: Site) -> None:
        self._context, self._site = context, site
        self._prefix: str | None = None
        self._own: dict[tuple[str, str], str] = {}

    def look(self, taken: Sequence[Exported]) -> None:
        """See which blog the file is of, and which of these comments are known by other ids than their numbers."""
        if not taken:
            return
        if self._prefix is None:
            self._prefix = self._prefix_for(taken)
        for one in taken:
            if KNOWN_AS.fullmatch(one.known_as):
                self._note(one, one.number, one.known_as)
        with self._context.deps.store.read() as tx:
            self._note_posted(tx, taken)
            unknown = [one for one in taken if self._place(one, one.number) not in self._own]
            numbers = {one.number for one in unknown} | {one.parent for one in taken}
            wanted = [name for number in numbers if KNOWN_AS.fullmatch(name := f"{self._prefix}{number}")]
            stored = tx.comments.by_ids(self._site.id, wanted)
        hosts = {f"{self._prefix}{number}": "" for number in numbers}
        hosts |= {name: host_of(known.article.url) for name, known in stored.items()}
        first: dict[str, Exported] = {}
        for one in unknown:
            known = stored.get(f"{self._prefix}{one.number}")
            is_plain = known is None or _is_same(known, one, self.page(one))
            if is_plain and self._is_one(first.setdefault(one.number, one), one):
                hosts[f"{self._prefix}{one.number}"] = self._host(one)
            else:
                self._note(one, one.number)
        for one in taken:
            is_named = self._place(one, one.parent) in self._own
            if not is_named and hosts[f"{self._prefix}{one.parent}"] not in ("", self._host(one)):
                self._note(one, one.parent)  # a parent that is still to come: that number is another blog's

    def _note_posted(self, tx: Tx, taken: Sequence[Exported]) -> None:
        """See which of another blog's comments the site has posted by itself, under their plain numbers."""
        if self._prefix == PLAIN:
            return
        numbers = {f"{PLAIN}{one.number}": one for one in taken}
        for name, known in tx.comments.by_ids(self._site.id, _named(PLAIN, taken)).items():
            one = numbers[name]
            is_own = known.source is not Source.IMPORT or _is_written_then(known, one)
            if is_own and article_key(known.article.url) == self.page(one):
                self._note(one, one.number, name)

    def of(self, one: Exported) -> str:
        """Return the comment's id. Raises Invalid where its number is none."""
        if not (one.number.isascii() and one.number.isdigit()):
            raise Invalid([Fault("comment_id", "whole")])
        if KNOWN_AS.fullmatch(one.known_as):
            return one.known_as
        return self._own.get(self._place(one, one.number), f"{self._prefix}{one.number}")

    def of_parent(self, one: Exported) -> str | None:
        """Return the id of the comment that this one answers."""
        if one.parent in ("", "0"):
            return None
        return self._own.get(self._place(one, one.parent), f"{self._prefix}{one.parent}")

    def key(self, name: str, body: str) -> str:
        """Name the comment in this wording by a keyed digest, which is kept for good."""
        content = f"{name}\0{body}".encode()
        return self._context.keyring.sign("wordpress comment", content, site=self._site.name)[:16].hex()

    def page(self, one: Exported) -> str:
        """Return the key of its article."""
        return article_key(link_of(one, self._site.url))

    def _host(self, one: Exported) -> str:
        return host_of(link_of(one, self._site.url))

    def _place(self, one: Exported, number: str) -> tuple[str, str]:
        """Say which number it is, under which article: another may hold it too, where two blogs are in one file."""
        return self.page(one)[:8], number

    def _is_one(self, first: Exported, one: Exported) -> bool:
        """Whether two of a file are the same comment, and not of two blogs."""
        return first.written == one.written or self.page(first) == self.page(one)

    def _note(self, one: Exported, number: str, name: str = "") -> None:
        """Give what has this number under the article of `one` a name of its own: with the article's in it."""
        if len(self._own) < KNOWN_LIMIT:
            page, _ = place = self._place(one, number)
            self._own[place] = name or f"wp-{page}-{number}"

    def _prefix_for(self, taken: Sequence[Exported]) -> str:
        """Return what stands before the numbers: of the first blog nothing but `wp-`."""
        blog = _blog_of(taken[0])
        with self._context.deps.store.write() as tx:
            site = tx.sites.by_id(self._site.id) or self._site
            known, prefix = site.options.wordpress_blog, f"{PLAIN}{blog[:8]}-"
            was_another = known not in (None, blog) and tx.comments.by_ids(site.id, _named(prefix, taken))
            if was_another or (known != blog and self._is_another(tx, taken, known is not None)):
                return prefix
            if known != blog:
                tx.sites.save(replace(site, options=replace(site.options, wordpress_blog=blog)))
        return PLAIN

    def _is_another(self, tx: Tx, taken: Sequence[Exported], is_known: bool) -> bool:
        """Whether these are comments of another blog than those that are here: none is here in the same words.

        A blog that moved to another address has most of them in common. The words with which every blog begins tell
        nothing unless they are of the same time or article, too.
        """
        numbers = {f"{PLAIN}{one.number}": one for one in taken}
        there = tx.comments.by_ids(self._site.id, _named(PLAIN, taken))
        same = [
            name for name, known in there.items() if _is_same(known, numbers[name], self.page(numbers[name]))
        ]
        sanitizer = LineSanitizer(self._context.keyring)
        keys = [
            sanitizer.key_of(self._site, self.key(name, plain_text(numbers[name].content))) for name in same
        ]
        if keys and tx.comments.idempotency_keys(self._site.id, keys):
            return False
        return is_known or bool(there and not same)


def _named(prefix: str, taken: Sequence[Exported]) -> list[str]:
    """Return the ids that the comments have with this prefix."""
    return [name for one in taken if KNOWN_AS.fullmatch(name := f"{prefix}{one.number}")]


def _is_same(known: Comment, one: Exported, page: str) -> bool:
    """Whether a comment that is here under this number is the exported one: written then, or under that article.

    The site may have posted it by itself, with the number that WordPress gave it.
    """
    return _is_written_then(known, one) or page == article_key(known.article.url)


def _is_written_then(known: Comment, one: Exported) -> bool:
    """Whether the export gives the moment of a comment that is here, or none."""
    written = foreign_fields.moment(one.written) or foreign_fields.moment(one.written_local)
    return written is None or written == known.submitted_at.isoformat().replace("+00:00", "Z")


def _blog_of(one: Exported) -> str:
    """Return the key of the blog: of its address, else of the host of its articles."""
    parts = urlsplit(one.link)
    return article_key(one.blog or f"{parts.scheme}://{parts.netloc}/")


def link_of(one: Exported, site_url: str) -> str:
    """Return the article's address; a draft that has none has one like WordPress' own."""
    if foreign_fields.website(one.link) or not one.post_id.isdigit():
        return one.link
    return f"{(foreign_fields.website(one.blog) or site_url).rstrip('/')}/?p={one.post_id}"
