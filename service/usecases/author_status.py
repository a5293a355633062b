"""Set or end an author's status, with a reason and an end; the site is notified by a webhook."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from service.context import Dependencies
from service.domain import events
from service.domain.author_status import AuthorStatus, AuthorStatusEntry
from service.domain.comment import Comment
from service.domain.errors import NotFound, ReplydeskError
from service.domain.events import Delivery
from service.domain.site import Site
from service.messaging.tasks import DELIVER
from service.storage import Tx


class Unknown(ReplydeskError):
    """This comment's author gave no address, so nothing ties their comments together."""


@dataclass(frozen=True, slots=True)
class StatusChange:
    """What a moderator decides about an author; `status` None ends the current status."""

    status: AuthorStatus | None
    who: str
    reason: str | None = None
    until: datetime | None = None


def set_author_status(
    deps: Dependencies, site: Site, comment_pk: int, change: StatusChange
) -> AuthorStatusEntry | None:
    """Set the status of the comment's author on this site, and notify the site.

    Raises NotFound, and Unknown for an author without a key.
    """
    now = deps.clock()
    with deps.store.write() as tx:
        comment = tx.comments.by_pks([comment_pk], lock=True).get(comment_pk)
        if comment is None or comment.site_id != site.id:
            raise NotFound("There is no such comment.")
        if comment.author_key is None:
            raise Unknown
        made: AuthorStatusEntry | None = None
        if change.status is None:
            if not tx.authors.end_status(site.id, comment.author_key, now):
                return None
        else:
            made = tx.authors.set_status(
                AuthorStatusEntry(
                    site_id=site.id,
                    author_key=comment.author_key,
                    status=change.status,
                    who=change.who,
                    created_at=now,
                    reason=change.reason,
                    until=change.until,
                )
            )
        if change.status is AuthorStatus.TRUSTED:
            tx.clusters.leave(site.id, comment.author_key)
        said = change.status or "cleared"
        tx.audit_log.append(change.who, "author", f"{site.name}: author of comment {comment.pk} {said}", now)
        called_back = _tell(tx, site, comment, made, now)
    if called_back:
        deps.dispatcher.enqueue(DELIVER)
    return made


def _tell(tx: Tx, site: Site, comment: Comment, made: AuthorStatusEntry | None, now: datetime) -> bool:
    if not site.callback_url:
        return False
    (number,) = tx.decisions.new_ids(1)  # a number that no other callback of the site has
    tx.deliveries.add(
        [
            Delivery(
                site_id=site.id,
                comment_pk=comment.pk,
                decision_id=number,
                webhook_id=f"msg_{site.id}_author_{number}",
                type=str(events.author_type(made.status if made else None)),
                payload=events.author_payload(comment, made, now),
                next_attempt_at=now,
                created_at=now,
            )
        ]
    )
    return True
