"""What a site may post in a minute: 429 and the seconds to wait, for its key, its readers' form and each network."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, cast

from flask import current_app

from service.domain.comment import Source
from service.domain.site import Site
from service.web.problems import Problem
from service.web.rate_limits import Limiter, Rate
from service.web.reach import api

if TYPE_CHECKING:
    from flask import Flask

    from service.context import AppContext

EXTENSION: Final = "replydesk.limits"
LONGEST_WAIT: Final = 3600
LITTLE: Final = 0.5
"""Of its own window: a network that has used no more has posted little."""
RESERVED: Final = 2.0
"""The form's window is so many times as large for a network that has posted little as for one that has posted much."""


def init(app: Flask, context: AppContext) -> None:
    """Give the application its limiter."""
    app.extensions[EXTENSION] = Limiter(context.settings.redis_url, context.settings.redis_prefix)


def charge(site: Site, source: Source, count: int = 1) -> None:
    """Let `count` comments of this site's programs pass, or raise the problem "too-many-requests".

    A count of nothing only asks whether one might pass: so a large body need not be read for nothing.
    """
    limit = site.options.comments_per_minute
    if limit is None:
        return
    name, rate = f"{site.id}:key", Rate.a_minute(limit, site.options.comments_burst)
    seconds = _limiter().take(name, rate, count)
    if seconds:
        refused(source, max(1, count))
        raise Problem(
            "too-many-requests",
            f"This site may post {limit:g} comments a minute; nothing of this request was stored.",
            headers={"Retry-After": retry_after(seconds)},
        )


def form_wait(site: Site, network: str | None) -> float:
    """Let one comment of this site's form pass and return 0.0, or return the seconds that its reader has to wait.

    `network` names the network that asks, None where it is not known. One network has its own rate below the site's.
    A part of the site's window is for those who have posted little, so that one who posts much keeps nobody else away.
    """
    limit, within = site.options.form_per_minute, site.options.form_per_network
    alone = None if network is None or within is None else Rate.a_minute(within)
    own = f"{site.id}:form:{network}"
    seconds = _limiter().take(own, alone, 0) if alone else 0.0
    if not seconds and limit is not None:
        has_posted_little = alone and not _limiter().take(own, alone, 0, LITTLE)
        rate = Rate.a_minute(limit)
        rate = Rate(rate.per_second, rate.at_once * RESERVED)
        seconds = _limiter().take(f"{site.id}:form", rate, share=1.0 if has_posted_little else 1 / RESERVED)
    if seconds:
        refused(Source.FORM, 1)
    elif alone:
        _limiter().take(own, alone)
    return seconds


def refused(source: Source, count: int) -> None:
    """Count what was refused for its number."""
    api().meters.arrivals.came(source, "limited", count)


def retry_after(seconds: float) -> str:
    """Return the wait as the header has it: whole seconds, at least one, at most an hour."""
    return str(min(LONGEST_WAIT, max(1, math.ceil(seconds))))


def _limiter() -> Limiter:
    return cast(Limiter, current_app.extensions[EXTENSION])
