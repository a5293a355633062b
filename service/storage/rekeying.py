"""Carrying over to a new master key, in SQL: fingerprints, author keys and encrypted originals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import BindParameter, LargeBinary, bindparam, func, or_, select, union, update

from service.storage.comment_tables import comments, has_author, originals, revisions
from service.storage.desk_tables import author_statuses
from service.storage.part import Part
from service.storage.records import SealedOriginal
from service.storage.schema import api_keys, sites

_VERSION = func.substr(originals.c.ciphertext, 1, 1, type_=LargeBinary)
_OTHERWISE = bindparam("version", type_=LargeBinary) != _VERSION
_COUNTED = select(_VERSION.label("version"), func.count().label("number")).group_by(_VERSION)
_PKS = (
    select(originals.c.comment_pk)
    .where(originals.c.comment_pk > bindparam("after"), _OTHERWISE)
    .distinct()
    .order_by(originals.c.comment_pk)
    .limit(bindparam("most"))
)
_ORIGINALS = (
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
_REFINGERPRINT = (
    update(api_keys).where(api_keys.c.fingerprint == bindparam("old")).values(fingerprint=bindparam("anew"))
)
_KEYS: BindParameter[Any] = bindparam("keys", expanding=True)
_KNOWN = union(
    select(comments.c.author_key)
    .where(comments.c.site_id == bindparam("of_site"), comments.c.author_key.in_(_KEYS), has_author)
    .distinct(),
    select(author_statuses.c.author_key).where(
        author_statuses.c.site_id == bindparam("of_site"), author_statuses.c.author_key.in_(_KEYS)
    ),
)
_OLD_AUTHOR: BindParameter[Any] = bindparam("old")
_COMMENTS = (
    update(comments)
    .where(comments.c.site_id == bindparam("of_site"), comments.c.author_key == _OLD_AUTHOR)
    .values(author_key=bindparam("anew"))
)
_REVISIONS = update(revisions).where(revisions.c.author_key == _OLD_AUTHOR)
_REVISIONS_ANEW = _REVISIONS.values(author_key=bindparam("anew"))
_other = author_statuses.alias()
_AUTHOR_STATUSES = (
    update(author_statuses)
    .where(
        author_statuses.c.site_id == bindparam("of_site"),
        author_statuses.c.author_key == _OLD_AUTHOR,
        or_(
            author_statuses.c.ended_at.is_not(None),
            ~select(_other.c.pk)
            .where(
                _other.c.site_id == bindparam("of_site"),
                _other.c.author_key == bindparam("anew"),
                _other.c.ended_at.is_(None),
            )
            .exists(),
        ),
    )
    .values(author_key=bindparam("anew"))
)


class RekeyingPart(Part):
    """The verbs about older keys."""

    def refingerprint(self, old: str, new: str) -> bool:
        """Let an API key be known by another fingerprint; False when the old one is not there (any more)."""
        return self._write(_REFINGERPRINT, old=old, anew=new).rowcount > 0

    def known_authors(self, site_id: int, author_keys: Iterable[str]) -> set[str]:
        """Return those author keys under which the site has comments or an author status."""
        keys = sorted(set(author_keys))
        return set(self._read(_KNOWN, of_site=site_id, keys=keys).scalars()) if keys else set()

    def rekey_authors(self, site_id: int, keys: Mapping[str, str]) -> int:
        """Replace each old author key in comments, revisions and author statuses by its new one; return how many."""
        changed = 0
        for old, new in sorted(keys.items()):
            changed += self._write(_COMMENTS, of_site=site_id, old=old, anew=new).rowcount
            # an author key is made for one site, so that no other site's revisions can be meant
            changed += self._write(_REVISIONS_ANEW, old=old, anew=new).rowcount
            changed += self._write(_AUTHOR_STATUSES, of_site=site_id, old=old, anew=new).rowcount
        return changed

    def originals_by_version(self) -> dict[int, int]:
        """Count the encrypted originals by the version of their key."""
        return {bytes(row.version)[0]: row.number for row in self._read(_COUNTED)}

    def originals_sealed_otherwise(self, version: int, after: int, limit: int) -> list[SealedOriginal]:
        """Return all originals of other versions of up to `limit` comments with a pk above `after`, by pk."""
        prefix = bytes([version])
        pks = list(self._read(_PKS, version=prefix, after=after, most=limit).scalars())
        if not pks:
            return []
        return [
            SealedOriginal(row.comment_pk, row.revision, row.field, row.site, bytes(row.ciphertext))
            for row in self._read(_ORIGINALS, version=prefix, pks=pks)
        ]

    def reseal(self, pairs: Sequence[tuple[SealedOriginal, SealedOriginal]]) -> int:
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
