"""How fast the compatibility APIs answer, beside POST /v1/comments and a bare Flask endpoint under the same server.

    python -m tools.bench.compat [--seconds 4]

One web process on SQLite with eight threads, no worker and no broker: the APIs need neither. Each call is sent
as fast as answers come over 1, 8 and 32 connections; prints a table in Markdown.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from service.compat.coral.signature import sign
from tools.bench.load import TEXTS, Ran, analyze, comment, flat_out, request
from tools.bench.processes import Installation

CONNECTIONS = (1, 8, 32)
SECRET = "bench-secret"
Make = Callable[[int], bytes]


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seconds", type=float, default=4.0, help="for each figure")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="replydesk-compat-") as folder:
        installation = Installation(
            Path(folder), None, "redis://127.0.0.1:1/0"
        )  # nobody listens there: no broker
        installation.env["REPLYDESK_COMPAT"] = "warm"
        with installation:
            _measure(installation, options.seconds)
    return 0


def _measure(installation: Installation, seconds: float) -> None:
    key = installation.add_site("courier")
    installation.run("site", "set", "courier", f"coral_secret={SECRET}")
    installation.start_web()
    installation.start_peer()
    calls: dict[str, tuple[int, Make]] = {
        "analyze": (installation.port, lambda n: analyze(key, n, languages=["en"])),
        "analyze, spans": (
            installation.port,
            lambda n: analyze(key, n, languages=["en"], spanAnnotations=True),
        ),
        "Coral's phase": (installation.port, _phase),
        "POST /v1/comments": (installation.port, _accepting(key)),
        "bare Flask, one INSERT": (installation.peer_port, _accepting(key)),
    }
    for port, make in calls.values():
        flat_out(port, 0.5, make, 2)  # warm: caches, threads, pages
    print(
        "| call | connections | answered/s | p50 | p99 | slowest | refused |\n|---|---|---|---|---|---|---|"
    )
    for connections, (name, (port, make)) in itertools.product(CONNECTIONS, calls.items()):
        print(_row(name, connections, flat_out(port, seconds, make, connections)), flush=True)
    memory = sum(installation.weights("web"))
    print(f"\nMemory of the web process with the compatibility APIs in use: {memory:.0f} MB.")


def _row(name: str, connections: int, ran: Ran) -> str:
    slowest = ran.latencies[-1] * 1000 if ran.latencies else float("nan")
    figures = f"{ran.rate:,.0f} | {ran.at(0.5):.1f} ms | {ran.at(0.99):.1f} ms | {slowest:.0f} ms"
    return f"| {name} | {connections} | {figures} | {ran.bad} |"


def _phase(number: int) -> bytes:
    body = {
        "action": "NEW",
        "comment": {"body": f"{TEXTS[number % len(TEXTS)]} {number}", "parentID": None},
        "author": {"id": "a1", "role": "COMMENTER"},
        "story": {"id": "s1", "url": "https://courier.example/bridge"},
    }
    signed = sign(SECRET, json.dumps(body).encode())
    raw = request("/sites/courier/coral/phase", body)
    return raw.replace(b"\r\n", f"\r\nX-Coral-Signature: sha256={signed}\r\n".encode(), 1)


def _accepting(key: str) -> Make:
    names = itertools.count()
    return lambda _: request("/v1/comments", comment(f"b-{next(names)}"), key)


if __name__ == "__main__":
    sys.exit(main())
