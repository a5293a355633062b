"""stand: trust an author, look at them first, or ban them, with a reason and an end; the site learns it by event."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from service.moderation import events
from service.moderation.comment import Comment
from service.moderation.errors import NotFound, ReplydeskError
from service.moderation.events import Delivery
from service.moderation.standing import AuthorStanding, Standing
from service.ports import DELIVER, House, Site, Tx


class Unknown(ReplydeskError):
    """This comment's author gave no address, so nothing ties their comments together."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a moderator decides about an author; `standing` None ends what stood."""

    standing: Standing | None
    who: str
    reason: str | None = None
    until: datetime | None = None


def stand(house: House, site: Site, comment_pk: int, wish: Wish) -> AuthorStanding | None:
    """Let the wish count for whatever the comment's author writes on this site from now on, and tell the site.

    Raises NotFound, and Unknown for an author without a key.
    """
    now = house.clock()
    with house.store.write() as tx:
        comment = tx.comments_by_pk([comment_pk], lock=True).get(comment_pk)
        if comment is None or comment.site_id != site.id:
            raise NotFound("There is no such comment.")
        if comment.author_key is None:
            raise Unknown
        made: AuthorStanding | None = None
        if wish.standing is None:
            if not tx.end_standing(site.id, comment.author_key, now):
                return None
        else:
            made = tx.stand(
                AuthorStanding(
                    site_id=site.id,
                    author_key=comment.author_key,
                    standing=wish.standing,
                    who=wish.who,
                    created_at=now,
                    reason=wish.reason,
                    until=wish.until,
                )
            )
        if wish.standing is Standing.TRUSTED:
            tx.leave_waves(site.id, comment.author_key)
        said = wish.standing or "cleared"
        tx.log_act(wish.who, "author", f"{site.name}: author of comment {comment.pk} {said}", now)
        called_back = _tell(tx, site, comment, made, now)
    if called_back:
        house.bell.ring(DELIVER)
    return made


def _tell(tx: Tx, site: Site, comment: Comment, made: AuthorStanding | None, now: datetime) -> bool:
    if not site.callback_url:
        return False
    (number,) = tx.new_decision_ids(1)  # a number that no other callback of the site has
    tx.add_deliveries(
        [
            Delivery(
                id=0,
                site_id=site.id,
                comment_pk=comment.pk,
                decision_id=number,
                webhook_id=f"msg_{site.id}_author_{number}",
                type=str(events.author_type(made.standing if made else None)),
                payload=events.author_payload(comment, made, now),
                state="waiting",
                attempts=0,
                next_attempt_at=now,
                created_at=now,
            )
        ]
    )
    return True
