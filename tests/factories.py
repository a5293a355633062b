"""Factories: sites courier and herald, readers Ada, Bo and Chi, what they write, stores and contexts to write to."""

from __future__ import annotations

import atexit
import base64
import json
import shutil
import sqlite3
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import event

from service import config
from service.context import AppContext, build_context
from service.domain.comment import Article, Client, Comment, Draft, Source
from service.domain.events import Delivery
from service.domain.policy import Policy
from service.domain.site import Site
from service.domain.status import Status
from service.domain.verdict import OUTCOME, Action, Decision, Reason, Span, Verdict, Who
from service.messaging.dispatcher import RecordingDispatcher
from service.storage import Store, Tx, migrate
from service.storage.engines import open_engine
from service.storage.records import Finished, Label, Move
from service.web.app import connect, create_app

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
"""The moment at which the stories of the tests begin."""

ARTICLE = Article("https://courier.example/bridge", "The bridge opens", NOON - timedelta(days=1))
ADA, BO, CHI = "Ada", "Bo", "Chi"
ON_SQLITE = pytest.mark.parametrize("store", ["sqlite"], indirect=True)
"""Marks a test of many cases that another test repeats on both stores with one of them."""
ON_POSTGRESQL = pytest.mark.parametrize("store", ["postgresql"], indirect=True)
"""Marks a test of what only PostgreSQL does."""
ADDRESS = "ada.unique.canary@example.org"
MASTER = base64.b64encode(b"m" * 32).decode()
WORDS = {
    ADA: "The new bridge saves me twenty minutes every morning.",
    BO: "Who paid for all this, and why did nobody ask us?",
    CHI: "Lovely photographs, thank you for walking up there.",
}


class SetClock:
    """A clock that stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    def pass_seconds(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def context_over(store: Store, home: Path, clock: SetClock, **env: str) -> AppContext:
    """The service over `store`, with the settings of a fresh home changed by `env`; tasks are only recorded."""
    given = {"REPLYDESK_HOME": str(home), "REPLYDESK_MASTER_KEY": MASTER, **env}
    url = store.engine.url.render_as_string(hide_password=False)
    settings = config.load(given).model_copy(update={"database_url": url})
    return build_context(settings, env=given, store=store, dispatcher=RecordingDispatcher(), clock=clock)


def app_over(context: AppContext, testing: bool = False) -> Flask:
    """The application that serves `context`, one at a time: to build its routes takes long, so each is built once."""
    kind = (context.settings.public_url, context.settings.trusted_proxies, testing)
    if kind in _applications:
        connect(_applications[kind], context)
    else:
        _applications[kind] = create_app(context)
        _applications[kind].testing = testing
    return _applications[kind]


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def courier(**changes: Any) -> Site:
    """The site most stories happen on: it wants callbacks."""
    site = Site(
        id=0,
        name="courier",
        url="https://courier.example",
        policy=Policy(),
        callback_url="https://courier.example/callback",
        webhook_secrets=(b"\x00sealed webhook secret",),
        created_at=NOON,
    )
    return replace(site, **changes)


def herald(**changes: Any) -> Site:
    """The other site, whose comments and keys must never mix with the first one's."""
    site = Site(id=0, name="herald", url="https://herald.example", policy=Policy(), created_at=NOON)
    return replace(site, **changes)


def draft(comment_id: str = "c-1", author: str = ADA, **changes: Any) -> Draft:
    """A sanitized comment by one of the cast; its hash follows its text unless one is given."""
    body = changes.pop("body", WORDS[author])
    written = Draft(
        id=comment_id,
        article=ARTICLE,
        author_name=author,
        body=body,
        submitted_at=NOON,
        content_hash=f"hash of {body}",
        request_hash=f"hash of {comment_id}: {body}",
        source=Source.API,
        author_key=f"key of {author}",
        client=Client("192.0.2.0", "Reader/1.0", None),
    )
    return replace(written, **changes)


def verdict(action: Action = Action.HOLD, **changes: Any) -> Verdict:
    found = Verdict(
        action=action,
        reasons=(
            Reason("toxicity", "The classifier gives toxicity 0.71; the site looks first.", "toxicity"),
        ),
        scores={"toxicity": 0.71, "spam": 0.02},
        spans=(Span(4, 10, "toxicity", 1.25),),
        reads_as="the new bridge",
        language="en",
        model="made-up-1",
        policy=1,
    )
    return replace(found, **changes)


def decision(comment: Comment, decision_id: int, action: Action = Action.HOLD, **changes: Any) -> Decision:
    """An automatic decision on the comment as it is; give `seq` to have it published."""
    made = Decision(
        id=decision_id,
        comment_pk=comment.pk,
        site_id=comment.site_id,
        revision=comment.revision,
        action=action,
        who_kind=Who.MACHINE,
        who="made-up-1",
        from_status=comment.status,
        to_status=OUTCOME[action],
        created_at=NOON,
        effective_at=NOON,
        reason="toxicity",
    )
    return replace(made, **changes)


def move(
    comment: Comment, action: Action = Action.HOLD, decision_id: int | None = None, **changes: Any
) -> Move:
    """The compare-and-swap that carries out `action` on the comment as it was seen."""
    made = Move(
        pk=comment.pk,
        revision=comment.revision,
        from_status=comment.status,
        expected_decision_id=comment.decision_id,
        to_status=OUTCOME[action],
        decision_id=decision_id,
        published_revision=comment.revision if action is Action.APPROVE else None,
        decided_at=NOON,
        verdict=verdict(action),
    )
    return replace(made, **changes)


def delivery(comment: Comment, decision_id: int, **changes: Any) -> Delivery:
    made = Delivery(
        id=0,
        site_id=comment.site_id,
        comment_pk=comment.pk,
        decision_id=decision_id,
        webhook_id=f"msg_{comment.site_id}_{decision_id}",
        type="comment.approved",
        payload=b'{"type":"comment.approved"}',
        state="waiting",
        attempts=0,
        next_attempt_at=NOON,
        created_at=NOON,
    )
    return replace(made, **changes)


def finish_delivery(
    tx: Tx, delivery_id: int, attempts: int, state: str, outcome: str, again: datetime | None, now: datetime
) -> bool:
    """Record how one attempt ended; False when another worker leased it since."""
    return bool(tx.deliveries.finish([Finished(delivery_id, attempts, state, outcome, again)], now))


def label(comment: Comment, action: Action = Action.APPROVE, **changes: Any) -> Label:
    made = Label(
        site_id=comment.site_id,
        comment_pk=comment.pk,
        revision=comment.revision,
        who_kind=Who.MODERATOR,
        who="Mara",
        action=action,
        created_at=NOON,
    )
    return replace(made, **changes)


def decided(tx: Tx, comment: Comment, action: Action, *, published: bool = True, **changes: Any) -> Decision:
    """Decide a stored comment within `tx`: moved, the decision stored, and numbered when `published`."""
    (decision_id,) = tx.decisions.new_ids(1)
    assert tx.comments.move([move(comment, action, decision_id)]) == {comment.pk}
    if published:
        changes["seq"] = tx.decisions.take_sequence(comment.site_id, 1)
    made = decision(comment, decision_id, action, **changes)
    tx.decisions.add([made])
    return made


def ids(found: Sequence[Comment]) -> list[str]:
    return [comment.id for comment in found]


PENDING, HELD, APPROVED = Status.PENDING, Status.HELD, Status.APPROVED


Kind = TypeVar("Kind", bound=Store)


class Place:
    """Where a store's file lies, and the engine that opens it: tests use it one after the other."""

    def __init__(self) -> None:
        self._home = Path(tempfile.mkdtemp(prefix="replydesk-store-"))
        self._folder = self._home / "filled"
        self.engine = open_engine(f"sqlite:///{self._folder / 'replydesk.db'}")
        event.listen(self.engine, "connect", _write_without_waiting)

    def fill(self) -> None:
        """Put an empty database there, all at once: a thread that outlives its test must not make another one."""
        made = Path(tempfile.mkdtemp(dir=self._home))
        (made / "replydesk.db").write_bytes(template())
        made.rename(self._folder)
        self.engine.dispose()  # what such a thread opened meanwhile is the database that was there before

    def delete(self) -> None:
        self.engine.dispose()
        shutil.rmtree(self._home)

    def clear(self) -> None:
        self.engine.dispose()
        shutil.rmtree(self._folder)


@cache
def template() -> bytes:
    with tempfile.TemporaryDirectory() as home:
        path = Path(home) / "replydesk.db"
        migrate.upgrade(f"sqlite:///{path}")
        return path.read_bytes()


def sqlite_store(kind: type[Kind] = Store) -> Kind:  # type: ignore[assignment]
    """Return an empty store, which is closed and deleted after the test, or when the process ends."""
    place = _free.pop() if _free else Place()
    place.fill()
    _filled.append(place)
    return kind(place.engine)


@contextmanager
def stores_deleted() -> Iterator[None]:
    """Close and delete afterwards the stores that are made within."""
    before = len(_filled)
    try:
        yield
    finally:
        _end_background_work()
        while len(_filled) > before:
            place = _filled.pop()
            place.clear()
            _free.append(place)


def _end_background_work() -> None:
    """Let what requests left behind end while the stores are there: questions given up, counts not yet written."""
    for thread in threading.enumerate():
        if isinstance(thread, threading.Timer):
            thread.cancel()
            thread.function(*thread.args, **thread.kwargs)
        if thread.name == "time-limit" or isinstance(thread, threading.Timer):
            thread.join(10)


def _write_without_waiting(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute("PRAGMA synchronous = OFF")


def _delete_all() -> None:
    for place in (*_filled, *_free):
        place.delete()


_applications: dict[Any, Flask] = {}
_free: list[Place] = []
_filled: list[Place] = []
atexit.register(_delete_all)


def added(run: Callable[..., Result], *more: str) -> dict[str, str]:
    shown: dict[str, str] = json.loads(
        run("site", "add", "courier", "--url", "https://courier.example", *more, "--json").stdout
    )
    return shown
