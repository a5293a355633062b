"""What the tests of the worker share: dependencies over any store, a clock to set, and scripted scorers."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from service.config import load
from service.context import AppContext, Dependencies
from service.domain.comment import Article, Comment, Placed, Source, Submission
from service.domain.events import Delivery
from service.domain.site import Site
from service.domain.verdict import LABELS, Assessment, Effort
from service.messaging.dispatcher import RecordingDispatcher
from service.privacy.keys import Keyring, new_webhook_secret
from service.privacy.sanitizer import Sanitizer
from service.scoring import Explain, Reading
from service.storage import Store
from service.usecases import Scored, record_scores, submit
from service.webhooks.url_guard import Allow
from tests.factories import SetClock, courier
from worker.alerts import Alerts
from worker.delivery import DeliveryWorker
from worker.http_client import HttpClient
from worker.webhook_sender import Post, WebhookSender

LOOPBACK = Allow.parse("127.0.0.0/8")

KEYRING = Keyring(bytes(range(32)))
ARTICLE = Article("https://courier.example/bridge")


@dataclass(slots=True)
class Stage:
    deps: Dependencies
    clock: SetClock
    dispatcher: RecordingDispatcher
    site: Site

    @classmethod
    def over(cls, store: Store, **site: Any) -> Stage:
        """Put an installation over the store, with the courier in it."""
        clock, dispatcher = SetClock(), RecordingDispatcher()
        with store.write() as tx:
            made = tx.sites.add(courier(**site))
        return cls(Dependencies(store=store, dispatcher=dispatcher, clock=clock), clock, dispatcher, made)

    def post(self, *texts: str, **changes: Any) -> list[Comment]:
        """Accept a comment for each text; ids are c-0, c-1 and so on, by text."""
        given = [
            replace(
                Submission(ARTICLE, "Ada", text, Source.API, id=f"c-{n}", signals={}, live=True), **changes
            )
            for n, text in enumerate(texts)
        ]
        placed = submit(self.deps, Sanitizer(KEYRING), self.site, given)
        return [one.comment for one in placed if isinstance(one, Placed)]

    def look(self, name: str = "c-0") -> Comment:
        with self.deps.store.read() as tx:
            found = tx.comments.get(self.site.id, name)
        assert found is not None
        return found

    def statuses(self, count: int) -> list[str]:
        return [str(self.look(f"c-{n}").status) for n in range(count)]

    def decisions(self) -> int:
        with self.deps.store.read() as tx:
            return len(tx.decisions.feed(self.site.id, 0, 1000))

    def enqueued(self) -> list[str]:
        names = [name for name, _ in self.dispatcher.enqueued]
        self.dispatcher.enqueued.clear()
        return names


@dataclass(slots=True)
class Told:
    """A scorer that gives every text the scores that `says` gives it, and remembers the sizes of its batches."""

    says: Callable[[str], dict[str, float]] = lambda text: {}
    batches: list[int] = field(default_factory=list)
    version: str = "told-1"

    def score(
        self, readings: Sequence[Reading], explain: bool | Explain = True, effort: Effort = Effort.FULL
    ) -> list[Assessment]:
        """Assess each reading; a text of "poison" raises, as a bug in a library would."""
        if explain:  # without, it is asked once more about a text that failed
            self.batches.append(len(readings))
        if any(one.text.startswith("poison") for one in readings):
            raise RuntimeError("the text is: poison")
        return [
            Assessment(scores=dict.fromkeys(LABELS, 0.0) | self.says(one.text), model=self.version)
            for one in readings
        ]


@dataclass(slots=True)
class TwoEfforts:
    """A scorer with two efforts that may differ on a text, and that remembers what it was asked."""

    full: Callable[[str], dict[str, float]] = lambda text: {}
    fast: Callable[[str], dict[str, float]] = lambda text: {}
    asked: list[tuple[Effort, list[str]]] = field(default_factory=list)
    version: str = "told-2"

    def score(
        self, readings: Sequence[Reading], explain: bool | Explain = True, effort: Effort = Effort.FULL
    ) -> list[Assessment]:
        """Assess each reading by the wanted effort; a text of "poison" raises when it is read in full."""
        if explain:  # without, it is asked once more about a text that failed
            self.asked.append((effort, [one.text for one in readings]))
        if effort is Effort.FULL and any(one.text.startswith("poison") for one in readings):
            raise RuntimeError("the text is: poison")
        says = self.full if effort is Effort.FULL else self.fast
        zeros = dict.fromkeys(LABELS, 0.0)
        return [
            Assessment(scores=zeros | says(one.text), model=self.version, effort=effort) for one in readings
        ]

    def texts(self, effort: Effort) -> list[str]:
        """Return what was read with this effort, in order."""
        return [text for how, texts in self.asked if how is effort for text in texts]

    def warm(self) -> None:
        """Nothing to load."""


class Office:
    """Dependencies with the real time (which the test may move on), a delivery worker, and sites with callbacks."""

    def __init__(self, store: Store) -> None:
        self.ahead = timedelta(0)
        self.deps = Dependencies(
            store=store, dispatcher=RecordingDispatcher(), clock=lambda: datetime.now(UTC) + self.ahead
        )
        self.context = AppContext(load({}), self.deps, Sanitizer(KEYRING), KEYRING)
        self.delivery_worker = self.new_delivery_worker()
        self.secrets: dict[str, str] = {}

    def new_delivery_worker(
        self,
        post: Post | None = None,
        allow: Allow = LOOPBACK,
        timeout: float = 5.0,
        stopping: Callable[[], bool] = lambda: False,
    ) -> DeliveryWorker:
        sender = WebhookSender(KEYRING, post or HttpClient(allow).post, timeout)
        return DeliveryWorker(self.deps, sender, Alerts(self.context, sender).tell_stopped, stopping)

    def site(self, name: str, url: str | None, secrets: int = 1) -> Site:
        """Enrol a site that wants its callbacks at `url`."""
        made = [new_webhook_secret() for _ in range(secrets)]
        self.secrets[name] = made[0]
        sealed = tuple(KEYRING.encrypt(name, "webhook", one.encode()) for one in made)
        with self.deps.store.write() as tx:
            return tx.sites.add(courier(name=name, callback_url=url, webhook_secrets=sealed))

    def decide(self, site: Site, count: int) -> None:
        """Let the model decide so many comments of the site: one callback each."""
        given = [Submission(ARTICLE, "Ada", f"Text {n}.", Source.API, id=f"c-{n}") for n in range(count)]
        placed = submit(self.deps, self.context.sanitizer, site, given)
        record_scores(self.deps, [Scored(one.comment, None) for one in placed if isinstance(one, Placed)])

    def carry(self, seconds: float = 20.0) -> None:
        self.delivery_worker.run()
        self.wait(seconds)

    def wait(self, seconds: float = 20.0) -> None:
        """Wait until what is in the air is recorded, and send what became due with it."""
        ends_at = time.monotonic() + seconds
        while self.delivery_worker.in_flight:
            assert time.monotonic() < ends_at, "posts are still in the air"
            time.sleep(0.01)
            if not self.delivery_worker.in_flight:
                self.delivery_worker.run()

    def mail(self, site: Site | None = None) -> list[Delivery]:
        with self.deps.store.read() as tx:
            return tx.deliveries.page(site.id if site else None, None, 500)

    def states(self, site: Site | None = None) -> list[str]:
        return [one.state for one in self.mail(site)]

    def look(self, name: str) -> Site:
        with self.deps.store.read() as tx:
            found = tx.sites.get(name)
        assert found is not None
        return found
