"""The callers of the API in its tests: two sites with their keys, a clock that is set, and the story they tell."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from service import usecases
from service.context import AppContext
from service.domain.comment import Comment
from service.domain.verdict import Action, Decision, Effort, Span, Who
from service.importers.jsonl import import_lines
from service.importers.wordpress import import_export
from service.messaging.dispatcher import RecordingDispatcher
from service.storage import Store
from service.usecases import Judgement
from service.usecases.moderators import invite
from service.usecases.sites import Enrolment, enrol_site
from service.web import create_app
from service.webhooks import signing
from tests.factories import ADDRESS, SetClock, context_over
from tests.web.installation import Installation
from tests.wxr import HEAD, TAIL

ARTICLE = "https://courier.example/bridge"


def submission(**changes: Any) -> dict[str, Any]:
    """A submission by Ada under the courier's bridge, as its site writes it."""
    written: dict[str, Any] = {
        "id": "c-1",
        "article": {"url": ARTICLE, "title": "The bridge opens"},
        "author": {"name": "Ada", "email": ADDRESS},
        "body": "The new bridge saves me twenty minutes every morning.",
    }
    return {name: value for name, value in {**written, **changes}.items() if value is not ...}


@dataclass
class Newsroom(Installation):
    """Two sites that call, the service that answers, and the hands inside it."""

    dispatcher: RecordingDispatcher
    courier: Enrolment
    herald: Enrolment
    import_faults: list[Any] = field(default_factory=list)

    @classmethod
    def over(
        cls, store: Store, home: Path, app: Callable[[AppContext], Flask] = create_app, **env: str
    ) -> Newsroom:
        """Put the service over `store`; settings as a fresh home has them, changed by `env`."""
        clock = SetClock()
        context = context_over(store, home, clock, **env)
        courier = enrol_site(
            context, "courier", "https://courier.example", "https://courier.example/callback"
        )
        herald = enrol_site(context, "herald", "https://herald.example")
        dispatcher = context.deps.dispatcher
        assert isinstance(dispatcher, RecordingDispatcher)
        return cls(context, app(context), clock, dispatcher, courier, herald)

    @property
    def client(self) -> FlaskClient:
        return self.app.test_client()

    def call(self, method: str, path: str, key: str | None = "", **more: Any) -> TestResponse:
        """Call the API with the courier's key, another `key`, or None without any."""
        headers = dict(more.pop("headers", {}))
        if key is not None:
            headers["Authorization"] = f"Bearer {key or self.courier.key}"
        return self.client.open(path, method=method, headers=headers, **more)

    def post(self, given: object = None, key: str | None = "", **more: Any) -> TestResponse:
        """Post one submission: Ada's own unless another is given."""
        return self.call("POST", "/v1/comments", key, json=submission() if given is None else given, **more)

    def post_raw(self, raw: bytes, content_type: str = "application/json") -> TestResponse:
        return self.call("POST", "/v1/comments", data=raw, content_type=content_type)

    def post_batch(self, *items: object, **more: Any) -> list[dict[str, Any]]:
        """Post a batch and return its results."""
        answer = self.call("POST", "/v1/comments/batch", json=list(items), **more)
        assert answer.status_code == 200, answer.text
        return answer.json["results"]

    def post_signed(
        self, raw: bytes, secret: str = "", age: int = 0, webhook_id: str = "msg_1", site: str = "courier"
    ) -> TestResponse:
        """Post to the inbound webhook of a site, signed `age` seconds ago."""
        at = int((self.clock() - timedelta(seconds=age)).timestamp())
        headers = signing.sign([secret or self.courier.inbound_secret], webhook_id, at, raw)
        path = f"/v1/sites/{site}/inbound"
        return self.call("POST", path, None, data=raw, content_type="application/json", headers=headers)

    def import_lines(self, *lines: object) -> dict[str, int]:
        """Import comments as JSON lines and return what was counted; faults are kept in `import_faults`."""
        return self.import_raw(import_lines, b"".join(json.dumps(one).encode() + b"\n" for one in lines))

    def import_wordpress(self, *items: bytes, begin: bytes = HEAD) -> dict[str, int]:
        """Import an export of these articles likewise."""
        return self.import_raw(import_export, begin + b"".join(items) + TAIL)

    def import_raw(self, importer: Callable[..., Any], raw: bytes) -> dict[str, int]:
        counts: Counter[str] = Counter()
        self.import_faults = []
        for batch in importer(self.context, self.courier.site, io.BytesIO(raw)):
            counts += batch.counts
            self.import_faults += batch.faults
        return dict(counts)

    def get(self, path: str, **more: Any) -> TestResponse:
        return self.call("GET", path, **more)

    def decide(self, action: str = "approve", comment_id: str = "c-1", **given: Any) -> TestResponse:
        return self.call("POST", f"/v1/comments/{comment_id}/decision", json={"action": action, **given})

    def approve_all(self) -> None:
        """Approve what waits for the scorer or a person."""
        for status in ("pending", "held"):
            for row in self.get(f"/v1/comments?status={status}&limit=200").json["comments"]:
                replaces = {"replaces": row["decision"]} if row["decision"] else {}
                assert self.decide("approve", row["id"], **replaces).status_code == 200

    def published(self, url: str = ARTICLE, query: str = "") -> list[dict[str, Any]]:
        """Return what readers of the article see."""
        asked = f"/v1/sites/courier/published?article_url={quote(url, safe='')}{query}"
        return self.call("GET", asked, None).json["comments"]

    def published_ids(self, url: str = ARTICLE) -> list[str]:
        return [one["id"] for one in self.published(url)]

    def thread_on_desk(self) -> str:
        """The page that shows a moderator the whole thread of the bridge."""
        return self.signed_in().get(f"/desk/article?site=courier&url={quote(ARTICLE, safe='')}").text

    def signed_in(self) -> FlaskClient:
        """A browser in which a lead moderator is signed in."""
        browser = self.client
        _, link = invite(self.context, "Mara", "lead")
        assert browser.post(link.removeprefix(self.context.settings.public_url)).status_code == 303
        return browser

    def comment(self, comment_id: str = "c-1") -> Comment:
        found = self.rows(lambda tx: tx.comments.get(self.courier.site.id, comment_id))
        assert found is not None
        return found

    def count(self) -> int:
        return len(self.comments())

    def settle(
        self, comment_id: str = "c-1", toxicity: float = 0.7, effort: Effort = Effort.FULL, **others: float
    ) -> None:
        """Let the model decide: held at the shipped policy, unless `toxicity` says otherwise."""
        scores = {"toxicity": toxicity, **others}
        marked = {"reads_as": "the new bridge", "spans": (Span(4, 10, "toxicity", 1.25),)}
        self.score(self.comment(comment_id), scores, effort=effort, **marked)

    def review(self, action: Action, comment_id: str = "c-1", delay: float = 5.0, **given: Any) -> Decision:
        """Let a moderator decide on the desk; it is published `delay` seconds later."""
        judgement = Judgement(action, Who.MODERATOR, "Mara", **given)
        return usecases.review(self.context.deps, self.courier.site, comment_id, judgement, delay)

    def close(self) -> None:
        """Write down what is counted, which a thread would write into the next test's store, and end it all."""
        self.app.extensions["replydesk.compat"].tally.flush()
        self.context.close()


def problem(response: TestResponse, status: int, name: str) -> dict[str, Any]:
    """Return the problem in an answer, after looking at everything that every problem must have."""
    assert response.status_code == status, response.text
    assert response.content_type == "application/problem+json"
    found: dict[str, Any] = json.loads(response.data)
    assert found["type"] == f"/problems/{name}"
    assert found["status"] == status
    assert found["title"]
    assert found["detail"]
    assert "Traceback" not in response.text
    assert ADDRESS not in response.text
    return found


def faults(found: dict[str, Any]) -> dict[str, str]:
    """Return the faulty fields of a problem with their codes."""
    return {fault["field"]: fault["code"] for fault in found["errors"]}


def faults_of(answer: TestResponse) -> dict[str, str]:
    return {} if answer.status_code in (200, 202) else faults(problem(answer, 422, "validation"))


def faults_in_batch(newsroom: Newsroom, given: dict[str, Any]) -> dict[str, str]:
    (result,) = newsroom.post_batch(given)
    return {} if result["code"] in (200, 202) else faults(result["problem"])


def faults_of_webhook(newsroom: Newsroom, given: dict[str, Any]) -> dict[str, str]:
    raw = json.dumps(given).encode()
    return faults_of(newsroom.post_signed(raw, webhook_id=f"msg-{given['id']}-{hash(raw)}"))


def faults_of_line(newsroom: Newsroom, given: dict[str, Any]) -> dict[str, str]:
    newsroom.import_lines(given)
    return {fault.field: "blank" for fault in newsroom.import_faults}


ENTRIES = {
    "api": lambda newsroom, given: faults_of(newsroom.post(given)),
    "batch": faults_in_batch,
    "inbound": faults_of_webhook,
    "lines": faults_of_line,
}
"""Each way in for a submission; they return the faulty fields with their codes, none when it was accepted."""
