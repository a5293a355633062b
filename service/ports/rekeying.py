"""What a rotation of the master key asks of the store: what older keys made is found, and made anew."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol


@dataclass(frozen=True, slots=True)
class SealedOriginal:
    """One encrypted original and where it stands; the first byte of its ciphertext is its key's version."""

    comment_pk: int
    revision: int
    field: str
    site: str
    ciphertext: bytes = dataclasses.field(repr=False)

    def anew(self, ciphertext: bytes) -> SealedOriginal:
        """Return the same place with another ciphertext."""
        return replace(self, ciphertext=ciphertext)


class Rekeying(Protocol):
    """How things of an older master key are carried over to the present one."""

    def refingerprint(self, old: str, new: str) -> bool:
        """Let an API key be known by another fingerprint; False when the old one is not there (any more)."""

    def known_authors(self, site_id: int, author_keys: Iterable[str]) -> set[str]:
        """Return those author keys under which the site has comments or an author status."""

    def rekey_authors(self, site_id: int, keys: Mapping[str, str]) -> int:
        """Replace each old author key in comments, revisions and author statuses by its new one; return how many."""

    def originals_by_version(self) -> dict[int, int]:
        """Count the encrypted originals by the version of their key."""

    def originals_sealed_otherwise(self, version: int, after: int, limit: int) -> list[SealedOriginal]:
        """Return all originals of other versions of up to `limit` comments with a pk above `after`, by pk."""

    def reseal(self, pairs: Sequence[tuple[SealedOriginal, SealedOriginal]]) -> int:
        """Replace each first by its second where it is still what was seen; return how many were replaced."""
