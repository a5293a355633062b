"""Coral as it calls: its phase's request, its webhooks, its signatures, and a GraphQL API that answers for it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from werkzeug.test import TestResponse

from service.compat.coral.signature import sign
from tests.web.api.caller import Newsroom

SECRET = "ccext-0123456789abcdef0123456789abcdef"
AUTHOR, STORY = "baf4e943-3594-4fcc-b2ba-3e8de7a76352", "245b3856-b0a0-4d2f-a6bb-58c71f18d6a6"
STORY_URL = "https://courier.example/bridge"
KIND = "The new bridge saves me twenty minutes every morning."
RUDE = "You are a stupid idiot and everybody here knows it."


def asked(body: str = KIND, **changes: Any) -> dict[str, Any]:
    """The phase's request, field by field as Coral's guide shows it."""
    made = {
        "action": "NEW",
        "comment": {"body": body, "parentID": None},
        "author": {"id": AUTHOR, "role": "COMMENTER"},
        "story": {"id": STORY, "url": STORY_URL},
        "site": {"id": "a4bede88-2d2c-4424-bc18-4322a9e285a6"},
        "tenantID": "19ba5794-7eeb-4d46-a81b-c00c61672501",
        "tenantDomain": "localhost",
    }
    return {**made, **changes}


def event(kind: str, comment_id: str = "c-77") -> dict[str, Any]:
    """A webhook, as Coral sends it: it names the comment and holds no text."""
    return {
        "id": "e-1",
        "type": kind,
        "data": {"commentID": comment_id, "storyID": STORY, "siteID": "a4bede88"},
        "createdAt": "2026-11-22T19:00:00.000Z",
        "tenantID": "19ba5794",
        "tenantDomain": "localhost",
    }


def post(
    newsroom: Newsroom, path: str, body: object, secret: str = SECRET, header: str | None = None
) -> TestResponse:
    """Post with Coral's signature over the raw bytes, or with a header of its own."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    signed = f"sha256={sign(secret, raw)}" if header is None else header
    return newsroom.client.post(
        f"/sites/courier/coral/{path}",
        data=raw,
        content_type="application/json",
        headers={"X-Coral-Signature": signed},
    )


@contextmanager
def coral(comments: dict[str, dict[str, Any]]) -> Iterator[str]:
    """A Coral that answers its GraphQL API for these comments, to who shows the token `letmein`."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            given = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            known = self.headers["Authorization"] == "Bearer letmein" and self.path == "/api/graphql"
            found = comments.get(given["variables"]["id"]) if known else None
            raw = json.dumps({"data": {"comment": found}}).encode()
            self.send_response(200 if known else 401)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def comment(coral_id: str = "c-77", body: str = RUDE, status: str = "NONE") -> dict[str, Any]:
    """What Coral's API says of a comment; its body is HTML there."""
    return {
        "id": coral_id,
        "body": f"<div>{body}</div>",
        "status": status,
        "author": {"id": AUTHOR},
        "story": {"id": STORY, "url": STORY_URL},
        "parent": None,
        "revision": {"id": "r-1"},
    }
