"""What a site does for a person who asks: everything under an address is handed over, or forgotten with a receipt."""

from __future__ import annotations

from itertools import chain

from flask import Blueprint, Response

from service.domain.verdict import Who
from service.privacy.sealing import Address
from service.privacy.signatures import public_keys
from service.usecases.erase import erase_person
from service.usecases.export import export_json
from service.web.api.gate import SINGLE_LIMIT, authenticate, json_body
from service.web.api.models import PersonGiven
from service.web.api.replies import body, reply
from service.web.reach import api

DAY_SECONDS = 86_400

blueprint = Blueprint("persons", __name__)


@blueprint.post("/v1/erasures")
def post_erasure() -> Response:
    """Erase what was written under the address, and answer with the signed receipt."""
    site = authenticate()
    return reply(erase_person(api().context, site, _address(), Who.SITE, f"site {site.name}"))


@blueprint.post("/v1/exports")
def post_export() -> Response:
    """Answer with what is stored of what was written under the address."""
    site = authenticate()
    pieces = export_json(api().context, site, _address())
    head = next(pieces)
    return Response(
        chain([head], pieces), content_type="application/json", headers={"Cache-Control": "no-store"}
    )


@blueprint.get("/.well-known/replydesk.json")
def well_known() -> Response:
    """Publish the keys by which anyone can check a receipt."""
    answer = reply({"service": "replydesk", "receipt_keys": public_keys(api().context.keyring)})
    answer.headers["Access-Control-Allow-Origin"] = "*"
    answer.headers["Cache-Control"] = f"public, max-age={DAY_SECONDS // 24}"
    return answer


def _address() -> Address:
    return body(PersonGiven, json_body(SINGLE_LIMIT)).email
