"""What a comment is: its states, its parts, and how an article's address is compared."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit

if TYPE_CHECKING:
    from service.moderation.verdict import Verdict

BODY_LIMIT = 20_000
ID_LIMIT = 128
NAME_LIMIT = 200
URL_LIMIT = 2_000
TITLE_LIMIT = 500
STAFF = "staff"
"""The signal of a comment that the site's own staff wrote."""

_DEFAULT_PORTS = {"http": 80, "https": 443}
_TRACKING = frozenset(
    {"fbclid", "gclid", "dclid", "msclkid", "mc_cid", "mc_eid", "igshid", "yclid", "_ga", "_gl"}
)
_UNSEEN = re.compile(r"[\x00-\x20\x7f]")
_TRACKING_PREFIXES = ("utm_", "at_", "pk_", "mtm_")


class Status(StrEnum):
    """Where a comment stands. Words, never integers."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    SPAM = "spam"
    HELD = "held"
    WITHDRAWN = "withdrawn"
    ERASED = "erased"


FINAL = frozenset({Status.WITHDRAWN, Status.ERASED})


class Source(StrEnum):
    """The door a comment came through."""

    API = "api"
    BATCH = "batch"
    INBOUND = "inbound"
    FORM = "form"
    IMPORT = "import"
    PLUG = "plug"


@dataclass(frozen=True, slots=True)
class Article:
    """The page a comment stands under; `url` is normalised, so that equal pages compare equal."""

    url: str
    title: str | None = None
    published_at: datetime | None = None


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
    """A comment as it passed the door: contacts masked, address sealed, not yet stored.

    `content_hash` is a keyed digest of what the reader wrote; two drafts with one id and one hash are a replay.
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
    parent_id: str | None = None
    website: str | None = None
    author_key: str | None = None
    box: bytes | None = None
    originals: tuple[Original, ...] = ()
    client: Client = Client()
    signals: Mapping[str, object] = field(default_factory=dict)
    idempotency_key: str | None = None
    content_key: str | None = None
    """A digest of who wrote what under which article, for what comes without an id: by it a repetition is known."""
    id_from_key: bool = False
    """The id was made from the idempotency key, so other content under it is a misuse of the key, no revision."""
    live: bool = True
    undated: bool = False
    """The caller gave no `submitted_at`, so it is the moment of arrival."""
    older_author_keys: tuple[str, ...] = ()
    """The author's keys under older master keys, while a rotation is under way."""


@dataclass(frozen=True, slots=True)
class Comment:
    """A stored comment. `pk` is the house's own number, `id` the caller's; (site_id, id) is unique.

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


def normalise_url(url: str) -> str:
    """Return the article's address in the form used for comparison.

    Scheme and host are lower-cased; default port, fragment, user part and tracking parameters are dropped; an empty
    path becomes "/". Raises ValueError when the address is no absolute http(s) URL with a host.
    """
    if len(url) > URL_LIMIT:
        raise ValueError(f"must be at most {URL_LIMIT} characters")
    if _UNSEEN.search(url):
        raise ValueError("must not contain spaces or control characters")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ValueError("must be an absolute http or https URL") from None
    scheme = parts.scheme.lower()
    if scheme not in _DEFAULT_PORTS or not host:
        raise ValueError("must be an absolute http or https URL")
    netloc = f"[{host}]" if ":" in host else host
    if port is not None and port != _DEFAULT_PORTS[scheme]:
        netloc = f"{netloc}:{port}"
    return SplitResult(scheme, netloc, parts.path or "/", _without_tracking(parts.query), "").geturl()


def _without_tracking(query: str) -> str:
    """Drop the parameters that name a campaign, not a page; leave a query without them byte for byte as it was."""
    if not query:
        return ""
    pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=None)
    kept = [(name, value) for name, value in pairs if not _is_tracking(name)]
    return query if len(kept) == len(pairs) else urlencode(kept)


def _is_tracking(name: str) -> bool:
    lowered = name.lower()
    return lowered in _TRACKING or lowered.startswith(_TRACKING_PREFIXES)
