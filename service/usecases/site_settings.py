"""The settings of a site as `site set NAME KEY=VALUE` takes them: how each is read, each fault with its fix."""

from __future__ import annotations

import string
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import urlsplit

from service.config import Settings
from service.domain.comment import TITLE_LIMIT, URL_LIMIT, normalise_url
from service.domain.faults import Fault, InvalidValue
from service.domain.options import READERS as OPTIONS
from service.domain.setting_readers import choice, flag
from service.webhooks.signing import SecretError, parse_secret
from service.webhooks.url_guard import Allow, is_closed

ADDRESS_MODES: Final = ("sealed", "fingerprint", "none")


def read_settings(terms: Mapping[str, str]) -> tuple[dict[str, object], list[Fault]]:
    """Return what the terms say, and what is wrong with the others."""
    read: dict[str, object] = {}
    faults: list[Fault] = []
    for key, value in terms.items():
        try:
            read[key] = SETTINGS[key](value)
        except InvalidValue as wrong:
            faults.append(Fault.of(key, wrong))
    return read, faults


def web_url(value: str) -> str:
    """Return an http or https URL as given. Raises InvalidValue."""
    normalise_url(value)
    if urlsplit(value).username is not None:
        raise InvalidValue("web_address.user")
    return value


def closed_faults(field: str, callback_url: str | None, settings: Settings) -> list[Fault]:
    """Name a callback address that no callback would ever be sent to, and the setting that opens it."""
    try:
        if not callback_url or not is_closed(
            web_url(callback_url), Allow.parse(",".join(settings.callback_allow))
        ):
            return []
    except InvalidValue:
        return []  # no web address at all, which is said by whoever reads it
    return [Fault(field, "closed")]


def _callback_url(value: str) -> str | None:
    return web_url(value) if value else None


def _title(value: str) -> str | None:
    if len(value) > TITLE_LIMIT or not value.isprintable():
        raise InvalidValue("printable", count=TITLE_LIMIT)
    return value or None


def _region(value: str) -> str | None:
    if value and not (len(value) == 2 and set(value) <= set(string.ascii_letters)):
        raise InvalidValue("country")
    return value.upper() or None


def _webhook_secret(value: str) -> str:
    try:
        parse_secret(value)
    except SecretError:
        raise InvalidValue("secret") from None
    return value


def _coral_secrets(value: str) -> tuple[str, ...]:
    secrets = tuple(one.strip() for one in value.split(",") if one.strip())
    if len(secrets) > 4 or any(len(one) > 512 or not one.isprintable() for one in secrets):
        raise InvalidValue("coral_secrets")
    return secrets


def _coral_token(value: str) -> str:
    if len(value) > 4000 or not value.isascii() or not value.isprintable() or " " in value:
        raise InvalidValue("coral_token")
    return value


def _disabled(value: str) -> str | None:
    if len(value) > URL_LIMIT or not value.isprintable():
        raise InvalidValue("short_reason")
    return value or None


SETTINGS: Final[Mapping[str, Callable[[str], object]]] = {
    "url": web_url,
    "title": _title,
    "callback_url": _callback_url,
    "callback_disabled": _disabled,
    "webhook_secret": _webhook_secret,
    "email_required": flag,
    "address_mode": choice(*ADDRESS_MODES),
    "region": _region,
    "coral_secret": _coral_secrets,
    "coral_token": _coral_token,
    **OPTIONS,
}
