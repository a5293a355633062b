"""Moderators, their sign-in links and sessions, and how often signing in failed."""

from __future__ import annotations

from datetime import datetime
from functools import cache

from sqlalchemy import (
    Executable,
    RowMapping,
    bindparam,
    delete,
    exists,
    insert,
    select,
    true,
    update,
)

from service.domain.desk import Moderator, View
from service.storage.bulk import insert_into
from service.storage.columns import Instant
from service.storage.desk_tables import views
from service.storage.people_tables import moderators, sessions, sign_in_failures, sign_ins
from service.storage.repository import Repository
from service.storage.schema import metadata

_MODERATORS = select(moderators.c.pk, moderators.c.name, moderators.c.role, moderators.c.active)
_BY_NAME = _MODERATORS.where(moderators.c.name == bindparam("name"))
_ALL = _MODERATORS.order_by(moderators.c.name)
_BY_ID = _MODERATORS.where(moderators.c.pk == bindparam("moderator_id"))
_USE = (
    update(sign_ins)
    .where(
        sign_ins.c.token_hash == bindparam("token"),
        sign_ins.c.used_at.is_(None),
        sign_ins.c.expires_at > bindparam("now", type_=Instant),
        exists().where(moderators.c.pk == sign_ins.c.moderator_id, moderators.c.active == true()),
    )
    .values(used_at=bindparam("now"))
    .returning(sign_ins.c.moderator_id)
)
_SESSION = _MODERATORS.join(sessions, sessions.c.moderator_id == moderators.c.pk).where(
    sessions.c.token_hash == bindparam("token"),
    sessions.c.expires_at > bindparam("now", type_=Instant),
    moderators.c.active == true(),
)
_END_SESSION = delete(sessions).where(sessions.c.token_hash == bindparam("token"))
_SET = (
    update(moderators)
    .where(moderators.c.pk == bindparam("moderator_id"))
    .values(role=bindparam("role_now"), active=bindparam("active_now"))
)
_END_ALL = delete(sessions).where(sessions.c.moderator_id == bindparam("moderator_id"))
_DROP_LINKS = delete(sign_ins).where(sign_ins.c.moderator_id == bindparam("moderator_id"))
_OLD_FAILURES = delete(sign_in_failures).where(sign_in_failures.c.since <= bindparam("since", type_=Instant))
_FAILURES = select(sign_in_failures.c.failures).where(
    sign_in_failures.c.network == bindparam("network"),
    sign_in_failures.c.since > bindparam("since", type_=Instant),
)
VIEWS_KEPT = 20
_VIEWS = (
    select(views.c.pk, views.c.name, views.c.query)
    .where(views.c.moderator_id == bindparam("by"))
    .order_by(views.c.pk.desc())
)
_DROP_VIEWS = delete(views).where(
    views.c.moderator_id == bindparam("by"), views.c.pk.in_(bindparam("pks", expanding=True))
)


class ModeratorRepository(Repository):
    """The verbs about the people on the desk."""

    def add(self, name: str, role: str, now: datetime) -> Moderator:
        """Store a new moderator. Raises ValueError when the name is taken."""
        added = self._write(_add(self._dialect), name=name, role=role, active=True, created_at=now)
        pk = added.scalar_one_or_none()
        if pk is None:
            raise ValueError("a moderator of this name exists")
        return Moderator(pk, name, role)

    def get(self, name: str) -> Moderator | None:
        row = self._read(_BY_NAME, name=name).mappings().first()
        return _moderator(row) if row else None

    def all(self) -> list[Moderator]:
        return [_moderator(row) for row in self._read(_ALL).mappings()]

    def add_sign_in(self, moderator_id: int, token_hash: str, expires_at: datetime) -> None:
        self._write(insert(sign_ins), moderator_id=moderator_id, token_hash=token_hash, expires_at=expires_at)

    def use_sign_in(self, token_hash: str, now: datetime) -> Moderator | None:
        """Use up a sign-in link: once, before it expires, by an active moderator; else None."""
        used = self._write(_USE, token=token_hash, now=now).scalar_one_or_none()
        if used is None:
            return None
        return _moderator(self._read(_BY_ID, moderator_id=used).mappings().one())

    def add_session(self, moderator_id: int, token_hash: str, expires_at: datetime) -> None:
        self._write(insert(sessions), moderator_id=moderator_id, token_hash=token_hash, expires_at=expires_at)

    def session(self, token_hash: str, now: datetime) -> Moderator | None:
        row = self._read(_SESSION, token=token_hash, now=now).mappings().first()
        return _moderator(row) if row else None

    def end_session(self, token_hash: str) -> None:
        self._write(_END_SESSION, token=token_hash)

    def change(self, moderator_id: int, role: str, active: bool) -> None:
        """Give a moderator another role, or let them in no more: their sessions and links end with it."""
        self._write(_SET, moderator_id=moderator_id, role_now=role, active_now=active)
        if not active:
            self._write(_END_ALL, moderator_id=moderator_id)
            self._write(_DROP_LINKS, moderator_id=moderator_id)

    def count_failure(self, network: str, now: datetime, since: datetime) -> int:
        """Count one more failed sign-in of a network; windows begun at `since` or before are over. Return how many."""
        self._write(_OLD_FAILURES, since=since)
        return int(self._write(_count_failure(self._dialect), network=network, now=now).scalar_one())

    def failures(self, network: str, since: datetime) -> int:
        """Return how many sign-ins of a network failed in its window, if that began after `since`."""
        return int(self._read(_FAILURES, network=network, since=since).scalar_one_or_none() or 0)

    def remove(self, moderator_id: int) -> None:
        """Take a moderator off with sessions, links, claims and views; what they decided keeps their name."""
        for statement in _delete_of_moderator():
            self._write(statement, of_moderator=moderator_id)

    def add_view(self, moderator_id: int, name: str, query: str, now: datetime) -> None:
        """Keep a view, in the place of one of the same name; at most 20 a moderator, the oldest give way."""
        self._write(
            _add_view(self._dialect), moderator_id=moderator_id, name=name, query=query, created_at=now
        )
        pks = [row.pk for row in self._read(_VIEWS, by=moderator_id)]
        if len(pks) > VIEWS_KEPT:
            self._write(_DROP_VIEWS, by=moderator_id, pks=pks[VIEWS_KEPT:])

    def views(self, moderator_id: int) -> list[View]:
        rows = self._read(_VIEWS, by=moderator_id)
        return sorted((View(row.pk, row.name, row.query) for row in rows), key=lambda view: view.name)

    def drop_view(self, moderator_id: int, view_id: int) -> None:
        self._write(_DROP_VIEWS, by=moderator_id, pks=[view_id])


@cache
def _add(dialect: str) -> Executable:
    new = insert_into(moderators, dialect).on_conflict_do_nothing(index_elements=["name"])
    return new.returning(moderators.c.pk)


@cache
def _count_failure(dialect: str) -> Executable:
    """Return the statement that counts one more failure of a network; the first one begins its window."""
    first = insert_into(sign_in_failures, dialect).values(
        network=bindparam("network"), failures=1, since=bindparam("now", type_=Instant)
    )
    again = first.on_conflict_do_update(
        index_elements=["network"], set_={"failures": sign_in_failures.c.failures + 1}
    )
    return again.returning(sign_in_failures.c.failures)


def _moderator(row: RowMapping) -> Moderator:
    return Moderator(row["pk"], row["name"], row["role"], row["active"])


@cache
def _delete_of_moderator() -> tuple[Executable, ...]:
    theirs = [table for table in reversed(metadata.sorted_tables) if "moderator_id" in table.c]
    return (
        *(delete(table).where(table.c.moderator_id == bindparam("of_moderator")) for table in theirs),
        delete(moderators).where(moderators.c.pk == bindparam("of_moderator")),
    )


@cache
def _add_view(dialect: str) -> Executable:
    new = insert_into(views, dialect)
    return new.on_conflict_do_update(
        index_elements=["moderator_id", "name"], set_={"query": new.excluded.query}
    )
