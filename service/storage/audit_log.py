"""The log of human acts as a chain of rows; whoever appends holds the row of its head until the transaction ends."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime
from functools import cache

from sqlalchemy import Connection, Executable, RowMapping, bindparam, select, update

from service.domain.audit_log import GENESIS, SALT_BYTES, Act, ChainSigner, Head, Link, forge, forge_head
from service.storage.bulk import insert_into
from service.storage.people_tables import act_heads, acts
from service.storage.repository import Repository
from service.storage.schema import word

_NAME = word("acts")
_HEAD = select(act_heads.c.number, act_heads.c.link, act_heads.c.tag, act_heads.c.key_version).where(
    act_heads.c.name == _NAME
)
_LOCK_HEAD = _HEAD.with_for_update()
_SET_HEAD = (
    update(act_heads)
    .where(act_heads.c.name == _NAME)
    .values(
        number=bindparam("at_number"),
        link=bindparam("at_link"),
        tag=bindparam("at_tag"),
        key_version=bindparam("at_version"),
    )
)
_AFTER = (
    select(acts).where(acts.c.number > bindparam("after")).order_by(acts.c.number).limit(bindparam("most"))
)
_BLANK = (
    update(acts)
    .where(acts.c.who == bindparam("person"), acts.c.salt.is_not(None))
    .values(who="", subject="", salt=None)
)


class AuditLogRepository(Repository):
    """The verbs about the chain of human acts."""

    def __init__(self, connection: Connection, writes: bool, signer: ChainSigner) -> None:
        super().__init__(connection, writes)
        self._signer = signer
        self._pending: list[Act] = []

    def append(self, who: str, act: str, subject: str, now: datetime) -> None:
        """Append a human act (decision, reveal, setting, sign-in) to the chain; ids alone, no text, no address.

        It is linked as the transaction ends: only then do those who append wait for each other.
        """
        self.append_all([Act(who, act, subject, now)])

    def append_all(self, added: Sequence[Act]) -> None:
        """Append several acts, in order, for the price of little more than one."""
        self._must_write()
        self._pending.extend(added)

    def link(self) -> None:
        """Append what was logged, as the transaction's last verb: whoever holds the head waits for no other row."""
        added, self._pending = self._pending, []
        if not added:
            return
        at, previous = self._locked_head()
        links: list[Link] = []
        for act in added:
            at += 1
            links.append(forge(previous, at, act, secrets.token_hex(SALT_BYTES), self._signer))
            previous = links[-1].link
        self._add(acts, [_columns(link, act) for link, act in zip(links, added, strict=True)])
        self._set_head(forge_head(links[-1], self._signer))

    def _locked_head(self) -> tuple[int, str]:
        row = self._write(_LOCK_HEAD).mappings().first()
        if row is None:
            self._write(_first_head(self._dialect))
            row = self._write(_LOCK_HEAD).mappings().one()
        return row["number"], row["link"]

    def _set_head(self, head: Head) -> None:
        self._write(
            _SET_HEAD,
            at_number=head.number,
            at_link=head.link,
            at_tag=head.tag,
            at_version=head.key_version,
        )

    def after(self, number: int, limit: int) -> list[Link]:
        """Return the chain's links behind that number, in order; of a blanked one only what the chain needs."""
        return [_link(row) for row in self._read(_AFTER, after=number, most=limit).mappings()]

    def head(self) -> Head | None:
        """Return where the chain ends, None before the first act."""
        row = self._read(_HEAD).mappings().first()
        return Head(**row) if row and row["number"] else None

    def blank(self, who: str) -> int:
        """Forget who did what in every act of that person, and the salts with it; return how many. The chain holds."""
        return self._write(_BLANK, person=who).rowcount


@cache
def _first_head(dialect: str) -> Executable:
    first = insert_into(act_heads, dialect).values(name=_NAME, number=0, link=GENESIS, tag="", key_version=0)
    return first.on_conflict_do_nothing(index_elements=["name"])


def _columns(link: Link, act: Act) -> dict[str, object]:
    return {
        "number": link.number,
        "who": act.who,
        "act": act.act,
        "subject": act.subject,
        "created_at": act.at,
        "salt": link.salt,
        "digest": link.digest,
        "link": link.link,
        "tag": link.tag,
        "key_version": link.key_version,
    }


def _link(row: RowMapping) -> Link:
    blanked = row["salt"] is None
    return Link(
        number=row["number"],
        at=row["created_at"],
        digest=row["digest"],
        link=row["link"],
        tag=row["tag"],
        key_version=row["key_version"],
        salt=row["salt"],
        act=None if blanked else Act(row["who"], row["act"], row["subject"], row["created_at"]),
    )
