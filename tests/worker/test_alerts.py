"""Calling the moderators: signed, once for each change, again when it did not arrive, to allowed targets alone."""

import json
import threading
from dataclasses import replace

from service.domain.options import Options
from service.domain.verdict import Action
from service.usecases.sites import enrol_site
from service.webhooks.signing import Outcome, verify
from service.webhooks.url_guard import Allow
from tests.factories import SetClock, context_over, decided, draft
from tests.receivers import receiver
from worker.alerts import AT_ONCE, LEASE, LOOK_SECONDS, Alerts
from worker.http_client import HttpClient
from worker.webhook_sender import TIMEOUT_SECONDS, WebhookSender

LOOPBACK = Allow.parse("127.0.0.1")


class Desk:
    """An installation whose courier has comments held, and its notifier."""

    def __init__(self, store, home, url, **more):
        self.clock = SetClock()
        self.context = context_over(store, home, self.clock)
        self.courier = enrol_site(self.context, "courier", "https://courier.example")
        with store.write() as tx:
            options = Options(notify_url=url, notify_held=2, notify_age_seconds=600.0)
            tx.sites.save(replace(self.courier.site, options=options))
        self.alerts = self.new_alerts(**more)

    def new_alerts(self, post=None, allow=LOOPBACK, **more):
        sender = WebhookSender(self.context.keyring, post or HttpClient(allow).post)
        return Alerts(self.context, sender, **more)

    def hold(self, *names):
        with self.context.deps.store.write() as tx:
            made = tx.comments.add(self.courier.site.id, [draft(name) for name in names], self.clock())
            for comment in made.values():
                decided(tx, comment, Action.HOLD)

    def clear(self, *names):
        with self.context.deps.store.write() as tx:
            for name in names:
                decided(tx, tx.comments.get(self.courier.site.id, name), Action.APPROVE)

    def verified(self, one):
        """Return the event that the receiver got, its signature checked at this moment."""
        verify([self.courier.webhook_secret], one.headers, one.body, int(self.clock().timestamp()))
        return json.loads(one.body)

    def tell(self):
        return self.alerts.send() if self.alerts.look() else 0


def test_a_queue_that_grows_and_calms_is_told_twice(store, tmp_path):
    with receiver() as hook:
        desk = Desk(store, tmp_path, hook.url)
        desk.hold("c-1")
        assert desk.tell() == 0
        desk.hold("c-2")
        assert (desk.tell(), desk.tell()) == (1, 0)
        desk.clock.pass_seconds(120)
        desk.clear("c-1", "c-2")
        assert (desk.tell(), desk.tell()) == (1, 0)
        grown, calm = [desk.verified(one) for one in hook.got]
    assert (grown["type"], calm["type"]) == ("queue.grown", "queue.calm")
    assert grown["data"] == {
        "site": "courier",
        "held": 2,
        "oldest_held_seconds": 0,
        "limits": {"held": 2, "oldest_held_seconds": 600.0},
        "desk": "http://127.0.0.1:8080/desk",
    }
    assert len(set(hook.ids())) == 2
    assert b"bridge" not in b"".join(one.body for one in hook.got)


def test_an_old_comment_is_told_of(store, tmp_path):
    with receiver() as hook:
        desk = Desk(store, tmp_path, hook.url)
        desk.hold("c-1")
        desk.clock.pass_seconds(601)
        assert desk.tell() == 1
        assert desk.verified(hook.got[0])["data"]["oldest_held_seconds"] == 601


def test_what_did_not_arrive_is_told_again(store, tmp_path):
    with receiver(500, 204) as hook:
        desk = Desk(store, tmp_path, hook.url)
        desk.hold("c-1", "c-2")
        assert desk.tell() == 0
        desk.clock.pass_seconds(3)
        assert desk.tell() == 0
        desk.clock.pass_seconds(5)
        assert desk.tell() == 1
    assert len(hook.got) == 2
    assert len(set(hook.ids())) == 1


def test_two_workers_tell_once(store, tmp_path):
    with receiver() as hook:
        desk = Desk(store, tmp_path, hook.url)
        other = desk.new_alerts()
        desk.hold("c-1", "c-2")
        desk.alerts.look()
        other.look()
        assert desk.alerts.send() + other.send() == 1
    assert len(hook.got) == 1


def test_a_private_target_is_not_called(store, tmp_path):
    with receiver() as hook:
        desk = Desk(store, tmp_path, hook.url, allow=Allow())
        desk.hold("c-1", "c-2")
        assert desk.tell() == 0
    assert hook.got == []


def test_it_looks_now_and_then(store, tmp_path, monkeypatch):
    looks, now = [], [0.0]
    desk = Desk(
        store, tmp_path, "https://x.example", monotonic=lambda: now[0], post=lambda *_: Outcome("retry")
    )
    monkeypatch.setattr(desk.alerts, "look", lambda: looks.append(now[0]))
    for now[0] in (0.0, 2.0, LOOK_SECONDS - 0.1, LOOK_SECONDS):
        desk.alerts.run()
    assert looks == [0.0, LOOK_SECONDS]


def test_receivers_that_hang_outlive_no_lease(store, tmp_path):
    """However many hang before it, a notice is leased when its turn comes, so that nobody else tells it meanwhile."""
    desk = Desk(store, tmp_path, "https://hangs.example/")
    sites = int(2 * LEASE.total_seconds() * AT_ONCE / TIMEOUT_SECONDS)
    for n in range(sites):
        site = enrol_site(desk.context, f"site-{n}", f"https://{n}.example").site
        options = Options(notify_url=f"https://{n}.example/", notify_held=1)
        with store.write() as tx:
            tx.sites.save(replace(site, options=options))
            decided(tx, tx.comments.add(site.id, [draft("c-1")], desk.clock())["c-1"], Action.HOLD)
    posted, ran_out = [], []

    def time_passes():
        desk.clock.pass_seconds(TIMEOUT_SECONDS)
        with store.read() as tx:
            leased = [one for one in tx.alarms.all() if one.attempts and one.next_attempt_at is not None]
        ran_out.extend(one.site_id for one in leased if one.next_attempt_at <= desk.clock())

    all_hang = threading.Barrier(AT_ONCE, time_passes, timeout=30)

    def hangs(url, *_):
        posted.append(url)
        all_hang.wait()  # time passes for all of them together, or one that the machine leaves waiting would be late
        return Outcome("delivered", 204)

    desk.alerts = desk.new_alerts(hangs)
    assert desk.tell() == sites
    assert len(set(posted)) == len(posted) == sites
    assert ran_out == []
