"""The settings of a site as `site set NAME KEY=VALUE` takes them: how each is read, each fault with its fix."""

from __future__ import annotations

import string
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from service.domain.comment import TITLE_LIMIT, URL_LIMIT, normalise_url
from service.domain.errors import Fault
from service.domain.options import READERS as OPTIONS
from service.webhooks.signing import SecretError, parse_secret
from service.webhooks.url_guard import Allow, is_closed

if TYPE_CHECKING:
    from service.config import Settings

ADDRESS_MODES: Final = ("sealed", "fingerprint", "none")


def read_settings(terms: Mapping[str, str]) -> tuple[dict[str, object], list[Fault]]:
    """Return what the terms say, and what is wrong with the others."""
    read: dict[str, object] = {}
    faults: list[Fault] = []
    for key, value in terms.items():
        try:
            read[key] = SETTINGS[key](value)
        except SecretError as wrong:
            faults.append(Fault(key, wrong.detail))
        except ValueError as wrong:
            faults.append(Fault(key, str(wrong)))
    return read, faults


def web_url(value: str) -> str:
    """Return an http or https URL as given. Raises ValueError saying how to fix it."""
    normalise_url(value)
    if urlsplit(value).username is not None:
        raise ValueError("must not hold a user name or password")
    return value


def closed_faults(field: str, callback_url: str | None, settings: Settings) -> list[Fault]:
    """Name a callback address that no callback would ever be sent to, and the setting that opens it."""
    try:
        if not callback_url or not is_closed(
            web_url(callback_url), Allow.parse(",".join(settings.callback_allow))
        ):
            return []
    except ValueError:
        return []  # no web address at all, which is said by whoever reads it
    return [
        Fault(
            field,
            "is a private, loopback or reserved address; REPLYDESK_CALLBACK_ALLOW can name it",
            "closed",
        )
    ]


def _callback_url(value: str) -> str | None:
    return web_url(value) if value else None


def _title(value: str) -> str | None:
    if len(value) > TITLE_LIMIT or not value.isprintable():
        raise ValueError(f"must be at most {TITLE_LIMIT} printable characters")
    return value or None


def _flag(value: str) -> bool:
    if value.lower() not in ("true", "false", "yes", "no", "on", "off", "1", "0"):
        raise ValueError("must be true or false")
    return value.lower() in ("true", "yes", "on", "1")


def _address_mode(value: str) -> str:
    if value not in ADDRESS_MODES:
        raise ValueError(f"must be one of {', '.join(ADDRESS_MODES)}")
    return value


def _region(value: str) -> str | None:
    if value and not (len(value) == 2 and set(value) <= set(string.ascii_letters)):
        raise ValueError("must be a country's two letters, such as DE, or empty")
    return value.upper() or None


def _webhook_secret(value: str) -> str:
    parse_secret(value)
    return value


def _coral_secrets(value: str) -> tuple[str, ...]:
    secrets = tuple(one.strip() for one in value.split(",") if one.strip())
    if len(secrets) > 4 or any(len(one) > 512 or not one.isprintable() for one in secrets):
        raise ValueError("must be up to four secrets as Coral shows them, separated by commas, or empty")
    return secrets


def _coral_token(value: str) -> str:
    if len(value) > 4000 or not value.isascii() or not value.isprintable() or " " in value:
        raise ValueError("must be an access token as Coral shows it, or empty")
    return value


def _disabled(value: str) -> str | None:
    if len(value) > URL_LIMIT or not value.isprintable():
        raise ValueError("must be a short reason, or empty to let callbacks run")
    return value or None


SETTINGS: Final[Mapping[str, Callable[[str], object]]] = {
    "url": web_url,
    "title": _title,
    "callback_url": _callback_url,
    "callback_disabled": _disabled,
    "webhook_secret": _webhook_secret,
    "email_required": _flag,
    "address_mode": _address_mode,
    "region": _region,
    "coral_secret": _coral_secrets,
    "coral_token": _coral_token,
    **OPTIONS,
}
