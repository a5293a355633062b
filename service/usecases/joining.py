"""join: learn later how the system that a comment came from calls it, so that decisions can say so."""

from __future__ import annotations

from collections.abc import Mapping

from service.context import Dependencies
from service.domain.comment import Comment
from service.domain.site import Site
from service.domain.status import FINAL
from service.privacy.sanitizer import Sanitizer
from service.storage.records import IdempotencyKey


def join(
    deps: Dependencies, sealer: Sanitizer, site: Site, known_as: str, alias: str, origin: Mapping[str, str]
) -> Comment | None:
    """Give the comment of the idempotency key `known_as` another name and its origin; None when there is none.

    Callbacks about it carry the origin from now on. Joining again changes nothing.
    """
    now = deps.clock()
    with deps.store.write() as tx:
        comment = tx.comments.get(site.id, sealer.id_of(site, known_as), lock=True)
        if comment is None or comment.status in FINAL:
            return comment  # what was withdrawn or erased is still the one, and is told nothing more
        name = IdempotencyKey(sealer.key_of(site, alias), comment.pk, comment.revision, "alias")
        tx.comments.add_idempotency_keys(site.id, [name], now)
        if comment.signals.get("origin") != dict(origin):
            tx.comments.set_signals(comment.pk, {**comment.signals, "origin": dict(origin)})
        return tx.comments.by_pk(comment.pk)
