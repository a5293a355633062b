"""A person asks to be forgotten: everything under their address goes, and a signed receipt says what and what not."""

from __future__ import annotations

import json
import secrets
from datetime import datetime
from typing import TYPE_CHECKING, Final

from service.domain.events import instant
from service.domain.site import Site
from service.domain.verdict import Who
from service.privacy.attesting import attest
from service.privacy.sealing import Address, Sealer
from service.storage.records import Erasure
from service.usecases import Erased, erase

if TYPE_CHECKING:
    from service.context import AppContext

NAMED: Final = 1_000
"""So many comments a receipt names by their ids; of more it tells the number."""


def erase_person(
    context: AppContext, site: Site, address: Address, who_kind: Who, who: str
) -> dict[str, object]:
    """Erase what was written under the address on this site, and return the signed receipt; it names no address.

    The rows are gone when this returns; the files are cleared of them by the sweep, or by `usecases.clear_files`.
    """
    now = context.deps.clock()
    keys = Sealer(context.keyring).author_keys(site.name, address)
    reference = new_reference(now)
    erased = erase(context.deps, site, keys, who_kind, who, reference)
    receipt = attest(context.keyring, _content(site, erased, who_kind, reference, now))
    with context.deps.store.write() as tx:
        written = json.dumps(receipt, ensure_ascii=False)
        tx.erasure.add(Erasure(reference, site.id, str(who_kind), erased.comments, written, now))
        tx.audit_log.append(who, "erase", f"site {site.name}: {erased.comments} comments, {reference}", now)
    return receipt


def new_reference(now: datetime) -> str:
    """Return the name of one erasure, under which callback, log and receipt speak of it."""
    return f"er-{int(now.timestamp()):010x}-{secrets.token_hex(8)}"


def _content(site: Site, erased: Erased, who_kind: Who, reference: str, now: datetime) -> dict[str, object]:
    named = [{"id": one, "done": "removed"} for one in erased.removed]
    named += [{"id": one, "done": "text kept without its author"} for one in erased.kept_without_author]
    return {
        "kind": "erasure",
        "version": 1,
        "id": reference,
        "site": site.name,
        "requested_by": str(who_kind),
        "issued_at": instant(now),
        "comments": named[:NAMED],
        "comments_in_all": erased.comments,
        "touched": {name: number for name, number in sorted(erased.rows.items()) if name != "bans_kept"},
        "kept": _kept(site, erased),
        "later": LATER,
    }


LATER: Final = [
    {
        "what": "files of the database",
        "when": "within minutes: the index of words is merged and the write-ahead log cut (SQLite), or the tables are"
        " vacuumed (PostgreSQL)",
    },
    {"what": "backups made before", "when": "as long as the operator keeps them"},
]


def _kept(site: Site, erased: Erased) -> list[dict[str, str]]:
    kept = [
        {
            "what": "that there was a comment under this id, where and when, and how it was decided",
            "why": "so that threads, sequence numbers and the log hold, and the same text is not taken in again",
        },
        {
            "what": "what the site itself has stored",
            "why": "this installation cannot reach it; "
            + (
                "the site is told by comment.erased"
                if erased.called_back
                else "the decisions feed tells the site"
            ),
        },
        {"what": "the log of acts: that this erasure took place", "why": "it holds numbers and no text"},
    ]
    if erased.kept_without_author:
        kept.append({"what": "published texts, without their author", "why": f"the choice of {site.name}"})
    if erased.rows.get("bans_kept"):
        kept.append(
            {
                "what": "a ban, as a keyed hash of the address and without its reason",
                "why": "so that an erasure does not lift it",
            }
        )
    return kept
