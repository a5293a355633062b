"""Clients that post every comment until it is accepted, as a site does that loses nothing on its side."""

from __future__ import annotations

import http.client
import itertools
import json
import random
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tools.bench.load import TEXTS

CLIENTS = 8
BATCH = 20
GIVE_UP_SECONDS = 240.0
DECIDE_WITHIN_SECONDS = 0.1
"""So late the site decides at most: workers lease twenty times a second, and some decisions must fall between a lease
and its settling. One that comes at once nearly always comes before both."""
TIMEOUT_SECONDS = 8.0
ANSWERED = (200, 202)


@dataclass(frozen=True)
class Job:
    """Some comments that are posted together, and what happens to the first of them afterwards."""

    numbers: Sequence[int]
    keyed: bool
    then: str
    """"", "revise" (the same id with new text) or "decide" (the site decides while the model reads)."""
    after: float = 0.0
    """Seconds between acceptance and the site's decision."""


@dataclass
class Answers:
    """What the clients were told: the revision accepted of each id, who gave up, and when answers came."""

    accepted: dict[str, int] = field(default_factory=dict)
    decided: dict[str, str] = field(default_factory=dict)
    given_up: list[str] = field(default_factory=list)
    refused: dict[str, int] = field(default_factory=dict)
    tries: int = 0
    answers: list[tuple[float, float]] = field(default_factory=list)
    """When each accepted request was sent and when it was answered."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take_over(self, other: Answers) -> None:
        """Add what other clients were told."""
        self.accepted |= other.accepted
        self.decided |= other.decided
        self.given_up += other.given_up
        self.answers += other.answers
        self.tries += other.tries
        for status, count in other.refused.items():
            self.refused[status] = self.refused.get(status, 0) + count


class Clients:
    """Eight clients that post `count` comments over `seconds`, steadily or as fast as the service takes them."""

    def __init__(self, port: int, key: str, count: int, seconds: float, seed: int, prefix: str = "c") -> None:
        self._port, self._key, self._prefix = port, key, prefix
        self.answers_given = Answers()
        self.count = count
        self._rate = count / seconds
        self._jobs = self._plan(count, random.Random(seed))
        self._turn = threading.Lock()
        self._threads = [
            threading.Thread(target=self._work, name="clients", daemon=True) for _ in range(CLIENTS)
        ]
        self._began = 0.0

    def _plan(self, count: int, chance: random.Random) -> Iterator[tuple[int, Job]]:
        """Most come alone, some in batches; some are keyed, some get a second text or a verdict of the site's own."""
        numbers = itertools.count()
        planned = 0
        while planned < count:
            size = min(BATCH, count - planned) if chance.random() < 0.02 else 1
            then = chance.choices(("", "revise", "decide"), (0.94, 0.03, 0.03))[0]
            after = chance.uniform(0.0, DECIDE_WITHIN_SECONDS)
            yield planned, Job([next(numbers) for _ in range(size)], chance.random() < 0.1, then, after)
            planned += size

    def start(self) -> None:
        """Begin."""
        self._began = time.monotonic()
        for thread in self._threads:
            thread.start()

    def wait(self, seconds: float) -> bool:
        """Wait until all is posted; False when the time is up first."""
        end = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, end - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def _work(self) -> None:
        client = Client(self._port, self._key)
        while True:
            with self._turn:
                found = next(self._jobs, None)
            if found is None:
                client.close()
                return
            place, job = found
            time.sleep(max(0.0, self._began + place / self._rate - time.monotonic()))
            self._post(client, job)

    def _post(self, client: Client, job: Job) -> None:
        names = [f"{self._prefix}-{number}" for number in job.numbers]
        headers = {"Idempotency-Key": f"key-{names[0]}"} if job.keyed else {}
        if len(names) == 1:
            done = self._until_taken(client, "/v1/comments", comment(names[0]), headers, names)
        else:
            done = self._batch(client, names, headers)
        if done and job.then == "revise":
            self._until_taken(client, "/v1/comments", comment(names[0], "P.S. "), {}, names[:1], revision=2)
        elif done and job.then == "decide":
            time.sleep(job.after)
            self._decide(client, names[0])

    def _batch(self, client: Client, names: list[str], headers: dict[str, str]) -> bool:
        """Post them together, and again those that were not taken."""
        return self._until_taken(
            client, "/v1/comments/batch", [comment(name) for name in names], headers, names
        )

    def _until_taken(
        self,
        client: Client,
        path: str,
        body: object,
        headers: dict[str, str],
        names: list[str],
        revision: int = 1,
    ) -> bool:
        """Send until all of it is answered as accepted; False when it never is."""
        end = time.monotonic() + GIVE_UP_SECONDS
        pause = 0.1
        while time.monotonic() < end:
            sent = time.time()
            status, answer = client.send("POST", path, body, headers)
            with self.answers_given.lock:
                self.answers_given.tries += 1
                if status not in ANSWERED:
                    self.answers_given.refused[str(status)] = (
                        self.answers_given.refused.get(str(status), 0) + 1
                    )
            if status in ANSWERED:
                results = answer.get("results")
                items = results if isinstance(results, list) else [answer]
                if all(item.get("code", status) in ANSWERED for item in items):
                    with self.answers_given.lock:
                        self.answers_given.answers.append((sent, time.time()))
                        for name in names:
                            self.answers_given.accepted[name] = revision
                    return True
            elif 400 <= status < 500 and status != 429:
                break
            time.sleep(pause)
            pause = min(1.0, pause * 1.5)
        with self.answers_given.lock:
            self.answers_given.given_up += names
        return False

    def _decide(self, client: Client, name: str) -> None:
        """Race the model: a conflict means that it was first, which is as good."""
        for _ in range(20):
            status, answer = client.send("POST", f"/v1/comments/{name}/decision", {"action": "approve"}, {})
            if status == 200:
                with self.answers_given.lock:
                    self.answers_given.decided[name] = str(answer["made"])
            if status in (200, 409):
                return
            time.sleep(0.3)


class Client:
    """One connection that is made anew whenever it broke."""

    def __init__(self, port: int, key: str) -> None:
        self._port, self._key = port, key
        self._connection: http.client.HTTPConnection | None = None

    def send(
        self, method: str, path: str, body: object, headers: dict[str, str]
    ) -> tuple[int, dict[str, object]]:
        """Return the status and the JSON; status 0 when there was no whole answer."""
        try:
            if self._connection is None:
                self._connection = http.client.HTTPConnection(
                    "127.0.0.1", self._port, timeout=TIMEOUT_SECONDS
                )
            told = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json", **headers}
            raw = None if body is None else json.dumps(body).encode()
            self._connection.request(method, path, raw, told)
            response = self._connection.getresponse()
            text = response.read()
            return response.status, json.loads(text)
        except (OSError, http.client.HTTPException, ValueError):
            self.close()
            return 0, {}

    def close(self) -> None:
        """Hang up."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None


def comment(name: str, before: str = "") -> dict[str, object]:
    """Return the submission of that id; the same each time it is asked for."""
    number = sum(name.encode())
    return {
        "id": name,
        "article": {"url": f"https://storm.example/article-{number % 50}", "title": "The bridge opens"},
        "author": {"name": f"Ada {number}", "email": f"ada.{name}@reader.example"},
        "body": before + TEXTS[number % len(TEXTS)],
    }


class Follower:
    """Reads the decisions feed by its cursor all the while and never looks back: a skipped number stays skipped."""

    def __init__(self, port: int, key: str) -> None:
        self._client = Client(port, key)
        self._over = threading.Event()
        self._cursor = "0"
        self.seen: list[tuple[int, int]] = []
        self._thread = threading.Thread(target=self._follow, name="follower", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def finish(self, last: int, seconds: float) -> None:
        """Read on to that sequence number, for so long at most, and stop."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and (not self.seen or self.seen[-1][0] < last):
            time.sleep(0.1)
        self._over.set()
        self._thread.join(10)

    def _follow(self) -> None:
        while not self._over.is_set():
            status, answer = self._client.send(
                "GET", f"/v1/decisions?after={self._cursor}&limit=100", None, {}
            )
            rows = answer.get("decisions") if status == 200 else None
            if isinstance(rows, list) and rows:
                self.seen += [(row["sequence"], int(row["decision"])) for row in rows]
                self._cursor = str(answer["next"])
            else:
                self._over.wait(0.25)
        self._client.close()
