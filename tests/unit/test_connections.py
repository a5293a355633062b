"""Kept connections: used again while they are good, never at the cost of the judgement of addresses."""

from __future__ import annotations

import socket
import ssl
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field

import pytest
from urllib3.connection import HTTPConnection

from service.webhooks.url_guard import Allow
from tests.receivers import CERTIFICATES, OK, read_request
from worker import connections, outbound
from worker.connections import IDLE_SECONDS, KEPT_EACH, LIFE_SECONDS, USES, Connections
from worker.outbound import post

LOOPBACK = Allow.parse("127.0.0.0/8, localhost")


@dataclass
class Patient:
    """A server that keeps its connections: answers every request on them, and hangs up after `leaves` if told so."""

    answer: bytes = OK
    leaves: int | None = None
    port: int = 0
    requests: list[int] = field(default_factory=list)
    """For each request the number of the connection that it came by."""
    opened: list[socket.socket] = field(default_factory=list)

    def serve(self, listener):
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            self.opened.append(connection)
            threading.Thread(target=self.keep, args=[connection, len(self.opened)], daemon=True).start()

    def keep(self, connection, number):
        """Answer until the other side is gone, or it is time to leave."""
        with suppress(OSError, IndexError, StopIteration), connection:
            while self.requests.count(number) != self.leaves:
                read_request(connection)
                self.requests.append(number)
                connection.sendall(self.answer)


@pytest.fixture
def patient():
    server = Patient()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server.port = listener.getsockname()[1]
        thread = threading.Thread(target=server.serve, args=[listener], daemon=True)
        thread.start()
        try:
            yield server
        finally:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            for one in server.opened:
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
    thread.join(5)


class Ticking:
    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Ticking()


@pytest.fixture
def kept(clock, monkeypatch):
    made = Connections(clock)
    real = outbound.Kept
    monkeypatch.setattr(outbound, "Kept", lambda connection, address, _: real(connection, address, clock()))
    yield made
    made.close()


def send(server, kept, allow=LOOPBACK, host="127.0.0.1"):
    return post(f"http://{host}:{server.port}/", {}, b"{}", allow=allow, timeout=5.0, connections=kept)


def test_one_connection_serves_one_callback_after_the_other(patient, kept):
    assert {send(patient, kept).kind for _ in range(5)} == {"delivered"}
    assert patient.requests == [1] * 5


def test_a_receiver_that_hung_up_meanwhile_is_asked_anew(patient, kept):
    patient.leaves = 2
    assert {send(patient, kept).kind for _ in range(6)} == {"delivered"}
    assert patient.requests == [1, 1, 2, 2, 3, 3]


def test_a_farewell_that_crosses_the_request_costs_no_attempt(patient, kept, monkeypatch):
    send(patient, kept)
    patient.opened[0].shutdown(socket.SHUT_RDWR)
    monkeypatch.setattr(connections, "_is_silent", lambda _: True)
    assert send(patient, kept).kind == "delivered"
    assert patient.requests == [1, 2]


@pytest.mark.parametrize("farewell", [BrokenPipeError, ssl.SSLEOFError, ssl.SSLZeroReturnError])
def test_however_a_farewell_is_told_it_costs_no_attempt(patient, kept, monkeypatch, farewell):
    send(patient, kept)
    resting = kept._resting["http", "127.0.0.1", patient.port][0].connection

    def fails(*_, **__):
        raise farewell

    monkeypatch.setattr(resting, "request", fails)
    assert send(patient, kept).kind == "delivered"
    assert patient.requests == [1, 2]


def test_an_answer_to_what_was_not_asked_is_no_receipt(patient, kept):
    send(patient, kept)
    patient.opened[0].sendall(OK)
    while connections._is_silent(kept._resting["http", "127.0.0.1", patient.port][0].connection):
        pass
    send(patient, kept)
    assert patient.requests == [1, 2]


def test_what_waits_below_tls_is_no_receipt_either():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATES / "server.pem")
    trusting = ssl.create_default_context(cafile=str(CERTIFICATES / "authority.pem"))
    here, there = socket.socketpair()
    with ThreadPoolExecutor(1) as threads, here, there:
        accepted = threads.submit(context.wrap_socket, there, server_side=True)
        ours = trusting.wrap_socket(here, server_hostname="hooks.news.example")
        theirs = accepted.result(10)
        connection = HTTPConnection("hooks.news.example")
        connection.sock = ours
        theirs.sendall(OK + OK)
        with ours, theirs:
            assert ours.recv(len(OK)) == OK
            assert not connections._is_silent(connection)
            assert ours.recv(len(OK)) == OK


@pytest.mark.parametrize("status", [200, 301, 410, 429, 500])
def test_only_after_success_a_connection_is_kept(patient, kept, status):
    patient.answer = f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n".encode()
    send(patient, kept)
    send(patient, kept)
    assert patient.requests == ([1, 1] if status == 200 else [1, 2])


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 70000\r\n\r\n" + bytes(70_000),
    ],
)
def test_what_cannot_be_used_again_is_not_kept(patient, kept, answer):
    patient.answer = answer
    assert {send(patient, kept).kind for _ in range(2)} == {"delivered"}
    assert patient.requests == [1, 2]


def test_a_kept_connection_is_judged_again(patient, kept):
    send(patient, kept)
    assert send(patient, kept, Allow.parse("")).kind == "refused"
    assert patient.requests == [1]


def test_a_name_is_looked_up_again_within_a_minute(patient, kept, clock, monkeypatch):
    answers = [["127.0.0.1"], ["10.0.0.1"]]
    monkeypatch.setattr(outbound, "look_up", lambda *_: answers.pop(0))
    assert send(patient, kept, host="hook.example", allow=Allow.parse("127.0.0.0/8")).kind == "delivered"
    for _ in range(20):
        clock.now += IDLE_SECONDS - 0.5
        if clock.now - 100.0 >= LIFE_SECONDS:
            break
        assert send(patient, kept, host="hook.example", allow=Allow.parse("127.0.0.0/8")).kind == "delivered"
    assert send(patient, kept, host="hook.example", allow=Allow.parse("127.0.0.0/8")).kind == "refused"
    assert set(patient.requests) == {1}


def test_another_name_for_the_same_address_is_another_place(patient, kept):
    send(patient, kept)
    send(patient, kept, host="localhost")
    assert patient.requests == [1, 2]


def test_what_rests_too_long_or_was_used_often_is_closed(patient, kept, clock):
    send(patient, kept)
    clock.now += IDLE_SECONDS
    send(patient, kept)
    assert patient.requests == [1, 2]
    for _ in range(USES):
        send(patient, kept)
    assert patient.requests[-1] == 3
    assert patient.requests.count(2) == USES


def test_so_many_are_kept_and_no_more(patient, kept):
    target = outbound.Target.parse(f"http://127.0.0.1:{patient.port}/")
    opened = [outbound._connected(target, ["127.0.0.1"], 1e9) for _ in range(KEPT_EACH + 3)]
    for one in opened:
        kept.give(target.place, one)
    assert sum(one.connection.sock is not None for one in opened) == KEPT_EACH
    assert sum(kept.take(target.place) is not None for _ in opened) == KEPT_EACH
    for one in opened:
        connections.close(one.connection)
