"""What a site does for a person who asks: everything under an address is handed over, or forgotten with a receipt."""

from __future__ import annotations

from datetime import datetime
from itertools import chain
from typing import Any, Literal

from flask import Response
from pydantic import ConfigDict, Field

from service.domain.site import Site
from service.domain.verdict import Who
from service.privacy.signatures import public_keys
from service.usecases.erase import erase_person as erase
from service.usecases.export import export_json
from service.web.api import blueprint
from service.web.api.answers import Shape
from service.web.api.fields import GivenAddress, Strict
from service.web.api.gate import reply
from service.web.api.operation import Answer, operation
from service.web.reach import api


class PersonGiven(Strict):
    """Whose data is meant; the address is compared and forgotten."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, arbitrary_types_allowed=True)

    email: GivenAddress = Field(description="The address, as the person gives it.")


class Signature(Shape):
    """An Ed25519 signature (base64url) over the receipt in the form of RFC 8785; `key` names the key that made it."""

    algorithm: Literal["Ed25519"]
    key: str
    value: str


class Attested(Shape):
    """A receipt with its signature: what was touched, what was kept and why, what goes later."""

    receipt: dict[str, Any]
    signature: Signature


class Export(Shape):
    """What is kept of one person on one site."""

    kind: Literal["export"]
    version: int
    site: str
    issued_at: datetime
    address_kept_as: str
    comments: list[dict[str, Any]]
    complete: bool


@blueprint.post("/v1/erasures")
@operation("People", {200: Answer("The signed receipt.", (Attested,))}, body=PersonGiven)
def erase_person(site: Site, given: PersonGiven) -> Response:
    """Forget a person.

    Erases everything that was written on the site under the address, in whatever state: texts, older texts, callbacks'
    bodies, notes, judgements, sealed addresses. `comment.erased` follows for each comment, its reason the receipt's
    `id`. The receipt is signed; the keys are at `/.well-known/replydesk.json`. Where nothing was written under the
    address, the receipt says so.
    """
    return reply(erase(api().context, site, given.email, Who.SITE, f"site {site.name}"))


@blueprint.post("/v1/exports")
@operation("People", {200: Answer("What is kept.", (Export,))}, body=PersonGiven)
def export_person(site: Site, given: PersonGiven) -> Response:
    """Hand over what is kept of a person.

    Everything that was written on the site under the address, as it is stored, with what became of it, and nothing of
    anyone else, oldest first. However much that is, it is all in one answer, sent as it is read; `complete` is true.
    """
    pieces = export_json(api().context, site, given.email)
    head = next(pieces)  # what refuses the request does so before the answer begins
    return Response(
        chain([head], pieces), content_type="application/json", headers={"Cache-Control": "no-store"}
    )


@blueprint.get("/.well-known/replydesk.json")
def well_known() -> Response:
    """Publish the keys by which anyone can check a receipt."""
    keys = {"service": "replydesk", "receipt_keys": public_keys(api().context.keyring)}
    headers = {"Access-Control-Allow-Origin": "*", "Cache-Control": "public, max-age=3600"}
    return reply(keys, headers=headers)
