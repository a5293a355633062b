"""What a comment is: its states and its parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from service.domain.article_url import URL_LIMIT as URL_LIMIT
from service.domain.article_url import article_key
from service.domain.article_url import normalise_url as normalise_url
from service.domain.status import Status

if TYPE_CHECKING:
    from service.domain.verdict import Verdict

BODY_LIMIT = 20_000
ARCHIVED_LIMIT = 65_536
"""Characters of a comment that was written elsewhere, under other rules: as many as WordPress keeps."""
ID_LIMIT = 128
NAME_LIMIT = 200
TITLE_LIMIT = 500
STAFF = "staff"
"""The signal of a comment of which the site said whether its own staff wrote it."""


class Source(StrEnum):
    """How a comment came in."""

    API = "api"
    BATCH = "batch"
    INBOUND = "inbound"
    FORM = "form"
    IMPORT = "import"
    COMPAT = "compat"


@dataclass(frozen=True, slots=True)
class Article:
    """The page a comment stands under: `url` as the site writes it, and the `key` that spellings of it share."""

    url: str
    title: str | None = None
    published_at: datetime | None = None
    key: str = field(default="", compare=False)
    """As `article_key` makes it; empty where nobody has asked yet."""
    private: bool | None = field(default=None, compare=False)
    """Whether what was imported under it is kept from readers; None where nothing is said of that."""
    import_word: str | None = field(default=None, compare=False)
    """A digest of what an import said of it last."""
    exported_at: datetime | None = field(default=None, compare=False)
    """When the newest export of it was made, as far as exports say so."""

    @property
    def identity(self) -> str:
        """The key, also where nobody has asked for it yet."""
        return self.key or article_key(self.url)

    def is_newer_than(self, again: Article) -> bool:
        """Whether a newer export than this other one has said what is known of it."""
        mine, other = self.exported_at, again.exported_at
        return mine is not None and other is not None and mine > other

    def merged(self, again: Article, by_site: bool) -> Article:
        """Return the article merged with newer data: the site's replaces, anyone else's fills in what is missing.

        Data the site sends under an old address of the article also only fills in. An export that says what the last
        one said, or is older than that, has no new word. The first export is older than what is known, and what it or
        we keep private stays so.
        """
        filled = replace(
            self,
            title=self.title or again.title,
            published_at=self.published_at or again.published_at,
        )
        if not by_site or again.identity != self.identity:
            return filled
        if not self.is_newer_than(again):
            filled = replace(filled, exported_at=again.exported_at or self.exported_at)
        if again.import_word and not self.import_word:
            return replace(filled, private=self.private or again.private, import_word=again.import_word)
        if again.import_word and (again.import_word == self.import_word or self.is_newer_than(again)):
            return filled
        return replace(
            filled,
            url=again.url,
            title=again.title or self.title,
            published_at=again.published_at or self.published_at,
            private=self.private if again.private is None else again.private,
            import_word=again.import_word or self.import_word,
        )


@dataclass(frozen=True, slots=True)
class Client:
    """What is known of the reader's machine; `ip` is cut to /24 or /48 before it gets here."""

    ip: str | None = None
    user_agent: str | None = None
    referrer: str | None = None


@dataclass(frozen=True, slots=True)
class Original:
    """An encrypted text that a contact placeholder stands for; opened only by a moderator's logged reveal."""

    field: str
    ciphertext: bytes


@dataclass(frozen=True, slots=True)
class Draft:
    """A sanitized comment: contacts masked, address sealed, not yet stored.

    `content_hash` is a keyed digest of the name and text as they are seen, `exact_hash` of name, website and text to
    the letter, as older versions stored it; two drafts with one id, one of these and one website are a replay.
    `request_hash` is a keyed digest of the whole submission; an idempotency key stands for one of these.
    """

    id: str
    article: Article
    author_name: str
    body: str
    submitted_at: datetime
    content_hash: str
    request_hash: str
    source: Source
    exact_hash: str | None = None
    parent_id: str | None = None
    website: str | None = None
    names_website: bool = False
    """The caller said what the author's website is, or that there is none."""
    author_key: str | None = None
    box: bytes | None = None
    originals: tuple[Original, ...] = ()
    client: Client = Client()
    signals: Mapping[str, object] = field(default_factory=dict)
    idempotency_key: str | None = None
    content_keys: tuple[str, ...] = ()
    """Digests of who wrote what under which article, for what comes without an id: by each a repetition is known."""
    id_from_key: bool = False
    """The id was made from the idempotency key, so other content under it is a misuse of the key, no revision."""
    live: bool = True
    undated: bool = False
    """The caller gave no `submitted_at`, so it is the moment of arrival."""
    older_author_keys: tuple[str, ...] = ()
    """The author's keys under older master keys, while a rotation is under way."""

    @property
    def is_latest(self) -> bool:
        """Whether what it says of its article is the site's latest word: an archive's is old, a reader's none.

        An export that has a word of its own tells by that how old it is.
        """
        is_archive = self.source is Source.IMPORT and self.article.import_word is None
        return self.source is not Source.FORM and not is_archive


@dataclass(frozen=True, slots=True)
class Comment:
    """A stored comment. `pk` is the service's own number, `id` the caller's; (site_id, id) is unique.

    `published_revision` names the revision readers see now, None when they see nothing.
    `decision_id` names the decision that stands, None before the first verdict.
    `rescore` says that the comment was decided on a fast score and is to be scored again in full.
    """

    pk: int
    site_id: int
    id: str
    revision: int
    status: Status
    article: Article
    author_name: str
    body: str
    submitted_at: datetime
    received_at: datetime
    content_hash: str
    source: Source
    parent_id: str | None = None
    website: str | None = None
    author_key: str | None = None
    client: Client = Client()
    signals: Mapping[str, object] = field(default_factory=dict)
    live: bool = True
    attempts: int = 0
    decided_at: datetime | None = None
    verdict: Verdict | None = None
    decision_id: int | None = None
    published_revision: int | None = None
    rescore: bool = False

    @property
    def is_public(self) -> bool:
        """Whether readers see it: not what a compatibility API brought, nor an import under a private article."""
        kept_in = self.source is Source.COMPAT or (
            self.source is Source.IMPORT and bool(self.article.private)
        )
        return self.published_revision is not None and not kept_in


@dataclass(frozen=True, slots=True)
class Submission:
    """A comment as the reader wrote it, parsed and bounded, on its way to the sanitizer; never stored, never logged."""

    article: Article
    author_name: str = field(repr=False)
    body: str = field(repr=False)
    source: Source
    id: str | None = None
    email: object | None = None
    """A `privacy.sealing.Address`: it prints masked, and only the sanitizer opens it."""
    parent_id: str | None = None
    website: str | None = field(default=None, repr=False)
    """Empty where the caller said that there is none."""
    submitted_at: datetime | None = None
    client: Client = field(default=Client(), repr=False)
    signals: Mapping[str, object] = field(default_factory=dict)
    idempotency_key: str | None = None
    live: bool = True


@dataclass(frozen=True, slots=True)
class Placed:
    """What became of one draft: `outcome` is "new", "replay" or "revised"."""

    comment: Comment
    outcome: str
