"""What a site has chosen besides its policy: plain values with a default each, and how an operator's words are read."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Final
from urllib.parse import urlsplit

from service.domain.article_url import APART
from service.domain.faults import InvalidValue
from service.domain.json_pointers import read_map
from service.domain.refusal_reasons import SHIPPED, read_reasons
from service.domain.setting_readers import choice, flag, number, optional, whole

DUPLICATE_HOURS_LIMIT: Final = 72.0
HELP_TEXT_LIMIT: Final = 2_000


@dataclass(frozen=True, slots=True)
class Options:
    """A site's options. Each field holds what JSON can hold (lists as tuples), so that a new one needs no migration."""

    undo_seconds: float | None = None
    """How long a moderator's decision waits in the service, free to undo; None: as long as the installation says."""
    compat_mode: str = "score"
    """What the compatibility APIs do besides answering: "score" stores nothing, "decide" answers by the site's policy
    and stores nothing, "queue" also puts what a person should see on the desk."""
    compat_learning: bool = True
    """Whether feedback to a compatibility API (suggestscore, submit-spam, submit-ham) is kept as a label."""
    inbound_map: tuple[tuple[str, str], ...] = ()
    """Where the fields of a comment lie in the site's own webhook, as JSON Pointers; none: it sends a submission."""
    akismet_held: str = "false"
    """What an Akismet client is told of a comment that waits for a person: "false" and to ask again, or "spam"."""
    akismet_discard: float | None = 0.99
    """From this score for spam on, an Akismet client may throw spam away unseen; None: never."""
    perspective_map: str = "off"
    """On which scale the Perspective API answers: "off" is calibrated probabilities, "shipped" and "own" values like
    Perspective's, by the map that comes with this version or by `perspective_knots`."""
    perspective_knots: Mapping[str, tuple[tuple[float, float], ...]] | None = None
    """The map that `replydesk compare perspective --fit` made of the site's own log, by attribute."""
    coral_secrets: tuple[str, ...] = ()
    """Signing secrets of the site's Coral, each encrypted and in base64: several, while one is being rolled."""
    coral_url: str | None = None
    """Where the site's Coral is, to be asked for a comment that its webhook names; None: it is not asked."""
    coral_token: str | None = None
    """The access token for that, encrypted and in base64."""
    own_links: str = "free"
    """Whether links to the site's own pages count against its limit: "free" or "counted"."""
    comments_per_minute: float | None = None
    """How many comments the site's programs may post a minute; None: as many as they like."""
    comments_burst: int | None = None
    """How many of them may come at once; None: ten seconds' worth, at least ten."""
    form_per_minute: float | None = 600.0
    """How many comments a minute all readers together may post with the reply form; None: as many as they like."""
    form_per_network: float | None = 60.0
    """How many of them the readers of one network (/24 or /48) may post a minute; None: as many as all together."""
    notify_url: str | None = None
    """Where a signed webhook goes when the moderators' queue grows past a limit; None: nowhere."""
    notify_held: int | None = 100
    """Comments that wait for a moderator, from which the queue counts as grown; None: however many."""
    notify_age_seconds: float | None = 3600.0
    """How long the oldest of them may wait until the queue counts as grown; None: however long."""
    duplicate_hours: float | None = 6.0
    """For so long copies of a held text are grouped in one row, and a decision on it covers later copies; None:
    every comment is decided by itself."""
    wordpress_blog: str | None = None
    """The key of the blog whose comments go by their WordPress numbers here; None before the first import."""
    articles_apart: tuple[str, ...] = ()
    """What makes two articles of two addresses: "scheme", "www" and "slash" (the one at the end); else they are one."""
    held_articles: tuple[tuple[str, float], ...] = ()
    """Articles whose new comments wait for a person, each with the moment (seconds since 1970) when that ends."""
    erased_texts: str = "remove"
    """What an erasure leaves of a published text: "remove" nothing, "keep" the text without its author."""
    keep_rejected_days: float | None = 90.0
    """How long the text of a rejected comment is kept; None: for good. Likewise the following."""
    keep_spam_days: float | None = 30.0
    keep_withdrawn_days: float | None = 30.0
    keep_deliveries_days: float | None = 30.0
    """Callbacks that were delivered or given up, with the text in them."""
    keep_client_days: float | None = 30.0
    """The network of the IP address, the user agent and the referring page."""
    keep_originals_days: float | None = 90.0
    """Texts as they were typed, encrypted, where contacts were masked in them."""
    help_text: str | None = None
    """What the receipt says to a writer who may be at risk, as plain text; None: the shipped words, without numbers."""
    reasons: tuple[tuple[str, str, str], ...] = SHIPPED
    """Why moderators refuse comments: code, title for moderators, and the end of a sentence for the commenter."""


DEFAULTS: Final = Options()


def stored(options: Options) -> str:
    """Return the options as JSON text, only what differs from its default, keys in order."""
    chosen = {
        field.name: value
        for field in fields(options)
        if (value := getattr(options, field.name)) != field.default
    }
    return json.dumps(chosen, sort_keys=True, ensure_ascii=False)


def from_stored(text: str | None) -> Options:
    """Return the options that were stored; what this version does not know is left out."""
    known = {field.name for field in fields(Options)}
    chosen = json.loads(text) if text else {}
    return Options(**{name: frozen(value) for name, value in chosen.items() if name in known})  # type: ignore[arg-type]  # as stored


def frozen(value: object) -> object:
    """Return a JSON value that cannot change: lists become tuples, all the way down."""
    if isinstance(value, list):
        return tuple(frozen(each) for each in value)
    if isinstance(value, dict):
        return {name: frozen(each) for name, each in value.items()}
    return value


def _apart(value: str) -> tuple[str, ...]:
    words = set(value.replace(",", " ").split())
    if not words <= set(APART):
        raise InvalidValue("some_of", words=", ".join(APART))
    return tuple(one for one in APART if one in words)


def _web_address(value: str) -> str | None:
    if not value:
        return None
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
        raise InvalidValue("web_address")
    if len(value) > 2000 or not value.isprintable() or " " in value:
        raise InvalidValue("web_address.long", count=2000)
    return value


def _help_text(value: str) -> str | None:
    text = value.replace("\r\n", "\n").strip()
    if len(text) > HELP_TEXT_LIMIT or not all(line.isprintable() for line in text.split("\n")):
        raise InvalidValue("plain_text", count=HELP_TEXT_LIMIT)
    return text or None


COMPAT_MODES: Final = ("score", "decide", "queue")


_per_minute = optional(number(1, 1_000_000))
_days = optional(number(0.04, 36_500, "days"), ("", "never"))
_count = optional(whole(1, 1_000_000, "whole.or_empty"))

READERS: Final[Mapping[str, Callable[[str], object]]] = {
    "reasons": read_reasons,
    "help_text": _help_text,
    "articles_apart": _apart,
    "erased_texts": choice("remove", "keep"),
    "duplicate_hours": optional(number(0.1, DUPLICATE_HOURS_LIMIT)),
    "keep_rejected_days": _days,
    "keep_spam_days": _days,
    "keep_withdrawn_days": _days,
    "keep_deliveries_days": _days,
    "keep_client_days": _days,
    "keep_originals_days": _days,
    "undo_seconds": optional(number(0, 600)),
    "compat_mode": choice(*COMPAT_MODES),
    "compat_learning": flag,
    "inbound_map": read_map,
    "akismet_held": choice("false", "spam"),
    "akismet_discard": optional(number(0, 1)),
    "perspective_map": choice("off", "shipped", "own"),
    "coral_url": _web_address,
    "own_links": choice("free", "counted"),
    "comments_per_minute": _per_minute,
    "comments_burst": _count,
    "form_per_minute": _per_minute,
    "form_per_network": _per_minute,
    "notify_url": _web_address,
    "notify_held": _count,
    "notify_age_seconds": optional(number(10, 30 * 86_400)),
}
"""How `site set NAME option=VALUE` reads each option; a reader raises InvalidValue, which says how to fix it."""
