"""The description and the service say the same: in a walk over its parts, and in thousands of generated requests."""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from markupsafe import escape

from service.domain.events import EventType
from service.messaging.heartbeats import BEAT, HEARTBEAT_SECONDS
from service.messaging.redis_client import connect
from service.messaging.tasks import MAINTAIN
from service.web.compat import blueprints
from tests.web.api.caller import submission
from tests.web.api.serving import served

EXAMPLES = os.environ.get("REPLYDESK_TEST_EXAMPLES", "4")
"""Generated examples for each operation and phase; raise it for a longer run, such as 100."""

SPECIFIC = ("/v1", "/healthz", "/readyz", "/metrics")


@pytest.fixture
def spec(newsroom):
    answer = newsroom.call("GET", "/openapi.json", None)
    assert answer.status_code == 200
    return json.loads(answer.data)


def parts_of(value):
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from parts_of(inner)


def test_every_route_is_described(newsroom, spec):
    """Those of the compatibility APIs are described by those whose protocols they are."""
    others = {compat.name for compat in blueprints()}
    routes = {}
    for rule in newsroom.app.url_map.iter_rules():
        if rule.rule.startswith(SPECIFIC) and rule.endpoint.partition(".")[0] not in others:
            path = re.sub(r"<\w+:(\w+)>", lambda name: "{" + PATHS[name[1]] + "}", rule.rule)
            methods = set(rule.methods or ()) - {"HEAD", "OPTIONS"}
            if rule.endpoint != "api.other_batch_methods":
                routes.setdefault(path, set()).update(methods)
    described = {path: {method.upper() for method in methods} for path, methods in spec["paths"].items()}
    assert described == routes


PATHS = {"comment_id": "id", "name": "site"}


def test_the_description_is_whole(spec):
    assert spec["openapi"] == "3.1.0"
    assert {"title", "version", "description"} <= set(spec["info"])
    schemas = spec["components"]["schemas"]
    for part in parts_of(spec):
        if "$ref" in part:
            assert part["$ref"].removeprefix("#/components/schemas/") in schemas
    for schema in schemas.values():
        Draft202012Validator.check_schema(schema)
    ids = [one["operationId"] for methods in spec["paths"].values() for one in methods.values()]
    assert len(ids) == len(set(ids))
    for methods in spec["paths"].values():
        for operation in methods.values():
            assert operation["summary"]
            assert all(answer["description"] for answer in operation["responses"].values())
            errors = [answer for status, answer in operation["responses"].items() if int(status) >= 400]
            assert all(list(answer["content"]) == ["application/problem+json"] for answer in errors)


def test_every_webhook_is_described_with_an_example(spec):
    alerts = {"queue.grown", "queue.calm", "site.callbacks_stopped"}
    assert set(spec["webhooks"]) == set(EventType) | alerts
    for kind, webhook in spec["webhooks"].items():
        body = webhook["post"]["requestBody"]["content"]["application/json"]
        assert body["example"]["type"] == kind
        schema = {**body["schema"], "components": spec["components"]}
        Draft202012Validator(schema).validate(body["example"])


def test_docs_ask_no_third_party(newsroom, spec):
    page = newsroom.call("GET", "/docs", None)
    assert page.status_code == 200
    for methods in spec["paths"].values():
        for one in methods.values():
            assert str(escape(one["summary"])) in page.text
    assert re.findall(r'(?:src|href)="((?:https?:)?//[^"]*)"', page.text) == []
    assert "<script" not in page.text


def test_answers_are_as_described(newsroom, spec):
    def check(answer, shape):
        schema = {"$ref": f"#/components/schemas/{shape}", "components": spec["components"]}
        Draft202012Validator(schema).validate(json.loads(answer.data))

    example = spec["paths"]["/v1/comments"]["post"]["requestBody"]["content"]["application/json"]["example"]
    assert newsroom.post(example).status_code == 202
    check(newsroom.post(), "Accepted")
    newsroom.settle()
    check(newsroom.post(headers={"Prefer": "wait=1"}), "Comment")
    check(newsroom.get("/v1/comments/c-1"), "Comment")
    check(newsroom.get("/v1/comments/c-1/contact"), "Contact")
    check(newsroom.decide("approve"), "Decided")
    check(newsroom.decide("spam"), "Problem")
    check(newsroom.get("/v1/comments"), "CommentPage")
    check(newsroom.get("/v1/decisions"), "Feed")
    check(newsroom.get("/v1/sites/courier/published?article_url=https://courier.example/bridge"), "Published")
    check(newsroom.call("POST", "/v1/comments/c-1/undo"), "Comment")
    check(newsroom.call("POST", "/v1/comments/batch", json=[submission(), {}]), "Batch")
    check(newsroom.call("DELETE", "/v1/comments/c-1"), "Comment")
    check(newsroom.get("/v1/comments/c-1"), "Problem")
    check(newsroom.get("/healthz"), "Health")
    check(newsroom.get("/readyz"), "Problem")


@pytest.mark.timeout(900)
def test_generated_requests_find_no_fault(tmp_path, redis_url):
    settings = tmp_path / "schemathesis.toml"
    settings.write_text('[parameters]\n"path.site" = "courier"\n')
    with connect(redis_url) as broker:  # worker and beat live as long as this lasts, or /readyz says 503
        for name in (MAINTAIN, BEAT):
            broker.set(f"replydesk:heartbeat:{name}", time.time(), ex=HEARTBEAT_SECONDS + 900)
    with served(tmp_path / "home", REDIS_URL=redis_url) as web:
        program = str(Path(sys.executable).parent / "schemathesis")
        options = ["--checks=all", f"--max-examples={EXAMPLES}", "--seed=20261122", "--no-color"]
        options.append(f"--header=Authorization: Bearer {web.site.key}")
        command = [program, f"--config-file={settings}", "run", f"{web.url}/openapi.json", *options]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        log = web.log.read_text()
    print(done.stdout[-6000:])
    assert done.returncode == 0
    assert int(re.search(r"(\d+) generated", done.stdout)[1]) > 300
    assert "request.broke" not in log
