"""What the double remembers: plain dictionaries of the domain's own frozen records, copied whole for each writer."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Final

from service.domain.alarms import Alarm
from service.domain.author_status import AuthorStatusEntry
from service.domain.chain import ChainSigner, Head, Link, UnkeyedSigner
from service.domain.comment import Article, Comment
from service.domain.desk import Appeal, Matter, Report, View
from service.domain.duplicates import DuplicateCluster
from service.domain.events import Delivery
from service.domain.policy import Policy
from service.domain.verdict import Decision
from service.ports import CurrentEffort, Key, Label, Moderator, Site
from service.ports.clusters import Bundle
from service.ports.privacy import Erasure
from service.storage.columns import from_microseconds, to_json, to_microseconds

PLAIN: Final = UnkeyedSigner()


@dataclass(frozen=True, slots=True)
class Pass:
    """A sign-in link or a session: whose, until when, and whether it is used up."""

    moderator_id: int
    expires_at: datetime
    used: bool = False


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key's fingerprint is known; this is what it opens, and until when."""

    site_id: int
    kind: str
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class OpenMatter:
    """Why a comment is on the desk: since when, by which decision, and how often it was raised."""

    id: int
    opened_at: datetime
    opened_by: int | None
    raised: int = 0


@dataclass(slots=True)
class State:
    """Everything stored, at one moment. A reader holds one that no writer changes."""

    sites: dict[int, Site] = field(default_factory=dict)
    policies: dict[tuple[int, int], Policy] = field(default_factory=dict)
    counters: dict[int, int] = field(default_factory=dict)
    api_keys: dict[str, ApiKey] = field(default_factory=dict)
    keys: dict[tuple[int, str], Key] = field(default_factory=dict)
    keys_at: dict[tuple[int, str], datetime] = field(default_factory=dict)
    articles: dict[tuple[int, str], Article] = field(default_factory=dict)
    moved: dict[tuple[int, str], str] = field(default_factory=dict)
    comments: dict[int, Comment] = field(default_factory=dict)
    pks: dict[tuple[int, str], int] = field(default_factory=dict)
    leases: dict[int, datetime] = field(default_factory=dict)
    revisions: dict[tuple[int, int], Comment] = field(default_factory=dict)
    boxes: dict[int, bytes] = field(default_factory=dict)
    originals: dict[tuple[int, int], dict[str, bytes]] = field(default_factory=dict)
    decisions: dict[int, Decision] = field(default_factory=dict)
    notes: dict[int, str] = field(default_factory=dict)
    labels: list[Label] = field(default_factory=list)
    deliveries: dict[int, Delivery] = field(default_factory=dict)
    moderators: dict[int, Moderator] = field(default_factory=dict)
    sign_ins: dict[str, Pass] = field(default_factory=dict)
    sessions: dict[str, Pass] = field(default_factory=dict)
    acts: list[Link] = field(default_factory=list)
    act_heads: list[Head] = field(default_factory=list)
    sign_in_failures: dict[str, tuple[int, datetime]] = field(default_factory=dict)
    alarms: dict[int, Alarm] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    efforts: dict[str, CurrentEffort] = field(default_factory=dict)
    erasures: dict[str, Erasure] = field(default_factory=dict)
    claims: dict[int, tuple[int, datetime]] = field(default_factory=dict)
    matters: dict[tuple[int, Matter], OpenMatter] = field(default_factory=dict)
    closed: dict[int, dict[tuple[int, Matter], OpenMatter]] = field(default_factory=dict)
    reports: dict[tuple[int, str], Report] = field(default_factory=dict)
    appeals: dict[int, Appeal] = field(default_factory=dict)
    author_statuses: dict[tuple[int, str], AuthorStatusEntry] = field(default_factory=dict)
    words: dict[int, str] = field(default_factory=dict)
    views: dict[int, tuple[int, View]] = field(default_factory=dict)
    clusters: dict[int, DuplicateCluster] = field(default_factory=dict)
    cluster_bands: set[tuple[int, int]] = field(default_factory=set)
    cluster_members: dict[int, int] = field(default_factory=dict)
    bundles: dict[int, Bundle] = field(default_factory=dict)
    bundled: dict[int, int] = field(default_factory=dict)
    usage: dict[tuple[int, str, str], int] = field(default_factory=dict)

    def copy(self) -> State:
        """Return a state of its own with the same records; the records themselves are frozen and shared."""
        return State(**{one.name: getattr(self, one.name).copy() for one in fields(self)})

    def next(self, name: str) -> int:
        """Return the next number of that name, from 1."""
        self.numbers[name] = self.numbers.get(name, 0) + 1
        return self.numbers[name]


class Part:
    """A stretch of the double's verbs; the whole `MemoryTx` is made of such parts."""

    def __init__(self, state: State, *, writes: bool, signer: ChainSigner = PLAIN) -> None:
        self._state = state
        self._writes = writes
        self._signer = signer

    def _change(self) -> State:
        """Return the state for changing it."""
        if not self._writes:
            raise RuntimeError("this transaction only reads; open it with write()")
        return self._state


def as_stored(moment: datetime) -> datetime:
    """Return the moment as a table gives it back: in UTC. Raises ValueError for a naive one."""
    return from_microseconds(to_microseconds(moment))


def as_json(value: object) -> dict[str, object]:
    """Return a structure as its JSON text gives it back."""
    found: dict[str, object] = json.loads(to_json(value))
    return found
