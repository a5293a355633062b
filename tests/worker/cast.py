"""What the tests of the worker share: scripted scorers, and an office that delivers to real receivers."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from service.config import load
from service.context import AppContext, Dependencies
from service.domain.comment import Placed, Source, Submission
from service.domain.events import Delivery
from service.domain.site import Site
from service.domain.verdict import LABELS, Assessment, Effort
from service.messaging.dispatcher import RecordingDispatcher
from service.privacy.keys import new_webhook_secret
from service.privacy.sanitizer import Sanitizer
from service.scoring import Explain, Reading
from service.storage import Store
from service.usecases import Scored, record_scores, submit
from service.webhooks.url_guard import Allow
from tests.factories import courier
from tests.stage import ARTICLE, KEYRING
from worker.alerts import Alerts
from worker.delivery import DeliveryWorker
from worker.http_client import HttpClient
from worker.webhook_sender import Post, WebhookSender

LOOPBACK = Allow.parse("127.0.0.0/8")
Says = Callable[[str], dict[str, float]]


@dataclass
class Told:
    """A scorer that says of each text what `full` says, and remembers what it was asked; "poison" raises in full."""

    full: Says = lambda text: {}
    fast: Says | None = None
    """What the fast effort says; None: it has one effort alone."""
    asked: list[tuple[Effort, list[str]]] = field(default_factory=list)
    version: str = "told-1"

    def score(
        self, readings: Sequence[Reading], explain: bool | Explain = True, effort: Effort = Effort.FULL
    ) -> list[Assessment]:
        texts, says = [one.text for one in readings], self.full
        if effort is Effort.FAST and self.fast:
            says = self.fast
        else:
            effort = Effort.FULL
        if explain:  # without, it is asked once more about a text that failed
            self.asked.append((effort, texts))
        if effort is Effort.FULL and any(text.startswith("poison") for text in texts):
            raise RuntimeError("the text is: poison")
        zeros = dict.fromkeys(LABELS, 0.0)
        return [Assessment(scores=zeros | says(text), model=self.version, effort=effort) for text in texts]

    @property
    def batches(self) -> list[int]:
        return [len(texts) for _, texts in self.asked]

    def texts(self, effort: Effort) -> list[str]:
        return [text for how, texts in self.asked if how is effort for text in texts]


@dataclass
class TwoEfforts(Told):
    fast: Says | None = lambda text: {}


def raises(failure: BaseException) -> Callable[..., Any]:
    """A function that raises this whatever it is given."""

    def call(*_: object) -> None:
        raise failure

    return call


class Ticking:
    """A monotonic clock that stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = 5000.0

    def __call__(self) -> float:
        return self.now


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

    def save(self, site: Site, **changes: Any) -> Site:
        changed = replace(site, **changes)
        with self.deps.store.write() as tx:
            tx.sites.save(changed)
        return changed

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
