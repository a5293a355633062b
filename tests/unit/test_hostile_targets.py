"""Callbacks and hostile targets: listeners beside all of them hear nothing, and what was judged is what is called."""

from __future__ import annotations

import pytest

from service.compat.coral import events
from service.webhooks.url_guard import Allow, resolved
from tests.evidence.targets import NAMES, resolving, run, targets
from tests.unit.test_outbound import BODY, Receiver, receiving
from worker import notify, outbound
from worker.outbound import post


def test_no_request_reaches_any_hostile_target() -> None:
    """Some hundred ways to write a private target, names that lead there, rebinding and redirects: nothing is heard."""
    told: list[str] = []
    count, heard = run(told.append)
    assert len(set(targets(0))) >= 100
    assert count >= 100
    assert heard == 0, told
    outcomes = {line.split(" | ")[1] for line in told if line.startswith("| ")}
    assert outcomes <= {"refused", "retry"}


def test_the_listeners_would_hear(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same name and listener, allowed, do get the request: the table's zero is no broken listener."""
    assert NAMES["loopback.example"] == [["127.0.0.1"]]
    with receiving(Receiver()) as listener, resolving():
        allow = Allow.parse("127.0.0.0/8")
        url = f"http://loopback.example:{listener.port}/hook"
        assert post(url, {}, BODY, allow=allow, timeout=5.0).kind == "delivered"
    assert len(listener.requests) == 1


def test_a_name_that_rebinds_is_called_at_the_address_that_was_judged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A public answer first and loopback ever after: the one connection goes to the public one."""
    answers, called = [["93.184.216.34"], ["127.0.0.1"], ["127.0.0.1"]], []

    class Line(outbound.HTTPConnection):
        def connect(self) -> None:
            called.append(self.host)
            raise ConnectionRefusedError

    monkeypatch.setattr(outbound, "look_up", lambda *_: answers.pop(0))
    monkeypatch.setattr(outbound, "HTTPConnection", Line)
    outcome = post("http://rebind.example/", {}, BODY, allow=Allow(), timeout=2.0)
    assert (outcome.kind, outcome.detail) == ("retry", "the connection was refused")
    assert called == ["93.184.216.34"]
    assert len(answers) == 2


def test_notices_go_through_the_same_guard() -> None:
    """What tells moderators of a grown queue posts by the very function that callbacks are posted by."""
    assert notify.post is outbound.post


def test_what_the_web_itself_asks_is_judged_by_the_same_tables() -> None:
    """No name and no spelling that leads inside is resolved to an address to call, unless the setting names it."""
    with resolving():
        for name in NAMES:
            for _ in range(2):
                assert resolved(f"http://{name}:8080/", Allow()) is None
        for host in ("127.0.0.1", "[::1]", "169.254.169.254", "127.1", "2130706433", "localhost"):
            assert resolved(f"http://{host}/", Allow()) is None
        allow = Allow.parse("loopback.example:8080")
        assert resolved("http://loopback.example:8080/", allow) == "127.0.0.1"
        assert resolved("http://loopback.example:8081/", allow) is None


def test_coral_is_asked_at_the_address_that_was_judged() -> None:
    """The name is not looked up again: it stands in the Host header alone."""
    with receiving(Receiver()) as listener, pytest.raises(events.CoralSilent):
        events.ask(f"http://coral.invalid:{listener.port}/", "127.0.0.1", "token", "c-1")
    assert f"\r\nHost: coral.invalid:{listener.port}\r\n".encode() in listener.requests[0]
