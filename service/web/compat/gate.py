"""Authentication of the compatibility APIs, with a third of a second for a store that hangs, and a bounded body."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, cast

from flask import Blueprint, Response, current_app, g

from service.compat.service import CompatService
from service.compat.time_limit import TimeLimit
from service.domain.errors import ReplydeskError
from service.domain.events import verdict_view
from service.domain.site import Site
from service.domain.verdict import Verdict
from service.privacy.keys import fingerprint
from service.web.api.gate import KEY_LIMIT, key_site, no_such_site, stored_site
from service.web.compat.tally import Tally
from service.web.problems import Problem, problem_of

if TYPE_CHECKING:
    from service.context import AppContext

EXTENSION: Final = "replydesk.compat"
FRESH_SECONDS: Final = 2.0
"""For so long the store is not asked again: a retired key ends that much later."""
STALE_SECONDS: Final = 24 * 3600.0
"""For so long a key that was known serves on while the store is away."""
AWAY_SECONDS: Final = 2.0
"""For so long nobody waits for a store that just failed."""
LOOK_UP_SECONDS: Final = 0.3
KEPT_BOUND: Final = 4096
NOT_STORED: Final = "X-Replydesk-Not-Stored"
AWAY: Final = "the store is away"
EITHER_KEY: Final = ("key", "akismet")


class NoKey(Problem):
    """No key was given."""

    def __init__(self) -> None:
        super().__init__("unauthorized", "Give the site's key.")


class StoreAway(ReplydeskError):
    """The store cannot answer right now, and this key was not seen before."""

    code = "unavailable"


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
    """Return the site that the key opens: its API key or its Akismet key. Raises NoKey, StoreAway or "unauthorized".

    Keys are looked up by their keyed hash, so that neither the comparison nor the memory can be timed for a key.
    """
    key = (key or "").strip()
    if not key:
        raise NoKey()
    context = compat().context
    # the look-up runs in another thread, which knows no application: it is handed the parts
    site = None
    if len(key) <= KEY_LIMIT:
        site = compat().by_key.get(
            fingerprint(context.keyring, key), lambda: key_site(context, key, EITHER_KEY)
        )
    if site is None:
        raise bad_key("The key is not one of ours.")
    return site


def bad_key(detail: str) -> Problem:
    """Return the problem of a key or a signature that opens nothing."""
    return Problem("unauthorized", detail)


def named_site(name: str) -> Site:
    """Return the site of that name. Raises StoreAway, or the problem "not-found"."""
    context = compat().context
    site = compat().by_name.get(name, lambda: stored_site(context, name))
    if site is None:
        raise no_such_site()
    return site


def answer_errors(blueprint: Blueprint, answer: Callable[[Problem], Response]) -> None:
    """Let everything that goes wrong in the views of this blueprint end in `answer`; nothing of ours shows through."""
    blueprint.register_error_handler(Exception, lambda error: answer(problem_of(error)))


def moderation(verdict: Verdict) -> dict[str, object]:
    """Return what the site's policy makes of a text: a member that the protocols lack, and their clients pass over."""
    shown = verdict_view(verdict)
    return {name: shown[name] for name in ("action", "reasons", "policy")}
