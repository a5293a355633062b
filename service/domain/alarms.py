"""When moderators are called: a queue has grown past its site's limits, or is calm again; pure; it does not flap."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from service.domain.events import instant
from service.domain.options import Options
from service.domain.site import Site

CALM_SHARE: Final = 0.8
"""A queue that had grown is calm again only below this share of each limit, so that one comment cannot flap."""
LEAST_BETWEEN: Final = timedelta(minutes=1)
GROWN, CALM = "queue.grown", "queue.calm"


@dataclass(frozen=True, slots=True)
class Alarm:
    """Where a site's alarm stands: each change has the next `serial`, and is told until `next_attempt_at` is None."""

    site_id: int
    raised: bool
    serial: int
    changed_at: datetime
    payload: bytes = b""
    attempts: int = 0
    next_attempt_at: datetime | None = None


def is_raised(raised: bool, held: int, oldest_seconds: float, options: Options) -> bool:
    """Whether the alarm stands, for a queue of that length whose oldest comment has waited so long; it was `raised`."""
    share = CALM_SHARE if raised else 1.0
    too_many = options.notify_held is not None and held >= max(1.0, options.notify_held * share)
    too_old = options.notify_age_seconds is not None and oldest_seconds >= options.notify_age_seconds * share
    return held > 0 and (too_many or too_old)


def turns(
    alarm: Alarm | None, held: int, oldest_seconds: float, options: Options, now: datetime
) -> bool | None:
    """Return the alarm's new state if it changes now, None if it stays; it never changes twice within a minute."""
    raised = alarm is not None and alarm.raised
    if options.notify_url is None or (alarm is not None and now - alarm.changed_at < LEAST_BETWEEN):
        return None
    after = is_raised(raised, held, oldest_seconds, options)
    return after if after != raised else None


def alarm_payload(
    site: Site, raised: bool, held: int, oldest_seconds: float, desk: str, now: datetime
) -> bytes:
    """Return the body of the webhook about a site's queue; `desk` is where moderators find it."""
    message = {
        "type": GROWN if raised else CALM,
        "timestamp": instant(now),
        "data": {
            "site": site.name,
            "held": held,
            "oldest_held_seconds": round(max(0.0, oldest_seconds)),
            "limits": {
                "held": site.options.notify_held,
                "oldest_held_seconds": site.options.notify_age_seconds,
            },
            "desk": desk,
        },
    }
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()
