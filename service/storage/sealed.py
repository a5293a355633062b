"""What lies encrypted beside the comments: sealed boxes and originals."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import LargeBinary, RowMapping, func, literal, select, update

from service.domain.comment import Comment, Draft
from service.storage.records import SealedOriginal
from service.storage.repository import Repository
from service.storage.rows import record_of
from service.storage.schema import sites
from service.storage.schema_comments import comments, contacts, originals

_VERSION = func.substr(originals.c.ciphertext, 1, 1, type_=LargeBinary)


class SealedRepository(Repository):
    """Sealed boxes, which only a site can open, and encrypted originals."""

    def add(self, pairs: Iterable[tuple[Comment, Draft]]) -> None:
        """Store the boxes and originals of drafts beside the comments that these became."""
        boxes, sealed = [], []
        for comment, draft in pairs:
            if draft.box is not None:
                boxes.append({"comment_pk": comment.pk, "box": draft.box})
            place = {"comment_pk": comment.pk, "revision": comment.revision}
            sealed += [{**place, "field": one.field, "ciphertext": one.ciphertext} for one in draft.originals]
        self._add(contacts, boxes)
        self._add(originals, sealed)

    def contact_box(self, pk: int) -> bytes | None:
        return self._read(select(contacts.c.box).where(contacts.c.comment_pk == pk)).scalar_one_or_none()

    def originals(self, pk: int, revision: int) -> dict[str, bytes]:
        of_comment = originals.c.comment_pk == pk, originals.c.revision == revision
        return {row.field: row.ciphertext for row in self._read(select(originals).where(*of_comment))}

    def count_by_key_version(self) -> dict[int, int]:
        """Count the encrypted originals by the version of their key."""
        counted = select(_VERSION.label("version"), func.count().label("number")).group_by(_VERSION)
        return {bytes(row.version)[0]: row.number for row in self._read(counted)}

    def with_other_key(self, version: int, after: int, limit: int) -> list[SealedOriginal]:
        """Return all originals of other versions of up to `limit` comments with a pk above `after`, by pk."""
        otherwise = literal(bytes([version]), LargeBinary) != _VERSION
        pks = (
            select(originals.c.comment_pk)
            .where(originals.c.comment_pk > after, otherwise)
            .distinct()
            .order_by(originals.c.comment_pk)
            .limit(limit)
        )
        found = (
            select(originals, sites.c.name.label("site"))
            .join(comments, comments.c.pk == originals.c.comment_pk)
            .join(sites, sites.c.pk == comments.c.site_id)
            .where(originals.c.comment_pk.in_(self._read(pks).scalars().all()), otherwise)
            .order_by(originals.c.comment_pk, originals.c.revision, originals.c.field)
        )
        return self._all(_original, found)

    def replace(self, pairs: Sequence[tuple[SealedOriginal, SealedOriginal]]) -> int:
        """Replace each first by its second where it is still what was seen; return how many were replaced."""
        replaced = 0
        for seen, anew in pairs:
            its = (
                originals.c.comment_pk == seen.comment_pk,
                originals.c.revision == seen.revision,
                originals.c.field == seen.field,
                originals.c.ciphertext == seen.ciphertext,
            )
            changed = update(originals).where(*its).values(ciphertext=anew.ciphertext)
            replaced += self._write(changed).rowcount
        return replaced


def _original(row: RowMapping) -> SealedOriginal:
    return record_of(SealedOriginal, row, ciphertext=bytes(row["ciphertext"]))
