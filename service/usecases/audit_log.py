"""The log of human acts, read by an operator: verified from the first link to the head, page by page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from service.context import AppContext
from service.domain.audit_log import Link, Walk, walk
from service.domain.errors import Invalid
from service.domain.faults import Fault
from service.privacy.signatures import KeyedSigner
from service.storage import Tx

PAGE: Final = 1000
HEX: Final = frozenset("0123456789abcdef")


@dataclass(frozen=True, slots=True)
class Anchor:
    """A link that was written down earlier, as `NUMBER:LINK`: the chain must still hold it."""

    number: int
    link: str

    @classmethod
    def parse(cls, text: str) -> Anchor:
        """Read what `audit verify` printed as the head. Raises Invalid with the fix."""
        number, _, link = text.strip().partition(":")
        plain = number.isascii() and number.isdigit() and len(number) <= 18
        if not plain or len(link) != 64 or not set(link) <= HEX:
            raise Invalid([Fault("expect", "anchor")])
        return cls(int(number), link)


@dataclass(frozen=True, slots=True)
class Verified:
    """What a walk found, the act at the break if it is still there, and whether the anchor was met."""

    walk: Walk
    broken: Link | None = None
    anchor_missed: bool = False

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong with the chain, nor with what was expected of it."""
        return self.walk.holds and not self.anchor_missed


@dataclass(slots=True)
class _Seen:
    anchor: Anchor | None
    met: bool = False
    last: Link | None = field(default=None)


def verify(context: AppContext, anchor: Anchor | None = None) -> Verified:
    """Walk the whole chain under this installation's key; `anchor` is a head that was written down elsewhere."""
    seen = _Seen(anchor)
    with context.deps.store.read() as tx:
        head = (
            tx.audit_log.head()
        )  # before the links: who appends meanwhile makes the chain longer than its head says
        found = walk(
            _until(head.number if head else None, _links(tx, seen)), head, KeyedSigner(context.keyring)
        )
    broken = seen.last if found.broken_at and seen.last and seen.last.number == found.broken_at else None
    return Verified(found, broken, anchor is not None and found.holds and not seen.met)


def _until(number: int | None, links: Iterator[Link]) -> Iterator[Link]:
    """Stop at the head; with none, what is there at all is a fault that the walk names."""
    for link in links:
        yield link
        if link.number == number:
            return


def _links(tx: Tx, seen: _Seen) -> Iterator[Link]:
    after = 0
    while page := tx.audit_log.after(after, PAGE):
        for link in page:
            seen.last = link
            seen.met = seen.met or seen.anchor == Anchor(link.number, link.link)
            yield link
        after = page[-1].number
