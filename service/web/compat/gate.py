"""Authentication of the compatibility APIs, with a third of a second for a store that hangs, and a bounded body."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, cast

from flask import current_app, g, request
from werkzeug.exceptions import RequestEntityTooLarge

from service.compat.service import CompatService
from service.compat.time_limit import TimeLimit
from service.domain.errors import ReplydeskError
from service.domain.site import Site
from service.privacy.keys import fingerprint
from service.usecases.reseal import key_owner
from service.web.compat.tally import Tally

if TYPE_CHECKING:
    from service.context import AppContext

EXTENSION: Final = "replydesk.compat"
BODY_LIMIT: Final = 256 * 1024
KEY_LIMIT: Final = 200
FRESH_SECONDS: Final = 2.0
"""For so long the store is not asked again: a retired key ends that much later."""
STALE_SECONDS: Final = 24 * 3600.0
"""For so long a key that was known serves on while the store is away."""
AWAY_SECONDS: Final = 2.0
"""For so long nobody waits for a store that just failed."""
LOOK_UP_SECONDS: Final = 0.3
KEPT_BOUND: Final = 4096


class NoKey(ReplydeskError):
    """No key was given."""


class BadKey(ReplydeskError):
    """The key is not one of ours."""


class TooLarge(ReplydeskError):
    """The body is larger than 256 KiB."""


class StoreAway(ReplydeskError):
    """The store cannot answer right now, and this key was not seen before."""


@dataclass(frozen=True, slots=True)
class _Kept:
    site: Site
    asked_at: float


class Known:
    """Remembers sites by what a caller shows: fresh for two seconds, and for a day while the store is away."""

    def __init__(self) -> None:
        self._kept: dict[str, _Kept] = {}
        self._limit = TimeLimit(LOOK_UP_SECONDS)
        self._away_until = 0.0

    def get(self, name: str, look_up: Callable[[], Site | None]) -> Site | None:
        """Return the site, None when the store says there is none; StoreAway when it says nothing and never did."""
        now = time.monotonic()
        kept = self._kept.get(name)
        if kept is not None and now < kept.asked_at + FRESH_SECONDS:
            return kept.site
        if now < self._away_until:
            return self._stale(kept, now)
        try:
            site = self._limit.ask(look_up)
        except Exception:  # noqa: BLE001  # whatever the store died of, a known key goes on
            self._away_until = time.monotonic() + AWAY_SECONDS
            return self._stale(kept, now)
        if site is None:
            self._kept.pop(name, None)
            return None
        if len(self._kept) >= KEPT_BOUND:
            self._kept.clear()
        self._kept[name] = _Kept(site, now)
        return site

    def forget(self) -> None:
        """Let the store be asked anew for everything; what was known stays known should it not answer."""
        self._kept = {name: _Kept(one.site, one.asked_at - FRESH_SECONDS) for name, one in self._kept.items()}
        self._away_until = 0.0

    def _stale(self, kept: _Kept | None, now: float) -> Site:
        if kept is None or now > kept.asked_at + STALE_SECONDS:
            raise StoreAway()
        return kept.site


@dataclass(frozen=True, slots=True)
class CompatApis:
    """What the compatibility APIs need of the application; made once by `create_app`."""

    context: AppContext
    verbs: CompatService
    tally: Tally
    by_key: Known = field(default_factory=Known)
    by_name: Known = field(default_factory=Known)

    @classmethod
    def over(cls, context: AppContext) -> CompatApis:
        """Make the compatibility APIs of one application."""
        return cls(
            context,
            CompatService(context, lambda: cast(float, g.began)),
            Tally(context.deps.store, context.deps.clock),
        )


def compat() -> CompatApis:
    """Return the compatibility APIs of the running application."""
    return cast(CompatApis, current_app.extensions[EXTENSION])


def site_of(key: str | None) -> Site:
    """Return the site that the key opens: its API key or its Akismet key. Raises NoKey, BadKey or StoreAway.

    Keys are looked up by their keyed hash, so that neither the comparison nor the memory can be timed for a key.
    """
    key = (key or "").strip()
    if not key:
        raise NoKey()
    if len(key) > KEY_LIMIT:
        raise BadKey()
    context = compat().context
    # the look-up runs in another thread, which knows no application: it is handed the parts
    site = compat().by_key.get(fingerprint(context.keyring, key), lambda: _owner(context, key))
    if site is None:
        raise BadKey()
    return site


def _owner(context: AppContext, key: str) -> Site | None:
    owner = key_owner(context.deps.store, context.keyring, key, context.deps.clock())
    return owner[0] if owner else None


def named_site(name: str) -> Site | None:
    """Return the site of that name, None when there is none. Raises StoreAway."""
    store = compat().context.deps.store

    def look_up() -> Site | None:
        with store.read() as tx:
            return tx.sites.get(name)

    return compat().by_name.get(name, look_up)


def raw_body(limit: int = BODY_LIMIT) -> bytes:
    """Return the raw body of at most `limit` bytes, whatever its type says; TooLarge for a larger one."""
    if (request.content_length or 0) > limit:
        raise TooLarge()
    request.max_content_length = limit  # holds for a body of unstated length, too
    try:
        return request.get_data(cache=False)
    except RequestEntityTooLarge:
        raise TooLarge() from None
