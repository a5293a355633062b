"""What lies encrypted beside the comments: sealed boxes and originals."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import (
    LargeBinary,
    bindparam,
    func,
    select,
    update,
)

from service.storage.comment_tables import (
    comments,
    contacts,
    originals,
)
from service.storage.records import SealedOriginal
from service.storage.repository import Repository
from service.storage.schema import sites

_BOX = select(contacts.c.box).where(contacts.c.comment_pk == bindparam("pk"))
_ORIGINALS = select(originals.c.field, originals.c.ciphertext).where(
    originals.c.comment_pk == bindparam("pk"), originals.c.revision == bindparam("revision")
)
_VERSION = func.substr(originals.c.ciphertext, 1, 1, type_=LargeBinary)
_OTHERWISE = bindparam("version", type_=LargeBinary) != _VERSION
_COUNTED = select(_VERSION.label("version"), func.count().label("number")).group_by(_VERSION)
_PKS_OF = (
    select(originals.c.comment_pk)
    .where(originals.c.comment_pk > bindparam("after"), _OTHERWISE)
    .distinct()
    .order_by(originals.c.comment_pk)
    .limit(bindparam("most"))
)
_ORIGINALS_OF = (
    select(originals, sites.c.name.label("site"))
    .join(comments, comments.c.pk == originals.c.comment_pk)
    .join(sites, sites.c.pk == comments.c.site_id)
    .where(originals.c.comment_pk.in_(bindparam("pks", expanding=True)), _OTHERWISE)
    .order_by(originals.c.comment_pk, originals.c.revision, originals.c.field)
)
_RESEAL = (
    update(originals)
    .where(
        originals.c.comment_pk == bindparam("pk"),
        originals.c.revision == bindparam("at_revision"),
        originals.c.field == bindparam("in_field"),
        originals.c.ciphertext == bindparam("seen"),
    )
    .values(ciphertext=bindparam("anew"))
)


class SealedRepository(Repository):
    """Sealed boxes and encrypted originals, which no statement of the queue touches."""

    def contact_box(self, pk: int) -> bytes | None:
        return self._read(_BOX, pk=pk).scalar_one_or_none()

    def originals(self, pk: int, revision: int) -> dict[str, bytes]:
        return {row.field: row.ciphertext for row in self._read(_ORIGINALS, pk=pk, revision=revision)}

    def count_by_key_version(self) -> dict[int, int]:
        """Count the encrypted originals by the version of their key."""
        return {bytes(row.version)[0]: row.number for row in self._read(_COUNTED)}

    def with_other_key(self, version: int, after: int, limit: int) -> list[SealedOriginal]:
        """Return all originals of other versions of up to `limit` comments with a pk above `after`, by pk."""
        prefix = bytes([version])
        pks = list(self._read(_PKS_OF, version=prefix, after=after, most=limit).scalars())
        if not pks:
            return []
        return [
            SealedOriginal(row.comment_pk, row.revision, row.field, row.site, bytes(row.ciphertext))
            for row in self._read(_ORIGINALS_OF, version=prefix, pks=pks)
        ]

    def replace(self, pairs: Sequence[tuple[SealedOriginal, SealedOriginal]]) -> int:
        """Replace each first by its second where it is still what was seen; return how many were replaced."""
        return sum(
            self._write(
                _RESEAL,
                pk=seen.comment_pk,
                at_revision=seen.revision,
                in_field=seen.field,
                seen=seen.ciphertext,
                anew=anew.ciphertext,
            ).rowcount
            for seen, anew in pairs
        )
