"""Carrying what the service keeps over to the present master key, so that an older one can be let go."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from service.domain.options import Options
from service.domain.site import Site
from service.privacy.keys import CORAL, CiphertextError, Keyring, fingerprint, open_option, seal_option
from service.privacy.sanitizer import ORIGINAL

if TYPE_CHECKING:
    from datetime import datetime

    from service.context import AppContext
    from service.storage import Store

BATCH: Final = 200


@dataclass(frozen=True, slots=True)
class Sealed:
    """How much is sealed under each version of the master key: sites' secrets and readers' originals."""

    secrets: dict[int, int]
    originals: dict[int, int]

    def under(self, version: int) -> int:
        """Return how much is sealed under that version."""
        return self.secrets.get(version, 0) + self.originals.get(version, 0)


@dataclass(frozen=True, slots=True)
class Resealed:
    """What was sealed anew, and what no key at hand opens."""

    secrets: int = 0
    originals: int = 0
    lost: int = 0


def sealed(context: AppContext) -> Sealed:
    """Count what lies sealed, by version."""
    secrets: dict[int, int] = {}
    with context.deps.store.read() as tx:
        for site in tx.sites.all():
            for one in (*site.webhook_secrets, *site.inbound_secrets, *_options(site)):
                secrets[one[0]] = secrets.get(one[0], 0) + 1
        return Sealed(secrets, tx.sealed.count_by_key_version())


def reseal(context: AppContext, progress: Callable[[int], None] | None = None) -> Resealed:
    """Open what older versions sealed and seal it under the present one, in small transactions, repeatable.

    `progress` hears how many originals are done. What no key at hand opens stays as it is and is counted.
    """
    secrets, lost = _reseal_secrets(context)
    keyring, done, after = context.keyring, 0, 0
    while True:
        with context.deps.store.read() as tx:
            found = tx.sealed.with_other_key(keyring.version, after, BATCH)
        if not found:
            return Resealed(secrets, done, lost)
        after = found[-1].comment_pk
        pairs = []
        for one in found:
            anew = _anew(keyring, one.site, ORIGINAL, one.ciphertext)
            lost += anew is None
            if anew is not None:
                pairs.append((one, one.anew(anew)))
        with context.deps.store.write() as tx:
            done += tx.sealed.replace(pairs)
        if progress is not None:
            progress(done)


def _options(site: Site) -> list[bytes]:
    """Return the ciphertexts that a site's options hold."""
    token = site.options.coral_token
    return [base64.b64decode(one) for one in (*site.options.coral_secrets, *((token,) if token else ()))]


def _reseal_secrets(context: AppContext) -> tuple[int, int]:
    done = lost = 0
    keyring = context.keyring
    with context.deps.store.write() as tx:
        for site in tx.sites.all():
            webhook, failed = _all_anew(keyring, site, "webhook", site.webhook_secrets)
            inbound, failed_too = _all_anew(keyring, site, "inbound", site.inbound_secrets)
            options, failed_three = _options_anew(keyring, site)
            fresh = replace(site, webhook_secrets=webhook, inbound_secrets=inbound, options=options)
            before = (*site.webhook_secrets, *site.inbound_secrets, *_options(site))
            after = (*webhook, *inbound, *_options(fresh))
            done += sum(one != other for one, other in zip(before, after, strict=True))
            lost += failed + failed_too + failed_three
            if fresh != site:
                tx.sites.save(fresh)
        if done:
            subject = f"{done} secrets of sites, key version {keyring.version}"
            tx.audit_log.append("operator", "reseal", subject, context.deps.clock())
    return done, lost


def _options_anew(keyring: Keyring, site: Site) -> tuple[Options, int]:
    lost = 0

    def anew(stored: str) -> str:
        nonlocal lost
        if base64.b64decode(stored)[0] == keyring.version:
            return stored
        try:
            return seal_option(keyring, site.name, CORAL, open_option(keyring, site.name, CORAL, stored))
        except CiphertextError:
            lost += 1
            return stored

    token = site.options.coral_token
    fresh = replace(
        site.options,
        coral_secrets=tuple(anew(one) for one in site.options.coral_secrets),
        coral_token=anew(token) if token else token,
    )
    return fresh, lost


def _all_anew(
    keyring: Keyring, site: Site, purpose: str, old: Sequence[bytes]
) -> tuple[tuple[bytes, ...], int]:
    made: list[bytes] = []
    lost = 0
    for one in old:
        anew = one if one[0] == keyring.version else _anew(keyring, site.name, purpose, one)
        lost += anew is None
        made.append(one if anew is None else anew)
    return tuple(made), lost


def _anew(keyring: Keyring, site: str, purpose: str, ciphertext: bytes) -> bytes | None:
    try:
        return keyring.encrypt(site, purpose, keyring.decrypt(site, purpose, ciphertext))
    except CiphertextError:
        return None


def key_owner(store: Store, keyring: Keyring, key: str, now: datetime) -> tuple[Site, str] | None:
    """Return the site and the kind of an API key, whichever master key its fingerprint was made under.

    One of an older master is kept under the present one from then on: a used key outlives the master's rotation.
    """
    with store.read() as tx:
        for version in keyring.versions:
            owner = tx.sites.key_owner(fingerprint(keyring, key, version), now)
            if owner is not None:
                break
        else:
            return None
    if version != keyring.version:
        with store.write() as tx:  # of two requests at once the second finds the old one gone
            tx.sites.replace_fingerprint(fingerprint(keyring, key, version), fingerprint(keyring, key))
    return owner
