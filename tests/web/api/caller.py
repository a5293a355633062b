"""The callers of the API in its tests: two sites with their keys, a clock that is set, and the story they tell."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from service import usecases
from service.context import AppContext
from service.domain.comment import Comment
from service.domain.verdict import LABELS, Action, Assessment, Decision, Effort, Span, Who
from service.messaging.dispatcher import RecordingDispatcher
from service.storage import Store
from service.usecases import Judgement, Scored
from service.usecases.enrolment import Enrolment, enrol_site
from service.web import create_app
from tests.factories import ADDRESS, SetClock, context_over

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
class Newsroom:
    """Two sites that call, the service that answers, and the hands inside it."""

    context: AppContext
    app: Flask
    clock: SetClock
    dispatcher: RecordingDispatcher
    courier: Enrolment
    herald: Enrolment

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

    def get(self, path: str, **more: Any) -> TestResponse:
        return self.call("GET", path, **more)

    def decide(self, action: str = "approve", comment_id: str = "c-1", **given: Any) -> TestResponse:
        return self.call("POST", f"/v1/comments/{comment_id}/decision", json={"action": action, **given})

    def comment(self, comment_id: str = "c-1") -> Comment:
        with self.context.deps.store.read() as tx:
            found = tx.comment(self.courier.site.id, comment_id)
        assert found is not None
        return found

    def count(self) -> int:
        with self.context.deps.store.read() as tx:
            return len(tx.comments(self.courier.site.id, limit=200).comments)

    def settle(
        self, comment_id: str = "c-1", toxicity: float = 0.7, effort: Effort = Effort.FULL, **others: float
    ) -> None:
        """Let the model decide: held at the shipped policy, unless `toxicity` says otherwise."""
        scores = {**dict.fromkeys(LABELS, 0.01), "toxicity": toxicity, **others}
        assessment = Assessment(
            scores,
            "made-up-1",
            language="en",
            reads_as="the new bridge",
            spans=(Span(4, 10, "toxicity", 1.25),),
            effort=effort,
        )
        usecases.settle(self.context.deps, [Scored(self.comment(comment_id), assessment)])

    def review(self, action: Action, comment_id: str = "c-1", delay: float = 5.0, **given: Any) -> Decision:
        """Let a moderator decide on the desk; it is published `delay` seconds later."""
        judgement = Judgement(action, Who.MODERATOR, "Mara", **given)
        return usecases.review(self.context.deps, self.courier.site, comment_id, judgement, delay)

    def close(self) -> None:
        """Write down what is counted, which a thread would write into the next test's store, and end it all."""
        self.app.extensions["replydesk.compat"].tally.flush()
        self.context.close()

    def forget(self) -> None:
        """Let the two seconds pass for which the process remembers keys and sites."""
        here = self.app.extensions["replydesk.api"]
        here.by_key.forget()
        here.by_name.forget()

    def publish_due(self) -> int:
        return usecases.publish_due(self.context.deps)


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
