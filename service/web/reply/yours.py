"""What a person can do about their own data: see it, take it along, erase it; the address is asked for each time."""

from __future__ import annotations

import hmac
import json
from datetime import timedelta
from typing import Final

from flask import Response, request, stream_template
from flask.typing import ResponseReturnValue

from service.domain.status import Status
from service.domain.verdict import Who
from service.privacy.sealing import Address, AddressError, Sealer
from service.usecases.erase import erase_person
from service.usecases.export import export_json, export_person
from service.web.reach import context
from service.web.reply import blueprint
from service.web.reply.receipt import Receipt, private_page, receipt_of
from service.web.security import keep_private
from service.web.speech import lazy_gettext as _l

CHOICES: Final = ("show", "file", "erase")
TRIES: Final = 5
WINDOW: Final = timedelta(hours=1)
FORM_BYTES: Final = 16 * 1024
GUESSES: Final = "receipt guesses"
EXPORT: Final = "export.json"
SAID: Final = {
    "missing": _l("Give the email address that you gave with the comment."),
    "wrong": _l("This is not the address that was given with the comment."),
    "many": _l("There were too many tries. Come back in an hour."),
    "choice": _l("Choose what is to be done."),
}


@blueprint.get("/r/<token>/yours")
def yours(token: str) -> ResponseReturnValue:
    """Show what a person can ask for here."""
    return _page(receipt_of(token))


@blueprint.post("/r/<token>/yours")
def ask(token: str) -> ResponseReturnValue:
    """Do what was asked, if the address is the one that the comment was written with."""
    request.max_content_length = request.max_form_memory_size = FORM_BYTES
    found = receipt_of(token)
    if found.comment.status is Status.ERASED or found.comment.author_key is None:
        return _page(found, status=409)
    choice = request.form.get("choice", "")
    if choice not in CHOICES:
        return _page(found, "choice", status=422)
    try:
        address = Address.parse(request.form.get("email", ""))
    except AddressError:
        return _page(found, "missing", status=422)
    if not _may_try(found):
        return _page(found, "many", status=429)
    if not _is_theirs(found, address):
        _count_wrong(found)
        return _page(found, "wrong", status=403)
    return _done(found, choice, address)


def _done(found: Receipt, choice: str, address: Address) -> Response:
    here, site = context(), found.site
    if choice == "erase":
        receipt = erase_person(here, site, address, Who.AUTHOR, "author")
        text = json.dumps(receipt, ensure_ascii=False, indent=2) + "\n"
        return private_page("reply/erased.html", site=site, receipt=receipt, text=text)
    if choice == "file":
        answer = Response(export_json(here, site, address), mimetype="application/json")
        answer.headers["Content-Disposition"] = f'attachment; filename="{EXPORT}"'
        return keep_private(answer)
    shown = {"site": site, "token": found.token, "export": export_person(here, site, address)}
    return keep_private(Response(stream_template("reply/export.html", **shown)))


def _is_theirs(found: Receipt, address: Address) -> bool:
    """Compare under every key version, each in the same time, whichever character differs first."""
    known = (found.comment.author_key or "").encode()
    keys = Sealer(context().keyring).author_keys(found.site.name, address)
    matches = [hmac.compare_digest(key.encode(), known) for key in keys]
    return any(matches)


def _may_try(found: Receipt) -> bool:
    deps = context().deps
    with deps.store.read() as tx:
        return tx.moderators.failures(_counter(found), deps.clock() - WINDOW) < TRIES


def _count_wrong(found: Receipt) -> None:
    deps = context().deps
    with deps.store.write() as tx:
        tx.moderators.count_failure(_counter(found), deps.clock(), deps.clock() - WINDOW)


def _counter(found: Receipt) -> str:
    """Name what wrong tries are counted under, as nobody can guess: the comment, not who tries."""
    return context().keyring.sign(GUESSES, str(found.comment.pk).encode()).hex()


def _page(found: Receipt, fault: str | None = None, status: int = 200) -> Response:
    message = str(SAID[fault]) if fault else None
    return private_page("reply/yours.html", status, receipt=found, fault=message)
