"""How fast the Akismet and OpenAI APIs answer at 1, 8 and 32 connections, beside POST /v1/comments.

Run it on a quiet machine: `.venv/bin/python -m tests.evidence.other_compat [SECONDS]`.
"""

from __future__ import annotations

import http.client
import json
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode

from tests.journey.installation import Installation, submission

WORDS = "The new bridge saves me twenty minutes every morning, it's a gift to the city."
CONNECTIONS = (1, 8, 32)
Call = tuple[str, str, dict[str, str]]
"""The path, the body and the headers of one POST."""


def load(port: int, connections: int, seconds: float, make: Callable[[str], Call]) -> str:
    """Post for so long over so many kept connections; return the rate, median and p99 as a line of a table."""
    spent: list[float] = []
    refused: list[int] = []
    ends_at = time.monotonic() + seconds

    def post(number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        count = 0
        while time.monotonic() < ends_at:
            path, body, headers = make(f"{number} {count} {time.time_ns()}")
            count += 1
            started = time.perf_counter()
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            answer.read()
            spent.append(time.perf_counter() - started)
            if answer.status >= 300:
                refused.append(answer.status)
        connection.close()

    threads = [threading.Thread(target=post, args=(number,)) for number in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    spent.sort()
    p50, p99 = (1000 * spent[int(len(spent) * share)] for share in (0.5, 0.99))
    return f"{len(spent) / seconds:8.0f}/s {p50:8.1f} {p99:8.1f} ms {len(refused):6d} refused"


def calls(key: str, akismet_key: str) -> dict[str, Callable[[str], Call]]:
    """What is compared; each call brings a text of its own."""
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    own = {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}
    told = {"api_key": akismet_key, "blog": "https://courier.example", "user_ip": "192.0.2.7"}
    return {
        "akismet comment-check": lambda n: (
            "/1.1/comment-check",
            urlencode({**told, "comment_content": f"{WORDS} {n}"}),
            form,
        ),
        "openai moderations": lambda n: ("/v1/moderations", json.dumps({"input": f"{WORDS} {n}"}), own),
        "POST /v1/comments": lambda n: ("/v1/comments", json.dumps(submission(body=f"{WORDS} {n}")), own),
    }


def main() -> None:
    """Print the table."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 5.0
    with tempfile.TemporaryDirectory() as folder, Installation(Path(folder) / "home") as installation:
        for mode in ("score", "queue"):
            made = installation.json("site", "add", f"site-{mode}", "--url", "https://courier.example")
            installation.run("site", "set", f"site-{mode}", f"compat_mode={mode}")
            for name, make in calls(made["key"], made["akismet_key"]).items():
                load(installation.port, 2, 1.0, make)
                for connections in CONNECTIONS:
                    line = load(installation.port, connections, seconds, make)
                    print(f"{mode:6} {name:24} {connections:3d} connections {line}", flush=True)


if __name__ == "__main__":
    main()
