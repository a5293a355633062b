"""Carrying what the service keeps over to the present master key, so that an older one can be let go."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from service.context import AppContext
from service.domain.site import Site
from service.privacy.keys import CORAL, CiphertextError, Keyring
from service.privacy.sanitizer import ORIGINAL

BATCH: Final = 200


@dataclass(frozen=True, slots=True)
class SealedCounts:
    """How much is sealed under each version of the master key: sites' secrets and readers' originals."""

    secrets: dict[int, int]
    originals: dict[int, int]

    def under(self, version: int) -> int:
        return self.secrets.get(version, 0) + self.originals.get(version, 0)


@dataclass(frozen=True, slots=True)
class Resealed:
    """What was sealed anew, and what no key at hand opens."""

    secrets: int = 0
    originals: int = 0
    lost: int = 0


def sealed(context: AppContext) -> SealedCounts:
    """Count what lies sealed, by version."""
    secrets: dict[int, int] = {}
    with context.deps.store.read() as tx:
        for site in tx.sites.all():
            for one in (*site.webhook_secrets, *site.inbound_secrets, *_options(site)):
                secrets[one[0]] = secrets.get(one[0], 0) + 1
        return SealedCounts(secrets, tx.sealed.count_by_key_version())


def reseal(context: AppContext, progress: Callable[[int], None] | None = None) -> Resealed:
    """Open what older versions sealed and seal it under the present one, in small transactions, repeatable.

    `progress` hears how many originals are done. What no key at hand opens stays as it is and is counted.
    """
    resealer = _Resealer(context.keyring)
    secrets = _reseal_secrets(context, resealer)
    done = after = 0
    while True:
        with context.deps.store.read() as tx:
            found = tx.sealed.with_other_key(context.keyring.version, after, BATCH)
        if not found:
            return Resealed(secrets, done, resealer.lost)
        after = found[-1].comment_pk
        anew = [(one, resealer.anew(one.site, ORIGINAL, one.ciphertext)) for one in found]
        pairs = [(one, one.anew(sealed)) for one, sealed in anew if sealed != one.ciphertext]
        with context.deps.store.write() as tx:
            done += tx.sealed.replace(pairs)
        if progress is not None:
            progress(done)


def _options(site: Site) -> list[bytes]:
    """Return the ciphertexts that a site's options hold."""
    token = site.options.coral_token
    return [base64.b64decode(one) for one in (*site.options.coral_secrets, *((token,) if token else ()))]


class _Resealer:
    """Seals under the present master key; counts what was sealed anew, and what no key at hand opens."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring
        self.done = self.lost = 0

    def anew(self, site: str, purpose: str, ciphertext: bytes) -> bytes:
        """Return the ciphertext under the present key; as it is where that is so, or where no key opens it."""
        if ciphertext[0] == self._keyring.version:
            return ciphertext
        try:
            plain = self._keyring.decrypt(site, purpose, ciphertext)
        except CiphertextError:
            self.lost += 1
            return ciphertext
        self.done += 1
        return self._keyring.encrypt(site, purpose, plain)

    def all_anew(self, site: str, purpose: str, ciphertexts: Sequence[bytes]) -> tuple[bytes, ...]:
        return tuple(self.anew(site, purpose, one) for one in ciphertexts)

    def option_anew(self, site: str, stored: str) -> str:
        """Return an option's secret, which is kept in base64."""
        return base64.b64encode(self.anew(site, CORAL, base64.b64decode(stored))).decode()


def _reseal_secrets(context: AppContext, resealer: _Resealer) -> int:
    with context.deps.store.write() as tx:
        for site in tx.sites.all():
            token = site.options.coral_token
            options = replace(
                site.options,
                coral_secrets=tuple(
                    resealer.option_anew(site.name, one) for one in site.options.coral_secrets
                ),
                coral_token=resealer.option_anew(site.name, token) if token else token,
            )
            fresh = replace(
                site,
                webhook_secrets=resealer.all_anew(site.name, "webhook", site.webhook_secrets),
                inbound_secrets=resealer.all_anew(site.name, "inbound", site.inbound_secrets),
                options=options,
            )
            if fresh != site:
                tx.sites.save(fresh)
        done = resealer.done
        if done:
            subject = f"{done} secrets of sites, key version {context.keyring.version}"
            tx.audit_log.append("operator", "reseal", subject, context.deps.clock())
    return done
