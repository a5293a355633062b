"""The form's ticket: which form was given out when, signed, so that a double click makes one comment."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from service.privacy.keys import Keyring

PURPOSE: Final = "reply form"
LIFE: Final = timedelta(hours=24)
TITLE_BYTES: Final = 400  # the ticket as a whole carries at most 1,024


class TicketRefused(Exception):
    """The form's ticket is not one that this article's form was given."""


class TicketExpired(TicketRefused):
    """The form was open for longer than a day."""

    def __init__(self, ticket: Ticket) -> None:
        super().__init__()
        self.ticket = ticket


@dataclass(frozen=True, slots=True)
class Ticket:
    """A form that was given out: `started` is when the reader first saw it, `issued` when this ticket was made."""

    site: str
    article_url: str
    started: datetime
    issued: datetime
    nonce: str
    title: str | None = None

    @classmethod
    def new(cls, site: str, article_url: str, now: datetime, title: str | None = None) -> Ticket:
        """Make the ticket of a fresh form; `title` is the article's, where the service itself knows it."""
        return cls(site, article_url, now, now, secrets.token_urlsafe(16), _short(title))

    def again(self, now: datetime) -> Ticket:
        """Make the next ticket of the same form: the reader has been writing since `started`."""
        return replace(self, issued=now, nonce=secrets.token_urlsafe(16))

    def fill_seconds(self, now: datetime) -> float:
        """Return how long the reader has had the form, in seconds."""
        return round(max(0.0, (now - self.started).total_seconds()), 1)

    @property
    def idempotency_key(self) -> str:
        """The key under which everything that is sent with this ticket is one comment."""
        return f"form:{self.nonce}"

    def sign(self, keyring: Keyring) -> str:
        """Return the ticket as the form's hidden field carries it."""
        data = [_digest(self.article_url), _stamp(self.started), _stamp(self.issued), self.nonce, self.title]
        return keyring.token(self.site, PURPOSE, json.dumps(data, ensure_ascii=False, separators=(",", ":")))


def read_ticket(keyring: Keyring, site: str, article_url: str, token: str, now: datetime) -> Ticket:
    """Return the ticket in `token`; TicketRefused when it is not this form's, TicketExpired when it was and is old."""
    payload = keyring.read_token(site, PURPOSE, token)
    if payload is None:
        raise TicketRefused()
    digest, started, issued, nonce, title = json.loads(payload)
    if digest != _digest(article_url):
        raise TicketRefused()
    ticket = Ticket(site, article_url, _moment(started), _moment(issued), nonce, title)
    if now - ticket.issued > LIFE:
        raise TicketExpired(ticket)
    return ticket


def _digest(article_url: str) -> str:
    return hashlib.sha256(article_url.encode()).hexdigest()[:24]


def _stamp(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def _moment(stamp: int) -> datetime:
    return datetime.fromtimestamp(stamp / 1000, UTC)


def _short(title: str | None) -> str | None:
    return title.encode()[:TITLE_BYTES].decode(errors="ignore") if title else None
