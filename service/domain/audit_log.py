"""The chain of human acts: each link holds the one before it, so that no act is changed or taken out unseen."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

GENESIS: Final = "0" * 64
"""What the first link holds in place of a link before it."""
SALT_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class Act:
    """What a person did, in ids: never a text, never an address."""

    who: str
    act: str
    subject: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Link:
    """One act in its place. `act` and `salt` are gone once the act was blanked; the link goes on holding."""

    number: int
    at: datetime
    digest: str
    link: str
    tag: str
    key_version: int
    salt: str | None = None
    act: Act | None = None


@dataclass(frozen=True, slots=True)
class Head:
    """Where the chain ends, kept apart from its links, so that a shortened chain is seen."""

    number: int
    link: str
    tag: str
    key_version: int


class ChainSigner(Protocol):
    """Vouches for links and heads under a key that the database does not hold."""

    @property
    def version(self) -> int:
        """The version of the key that vouches now."""

    def tag(self, message: str, version: int) -> str | None:
        """Return the tag of `message` under the key of that version, None when that key is not at hand."""


class UnkeyedSigner:
    """The quiet double: no key, so that anyone can vouch; its version is 0."""

    version: Final = 0

    def tag(self, message: str, version: int) -> str | None:
        """Return a plain hash."""
        return hashlib.sha256(message.encode()).hexdigest() if version == 0 else None


@dataclass(frozen=True, slots=True)
class Walk:
    """What a walk along the chain found: how far it holds, and the first link that does not."""

    links: int
    head: str
    blanked: int = 0
    unvouched: int = 0
    """Links of key versions no longer at hand, which a later link vouches for."""
    broken_at: int | None = None
    fault: str | None = None

    @property
    def holds(self) -> bool:
        return self.fault is None


def forge(previous: str, number: int, act: Act, salt: str, signer: ChainSigner) -> Link:
    """Return the link of an act behind the link `previous`."""
    digest = _digest(act, salt)
    link = _link(previous, number, act.at, digest)
    version = signer.version
    tag = signer.tag(_link_message(link), version) or ""
    return Link(number, act.at, digest, link, tag, version, salt, act)


def forge_head(last: Link, signer: ChainSigner) -> Head:
    """Return the head of a chain that ends with `last`."""
    version = signer.version
    return Head(
        last.number, last.link, signer.tag(_head_message(last.number, last.link), version) or "", version
    )


def walk(links: Iterable[Link], head: Head | None, signer: ChainSigner) -> Walk:
    """Follow the links from the first to the head, and name the first that is broken.

    A link that was blanked holds as long as its digest is the one that was linked. One whose key version is not at
    hand holds when a later one does: that one's tag covers everything before it.
    """
    previous, count, blanked, unvouched = GENESIS, 0, 0, 0
    since: int | None = None  # the first link for which no tag vouches yet
    for found in links:
        fault = _fault(previous, count + 1, found, signer)
        if fault is not None:
            return Walk(count, previous, blanked, unvouched, count + 1, fault)
        vouched = signer.tag(_link_message(found.link), found.key_version) is not None
        since = None if vouched else since or found.number
        unvouched += not vouched
        blanked += found.act is None
        previous, count = found.link, count + 1
    fault = _end_fault(previous, count, since, head, signer)
    at = None if fault is None else since or count + 1
    return Walk(count, previous, blanked, unvouched, at, fault)


def _fault(previous: str, number: int, found: Link, signer: ChainSigner) -> str | None:
    if found.number != number:
        return f"link {number} is missing; the next there is has number {found.number}"
    if found.act is not None and (found.salt is None or _digest(found.act, found.salt) != found.digest):
        return "the act was changed after it was linked"
    if _link(previous, number, found.at, found.digest) != found.link:
        return "it does not hold the link before it, or its moment was changed"
    expected = signer.tag(_link_message(found.link), found.key_version)
    if expected is not None and not hmac.compare_digest(expected.encode(), found.tag.encode()):
        return "its tag was not made with this installation's key"
    return None


def _end_fault(
    previous: str, count: int, since: int | None, head: Head | None, signer: ChainSigner
) -> str | None:
    if head is None:
        return "the head is missing, so the end may be too" if count else None
    expected = signer.tag(_head_message(head.number, head.link), head.key_version)
    if since is not None or expected is None:
        return "its key version is not at hand, and no later link vouches for it"
    if not hmac.compare_digest(expected.encode(), head.tag.encode()):
        return "the head was not made with this installation's key"
    if (head.number, head.link) != (count, previous):
        return f"the chain ends after {count}, and its head says {head.number}"
    return None


def _digest(act: Act, salt: str) -> str:
    """Digest the act with its salt: without the salt nobody can find out by guessing what was blanked."""
    message = json.dumps([salt, act.who, act.act, act.subject], ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(message.encode()).hexdigest()


def _link(previous: str, number: int, at: datetime, digest: str) -> str:
    message = f"{previous}|{number}|{at.isoformat()}|{digest}"
    return hashlib.sha256(message.encode()).hexdigest()


def _link_message(link: str) -> str:
    return f"link|{link}"


def _head_message(number: int, link: str) -> str:
    return f"head|{number}|{link}"
