"""The log of human acts as a chain of rows; whoever appends holds the row of its head until the transaction ends."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime
from functools import cache

from sqlalchemy import Connection, Executable, RowMapping, bindparam, select, update

from service.domain.chain import GENESIS, SALT_BYTES, Act, ChainSigner, Head, Link, forge, forge_head
from service.storage.bulk import insert_into
from service.storage.part import PLAIN, Part
from service.storage.people_tables import act_heads, acts, is_outside
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
_OUTSIDE = select(acts.c.pk, acts.c.who, acts.c.act, acts.c.subject, acts.c.created_at)
_OUTSIDE = _OUTSIDE.where(is_outside).order_by(acts.c.pk)
_ADOPT = (
    update(acts)
    .where(acts.c.pk == bindparam("outsider"))
    .values(
        {one: bindparam(f"its_{one}") for one in ("number", "salt", "digest", "link", "tag", "key_version")}
    )
    .values(adopted=True)
)
_AFTER = (
    select(acts).where(acts.c.number > bindparam("after")).order_by(acts.c.number).limit(bindparam("most"))
)
_BLANK = (
    update(acts)
    .where(acts.c.who == bindparam("person"), acts.c.salt.is_not(None))
    .values(who="", subject="", salt=None)
)


class ActsPart(Part):
    """The verbs about the chain of human acts."""

    def __init__(self, connection: Connection, *, writes: bool, signer: ChainSigner = PLAIN) -> None:
        super().__init__(connection, writes=writes, signer=signer)
        self._pending: list[Act] = []

    def log_act(self, who: str, act: str, subject: str, now: datetime) -> None:
        """Append a human act (decision, reveal, setting, sign-in) to the chain; ids alone, no text, no address.

        It is linked as the transaction ends: only then do those who append wait for each other.
        """
        self.log_acts([Act(who, act, subject, now)])

    def log_acts(self, added: Sequence[Act]) -> None:
        """Append several acts, in order, for the price of little more than one."""
        self._must_write()
        self._pending.extend(added)

    def link_acts(self) -> None:
        """Append what was logged, as the transaction's last verb: whoever holds the head waits for no other row."""
        added, self._pending = self._pending, []
        if not added:
            return
        at, previous, last = *self._locked_head(), None
        for row in self._read(_OUTSIDE).mappings().all():  # logged by an older version of the service
            act = Act(row["who"], row["act"], row["subject"], row["created_at"])
            at, last = at + 1, forge(previous, at + 1, act, _salt(), self._signer, adopted=True)
            previous = last.link
            self._write(_ADOPT, outsider=row["pk"], **{f"its_{n}": v for n, v in _columns(last).items()})
        rows = []
        for act in added:
            at, last = at + 1, forge(previous, at + 1, act, _salt(), self._signer)
            previous = last.link
            rows.append({**_columns(last), "adopted": False, **_pending(act)})
        self._add(acts, rows)
        if last is not None:
            self._set_head(forge_head(last, self._signer))

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

    def acts_after(self, number: int, limit: int) -> list[Link]:
        """Return the chain's links behind that number, in order; of a blanked one only what the chain needs."""
        return [_link(row) for row in self._read(_AFTER, after=number, most=limit).mappings()]

    def act_head(self) -> Head | None:
        """Return where the chain ends, None before the first act."""
        row = self._read(_HEAD).mappings().first()
        return Head(**row) if row and row["number"] else None

    def blank_acts(self, who: str) -> int:
        """Forget who did what in every act of that person, and the salts with it; return how many. The chain holds."""
        return self._write(_BLANK, person=who).rowcount


@cache
def _first_head(dialect: str) -> Executable:
    first = insert_into(act_heads, dialect).values(name=_NAME, number=0, link=GENESIS, tag="", key_version=0)
    return first.on_conflict_do_nothing(index_elements=["name"])


def _salt() -> str:
    return secrets.token_hex(SALT_BYTES)


def _columns(link: Link) -> dict[str, object]:
    return {
        "number": link.number,
        "salt": link.salt,
        "digest": link.digest,
        "link": link.link,
        "tag": link.tag,
        "key_version": link.key_version,
    }


def _pending(act: Act) -> dict[str, object]:
    return {"who": act.who, "act": act.act, "subject": act.subject, "created_at": act.at}


def _link(row: RowMapping) -> Link:
    blanked = row["salt"] is None
    return Link(
        number=row["number"],
        at=row["created_at"],
        digest=row["digest"],
        link=row["link"],
        tag=row["tag"],
        key_version=row["key_version"],
        adopted=bool(row["adopted"]),
        salt=row["salt"],
        act=None if blanked else Act(row["who"], row["act"], row["subject"], row["created_at"]),
    )
