"""The gate of the API: whose key it is, and a body that is bounded, typed and read once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flask import request

from service.domain.site import Site
from service.privacy.keys import Keyring, fingerprint
from service.privacy.signatures import receipt_token
from service.usecases.reseal import key_owner
from service.web.problems import Problem
from service.web.reach import api

if TYPE_CHECKING:
    pass

SINGLE_LIMIT: Final = 256 * 1024
BATCH_LIMIT: Final = 16 * 1024 * 1024
KEY_LIMIT: Final = 200


def receipt_path(site: Site, comment_id: str) -> str:
    """Return the address, on this server, of the page that tells the comment's writer what became of it."""
    return f"{request.script_root}/r/{receipt_token(api().context.keyring, site.name, comment_id)}"


def authenticate() -> Site:
    """Return the site whose key the caller shows, or raise the problem "unauthorized".

    Keys are looked up by their keyed hash, so that neither the comparison nor the cache can be timed for a key.
    """
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    key = key.strip()
    if scheme.lower() != "bearer" or not 1 <= len(key) <= KEY_LIMIT:
        raise unauthorized()
    keyring = api().context.keyring
    site = api().by_key.get(fingerprint(keyring, key), lambda: _owner(keyring, key))
    if site is None:
        raise unauthorized()
    return site


def _owner(keyring: Keyring, key: str) -> Site | None:
    deps = api().context.deps
    owner = key_owner(deps.store, keyring, key, deps.clock())
    # the short Akismet key travels in host names and queries, so it opens the compatibility APIs alone
    return owner[0] if owner and owner[1] == "key" else None


def named_site(name: str) -> Site:
    """Return the site of that name, or raise the problem "not-found"."""
    here = api()
    site = here.by_name.get(name, lambda: _site(name))
    if site is None:
        raise Problem("not-found", "There is no site of this name.")
    return site


def _site(name: str) -> Site | None:
    with api().context.deps.store.read() as tx:
        return tx.sites.get(name)


def unauthorized(detail: str | None = None) -> Problem:
    """Return the problem of a missing or wrong key; it never says which."""
    return Problem("unauthorized", detail, headers={"WWW-Authenticate": 'Bearer realm="replydesk"'})


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
