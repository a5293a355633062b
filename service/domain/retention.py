"""How long what is kept: a site's terms of retention, and the moment at which a comment's text will be gone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from service.domain.comment import Comment
from service.domain.options import Options
from service.domain.status import Status
from service.domain.verdict import Decision


@dataclass(frozen=True, slots=True)
class Cutoffs:
    """The moments before which things go. `states` maps a state to its own; None anywhere: they stay."""

    states: Mapping[Status, datetime | None]
    client: datetime | None
    """IP networks, user agents and referring pages of comments received before this."""
    originals: datetime | None
    """Encrypted originals of texts received before this; their contacts stay masked for good."""
    deliveries: datetime | None
    """Callbacks made before this, with the text in them; what still waits to be delivered stays."""


def days_kept(options: Options) -> dict[Status, float | None]:
    """Return for each state whose texts go how many days they are kept; None: for good."""
    return {
        Status.REJECTED: options.keep_rejected_days,
        Status.SPAM: options.keep_spam_days,
        Status.WITHDRAWN: options.keep_withdrawn_days,
    }


def cutoffs(options: Options, now: datetime) -> Cutoffs:
    """Return the moments that lie as far before `now` as the site keeps each kind of thing."""

    def before(days: float | None) -> datetime | None:
        return None if days is None else now - timedelta(days=days)

    return Cutoffs(
        states={status: before(days) for status, days in days_kept(options).items()},
        client=before(options.keep_client_days),
        originals=before(options.keep_originals_days),
        deliveries=before(options.keep_deliveries_days),
    )


def deletes_at(comment: Comment, options: Options, decision: Decision | None = None) -> datetime | None:
    """Return when the comment's text goes if nothing else happens to it, None while its state is kept for good.

    Counted from the moment when `decision`, the current one, took effect; without it from the first verdict.
    """
    days = days_kept(options).get(comment.status)
    if days is None:
        return None
    since = decision.effective_at if decision else comment.decided_at or comment.received_at
    return since + timedelta(days=days)
