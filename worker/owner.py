"""Tells a site's owner that callbacks stopped: one signed webhook to `notify_url`, beside log, desk and command."""

from __future__ import annotations

import threading
from datetime import datetime
from typing import Final

import structlog

from service.domain.events import stopped_payload
from service.domain.site import Site
from service.webhooks.signing import Outcome, sign
from service.webhooks.url_guard import Allow
from worker.outbound import post

TIMEOUT_SECONDS: Final = 10.0

log = structlog.get_logger(__name__)


def tell_stopped(site: Site, secrets: tuple[str, ...], reason: str, now: datetime, allow: Allow) -> None:
    """Post it from a thread of its own, once: what stays lost is on the desk and in `replydesk status` all the same."""
    url = site.options.notify_url
    if url is None or not secrets:
        return
    payload = stopped_payload(site.name, reason, now)
    stamp = int(now.timestamp())
    headers = {
        "content-type": "application/json",
        **sign(secrets, f"stopped_{site.id}_{stamp}", stamp, payload),
    }
    threading.Thread(
        target=_tell, args=(site.name, url, headers, payload, allow), name="owner", daemon=True
    ).start()


def _tell(name: str, url: str, headers: dict[str, str], payload: bytes, allow: Allow) -> None:
    try:
        outcome = post(url, headers, payload, allow=allow, timeout=TIMEOUT_SECONDS)
    except Exception as failure:  # noqa: BLE001  # nobody waits for this thread
        outcome = Outcome("retry", detail=type(failure).__name__)
    log.info("owner.notified", site=name, outcome=outcome.kind)
