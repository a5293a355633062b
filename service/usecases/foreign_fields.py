"""Saves what can be used of fields that other programs filled in: what is optional and no good is left out.

Each function returns a value that `service.usecases.submission` takes, or None. None of them shows what it was given.
"""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from service.domain.clean_text import cleaned_line, is_blank
from service.domain.comment import NAME_LIMIT, normalise_url
from service.privacy.sealing import Address, AddressError
from service.usecases.submission import CLIENT_LIMIT


def email(text: str) -> str | None:
    """Return an email address as typed; None for what is none."""
    try:
        Address.parse(text)
    except AddressError:
        return None
    return text


def website(text: str) -> str | None:
    """Return an http or https address as typed; None for what is none."""
    try:
        normalise_url(text)
    except ValueError:
        return None
    return text


def ip(text: str) -> str | None:
    """Return an IPv4 or IPv6 address; None for what is none."""
    try:
        return None if "%" in text else str(ipaddress.ip_address(text.strip()))
    except ValueError:
        return None


def line(text: str) -> str | None:
    """Return the text without what no line of ours may hold, cut to its bound; None when nothing is left."""
    return text.replace("\0", "")[:CLIENT_LIMIT].strip() or None


def name(text: str, otherwise: str) -> str:
    """Return a name without what no name may hold, cut to its bound; `otherwise` where nothing of it is seen."""
    cleaned = cleaned_line(text).strip()[:NAME_LIMIT]
    return otherwise if is_blank(cleaned) else cleaned


def moment(text: str) -> str | None:
    """Return a time as RFC 3339 in UTC; None for what is none, such as WordPress' 0000-00-00.

    A time without an offset is taken as UTC: `2026-11-22 19:00:00` is how WordPress writes it.
    """
    if len(text) > 40:
        return None
    try:
        read = datetime.fromisoformat(text.strip())
        read = read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return read.isoformat().replace("+00:00", "Z") if 1990 <= read.year <= 2100 else None


def mail_date(text: str) -> datetime | None:
    """Return a time that is written as feeds and mails write it; None for what is none."""
    try:
        read = parsedate_to_datetime(text) if len(text) <= 40 else None
        return read and (read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC))
    except (ValueError, OverflowError):
        return None
