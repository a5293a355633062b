"""One audit: a site of its own, canaries through every path of an installation, a search of every byte, no trace."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from service.domain.desk_records import Moderator
from service.domain.errors import ReplydeskError
from service.domain.status import Status
from service.leak_audit import database_places, places, plant, plant_compat
from service.leak_audit.forms import forms_of
from service.leak_audit.http_calls import Caller, Receiver
from service.leak_audit.places import OutOfReach, Place
from service.leak_audit.planter import Planter, new_mark
from service.leak_audit.report import AuditReport
from service.messaging.redis_client import connect
from service.storage import Store
from service.usecases.moderators import hash_token
from service.usecases.sites import enrol_site, tune_site
from service.webhooks.url_guard import Allow, is_closed

if TYPE_CHECKING:
    from service.context import AppContext

VERDICT_SECONDS: Final = 20.0
CALLBACK_SECONDS: Final = 10.0
PAUSE: Final = 0.05
SESSION: Final = timedelta(minutes=10)
DESK_PAGES: Final = (
    "/desk",
    "/desk?queue=reported",
    "/desk/search?q=bridge",
    "/desk/preferences",
    "/desk/updates",
)
"""Pages on which moderators see comments; where the desk has none of that name, it says so."""


LEFTOVERS: Final = re.compile(r"audit-[0-9a-f]{10}")
LONG_OVER: Final = timedelta(hours=1)


class AuditError(ReplydeskError):
    """The audit cannot be made."""


class Audit:
    """A canary site on a running installation, from its making to its removal.

    `with Audit(...) as audit:` makes the site and takes it off again; `plant` and `search` may be called in between.
    """

    def __init__(
        self,
        context: AppContext,
        url: str | None = None,
        also: Iterable[Path] = (),
        *,
        environment: Mapping[str, str] | None = None,
        temporary: Iterable[Path] | None = None,
        undisturbed: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        """`environment` is that of the programs it runs; `temporary` names folders other than the machine's own.

        `undisturbed` puts off what a signal would raise, while a site is made or taken off.
        """
        self._undisturbed = undisturbed
        self._context = context
        self._url = url or _address_of(context)
        self._also = tuple(also)
        self._environment = os.environ if environment is None else environment
        self._temporary = (
            (*places.TEMPORARY, Path(tempfile.gettempdir())) if temporary is None else tuple(temporary)
        )
        self._began = time.time()
        self._started = time.monotonic()
        self._folder = Path(tempfile.mkdtemp(prefix="replydesk-audit-"))
        self._receiver = Receiver()
        self._moderator: Moderator | None = None
        self._log_position: str | None = None
        self.not_reached: list[str] = []

    def __enter__(self) -> Audit:
        context, name = self._context, f"audit-{os.urandom(5).hex()}"
        # before there is such a site: a signal may come between its commit and the next line
        self._name = name
        try:
            take_off_what_was_left(context.deps.store, context.deps.clock())
            self._log_position = database_places.log_position(context.settings)
            self._receiver.__enter__()
            callback: str | None = self._receiver.url
            if is_closed(self._receiver.url, Allow.parse(",".join(context.settings.callback_allow))):
                self.not_reached.append("callbacks: REPLYDESK_CALLBACK_ALLOW does not open 127.0.0.1 to them")
                callback = None
            coral_secret = os.urandom(16).hex()
            with self._undisturbed():
                self.site = enrol_site(context, name, f"https://{name}.example", callback)
                tune_site(context, name, {"compat_mode": "queue", "coral_secret": coral_secret}, "audit")
            self.caller = Caller(self._url, self.site.key)
            self.planter = Planter(
                self.caller, self.site, new_mark(), self._folder, self._environment, coral_secret
            )
            if self.caller.call("GET", "/healthz").status != 200:
                raise AuditError(
                    f"Nothing answers at {self._url}: is the service running? --url names another address."
                )
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            with self._undisturbed():
                self._take_off()
        finally:
            self._receiver.__exit__()
            shutil.rmtree(self._folder, ignore_errors=True)

    def _take_off(self) -> None:
        with self._context.deps.store.write() as tx:
            site = tx.sites.get(self._name)
            if site is not None:
                tx.sites.remove(site.id)
            if self._moderator is not None:
                tx.moderators.remove(self._moderator.id)

    def plant(self) -> None:
        """Send the canaries through every path, and wait until the service has done its part, within a bound."""
        plant.plant(self.planter)
        plant_compat.plant(self.planter)
        if not _until(self._all_scored, VERDICT_SECONDS):
            self.not_reached.append(
                f"verdicts: not all were there within {VERDICT_SECONDS:.0f} s; does a worker run?"
            )
        plant.after_verdicts(self.planter)
        self._look_at_the_desk()
        if self.site.site.callback_url:
            if not _until(self._all_attempted, CALLBACK_SECONDS):
                self.not_reached.append(f"callbacks: not all of them came within {CALLBACK_SECONDS:.0f} s")
            plant.give_up(self.planter)
            if not _until(self._given_up, CALLBACK_SECONDS):
                self.not_reached.append(
                    "a dead letter: the one that the receiver refuses was not tried in time"
                )

    def callbacks(self) -> list[tuple[str, bytes]]:
        return self._receiver.kept()

    def _all_scored(self) -> bool:
        with self._context.deps.store.read() as tx:
            return tx.comments.count(self.site.site.id, Status.PENDING) == 0

    def _all_attempted(self) -> bool:
        """Whether each callback was tried: what failed once waits for its next attempt."""
        with self._context.deps.store.read() as tx:
            waiting = tx.deliveries.page(self.site.site.id, "waiting", 1_000)
        attempted_pks = {one.comment_pk for one in waiting if one.attempts}
        return all(one.attempts or one.comment_pk in attempted_pks for one in waiting)

    def _given_up(self) -> bool:
        with self._context.deps.store.read() as tx:
            return bool(tx.deliveries.page(self.site.site.id, "dead", 1))

    def _look_at_the_desk(self) -> None:
        """See the desk as a moderator does: one is made for it, and taken off with the site."""
        deps, token = self._context.deps, os.urandom(24).hex()
        with deps.store.write() as tx:
            self._moderator = tx.moderators.add(self.site.site.name, "lead", deps.clock())
            until = deps.clock() + SESSION
            tx.moderators.add_session(self._moderator.id, hash_token(token), until)
            pks = [one.pk for one in tx.comments.page(self.site.site.id, limit=200).comments]
        cookie = {"Cookie": f"replydesk={token}; __Host-replydesk={token}"}
        for path in [*DESK_PAGES, *(f"/desk/comments/{pk}" for pk in pks)]:
            name = f"desk: {path.partition('?')[0]}"
            answer = self.planter.call(name, "GET", path, headers=cookie, keyed=False)
            if path == "/desk" and answer.status != 200:
                self.not_reached.append(f"desk: answered {answer.status}")
                return

    def search(self) -> AuditReport:
        """Look through everything that the service wrote, and report."""
        planter = self.planter
        report = AuditReport(
            paths=[{"path": name, "outcome": outcome} for name, outcome in planter.paths],
            not_reached=list(self.not_reached),
            canaries=len(planter.addresses),
        )
        report.look_through(self._places(), forms_of(planter.mark, planter.addresses.values()))
        report.seconds = time.monotonic() - self._started
        return report

    def _places(self) -> Iterator[Place | OutOfReach]:
        settings = self._context.settings
        yield from _kept("answers", self.caller.heard)
        yield from _kept("callbacks", self._receiver.kept())
        yield from _kept("what programs said", self.planter.screens)
        database = Path(settings.database_url.removeprefix("sqlite:///"))
        for place in places.files("files of the home", settings.home):
            if not place.name.startswith(str(database)):
                yield place
        yield from places.files("files that programs left", self._folder)
        yield from database_places.database(settings, self._folder, self._log_position)
        for path in self._also:
            yield from places.files("files named with --also", path)
        if not self._also and not any((settings.home / "log").glob("*.log")):
            yield OutOfReach("logs", "those of processes that run elsewhere; name their files with --also")
        if settings.redis_url is None:
            yield OutOfReach("broker", "none is set")
        else:
            with connect(settings.redis_url) as client:
                yield from places.broker(client)
        yield from places.temporary_files(self._temporary, self._began, self._folder)


def take_off_what_was_left(store: Store, now: datetime) -> list[str]:
    """Take off the sites of audits that were killed over an hour ago, with their moderators, and name them."""
    with store.read() as tx:
        left = [
            site
            for site in tx.sites.all()
            if LEFTOVERS.fullmatch(site.name)
            and site.url == f"https://{site.name}.example"
            and site.created_at is not None
            and site.created_at < now - LONG_OVER
        ]
        moderators = {one.name: one.id for one in tx.moderators.all()}
    for site in left:
        with store.write() as tx:
            tx.sites.remove(site.id)
            if site.name in moderators:
                tx.moderators.remove(moderators[site.name])
    return [site.name for site in left]


def _kept(kind: str, kept: Iterable[tuple[str, bytes]]) -> Iterator[Place]:
    for name, content in kept:
        yield Place(kind, name, lambda content=content: [content])  # type: ignore[misc]


def _address_of(context: AppContext) -> str:
    """Return where the service answers on this machine; elsewhere its public address."""
    settings = context.settings
    if not settings.embedded or settings.unix_socket is not None:
        return settings.public_url
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104  # compared, not listened on
    return f"http://{settings.model_copy(update={'host': host}).bind}{urlsplit(settings.public_url).path}"


def _until(true: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(PAUSE)
    return True
