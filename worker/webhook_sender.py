"""Signs a webhook with its site's secrets and posts it."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Protocol

import structlog

from service.domain.errors import ReplydeskError
from service.domain.site import Site
from service.privacy.keys import Keyring
from service.webhooks.signing import Outcome, sign

TIMEOUT_SECONDS: Final = 15.0
USER_AGENT: Final = "Replydesk/1 (+standard-webhooks)"

log = structlog.get_logger(__name__)


class Post(Protocol):
    """What posts: `HttpClient.post`."""

    def __call__(self, url: str, headers: dict[str, str], body: bytes, timeout: float) -> Outcome: ...


class WebhookSender:
    """Sends what a site asked for to where it asked; threads may share one."""

    def __init__(self, keyring: Keyring, post: Post, timeout: float = TIMEOUT_SECONDS) -> None:
        self._keyring, self._post, self.timeout = keyring, post, timeout

    def send(self, site: Site, url: str, message_id: str, payload: bytes, now: datetime) -> Outcome:
        """Post the payload once and return how it ended; nothing is sent unsigned."""
        try:
            secrets = [
                self._keyring.decrypt(site.name, "webhook", one).decode() for one in site.webhook_secrets
            ]
        except ReplydeskError as failure:
            log.error("webhook.secret_sealed", site=site.name, error=type(failure).__name__)
            secrets = []
        if not secrets:
            return Outcome("retry", detail="no webhook secret could be opened, and nothing is sent unsigned")
        headers = {"content-type": "application/json", "user-agent": USER_AGENT}
        headers |= sign(secrets, message_id, int(now.timestamp()), payload)
        try:
            return self._post(url, headers, payload, self.timeout)
        except Exception as failure:  # noqa: BLE001  # an unforeseen fault of one post must not leave it unrecorded
            log.warning("webhook.fault", site=site.name, error=type(failure).__name__)
            return Outcome("retry", detail=type(failure).__name__)
