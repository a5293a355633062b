"""Signs the audit log under a key of its own, which no database holds."""

from __future__ import annotations

from typing import Final

from service.privacy.keys import Keyring

PURPOSE: Final = "audit chain"


class KeyedSigner:
    """Implements `moderation.chain.ChainSigner`: HMAC-SHA-256 under the master key's versions at hand."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    @property
    def version(self) -> int:
        """The key version that vouches now."""
        return self._keyring.version

    def tag(self, message: str, version: int) -> str | None:
        """Return the tag under that version of the key, None when it is not at hand."""
        if version not in self._keyring.versions:
            return None
        return self._keyring.sign(PURPOSE, message.encode(), version=version).hex()
