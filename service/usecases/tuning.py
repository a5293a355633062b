"""What an operator changes of a site: policy, settings, secrets; each fault named, each secret shown once."""

from __future__ import annotations

import string
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from service.domain.comment import TITLE_LIMIT, URL_LIMIT, normalise_url
from service.domain.errors import Fault, Invalid, NotFound
from service.domain.options import READERS as OPTIONS
from service.domain.site import Site
from service.domain.terms import change, known_terms, to_terms
from service.privacy.keys import (
    CORAL,
    fingerprint,
    new_akismet_key,
    new_api_key,
    new_webhook_secret,
    seal_option,
)
from service.privacy.sealing import new_contact_keys
from service.storage import Tx
from service.usecases.enrolment import SLUG_LIMIT
from service.webhooks.signing import SecretError, parse_secret
from service.webhooks.url_guard import Allow, is_closed

if TYPE_CHECKING:
    from service.config import Settings
    from service.context import AppContext

OVERLAP: Final = timedelta(hours=24)
"""For so long an API key goes on working after its rotation."""
ROTATED: Final = ("key", "akismet_key", "inbound_secret", "webhook_secret", "contact_key")
ADDRESS_MODES: Final = ("sealed", "fingerprint", "none")


def find_site(tx: Tx, name: str) -> Site:
    """Return the site of that name. Raises NotFound, naming those there are."""
    site = tx.sites.get(name)
    if site is None:
        names = ", ".join(one.name for one in tx.sites.all()[:20])
        raise NotFound(f"There is no site {name[:SLUG_LIMIT]!r}; there is {names or 'none yet, so add one'}.")
    return site


def tune_site(context: AppContext, name: str, terms: Mapping[str, str], who: str = "operator") -> Site:
    """Change settings and policy of a site as `KEY=VALUE` terms say, all or nothing, and return it; `who` did it.

    A change of policy makes its next version. Raises NotFound, or Invalid with every fault.
    """
    plain = {key: value for key, value in terms.items() if key in SETTINGS}
    policy = {key: value for key, value in terms.items() if key not in SETTINGS}
    read, faults = _read(plain)
    for target in ("callback_url", "notify_url", "coral_url"):
        faults += closed_faults(target, plain.get(target), context.settings)
    secret = read.pop("webhook_secret", None)
    with context.deps.store.write() as tx:
        site = find_site(tx, name)
        chosen = {key: read.pop(key) for key in tuple(read) if key in OPTIONS}
        chosen |= _sealed_options(context, name, read)
        options = replace(site.options, **chosen)  # type: ignore[arg-type]  # readers give each field its type
        tuned = replace(site, options=options, **read)  # type: ignore[arg-type]
        if secret:
            tuned = replace(
                tuned, webhook_secrets=(context.keyring.encrypt(name, "webhook", str(secret).encode()),)
            )
        if policy:
            tuned = _with_policy(tuned, policy, faults)
        if faults:
            raise Invalid(faults)
        if "callback_url" in read and "callback_disabled" not in read:
            # why an address was given up says nothing of a new one; and who gives the same again, has fixed it
            tuned = replace(tuned, callback_disabled=None)
        tx.sites.save(tuned)
        if tuned.options.articles_apart != site.options.articles_apart:
            tx.articles.rekey(site.id)
        tx.audit_log.append(who, "tune", f"site {name}: {', '.join(sorted(terms))}", context.deps.clock())
    return tuned


def _sealed_options(context: AppContext, name: str, read: dict[str, object]) -> dict[str, object]:
    """Take the secrets that options hold out of `read`, encrypted as they are stored."""
    chosen: dict[str, object] = {}
    secrets = read.pop("coral_secret", None)
    if isinstance(secrets, tuple):
        chosen["coral_secrets"] = tuple(seal_option(context.keyring, name, CORAL, one) for one in secrets)
    token = read.pop("coral_token", None)
    if isinstance(token, str):
        chosen["coral_token"] = seal_option(context.keyring, name, CORAL, token) if token else None
    return chosen


def _with_policy(site: Site, terms: Mapping[str, str], faults: list[Fault]) -> Site:
    try:
        changed = change(site.policy, terms, version=site.policy.version + 1)
    except Invalid as wrong:
        faults += [_with_settings(fault) for fault in wrong.faults]
        return site
    same = replace(changed, version=site.policy.version) == site.policy
    return site if same else replace(site, policy=changed)


def _with_settings(fault: Fault) -> Fault:
    """Let a fault of an unknown term name the settings too."""
    if fault.code != "unknown":
        return fault
    known = ", ".join([*SETTINGS, *known_terms()])
    return Fault(fault.field, f"is no setting and no policy term; known are {known}", "unknown")


def _read(terms: Mapping[str, str]) -> tuple[dict[str, object], list[Fault]]:
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


def settings_of(site: Site) -> dict[str, object]:
    """Return what can be shown of a site: settings, policy terms and version; no secret, only how many there are."""
    return {
        "site": site.name,
        "url": site.url,
        "title": site.title,
        "callback_url": site.callback_url,
        "callback_disabled": site.callback_disabled,
        "email_required": site.email_required,
        "address_mode": site.address_mode,
        "region": site.region,
        "contact_public_key": site.contact_public_key,
        "webhook_secrets": len(site.webhook_secrets),
        "inbound_secrets": len(site.inbound_secrets),
        "coral_secrets": len(site.options.coral_secrets),
        "options": {name: getattr(site.options, name) for name in sorted(OPTIONS)},
        "policy_version": site.policy.version,
        "policy": to_terms(site.policy),
    }


def rotate(
    context: AppContext, name: str, what: str, at_once: bool = False, who: str = "operator"
) -> dict[str, str]:
    """Make a new secret of that kind and return it, to be shown once.

    The old API key works for another 24 hours; the old webhook or inbound secret goes on beside the new one until the
    next rotation; `at_once` ends it now. Boxes sealed under the old contact key still need its private key.
    """
    with context.deps.store.write() as tx:
        site = find_site(tx, name)
        made = _ROTATE[what](context, tx, site, at_once)
        tx.audit_log.append(who, "rotate", f"site {name}: {what}", context.deps.clock())
    return {"site": name, **made}


def end_overlap(context: AppContext, name: str, what: str) -> int:
    """Let the older webhook or inbound secret go, and return how many there were; the newest stays.

    Raises NotFound for the site, Invalid for what has no overlap to be ended.
    """
    if what not in ("inbound_secret", "webhook_secret"):
        raise Invalid([Fault(what, "has no overlap to end: give inbound_secret or webhook_secret", "unfit")])
    field = f"{what}s"
    with context.deps.store.write() as tx:
        site = find_site(tx, name)
        held: tuple[bytes, ...] = getattr(site, field)
        tx.sites.save(replace(site, **{field: held[:1]}))  # type: ignore[arg-type]  # one of the two fields
        tx.audit_log.append("operator", "rotate", f"site {name}: {what}, overlap ended", context.deps.clock())
    return len(held[1:])


def _rotate_key(
    kind: str, term: str, make: Callable[[], str]
) -> Callable[[AppContext, Tx, Site, bool], dict[str, str]]:
    def rotated(context: AppContext, tx: Tx, site: Site, at_once: bool) -> dict[str, str]:
        key, now = make(), context.deps.clock()
        tx.sites.retire_keys(site.id, kind, now if at_once else now + OVERLAP)
        tx.sites.add_key(site.id, fingerprint(context.keyring, key), kind, now)
        return {term: key}

    return rotated


def _rotate_inbound(context: AppContext, tx: Tx, site: Site, at_once: bool) -> dict[str, str]:
    secret = new_webhook_secret()
    kept = () if at_once else site.inbound_secrets[:1]
    sealed = context.keyring.encrypt(site.name, "inbound", secret.encode())
    tx.sites.save(replace(site, inbound_secrets=(sealed, *kept)))
    return {"inbound_secret": secret}


def _rotate_webhook(context: AppContext, tx: Tx, site: Site, at_once: bool) -> dict[str, str]:
    secret = new_webhook_secret()
    kept = () if at_once else site.webhook_secrets[:1]
    sealed = context.keyring.encrypt(site.name, "webhook", secret.encode())
    tx.sites.save(replace(site, webhook_secrets=(sealed, *kept)))
    return {"webhook_secret": secret}


def _rotate_contact(context: AppContext, tx: Tx, site: Site, at_once: bool) -> dict[str, str]:  # noqa: ARG001  # one shape for all
    public, private = new_contact_keys()
    tx.sites.save(replace(site, contact_public_key=public))
    return {"contact_private_key": private}


_ROTATE: Final[Mapping[str, Callable[[AppContext, Tx, Site, bool], dict[str, str]]]] = {
    "key": _rotate_key("key", "key", new_api_key),
    "akismet_key": _rotate_key("akismet", "akismet_key", new_akismet_key),
    "inbound_secret": _rotate_inbound,
    "webhook_secret": _rotate_webhook,
    "contact_key": _rotate_contact,
}


# -- reading settings --------------------------------------------------------------------------------------------------


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
