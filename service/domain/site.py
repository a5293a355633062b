"""A news site, as it is configured."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from service.domain.options import DEFAULTS, Options
from service.domain.policy import Policy


@dataclass(frozen=True, slots=True)
class Site:
    """A news site. `name` is its public slug; secrets are stored encrypted, keys as keyed fingerprints elsewhere."""

    id: int
    name: str
    url: str
    policy: Policy
    title: str | None = None
    callback_url: str | None = None
    callback_disabled: str | None = None
    """Why deliveries stopped (the endpoint answered 410, say); None while they run."""
    email_required: bool = True
    address_mode: str = "sealed"
    """What becomes of an address: "sealed" (box and author key), "fingerprint" (author key alone) or "none"."""
    contact_public_key: str | None = None
    webhook_secrets: tuple[bytes, ...] = ()
    inbound_secrets: tuple[bytes, ...] = ()
    region: str | None = None
    """ISO country whose national phone numbers are recognised in the text; None: international ones alone."""
    created_at: datetime | None = None
    options: Options = DEFAULTS

    @property
    def is_called(self) -> bool:
        """Whether callbacks go out to it."""
        return self.callback_url is not None and self.callback_disabled is None
