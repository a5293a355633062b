"""The truth: transactions on SQLite or PostgreSQL, put together from their parts."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime

from sqlalchemy import Engine, inspect, text

from service.domain.audit_log import ChainSigner, UnkeyedSigner
from service.domain.comment import Comment, Draft
from service.domain.errors import ReplydeskError
from service.storage.accepting import AcceptingPart
from service.storage.acts import ActsPart
from service.storage.alarms import AlarmsPart
from service.storage.appeals import AppealsPart
from service.storage.authoring import AuthorsPart
from service.storage.bulk import SQLITE
from service.storage.bulk_decisions import BulkDecisionsPart
from service.storage.cases import CasesPart
from service.storage.clusters import ClustersPart
from service.storage.decisions import DecisionsPart
from service.storage.deliveries import DeliveriesPart
from service.storage.engines import for_reading, open_engine, with_short_waits
from service.storage.erasing import ErasingPart
from service.storage.group_commit import GroupCommit, Name, Waiting, add_each_site
from service.storage.labels import LabelsPart
from service.storage.moving import MovingPart
from service.storage.overview import OverviewPart
from service.storage.past import PastPart
from service.storage.people import PeoplePart
from service.storage.purging import purge
from service.storage.queueing import QueueingPart
from service.storage.ranging import RangingPart
from service.storage.reading import ReadingPart
from service.storage.rekeying import RekeyingPart
from service.storage.removing import RemovingPart
from service.storage.retaining import RetainingPart
from service.storage.schema import HEAD
from service.storage.scoring import ScoringPart
from service.storage.searching import SearchingPart
from service.storage.sites import SitesPart
from service.storage.watching import WatchingPart


class SchemaError(ReplydeskError):
    """The database is not in the shape that this version needs; run `replydesk migrate`."""


class Tx(
    SitesPart,
    AcceptingPart,
    ReadingPart,
    ScoringPart,
    DecisionsPart,
    DeliveriesPart,
    PeoplePart,
    ActsPart,
    RekeyingPart,
    WatchingPart,
    AlarmsPart,
    ErasingPart,
    RetainingPart,
    QueueingPart,
    CasesPart,
    AuthorsPart,
    SearchingPart,
    ClustersPart,
    OverviewPart,
    RangingPart,
    AppealsPart,
    BulkDecisionsPart,
    LabelsPart,
    MovingPart,
    RemovingPart,
    PastPart,
):
    """One transaction on a SQL database."""


TURNS = 4
"""Statements that add comments at once on PostgreSQL: more than one only beside one that waits for a lock. Each costs
Python more than its share of what waits for the same disk, and what goes alone leaves nothing to be gathered."""


class Store:
    """A store on one database; its pool serves any number of threads."""

    def __init__(self, engine: Engine, signer: ChainSigner | None = None) -> None:
        self.engine = engine
        self._signer = signer or UnkeyedSigner()
        self._reading = for_reading(engine)
        self._is_ending: Callable[[], bool] = lambda: False
        # Writers of this process queue here, in memory; SQLite's own waiting sleeps and tries again.
        self._writes_alone = engine.dialect.name == SQLITE
        self._turn: AbstractContextManager[object] = threading.Lock() if self._writes_alone else nullcontext()
        self._group_commit = (
            GroupCommit(self.write, add_each_site)
            if self._writes_alone
            else GroupCommit(self._at_once, _add_at_once, TURNS)
        )

    @contextmanager
    def read(self) -> Iterator[Tx]:
        """Open a transaction that sees one moment, and writes nothing."""
        with self._now(self._reading).begin() as connection:
            yield Tx(connection, writes=False, signer=self._signer)

    @contextmanager
    def write(self) -> Iterator[Tx]:
        """Open a transaction that commits at its end: one at a time on SQLite, on PostgreSQL it locks rows."""
        with self._turn, self._now(self.engine).begin() as connection:
            tx = Tx(connection, writes=True, signer=self._signer)
            yield tx
            tx.link_acts()

    def add_comment(self, site_id: int, draft: Draft, now: datetime) -> Comment | None:
        """Insert one draft as `Tx.add_comments` does and commit it; None when its id exists.

        For the many that come one by one: it costs less than a transaction around it. Its idempotency key is not kept.
        """
        added = self._group_commit.add(Waiting(site_id, draft, now))
        if added is not None or self._writes_alone:
            return added
        with self.write() as tx:
            return tx.add_comments(site_id, [draft], now).get(draft.id)

    @contextmanager
    def _at_once(self) -> Iterator[Tx]:
        """Write in single statements: each is a transaction by itself on PostgreSQL."""
        with self._reading.begin() as connection:
            yield Tx(connection, writes=True)

    def purge(self) -> bool:
        """Clear the files of what was deleted, as far as the database can; False when a reader stood in the way."""
        return purge(self.engine)

    def shorten_lock_waits(self, when: Callable[[], bool]) -> None:
        """Wait only a second for locks as soon as `when` returns true: the process is about to end."""
        self._is_ending = when

    def _now(self, engine: Engine) -> Engine:
        return with_short_waits(engine) if self._is_ending() else engine

    def close(self) -> None:
        """Close the connections."""
        self.engine.dispose()


def _add_at_once(tx: Tx, going: Sequence[Waiting]) -> Mapping[Name, Comment]:
    return tx.add_at_once([(one.site_id, one.draft, one.now) for one in going])


def open_store(database_url: str, signer: ChainSigner | None = None) -> Store:
    """Open the database. Raises SchemaError when its schema is missing or too old, ValueError for the URL.

    `signer` signs the audit log; without one anybody could forge it.
    """
    engine = open_engine(database_url)
    try:
        refuse_older_schema(engine)
    except BaseException:
        engine.dispose()
        raise
    return Store(engine, signer)


def refuse_older_schema(engine: Engine) -> None:
    """Raise SchemaError unless the database has this code's schema or a newer one.

    A newer one is taken: migrations only add what older processes do not need, so they go on during an upgrade.
    """
    with for_reading(engine).connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            raise SchemaError("The database has no tables yet; run `replydesk migrate`.")
        version = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    if version is None or version < HEAD:
        raise SchemaError(
            f"The database is at schema {version}, this version needs {HEAD}; run `replydesk migrate`."
        )
