"""The double itself: one writer at a time on a copy, which takes the old state's place when all went well."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from service.domain.chain import ChainSigner, UnkeyedSigner
from service.domain.comment import Comment, Draft
from service.domain.status import Status
from service.ports import Backlog, Site, SiteQueue
from service.storage.memory.acts import ActsPart
from service.storage.memory.alarms import AlarmsPart
from service.storage.memory.clusters import ClustersPart
from service.storage.memory.deliveries import DeliveriesPart
from service.storage.memory.forgetting import RetainingPart
from service.storage.memory.leases import LeasesPart
from service.storage.memory.overview import OverviewPart
from service.storage.memory.people import PeoplePart
from service.storage.memory.ranging import RangingPart
from service.storage.memory.rekeying import RekeyingPart
from service.storage.memory.sites import SitesPart
from service.storage.memory.state import State
from service.storage.memory.usage import UsagePart


class MemoryTx(
    SitesPart,
    AlarmsPart,
    RetainingPart,
    DeliveriesPart,
    LeasesPart,
    PeoplePart,
    ActsPart,
    RekeyingPart,
    ClustersPart,
    OverviewPart,
    RangingPart,
    UsagePart,
):
    """One transaction on the double."""

    def backlog(self, now: datetime) -> Backlog:
        waiting = [one for one in self._state.deliveries.values() if one.state == "waiting"]
        comments = self._state.comments.values()
        unscored = [one.received_at for one in comments if one.status is Status.PENDING and one.live]
        return Backlog(
            pending=self.count(None, Status.PENDING),
            held=self.count(None, Status.HELD),
            oldest_unscored=min(unscored, default=None),
            deliveries_waiting=len(waiting),
            deliveries_due=sum(
                one.next_attempt_at <= now and self._state.sites[one.site_id].is_called for one in waiting
            ),
            deliveries_dead=sum(one.state == "dead" for one in self._state.deliveries.values()),
            due_decisions=len(self.due_decisions(now, limit=len(self._state.decisions))),
            to_rescore=len(self._to_rescore()),
        )

    def site_queues(self, limit: int = 1_000) -> list[SiteQueue]:
        return [self._queue_of(site) for site in self.sites()[:limit]]

    def _queue_of(self, site: Site) -> SiteQueue:
        of_site = [one for one in self._state.comments.values() if one.site_id == site.id]
        pending = [one for one in of_site if one.status is Status.PENDING]
        held = [one.decision_id for one in of_site if one.status is Status.HELD]
        oldest = self._state.decisions.get(min((one for one in held if one is not None), default=0))
        mail = [one.state for one in self._state.deliveries.values() if one.site_id == site.id]
        return SiteQueue(
            site_id=site.id,
            name=site.name,
            pending=len(pending),
            oldest_unscored=min((one.received_at for one in pending if one.live), default=None),
            held=len(held),
            oldest_held=oldest.effective_at if oldest else None,
            deliveries_waiting=mail.count("waiting"),
            deliveries_dead=mail.count("dead"),
        )


class MemoryStore:
    """A store that forgets everything with the process. A reader sees the last committed state and waits for nobody."""

    def __init__(self, signer: ChainSigner | None = None) -> None:
        self._state = State()
        self._signer = signer or UnkeyedSigner()
        self._turn = threading.Lock()

    @contextmanager
    def read(self) -> Iterator[MemoryTx]:
        yield MemoryTx(self._state, writes=False, signer=self._signer)

    @contextmanager
    def write(self) -> Iterator[MemoryTx]:
        with self._turn:
            state = self._state.copy()
            yield MemoryTx(state, writes=True, signer=self._signer)
            self._state = state

    def add_comment(self, site_id: int, draft: Draft, now: datetime) -> Comment | None:
        with self.write() as tx:
            return tx.add_comments(site_id, [draft], now).get(draft.id)

    def purge(self) -> bool:
        """Nothing is on any disk."""
        return True

    def shorten_lock_waits(self, when: Callable[[], bool]) -> None:
        """Nobody waits for long here."""

    def ping(self) -> None:
        """A memory always answers."""

    def close(self) -> None:
        """There is nothing to let go of."""
