"""What comes in and what goes out: whose key it is, a bounded body, strict models, compact JSON."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any, Final, TypeVar

from flask import Response, request
from pydantic import BaseModel, ValidationError

from service.context import AppContext
from service.domain.errors import Invalid
from service.domain.site import Site
from service.privacy.keys import fingerprint
from service.privacy.signatures import receipt_token
from service.usecases.sites import key_owner
from service.usecases.validation import faults_of
from service.web.api import strict_json
from service.web.problems import Problem
from service.web.reach import api

M = TypeVar("M", bound=BaseModel)

SINGLE_LIMIT: Final = 256 * 1024
BATCH_LIMIT: Final = 16 * 1024 * 1024
KEY_LIMIT: Final = 200


# -- whose key it is ---------------------------------------------------------------------------------------------------


def authenticate() -> Site:
    """Return the site whose key the caller shows, or raise the problem "unauthorized".

    Keys are looked up by their keyed hash, so that neither the comparison nor the cache can be timed for a key.
    """
    key = bearer_key()
    if key is None or not 1 <= len(key) <= KEY_LIMIT:
        raise unauthorized()
    context = api().context
    # the short Akismet key travels in host names and queries, so it opens the compatibility APIs alone
    site = api().by_key.get(fingerprint(context.keyring, key), lambda: key_site(context, key, ("key",)))
    if site is None:
        raise unauthorized()
    return site


def key_site(context: AppContext, key: str, kinds: Collection[str]) -> Site | None:
    """Ask the store which site the key opens, None where it opens none or is of another kind."""
    owner = key_owner(context.deps.store, context.keyring, key, context.deps.clock())
    return owner[0] if owner and owner[1] in kinds else None


def bearer_key() -> str | None:
    """Return the key of the Authorization header, None where there is none of this kind."""
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" else None


def named_site(name: str) -> Site:
    """Return the site of that name, or raise the problem "not-found"."""
    context = api().context
    site = api().by_name.get(name, lambda: stored_site(context, name))
    if site is None:
        raise no_such_site()
    return site


def stored_site(context: AppContext, name: str) -> Site | None:
    """Ask the store for the site of that name."""
    with context.deps.store.read() as tx:
        return tx.sites.get(name)


def no_such_site() -> Problem:
    """Return the problem of a name that no site has."""
    return Problem("not-found", "There is no site of this name.")


def unauthorized(detail: str | None = None) -> Problem:
    """Return the problem of a missing or wrong key; it never says which."""
    return Problem("unauthorized", detail, headers={"WWW-Authenticate": 'Bearer realm="replydesk"'})


# -- what comes in -----------------------------------------------------------------------------------------------------


def json_body(limit: int) -> bytes:
    """Return the raw JSON body of at most `limit` bytes, or raise "unsupported-media-type" or "too-large"."""
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    plain = request.headers.get("Content-Encoding", "identity").lower() == "identity"
    if request.mimetype != "application/json" or charset not in ("utf-8", "utf8") or not plain:
        raise Problem("unsupported-media-type")
    return bounded_body(limit)


def bounded_body(limit: int) -> bytes:
    """Return the raw body; one that is or says it is larger than `limit` bytes is the problem "too-large"."""
    if (request.content_length or 0) > limit:
        raise too_large(limit)
    request.max_content_length = limit  # holds for a body of unstated length, too
    return request.get_data(cache=False)


def too_large(limit: int) -> Problem:
    """Return the problem of a body over its bound."""
    return Problem("too-large", f"The body is larger than {limit // 1024} KiB.")


def read_body(model: type[M], is_required: bool = True) -> M:
    """Return the JSON body as the model, its defaults for none where that will do. Raises Invalid with every fault."""
    if is_required or request.mimetype:
        raw = json_body(SINGLE_LIMIT)
    elif bounded_body(SINGLE_LIMIT):
        raise Problem("unsupported-media-type")
    else:
        raw = b""
    if not raw and not is_required:
        return model()
    value, flawed = strict_json.read(raw)
    if flawed and (faults := strict_json.faults_in(value)):
        raise Invalid(faults)
    return _checked(model, value)


def read_query(model: type[M]) -> M:
    """Return the query of the request as the model. Raises Invalid with every fault.

    Where the model takes no unknown parameter, one that is given twice is a fault too; else its first value counts.
    """
    is_strict = model.model_config.get("extra") == "forbid"
    given = {
        name: values if is_strict and len(values) > 1 else values[0] for name, values in request.args.lists()
    }
    return _checked(model, given)


def _checked(model: type[M], value: Any) -> M:
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise Invalid(faults_of(error)) from None


# -- what goes out -----------------------------------------------------------------------------------------------------


def reply(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return `value` as compact JSON in UTF-8; no cache keeps it unless `headers` say so."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    response = Response(text, status, content_type="application/json")
    response.headers["Cache-Control"] = "no-store"
    response.headers.update(headers or {})
    return response


def receipt_path(site: Site, comment_id: str) -> str:
    """Return the address, on this server, of the page that tells the comment's writer what became of it."""
    return f"{request.script_root}/r/{receipt_token(api().context.keyring, site.name, comment_id)}"
