"""Runs the Python clients of Akismet and OpenAI, unchanged but for where they connect; prints JSON."""

from __future__ import annotations

import json
import sys
from typing import Any

import akismet
import httpx
import openai

port, key = sys.argv[1:3]
texts = json.load(sys.stdin)
out: dict[str, Any] = {}


class Rerouted(httpx.HTTPTransport):
    """Sends what goes to rest.akismet.com to the service; in production a site's DNS or proxy does."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.url = request.url.copy_with(scheme="http", host="127.0.0.1", port=int(port))
        return super().handle_request(request)


def failed(call: Any) -> str:
    """Name the error that a call ends in, or what it returned."""
    try:
        return repr(call())
    except Exception as error:  # noqa: BLE001  # its class is what is looked at
        return type(error).__name__


def client(own_key: str = key) -> Any:
    config = akismet.Config(key=own_key, url="https://courier.example")
    return akismet.SyncClient(config=config, http_client=httpx.Client(transport=Rerouted(), timeout=10))


with client() as asked:
    out["akismet"] = {"verify": asked.verify_key(key, "https://courier.example")}
    for name, text in texts.items():
        verdict = asked.comment_check(user_ip="192.0.2.7", comment_content=text, comment_author="Ada")
        out["akismet"][name] = verdict.name
    told = {"user_ip": "192.0.2.7", "comment_content": texts["doubt"], "comment_author": "Ada"}
    out["akismet"] |= {
        "submit_spam": asked.submit_spam(**told),
        "submit_ham": asked.submit_ham(**told),
        "usage": asked.usage_limit()["usage"],
        "no_ip": failed(lambda: asked.comment_check(user_ip="")),
    }
wrong = client("wrongwrongwr")
out["akismet"]["bad_key"] = failed(lambda: wrong.comment_check(user_ip="192.0.2.7", comment_content="a"))
out["akismet"]["bad_verify"] = wrong.verify_key("wrongwrongwr", "https://courier.example")
wrong._http_client.close()

with openai.OpenAI(base_url=f"http://127.0.0.1:{port}/v1", api_key=key) as asked:

    def flagged(given: Any) -> list[bool]:
        return [one.flagged for one in asked.moderations.create(input=given).results]

    scores = asked.moderations.create(input="a").results[0].category_scores
    out["openai"] = {
        "one": flagged(texts["ham"]),
        "list": flagged([texts["ham"], texts["insult"], texts["unicode"]]),
        "long": flagged(texts["long"]),
        "parts": flagged([{"type": "text", "text": texts["insult"]}, {"type": "text", "text": texts["ham"]}]),
        "categories": sum(getattr(scores, name) is not None for name in type(scores).model_fields),
        "request_id": bool(asked.moderations.create(input="a")._request_id),
        "bad_input": failed(lambda: asked.moderations.create(input=7)),  # type: ignore[arg-type]
    }
with openai.OpenAI(base_url=f"http://127.0.0.1:{port}/v1", api_key="wrong") as asked:
    out["openai"]["bad_key"] = failed(lambda: asked.moderations.create(input="a"))
print(json.dumps(out))
