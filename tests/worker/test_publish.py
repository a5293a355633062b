"""Publishing under a race: each decision is published once, whoever does it."""

import threading
from concurrent.futures import ThreadPoolExecutor

from service.domain.verdict import Action
from service.usecases import publish_due
from worker.maintenance import publish_all_due

COUNT = 40


def approve_later(stage, count):
    stage.post(*(f"Text {n}." for n in range(count)))
    for n in range(count):
        stage.decide(f"c-{n}", Action.APPROVE, delay=5)


def test_workers_at_once_publish_each_decision_once(stage):
    approve_later(stage, COUNT)
    stage.clock.pass_seconds(6)
    start = threading.Barrier(4)

    def publish():
        start.wait(10)
        return publish_due(stage.deps)

    with ThreadPoolExecutor(4) as pool:
        published = sum(one.result(30) for one in [pool.submit(publish) for _ in range(4)])
    mail = stage.mail()
    assert (published, len(mail)) == (COUNT, COUNT)
    assert [number for number, _ in stage.feed()] == list(range(1, COUNT + 1))
    assert len({one.decision_id for one in mail}) == COUNT


def test_publishing_goes_on_until_none_is_due(stage):
    approve_later(stage, 5)
    assert publish_all_due(stage.deps) == 0
    stage.clock.pass_seconds(5)
    assert publish_all_due(stage.deps, batch=2) == 5
