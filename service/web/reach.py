"""How a view reaches the service: the application that serves it carries its context and what the API remembers."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, cast
from urllib.parse import urlsplit

from cachetools import TTLCache
from flask import current_app, request

from service.context import AppContext
from service.domain.site import Site

if TYPE_CHECKING:
    from service.web.meters import Meters

CACHE_SECONDS: Final = 2.0
CACHE_BOUND: Final = 4096
EXTENSION: Final = "replydesk.api"


def context() -> AppContext:
    """Return the context that `create_app` put into the running application."""
    return cast(AppContext, current_app.extensions["replydesk"])


def public_url() -> str:
    """Return the address at which this request's sender reaches the service, without a slash at its end.

    Where the configured one has no path, a proxy may have named one.
    """
    configured = context().settings.public_url
    return configured if urlsplit(configured).path else configured + request.script_root


class Memory:
    """Remembers sites for two seconds at most: a retired key ends that much later."""

    def __init__(self) -> None:
        self._sites: TTLCache[str, Site] = TTLCache(CACHE_BOUND, CACHE_SECONDS)
        self._lock = threading.Lock()

    def get(self, name: str, look_up: Callable[[], Site | None]) -> Site | None:
        """Return what is remembered under `name`, else what `look_up` finds. Threads may look up twice, harmlessly."""
        with self._lock:
            site = self._sites.get(name)
        if site is None and (site := look_up()) is not None:
            with self._lock:
                self._sites[name] = site
        return site

    def forget(self) -> None:
        """Forget everything, so that the store is asked anew."""
        with self._lock:
            self._sites.clear()


@dataclass(frozen=True, slots=True)
class Api:
    """What the API's views need of the application; made once by `create_app`."""

    context: AppContext
    meters: Meters
    waits: threading.Semaphore
    by_key: Memory = field(default_factory=Memory)
    by_name: Memory = field(default_factory=Memory)


def api() -> Api:
    """Return the running application's API."""
    return cast(Api, current_app.extensions[EXTENSION])
