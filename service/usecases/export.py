"""A person asks what there is of them: everything under their address on one site, and nothing of anyone else."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from itertools import chain, islice
from typing import Any, Final

from service.context import AppContext
from service.domain.comment import Client, Comment
from service.domain.decisions import is_unpublished, public_state
from service.domain.desk_records import Appeal
from service.domain.events import instant, verdict_view
from service.domain.retention import deletes_at
from service.domain.site import Site
from service.domain.verdict import Decision
from service.privacy.sealing import Address, Sealer
from service.storage import Tx

PAGE: Final = 200
SUPERSEDED: Final = "superseded"
"""The state of a text over which somebody else wrote another one."""


def export_person(context: AppContext, site: Site, address: Address) -> dict[str, Any]:
    """Return what is stored of what was written under the address on this site, ready for JSON.

    Texts are shown as they are stored, contacts masked: a text may quote another person's. Names of moderators, their
    notes and the ids of those who reported are other people's; that there are any is told. `comments` is an iterator
    over all of them, oldest first, which reads page by page.
    """
    return {
        "kind": "export",
        "version": 1,
        "site": site.name,
        "issued_at": instant(context.deps.clock()),
        "address_kept_as": _kept_as(site),
        "complete": True,
        "comments": _comments(context, site, address),
    }


def export_json(context: AppContext, site: Site, address: Address) -> Iterator[str]:
    """Return that as JSON, a line for each comment, in pieces: a long one is never in memory as a whole."""
    export = export_person(context, site, address)
    comments = export.pop("comments")
    first = list(islice(comments, 1))  # what is wrong with the store is told before anything is sent
    yield json.dumps(export, ensure_ascii=False).removesuffix("}") + ', "comments": ['
    before = "\n"
    for one in chain(first, comments):
        yield before + json.dumps(one, ensure_ascii=False)
        before = ",\n"
    yield "\n]}\n"


def _comments(context: AppContext, site: Site, address: Address) -> Iterator[dict[str, object]]:
    keys = Sealer(context.keyring).author_keys(site.name, address)
    after = 0
    while True:
        with context.deps.store.read() as tx:  # a page each, so that a long one holds nothing open
            page = tx.erasure.ever_written_by(site.id, keys, PAGE, after)
            views = [_view(tx, site, one, keys) for one in page]
        yield from views
        if len(page) < PAGE:
            return
        after = page[-1].pk


def _kept_as(site: Site) -> str:
    return {
        "sealed": "a sealed box that only the site can open, and a keyed hash",
        "fingerprint": "a keyed hash",
        "none": "nothing",
    }[site.address_mode]


def _view(tx: Tx, site: Site, comment: Comment, keys: Collection[str]) -> dict[str, object]:
    # under one id a site may send another person's text, before theirs or over it
    texts = [one for one in (*tx.erasure.superseded(comment.pk), comment) if one.author_key in keys]
    theirs = {one.revision for one in texts}
    is_present = comment.revision in theirs
    client = comment.client if is_present else Client()
    decision = tx.decisions.current(comment)
    known = public_state(comment, decision)
    decisions = [
        one
        for one in tx.decisions.of_comment(comment.pk)
        if not is_unpublished(one) and one.revision in theirs
    ]
    expires = deletes_at(comment, site.options, decision) if known.status is comment.status else None
    appeals = tx.appeals.of_comment(comment.pk)
    judgements = tx.labels.of_comment(comment.pk)
    return {
        "id": comment.id,
        "article": {"url": comment.article.url, "title": comment.article.title},
        "in_reply_to": comment.parent_id,
        "status": str(known.status) if is_present else SUPERSEDED,
        "published": comment.published_revision in theirs,
        "came_by": str(texts[-1].source),
        "received_at": instant(texts[-1].received_at),
        "will_be_deleted_at": instant(expires),
        "texts": [_text(tx, one) for one in texts],
        "machine": {
            "network": client.ip,
            "user_agent": client.user_agent,
            "came_from": client.referrer,
        },
        "signals": dict(comment.signals) if is_present else {},
        "decisions": [_decided(one) for one in decisions],
        "appeals": [_appeal(one) for one in appeals if one.decision_id in {made.id for made in decisions}],
        "sealed_box": is_present and tx.sealed.contact_box(comment.pk) is not None,
        "moderators_notes": len(tx.decisions.notes([one.id for one in decisions])),
        "judgements_for_training": sum(one.revision in theirs for one in judgements),
    }


def _text(tx: Tx, one: Comment) -> dict[str, object]:
    return {
        "revision": one.revision,
        "submitted_at": instant(one.submitted_at),
        "name": one.author_name,
        "website": one.website,
        "body": one.body,
        "kept_encrypted_as_typed": sorted(tx.sealed.originals(one.pk, one.revision)),
        "machine_verdict": verdict_view(one.verdict) if one.verdict else None,
    }


def _decided(one: Decision) -> dict[str, object]:
    return {
        "action": str(one.action),
        "by": str(one.who_kind),
        "reason": one.reason,
        "at": instant(one.effective_at),
        "undone_at": instant(one.undone_at),
    }


def _appeal(one: Appeal) -> dict[str, object]:
    return {
        "text": one.text,
        "at": instant(one.opened_at),
        "answer": one.answer,
        "answered_at": instant(one.answered_at),
    }
