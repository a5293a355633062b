"""The unit of work: a store opens transactions, and each gives one repository per aggregate."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime

from sqlalchemy import Connection, Engine, inspect, text

from service.domain.audit_log import ChainSigner, UnkeyedSigner
from service.domain.comment import Comment, Draft
from service.domain.errors import ReplydeskError
from service.storage.alarms import AlarmRepository
from service.storage.appeals import AppealRepository
from service.storage.articles import ArticleRepository
from service.storage.audit_log import AuditLogRepository
from service.storage.authors import AuthorRepository
from service.storage.bulk import SQLITE
from service.storage.bulk_decisions import BulkDecisionRepository
from service.storage.cases import CaseRepository
from service.storage.clusters import ClusterRepository
from service.storage.comments import CommentRepository
from service.storage.decisions import DecisionRepository
from service.storage.deliveries import DeliveryRepository
from service.storage.engines import for_reading, open_engine, with_short_waits
from service.storage.erasure import ErasureRepository
from service.storage.group_commit import GroupCommit, Name, Waiting
from service.storage.labels import LabelRepository
from service.storage.moderators import ModeratorRepository
from service.storage.purging import purge
from service.storage.queue import QueueRepository
from service.storage.ranges import RangeRepository
from service.storage.retention import RetentionRepository
from service.storage.schema import HEAD
from service.storage.scoring import ScoringRepository
from service.storage.sealed import SealedRepository
from service.storage.search import SearchRepository
from service.storage.sites import SiteRepository
from service.storage.statistics import StatisticsRepository


class SchemaError(ReplydeskError):
    """The database is not in the shape that this version needs; run `replydesk migrate`."""


class Tx:
    """One transaction on a SQL database: its repositories share the connection and end with it."""

    def __init__(self, connection: Connection, writes: bool, signer: ChainSigner) -> None:
        self.connection = connection
        self.sites = SiteRepository(connection, writes)
        self.articles = ArticleRepository(connection, writes)
        self.sealed = SealedRepository(connection, writes)
        self.comments = CommentRepository(connection, writes, self.articles, self.sealed)
        self.search = SearchRepository(connection, writes)
        self.scoring = ScoringRepository(connection, writes)
        self.decisions = DecisionRepository(connection, writes)
        self.labels = LabelRepository(connection, writes)
        self.bulk_decisions = BulkDecisionRepository(connection, writes)
        self.deliveries = DeliveryRepository(connection, writes)
        self.alarms = AlarmRepository(connection, writes)
        self.moderators = ModeratorRepository(connection, writes)
        self.authors = AuthorRepository(connection, writes)
        self.clusters = ClusterRepository(connection, writes)
        self.queue = QueueRepository(connection, writes)
        self.ranges = RangeRepository(connection, writes)
        self.cases = CaseRepository(connection, writes)
        self.appeals = AppealRepository(connection, writes)
        self.statistics = StatisticsRepository(connection, writes)
        self.audit_log = AuditLogRepository(connection, writes, signer)
        self.erasure = ErasureRepository(connection, writes, self.search)
        self.retention = RetentionRepository(connection, writes)


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
            yield Tx(connection, False, self._signer)

    @contextmanager
    def write(self) -> Iterator[Tx]:
        """Open a transaction that commits at its end: one at a time on SQLite, on PostgreSQL it locks rows."""
        with self._turn, self._now(self.engine).begin() as connection:
            tx = Tx(connection, True, self._signer)
            yield tx
            tx.audit_log.link()

    def add_comment(self, site_id: int, draft: Draft, now: datetime) -> Comment | None:
        """Insert one draft as `tx.comments.add` does and commit it; None when its id exists.

        For the many that come one by one: it costs less than a transaction around it. Its idempotency key is not kept.
        """
        added = self._group_commit.add(Waiting(site_id, draft, now))
        if added is not None or self._writes_alone:
            return added
        with self.write() as tx:
            return tx.comments.add(site_id, [draft], now).get(draft.id)

    @contextmanager
    def _at_once(self) -> Iterator[Tx]:
        """Write in single statements: each is a transaction by itself on PostgreSQL."""
        with self._reading.begin() as connection:
            yield Tx(connection, True, self._signer)

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


def add_each_site(tx: Tx, going: Sequence[Waiting]) -> dict[Name, Comment]:
    """Add what goes together by the verb that adds comments of one site."""
    by_site: dict[int, list[Draft]] = defaultdict(list)
    for one in going:
        by_site[one.site_id].append(one.draft)
    now = max(one.now for one in going)
    return {
        (site_id, comment_id): comment
        for site_id, drafts in by_site.items()
        for comment_id, comment in tx.comments.add(site_id, drafts, now).items()
    }


def _add_at_once(tx: Tx, going: Sequence[Waiting]) -> Mapping[Name, Comment]:
    return tx.comments.add_at_once([(one.site_id, one.draft, one.now) for one in going])


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
