"""The gate of the API: whose key it is, and a body that is bounded, typed and read once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, cast

from flask import current_app, request

from service.ports import Site
from service.privacy.keys import Keyring, fingerprint
from service.privacy.receipts import receipt_token
from service.rekeying import key_owner
from service.web.problems import Problem

if TYPE_CHECKING:
    from service.web.meters import Meters
    from service.wiring import Parts

SINGLE_LIMIT: Final = 256 * 1024
BATCH_LIMIT: Final = 16 * 1024 * 1024
KEY_LIMIT: Final = 200
CACHE_SECONDS: Final = 2.0
CACHE_BOUND: Final = 4096
EXTENSION: Final = "replydesk.api"


@dataclass(slots=True)
class Memory:
    """Remembers what the store said for two seconds at most: a retired key ends that much later."""

    seconds: float = CACHE_SECONDS
    _kept: dict[str, tuple[float, Site]] = field(default_factory=dict)

    def get(self, name: str, look_up: Callable[[], Site | None]) -> Site | None:
        """Return what is remembered under `name`, else what `look_up` finds. Threads may look up twice, harmlessly."""
        now = time.monotonic()
        found = self._kept.get(name)
        if found is not None and found[0] > now:
            return found[1]
        site = look_up()
        if site is not None:
            if len(self._kept) >= CACHE_BOUND:
                self._kept.clear()
            self._kept[name] = (now + self.seconds, site)
        return site

    def forget(self) -> None:
        """Forget everything, so that the store is asked anew."""
        self._kept.clear()


@dataclass(frozen=True, slots=True)
class Api:
    """What the API's views need of the application; made once by `create_app`."""

    parts: Parts
    meters: Meters
    waits: threading.Semaphore
    by_key: Memory = field(default_factory=Memory)
    by_name: Memory = field(default_factory=Memory)


def api() -> Api:
    """Return the running application's API."""
    return cast(Api, current_app.extensions[EXTENSION])


def receipt_path(site: Site, comment_id: str) -> str:
    """Return the address, on this server, of the page that tells the comment's writer what became of it."""
    return f"{request.script_root}/r/{receipt_token(api().parts.keyring, site.name, comment_id)}"


def authenticate() -> Site:
    """Return the site whose key the caller shows, or raise the problem "unauthorized".

    Keys are looked up by their keyed hash, so that neither the comparison nor the cache can be timed for a key.
    """
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    key = key.strip()
    if scheme.lower() != "bearer" or not 1 <= len(key) <= KEY_LIMIT:
        raise unauthorized()
    keyring = api().parts.keyring
    site = api().by_key.get(fingerprint(keyring, key), lambda: _owner(keyring, key))
    if site is None:
        raise unauthorized()
    return site


def _owner(keyring: Keyring, key: str) -> Site | None:
    deps = api().parts.deps
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
    with api().parts.deps.store.read() as tx:
        return tx.site(name)


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
