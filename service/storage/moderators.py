"""Moderators, their sign-in links, sessions and saved views, and how often signing in failed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import RowMapping, bindparam, delete, exists, select, true, update

from service.domain.desk import Moderator, View
from service.storage.bulk import insert, insert_new, insert_or_update
from service.storage.columns import Instant
from service.storage.repository import Repository
from service.storage.rows import record_of
from service.storage.schema import metadata, moderators, sessions, sign_in_failures, sign_ins, views

VIEWS_KEPT = 20
_MODERATORS = select(moderators.c.pk, moderators.c.name, moderators.c.role, moderators.c.active)
_SESSION = _MODERATORS.join(sessions, sessions.c.moderator_id == moderators.c.pk).where(
    sessions.c.token_hash == bindparam("token"),
    sessions.c.expires_at > bindparam("now", type_=Instant),
    moderators.c.active == true(),
)


class ModeratorRepository(Repository):
    """Who may sign in to the desk."""

    def add(self, name: str, role: str, now: datetime) -> Moderator:
        """Store a new moderator. Raises ValueError when the name is taken."""
        new = insert_new(moderators, ("name",)).returning(moderators.c.pk)
        pk = self._write(new, name=name, role=role, active=True, created_at=now).scalar_one_or_none()
        if pk is None:
            raise ValueError("a moderator of this name exists")
        return Moderator(pk, name, role)

    def get(self, name: str) -> Moderator | None:
        return self._first(_moderator, _MODERATORS.where(moderators.c.name == name))

    def all(self) -> list[Moderator]:
        return self._all(_moderator, _MODERATORS.order_by(moderators.c.name))

    def change(self, moderator_id: int, role: str, active: bool) -> None:
        """Give a moderator another role, or let them in no more: their sessions and links end with it."""
        changed = update(moderators).where(moderators.c.pk == moderator_id)
        self._write(changed.values(role=role, active=active))
        if not active:
            for table in (sessions, sign_ins):
                self._write(delete(table).where(table.c.moderator_id == moderator_id))

    def remove(self, moderator_id: int) -> None:
        """Remove a moderator with sessions, links, claims and views; what they decided keeps their name."""
        for table in reversed(metadata.sorted_tables):
            if "moderator_id" in table.c:
                self._write(delete(table).where(table.c.moderator_id == moderator_id))
        self._write(delete(moderators).where(moderators.c.pk == moderator_id))

    def add_sign_in(self, moderator_id: int, token_hash: str, expires_at: datetime) -> None:
        self._write(insert(sign_ins), moderator_id=moderator_id, token_hash=token_hash, expires_at=expires_at)

    def use_sign_in(self, token_hash: str, now: datetime) -> Moderator | None:
        """Use up a sign-in link: once, before it expires, by an active moderator; else None."""
        use = (
            update(sign_ins)
            .where(
                sign_ins.c.token_hash == token_hash,
                sign_ins.c.used_at.is_(None),
                sign_ins.c.expires_at > now,
                exists().where(moderators.c.pk == sign_ins.c.moderator_id, moderators.c.active == true()),
            )
            .values(used_at=now)
        )
        used = self._write(use.returning(sign_ins.c.moderator_id)).scalar_one_or_none()
        return used and self._first(_moderator, _MODERATORS.where(moderators.c.pk == used))

    def add_session(self, moderator_id: int, token_hash: str, expires_at: datetime) -> None:
        self._write(insert(sessions), moderator_id=moderator_id, token_hash=token_hash, expires_at=expires_at)

    def session(self, token_hash: str, now: datetime) -> Moderator | None:
        return self._first(_moderator, _SESSION, token=token_hash, now=now)

    def end_session(self, token_hash: str) -> None:
        self._write(delete(sessions).where(sessions.c.token_hash == token_hash))

    def count_failure(self, network: str, now: datetime, since: datetime) -> int:
        """Count one more failed sign-in of a network; windows begun at `since` or before are over. Return how many."""
        self._write(delete(sign_in_failures).where(sign_in_failures.c.since <= since))
        failed = insert(sign_in_failures).values(network=network, failures=1, since=now)
        again = failed.on_conflict_do_update(
            index_elements=["network"], set_={"failures": sign_in_failures.c.failures + 1}
        )
        return int(self._write(again.returning(sign_in_failures.c.failures)).scalar_one())

    def failures(self, network: str, since: datetime) -> int:
        """Return how many sign-ins of a network failed in its window, if that began after `since`."""
        counted = select(sign_in_failures.c.failures).where(
            sign_in_failures.c.network == network, sign_in_failures.c.since > since
        )
        return int(self._read(counted).scalar_one_or_none() or 0)

    def add_view(self, moderator_id: int, name: str, query: str, now: datetime) -> None:
        """Save a view in the place of one of the same name; at most 20 a moderator, the oldest give way."""
        new = insert_or_update(views, ("moderator_id", "name"), "query")
        self._write(new, moderator_id=moderator_id, name=name, query=query, created_at=now)
        theirs = views.c.moderator_id == moderator_id
        kept = select(views.c.pk).where(theirs).order_by(views.c.pk.desc()).limit(VIEWS_KEPT)
        self._write(delete(views).where(theirs, views.c.pk.not_in(kept)))

    def views(self, moderator_id: int) -> list[View]:
        theirs = select(views).where(views.c.moderator_id == moderator_id).order_by(views.c.name)
        return self._all(lambda row: record_of(View, row), theirs)

    def drop_view(self, moderator_id: int, view_id: int) -> None:
        self._write(delete(views).where(views.c.moderator_id == moderator_id, views.c.pk == view_id))


def _moderator(row: RowMapping) -> Moderator:
    return record_of(Moderator, row)
