"""Delivery to real receivers: signed, in order, retried, given up, given back; nobody waits for another's server."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Event

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from service.domain.verdict import Action, Who
from service.privacy.keys import new_webhook_secret
from service.usecases import Judgement, review
from service.webhooks.signing import WAITS, Outcome
from service.webhooks.url_guard import Allow
from tests.processes import until
from tests.receivers import receiver
from tests.stage import KEYRING
from worker import delivery
from worker.delivery import PER_SITE


def test_a_decision_arrives_signed_with_the_stored_bytes(store, offices):
    office = offices(store)
    with receiver() as hook:
        site = office.site("courier", hook.url)
        office.decide(site, 3)
        office.carry()
    assert office.states() == ["delivered"] * 3
    assert sorted(one.body for one in hook.got) == sorted(one.payload for one in office.mail())
    for got in hook.got:
        event = got.verified(office.secrets["courier"])
        assert event["type"] == "comment.held"
        assert got.headers["content-type"] == "application/json"
    assert sorted(hook.ids()) == sorted(one.webhook_id for one in office.mail())
    assert all(one.delivered_at is not None and one.attempts == 1 for one in office.mail())


def test_during_a_rotation_both_secrets_sign(office):
    with receiver() as hook:
        site = office.site("courier", hook.url, secrets=2)
        office.decide(site, 1)
        office.carry()
    for sealed in site.webhook_secrets:
        hook.got[0].verified(KEYRING.decrypt("courier", "webhook", sealed).decode())
    with pytest.raises(WebhookVerificationError):
        Webhook(new_webhook_secret()).verify(hook.got[0].body, hook.got[0].headers)


def test_a_failure_is_tried_again_with_the_same_id_and_bytes(office):
    with receiver(500, 204) as hook:
        site = office.site("courier", hook.url)
        office.decide(site, 1)
        office.carry()
        (waiting,) = office.mail()
        assert (waiting.state, waiting.attempts, waiting.last_outcome) == ("waiting", 1, "retry: HTTP 500")
        office.carry()
        assert len(hook.got) == 1
        office.ahead += timedelta(seconds=WAITS[0] * 1.2 + 1)
        office.carry()
    assert office.states() == ["delivered"]
    first, second = hook.got
    assert (first.headers["webhook-id"], first.body) == (second.headers["webhook-id"], second.body)
    assert int(second.headers["webhook-timestamp"]) > int(first.headers["webhook-timestamp"])
    assert first.headers["webhook-signature"] != second.headers["webhook-signature"]


def test_what_never_arrives_becomes_a_dead_letter_and_can_be_replayed(office):
    with receiver(500) as hook:
        site = office.site("courier", hook.url)
        office.decide(site, 1)
        for _ in range(len(WAITS) + 1):
            office.carry()
            office.ahead += timedelta(days=2)
        assert (office.states(), len(hook.got)) == (["dead"], len(WAITS) + 1)
        hook.statuses[:] = [204]
        with office.deps.store.write() as tx:
            assert tx.deliveries.replay(site.id, None, office.deps.clock()) == 1
        office.carry()
    assert office.states() == ["delivered"]
    assert len(set(hook.ids())) == 1


def test_decisions_on_one_comment_arrive_in_order(office):
    with receiver(500, 204) as hook:
        site = office.site("courier", hook.url)
        office.decide(site, 1)
        for action in (Action.APPROVE, Action.REJECT):
            with office.deps.store.read() as tx:
                comment = tx.comments.get(site.id, "c-0")
            review(office.deps, site, "c-0", Judgement(action, Who.SITE, "s", replaces=comment.decision_id))
        office.carry()
        assert hook.sequences() == [("c-0", 1)]
        for _ in range(3):
            office.ahead += timedelta(seconds=10)
            office.carry()
    assert hook.sequences() == [("c-0", 1), ("c-0", 1), ("c-0", 2), ("c-0", 3)]


@pytest.mark.parametrize("count", [1, 60])
def test_gone_switches_the_sites_callbacks_off(office, count):
    """Of many that are leased already no thread asks twice, and what was not asked waits."""
    with receiver(410) as hook:
        site = office.site("courier", hook.url)
        office.decide(site, count)
        office.carry()
        assert "410" in office.look("courier").callback_disabled
        asked = len(hook.got)
        assert asked <= PER_SITE
        assert (office.states().count("dead"), office.states().count("waiting")) == (asked, count - asked)
        office.decide(site, count + 2)
        office.carry()
        assert len(hook.got) == asked


def test_gone_stops_the_mail_that_is_leased_already(store, offices):
    office, posted = offices(store), list[bytes]()

    def post(url, headers, body, timeout):
        posted.append(body)
        if len(posted) > 1:  # the others are in the air until the 410 is written down
            assert switched_off.wait(10)
            return Outcome("delivered", 204)
        return Outcome("gone", 410)

    switched_off = Event()
    office.delivery_worker = office.new_delivery_worker(post=post)
    site = office.site("courier", "http://127.0.0.1:9/")
    office.decide(site, 60)
    office.delivery_worker.run()
    until(lambda: office.look("courier").callback_disabled is not None, 10)
    switched_off.set()
    office.wait(10)
    assert len(posted) <= PER_SITE
    assert office.states().count("waiting") == 60 - len(posted)
    assert {one.attempts for one in office.mail() if one.state == "waiting"} == {0}
    office.save(office.look("courier"), callback_disabled=None)
    office.ahead += timedelta(seconds=15)
    office.carry()
    assert office.states().count("delivered") == 59


def test_gone_says_nothing_of_a_new_address(office):
    with receiver(410, open_gate=False) as hook:
        site = office.site("courier", hook.url)
        office.decide(site, 1)
        office.delivery_worker.run()
        assert hook.arrived.acquire(timeout=10)
        office.save(site, callback_url="http://127.0.0.1:9/new")
        hook.gate.set()
        office.wait(10)
    assert office.look("courier").callback_disabled is None


def test_a_hanging_receiver_holds_up_nobody_else(store, offices):
    office = offices(store)
    with receiver(open_gate=False) as slow, receiver() as fast:
        office.decide(office.site("slow", slow.url), 60)
        office.delivery_worker.run()
        assert slow.arrived.acquire(timeout=10)
        herald = office.site("herald", fast.url)
        office.decide(herald, 60)
        office.delivery_worker.run()
        for _ in range(60):
            assert fast.arrived.acquire(timeout=10)
        assert slow.most_at_once <= PER_SITE
        slow.gate.set()
        office.wait(20)
    assert office.states(herald) == ["delivered"] * 60


@pytest.mark.parametrize("fault", ["nobody listens", "it answers 500"])
def test_an_endpoint_that_keeps_failing_is_asked_a_few_times(office, fault):
    """What else waits for it is put off without counting an attempt, and arrives when it is back."""
    with receiver(500) as failing, receiver() as hook:
        site = office.site("courier", failing.url if fault == "it answers 500" else "http://127.0.0.1:9/")
        office.decide(site, 40)
        office.carry()
        asked = sum(one.attempts for one in office.mail())
        assert 0 < asked <= 2 * PER_SITE
        office.carry()
        assert sum(one.attempts for one in office.mail()) == asked
        assert set(office.states()) == {"waiting"}
        office.save(site, callback_url=hook.url)
        office.ahead += timedelta(seconds=15)
        office.carry()
    assert office.states() == ["delivered"] * 40


def test_slow_down_is_heard(office):
    with receiver(429, 204, retry_after="120") as hook:
        site = office.site("courier", hook.url)
        office.decide(site, 1)
        office.carry()
        office.ahead += timedelta(seconds=119)
        office.carry()
        assert len(hook.got) == 1
        office.ahead += timedelta(seconds=30)
        office.carry()
    assert office.states() == ["delivered"]


def test_a_private_target_is_refused_unless_allowed(offices):
    office = offices()
    office.delivery_worker = office.new_delivery_worker(allow=Allow.parse(""))
    with receiver() as hook:
        office.decide(office.site("courier", hook.url), 1)
        office.carry()
        assert hook.got == []
    (refused,) = office.mail()
    assert (refused.last_outcome or "").startswith("refused")


def test_nothing_is_sent_unsigned(office):
    with receiver() as hook:
        site = office.site("courier", hook.url)
        office.save(site, webhook_secrets=(b"\x01made under another master key",))
        office.decide(site, 1)
        office.carry()
        assert hook.got == []
    assert "unsigned" in (office.mail()[0].last_outcome or "")


def test_no_transaction_is_open_while_a_receiver_is_asked(office):
    with receiver(open_gate=False) as hook:
        site = office.site("courier", hook.url)
        office.decide(site, 1)
        office.delivery_worker.run()
        assert hook.arrived.acquire(timeout=10)
        office.decide(office.site("herald", None), 3)
        hook.gate.set()
        office.wait(10)
    assert office.states(site) == ["delivered"]


def test_two_workers_deliver_everything_once(store, offices):
    office = offices(store)
    with receiver() as hook:
        site = office.site("courier", hook.url)
        office.decide(site, 100)
        other = office.new_delivery_worker()
        with ThreadPoolExecutor(2) as runs:
            for delivery_worker in (office.delivery_worker, other):
                runs.submit(delivery_worker.run)
        office.carry(30)
        other.close()
    assert office.states() == ["delivered"] * 100
    assert len(hook.ids()) == len(set(hook.ids())) == 100


def test_a_dead_workers_mail_is_delivered_by_another(office):
    with receiver() as hook:
        site = office.site("courier", hook.url)
        office.decide(site, 1)
        now = office.deps.clock()
        with office.deps.store.write() as tx:
            assert len(tx.deliveries.lease(now, now + timedelta(seconds=60), 10)) == 1
        office.carry()
        assert hook.got == []
        office.ahead += timedelta(seconds=61)
        office.carry()
    assert office.states() == ["delivered"]
    assert office.mail()[0].attempts == 2


def test_a_stopping_worker_records_what_is_in_flight(office):
    stopping = Event()
    office.delivery_worker = office.new_delivery_worker(stopping=stopping.is_set)
    with receiver(open_gate=False) as hook:
        office.decide(office.site("courier", hook.url), 30)
        office.delivery_worker.run()
        for _ in range(PER_SITE):
            assert hook.arrived.acquire(timeout=10)
        stopping.set()
        hook.gate.set()
        office.delivery_worker.run()
        office.delivery_worker.close()
    assert len(hook.got) == PER_SITE
    assert office.states().count("delivered") == PER_SITE
    assert {one.attempts for one in office.mail() if one.state == "waiting"} == {0}


def test_a_store_that_is_away_for_a_moment_has_nothing_posted_again(office, monkeypatch):
    monkeypatch.setattr(delivery, "RECORDING_PAUSES", (0.001, 0.001, 0.001))
    write, left = office.deps.store.write, []

    def fails_at_first():
        if left and left.pop():
            raise ConnectionResetError
        return write()

    def post(*_):
        left[:] = failures
        return Outcome("delivered", 204)

    monkeypatch.setattr(office.deps.store, "write", fails_at_first)
    office.delivery_worker = office.new_delivery_worker(post)
    courier, herald = (office.site(name, "http://127.0.0.1:9/") for name in ("courier", "herald"))
    failures = [True] * 3
    office.decide(courier, 1)
    office.delivery_worker.run()
    assert office.states(courier) == ["delivered"]
    failures = [True] * 4
    office.decide(herald, 1)
    with pytest.raises(ConnectionResetError):
        office.delivery_worker.run()
    assert office.states(herald) == ["waiting"]


def test_the_log_names_no_address_and_no_text(office, capsys):
    with receiver(500) as hook:
        office.decide(office.site("courier", hook.url + "?token=secret"), 1)
        office.carry()
    told = "".join(capsys.readouterr())
    assert "courier" in told
    for hidden in ("Text 0", "secret", "Ada", hook.url):
        assert hidden not in told


def test_the_owner_is_told_that_callbacks_stopped(office):
    with receiver(410) as gone, receiver() as owner:
        site = office.site("courier", gone.url)
        site = office.save(site, options=replace(site.options, notify_url=owner.url))
        office.decide(site, 3)
        office.carry()
        assert owner.arrived.acquire(timeout=10)
        told = owner.got[0].verified(office.secrets["courier"])
    assert told["type"] == "site.callbacks_stopped"
    assert "410 Gone" in told["data"]["reason"]
    assert len(owner.got) == 1
