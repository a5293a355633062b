"""Kept connections: used again while they are good, never at the cost of the judgement of addresses."""

from __future__ import annotations

import socket
from contextlib import suppress
from dataclasses import dataclass, field

import pytest

from service.webhooks.url_guard import Allow
from tests.receivers import OK, RawReceiver, read_request, receiving
from worker import http_client
from worker.http_client import KEPT_SECONDS, HttpClient

LOOPBACK = Allow.parse("127.0.0.0/8, localhost")


@dataclass
class Patient(RawReceiver):
    """A server that keeps its connections: answers every request on them, and hangs up after `leaves` if told so."""

    leaves: int | None = None
    opened: list[socket.socket] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    """For each request the number of the connection that it came by."""

    def handle(self, connection):
        self.opened.append(connection)
        number = len(self.opened)
        with suppress(OSError, IndexError, StopIteration), connection:
            while self.numbers.count(number) != self.leaves:
                read_request(connection)
                self.numbers.append(number)
                connection.sendall(self.answer)


@pytest.fixture
def patient():
    with receiving(Patient()) as server:
        yield server
    for one in server.opened:
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def client():
    return HttpClient(LOOPBACK)


def send(server, client, host="127.0.0.1"):
    return client.post(f"http://{host}:{server.port}/", {}, b"{}", 5.0)


def test_one_connection_serves_one_callback_after_the_other(patient, client):
    assert {send(patient, client).kind for _ in range(5)} == {"delivered"}
    assert patient.numbers == [1] * 5


def test_a_receiver_that_hung_up_meanwhile_is_asked_anew(patient, client):
    patient.leaves = 2
    assert {send(patient, client).kind for _ in range(6)} == {"delivered"}
    assert patient.numbers == [1, 1, 2, 2, 3, 3]


def test_an_answer_to_what_was_not_asked_is_no_receipt(patient, client):
    send(patient, client)
    patient.opened[0].sendall(OK)
    send(patient, client)
    assert patient.numbers == [1, 2]


@pytest.mark.parametrize("status", [200, 301, 410, 429, 500])
def test_only_after_success_a_connection_is_kept(patient, client, status):
    patient.answer = f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n".encode()
    send(patient, client)
    send(patient, client)
    assert patient.numbers == ([1, 1] if status == 200 else [1, 2])


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 70000\r\n\r\n" + bytes(70_000),
    ],
)
def test_what_cannot_be_used_again_is_not_kept(patient, client, answer):
    patient.answer = answer
    assert {send(patient, client).kind for _ in range(2)} == {"delivered"}
    assert patient.numbers == [1, 2]


def test_a_name_is_looked_up_again_after_a_minute(patient, monkeypatch):
    now = [100.0]
    client = HttpClient(Allow.parse("127.0.0.0/8"), lambda: now[0])
    answers = [["127.0.0.1"], ["10.0.0.1"]]
    monkeypatch.setattr(http_client, "look_up", lambda *_: answers.pop(0))
    assert send(patient, client, "hook.example").kind == "delivered"
    now[0] += KEPT_SECONDS - 1
    assert send(patient, client, "hook.example").kind == "delivered"
    now[0] += 1
    assert send(patient, client, "hook.example").kind == "refused"
    assert patient.numbers == [1, 1]


def test_another_name_for_the_same_address_is_connected_to_anew(patient, client):
    send(patient, client)
    send(patient, client, host="localhost")
    assert patient.numbers == [1, 2]
