"""Revealing what a reader typed in place of a placeholder: an act that stands in the log before anything is shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from flask import request
from flask.typing import ResponseReturnValue

from service.domain.site import Site
from service.privacy.keys import CiphertextError
from service.privacy.sanitizer import ORIGINAL
from service.web.desk import blueprint
from service.web.desk.access import moderator, requires
from service.web.desk.frame import missing, page
from service.web.desk.place import Place
from service.web.desk.speech import gettext
from service.web.reach import context

FIELDS: Final = ("name", "website", "body")


@dataclass(frozen=True, slots=True)
class Revealed:
    """One field as its reader wrote it; `text` None when its key is no longer at hand."""

    title: str
    text: str | None


@blueprint.post("/comments/<int(max=999999999999999999):pk>/reveal")
@requires("moderator")
def reveal(pk: int) -> ResponseReturnValue:
    """Log who asks for which comment's contacts, and then show them, on a page that nothing keeps."""
    here, now = context(), context().deps.clock()
    with here.deps.store.write() as tx:
        comment = tx.comments.by_pk(pk)
        site = tx.sites.by_id(comment.site_id) if comment else None
        if comment is None or site is None:
            return missing()
        sealed = tx.sealed.originals(pk, comment.revision)
        subject = f"{site.name}: comment {pk}, revision {comment.revision}"
        tx.audit_log.append(moderator().name, "reveal", subject, now)
    titles = {"name": gettext("Name"), "website": gettext("Website"), "body": gettext("Text")}
    shown = [Revealed(titles[name], _opened(site, sealed[name])) for name in FIELDS if name in sealed]
    return page("desk/revealed.html", 200, comment=comment, revealed=shown, place=Place.of(request.form))


def _opened(site: Site, ciphertext: bytes) -> str | None:
    try:
        return context().keyring.decrypt(site.name, ORIGINAL, ciphertext).decode()
    except CiphertextError:
        return None
