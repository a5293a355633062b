"""Evidence on callback targets: every hostile way to write one, called for real, beside listeners that hear nothing.

    python -m tests.evidence.targets

Listeners stand on loopback, IPv4 and IPv6. Names resolve as the table says, through the very call that the service
makes; literal addresses go to the system's own resolver. What is posted is what deliveries and notices post.
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import cycle
from typing import Any, Final

from service.webhooks.url_guard import Allow
from tests.unit.test_outbound import BODY, HOSTILE_HOSTS, Receiver, receiving
from worker.outbound import post

NAMES: Final[dict[str, list[list[str]]]] = {
    "loopback.example": [["127.0.0.1"]],
    "loopback6.example": [["::1"]],
    "mapped.example": [["::ffff:127.0.0.1"]],
    "compatible.example": [["::127.0.0.1"]],
    "nat64.example": [["64:ff9b::7f00:1"]],
    "sixtofour.example": [["2002:7f00:1::1"]],
    "private.example": [["10.0.0.5"]],
    "metadata.google.internal": [["169.254.169.254"]],
    "instance-data.ec2.internal": [["169.254.169.254"]],
    "metadata.azure.example": [["168.63.129.16"]],
    "alibaba.example": [["100.100.100.200"]],
    "zero.example": [["0.0.0.0"]],  # noqa: S104  # a target, nothing is bound
    "zoned.example": [["fe80::1%lo"]],
    "several.example": [["10.0.0.5", "127.0.0.1", "::1"]],
    "rebinds-at-once.example": [["192.0.2.1"], ["127.0.0.1"]],
    "rebinds-later.example": [["198.18.0.1"], ["127.0.0.1"]],
    "127.0.0.1.nip.example": [["127.0.0.1"]],
    "trailing.example.": [["127.0.0.1"]],
    "xn--lopback-t1a.example": [["127.0.0.1"]],
}
REDIRECTS: Final = (301, 302, 303, 307, 308)
URLS: Final = (
    "http://user:secret@127.0.0.1:{port}/",
    "http://courier.example@127.0.0.1:{port}/",
    "http://127.0.0.1:{port}#@courier.example/",
    "http://127.0.0.1:{port}\\@courier.example/",
    "http://courier.example:{port}@127.0.0.1/",
    "http://①②⑦.⓪.⓪.①:{port}/",
    "http://１２７．０．０．１:{port}/",
    "http://127。0。0。1:{port}/",
    "http://127.0.0.1.:{port}/",
    "http://%31%32%37.0.0.1:{port}/",
    "http://0x7f.1:{port}/",
    "http://017700000001:{port}/",
    "http://2130706433:{port}/",
    "http://127.1:{port}/",
    "http://0:{port}/",
    "http://[::ffff:7f00:1]:{port}/",
    "http://[0:0:0:0:0:ffff:127.0.0.1]:{port}/",
    "http://localhost:{port}/",
    "http://LOCALHOST.:{port}/",
    "gopher://127.0.0.1:{port}/_x",
    "file:///etc/passwd",
    "http://127.0.0.1:{port}/\r\nHost: courier.example",
)


@contextmanager
def resolving() -> Iterator[None]:
    """Let the names above resolve as they say, one answer after the other; all else as ever."""
    ask, left = socket.getaddrinfo, {name: cycle(answers) for name, answers in NAMES.items()}

    def answer(host: Any, port: Any, *more: Any, **named: Any) -> Any:
        known = left.get(str(host)) or left.get(f"{host}.")
        if known is None:
            return ask(host, port, *more, **named)
        return [
            (socket.AF_INET6 if ":" in one else socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port))
            for one in next(known)
        ]

    socket.getaddrinfo = answer  # type: ignore[assignment]
    try:
        yield
    finally:
        socket.getaddrinfo = ask


def targets(port: int) -> Iterator[str]:
    """Every hostile target, with the listeners' port in it."""
    for host in HOSTILE_HOSTS.split():
        yield f"http://{host}/" if "#" in host or "\\" in host else f"http://{host}:{port}/"
    for url in URLS:
        yield url.replace("{port}", str(port))
    for name in NAMES:
        yield f"http://{name}:{port}/hook"
        yield f"http://{name}:{port}/hook"  # again: what was public before may be private now


def run(say: Callable[[str], None]) -> tuple[int, int]:
    """Call them all; return how many there were and how many requests were heard."""
    count = 0
    with ExitStack() as opened:
        hidden = opened.enter_context(receiving(Receiver()))
        listeners = [hidden]
        try:
            listeners.append(opened.enter_context(receiving(Receiver(family=socket.AF_INET6))))
        except OSError:
            say("no IPv6 here: its listener is left out")
        opened.enter_context(resolving())
        for listener in listeners:
            for url in targets(listener.port):
                outcome = post(url, {}, BODY, allow=Allow(), timeout=2.0)
                count += 1
                say(f"| `{url!r}` | {outcome.kind} | {outcome.detail} |")
        for status in REDIRECTS:
            head = f"HTTP/1.1 {status} X\r\nLocation: {hidden.url()}\r\nContent-Length: 0\r\n\r\n"
            with receiving(Receiver(head.encode())) as front:
                outcome = post(
                    front.url(), {}, BODY, allow=Allow.parse(f"127.0.0.1:{front.port}"), timeout=2.0
                )
            count += 1
            say(f"| a {status} that leads to loopback | {outcome.kind} | {outcome.detail} |")
        heard = sum(len(listener.requests) for listener in listeners)
    return count, heard


def main() -> int:
    """Print the table; exit 1 when a listener heard anything."""
    print("| target | outcome | detail |\n|---|---|---|")
    count, heard = run(print)
    print(
        f"\n{count} calls of {len(set(targets(0)))} targets and {len(REDIRECTS)} redirects: {heard} requests heard"
    )
    return int(heard > 0)


if __name__ == "__main__":
    sys.exit(main())
