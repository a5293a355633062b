"""The load: comments written for it, and a client so plain that on two cores it takes little from what it measures."""

from __future__ import annotations

import itertools
import json
import socket
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

TEXTS = (
    "The new bridge saves me twenty minutes every morning. Thank you to everyone who kept asking for it.",
    "Who paid for all this, and why did nobody ask us before the first stone was laid?",
    "Lovely photographs. I walked up there on Sunday and the view over the harbour is better than in the paper.",
    "The council has known about the flooding since 1998 and did nothing. Now they act surprised.",
    "You are an idiot and so is everybody who voted for you.",
    "I disagree with the mayor on nearly everything, but here she is right: a cheaper bridge would not have lasted.",
    "Get rich from home!!! My cousin makes 4000 a week, visit www.easy-money.example now and click the banner",
    "Does anyone know whether the night bus crosses it too? The timetable says nothing.",
    "Another article without a single number in it. How long, how wide, how much?",
    "My grandmother remembers the old one. She says it shook whenever the milk cart came across.",
    "Shut up, you disgusting liar, nobody wants people like you here.",
    "The cycle lane ends in the middle of the roundabout. Whoever drew that has never been on a bicycle.",
)
OK = frozenset((200, 202))


@dataclass(frozen=True)
class Ran:
    """What a stretch of load did: requests answered well and badly, seconds, and each latency in seconds, sorted."""

    good: int
    bad: int
    seconds: float
    latencies: tuple[float, ...]

    @property
    def rate(self) -> float:
        """Requests answered well per second."""
        return self.good / self.seconds

    def at(self, share: float) -> float:
        """Return the latency that this share of the requests stayed within, in milliseconds."""
        place = min(len(self.latencies) - 1, int(len(self.latencies) * share))
        return self.latencies[place] * 1000 if self.latencies else float("nan")


def together(stretches: Sequence[Ran]) -> Ran:
    """Return several stretches as one."""
    return Ran(
        good=sum(one.good for one in stretches),
        bad=sum(one.bad for one in stretches),
        seconds=sum(one.seconds for one in stretches),
        latencies=tuple(sorted(itertools.chain.from_iterable(one.latencies for one in stretches))),
    )


def comment(name: str) -> dict[str, object]:
    """Return a submission of the usual size; `name` is its id."""
    number = sum(name.encode())
    return {
        "id": name,
        "article": {"url": f"https://courier.example/article-{number % 50}", "title": "The bridge opens"},
        "author": {"name": f"Ada {number}", "email": f"ada.{name}@reader.example"},
        "body": TEXTS[number % len(TEXTS)],
        "client": {
            "ip": "192.0.2.77",
            "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0",
        },
    }


def request(path: str, value: object, key: str = "") -> bytes:
    """Return the bytes of one POST over a connection that stays open."""
    body = json.dumps(value).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def analyze(key: str, number: int, **more: object) -> bytes:
    """Return the bytes of one question as Perspective's clients ask it; `more` goes into its body."""
    body = {
        "comment": {"text": f"{TEXTS[number % len(TEXTS)]} {number}"},
        "requestedAttributes": {"TOXICITY": {}},
        "doNotStore": True,
        **more,
    }
    return request(f"/v1alpha1/comments:analyze?key={key}", body)


class Client:
    """One connection; answers are read to their end and thrown away."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, raw: bytes) -> int:
        """Send one request and return the status of its answer, 0 for a connection that ended."""
        self._socket.sendall(raw)
        answer = b""
        while (end := answer.find(b"\r\n\r\n")) < 0:
            more = self._socket.recv(65536)
            if not more:
                return 0
            answer += more
        head = answer[:end].lower()
        at = head.find(b"content-length:")
        left = int(head[at + 15 :].split(b"\r\n", 1)[0]) - (len(answer) - end - 4) if at >= 0 else 0
        while left > 0:
            left -= len(self._socket.recv(65536)) or left
        return int(answer[9:12])

    def close(self) -> None:
        """Hang up."""
        self._socket.close()


def flat_out(port: int, seconds: float, make: Callable[[int], bytes], connections: int = 8) -> Ran:
    """Send as fast as answers come on so many connections, each waiting for its answer."""

    def due(began: float, _: int) -> float | None:
        return now if (now := time.monotonic()) < began + seconds else None

    return _run(port, make, connections, due)


def paced(port: int, seconds: float, rate: float, make: Callable[[int], bytes], connections: int = 16) -> Ran:
    """Send at a steady rate, and count each latency from the moment that its request was due."""
    last = rate * seconds

    def due(began: float, number: int) -> float | None:
        return began + number / rate if number < last else None

    return _run(port, make, connections, due)


def _run(
    port: int, make: Callable[[int], bytes], connections: int, due: Callable[[float, int], float | None]
) -> Ran:
    """Send request after request, each when it is due; None ends it. The clock starts when all are connected."""
    numbers, latencies, bad = itertools.count(), list[float](), list[int]()
    clients = [Client(port) for _ in range(connections)]
    began = time.monotonic()

    def one(client: Client) -> None:
        status = 200
        while status and (at := due(began, number := next(numbers))) is not None:
            raw = make(number)
            time.sleep(max(0.0, at - time.monotonic()))
            status = client.send(raw)
            if status in OK:
                latencies.append(time.monotonic() - at)
            else:
                bad.append(status)
        client.close()

    threads = [threading.Thread(target=one, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Ran(len(latencies), len(bad), time.monotonic() - began, tuple(sorted(latencies)))
