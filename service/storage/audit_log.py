"""The audit log: human acts as a chain of rows. Whoever appends holds the row of its head until the commit."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, RowMapping, bindparam, select, update

from service.domain.audit_log import GENESIS, SALT_BYTES, Act, ChainSigner, Head, Link, forge, forge_head
from service.storage.bulk import insert_new
from service.storage.repository import Repository
from service.storage.rows import record_of, values_of
from service.storage.schema import act_heads, acts, word

_NAME = "acts"
_HEAD = select(act_heads).where(act_heads.c.name == word(_NAME))
_AFTER = (
    select(acts).where(acts.c.number > bindparam("after")).order_by(acts.c.number).limit(bindparam("most"))
)


class AuditLogRepository(Repository):
    """The chain of human acts."""

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
        """Link what was appended, as the transaction's last step: whoever holds the head waits for no other row."""
        added, self._pending = self._pending, []
        if not added:
            return
        head = self._locked_head()
        at, previous = head.number, head.link
        links: list[Link] = []
        for act in added:
            at += 1
            links.append(forge(previous, at, act, secrets.token_hex(SALT_BYTES), self._signer))
            previous = links[-1].link
        self._add(acts, [_row(link, act) for link, act in zip(links, added, strict=True)])
        moved = update(act_heads).where(act_heads.c.name == word(_NAME))
        self._write(moved.values(values_of(forge_head(links[-1], self._signer))))

    def _locked_head(self) -> Head:
        locked = _HEAD.with_for_update()
        head = self._first(_head, locked)
        if head is None:
            self._write(insert_new(act_heads, ("name",)), name=_NAME, **values_of(Head(0, GENESIS, "", 0)))
            head = _head(self._read(locked).mappings().one())
        return head

    def after(self, number: int, limit: int) -> list[Link]:
        """Return the chain's links behind that number, in order; of a blanked one only what the chain needs."""
        return self._all(_link, _AFTER, after=number, most=limit)

    def head(self) -> Head | None:
        """Return where the chain ends, None before the first act."""
        head = self._first(_head, _HEAD)
        return head if head and head.number else None

    def blank(self, who: str) -> int:
        """Forget who did what in every act of that person, and the salts with it; return how many. The chain holds."""
        theirs = update(acts).where(acts.c.who == who, acts.c.salt.is_not(None))
        return self._write(theirs.values(who="", subject="", salt=None)).rowcount


def _head(row: RowMapping) -> Head:
    return record_of(Head, row)


def _row(link: Link, act: Act) -> dict[str, object]:
    values = values_of(link, "at", "act")
    return values | {"who": act.who, "act": act.act, "subject": act.subject, "created_at": act.at}


def _link(row: RowMapping) -> Link:
    at = row["created_at"]
    act = Act(row["who"], row["act"], row["subject"], at) if row["salt"] is not None else None
    return record_of(Link, row, at=at, act=act)
