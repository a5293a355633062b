"""Publishing under a race: each decision is published once, whoever does it."""

import threading
from concurrent.futures import ThreadPoolExecutor

from service.context import Dependencies
from service.domain.comment import Article, Source, Submission
from service.domain.verdict import Action, Who
from service.messaging.dispatcher import RecordingDispatcher
from service.privacy.keys import Keyring
from service.privacy.sanitizer import Sanitizer
from service.usecases import Judgement, publish_due, review, submit
from tests.factories import NOON, after, courier
from worker.maintenance import publish_all_due

COUNT = 40


def test_workers_at_once_publish_each_decision_once(store):
    deps = Dependencies(store=store, dispatcher=RecordingDispatcher(), clock=lambda: NOON)
    with store.write() as tx:
        site = tx.sites.add(courier())
    posted = [
        Submission(Article("https://courier.example/a"), "Ada", f"Text {n}.", Source.API, id=f"c-{n}")
        for n in range(COUNT)
    ]
    submit(deps, Sanitizer(Keyring(bytes(32))), site, posted)
    for n in range(COUNT):
        review(deps, site, f"c-{n}", Judgement(Action.APPROVE, Who.MODERATOR, "Mo"), delay=5)
    later = Dependencies(store=store, dispatcher=RecordingDispatcher(), clock=lambda: after(6))
    start = threading.Barrier(4)

    def publish():
        start.wait(10)
        return publish_due(later)

    with ThreadPoolExecutor(4) as pool:
        left = sum(one.result(30) for one in [pool.submit(publish) for _ in range(4)])
    with store.read() as tx:
        numbers = [decision.seq for decision, _ in tx.decisions.feed(site.id, 0, 200)]
        mail = tx.deliveries.page(site.id, None, 200)
    assert (left, len(mail), numbers) == (COUNT, COUNT, list(range(1, COUNT + 1)))
    assert len({one.decision_id for one in mail}) == COUNT


def test_publishing_goes_on_until_none_is_due(store):
    deps = Dependencies(store=store, dispatcher=RecordingDispatcher(), clock=lambda: NOON)
    with store.write() as tx:
        site = tx.sites.add(courier(callback_url=None))
    posted = [
        Submission(Article("https://courier.example/a"), "Ada", f"Text {n}.", Source.API, id=f"c-{n}")
        for n in range(5)
    ]
    submit(deps, Sanitizer(Keyring(bytes(32))), site, posted)
    for n in range(5):
        review(deps, site, f"c-{n}", Judgement(Action.APPROVE, Who.MODERATOR, "Mo"), delay=5)
    assert publish_all_due(deps) == 0
    assert (
        publish_all_due(
            Dependencies(store=store, dispatcher=RecordingDispatcher(), clock=lambda: after(5)), batch=2
        )
        == 5
    )
