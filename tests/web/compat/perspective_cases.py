"""Perspective's requests as their clients write them, and answers looked at from every side that all must have."""

from __future__ import annotations

import json
from typing import Any

from werkzeug.test import TestResponse

from service.compat.perspective.attributes import LABEL_OF
from service.scoring import Reading
from tests.web.api.caller import Newsroom

TEXT = "The new bridge saves me twenty minutes every morning."
RUDE = "You are a stupid idiot and everybody here knows it."
OWN_ERROR = "type.googleapis.com/google.commentanalyzer.v1alpha1.Error"


def request(text: str = TEXT, **changes: Any) -> dict[str, Any]:
    """A request for scores with one attribute; a change of `...` leaves the member out."""
    made: dict[str, Any] = {"comment": {"text": text}, "requestedAttributes": {"TOXICITY": {}}}
    return {name: value for name, value in {**made, **changes}.items() if value is not ...}


def suggestion(text: str = TEXT, value: float = 1, **changes: Any) -> dict[str, Any]:
    made: dict[str, Any] = {
        "comment": {"text": text},
        "attributeScores": {"TOXICITY": {"summaryScore": {"value": value, "type": "PROBABILITY"}}},
    }
    return {**made, **changes}


def call(newsroom: Newsroom, method: str, body: object, key: str | None = "", **more: Any) -> TestResponse:
    """Post to a method of the compatibility API with the courier's Akismet key, another, or none."""
    query = {} if key is None else {"key": key or newsroom.courier.akismet_key}
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return newsroom.client.post(
        f"/v1alpha1/comments:{method}", query_string=query, data=data, content_type="application/json", **more
    )


def analyze(newsroom: Newsroom, body: object, **more: Any) -> dict[str, Any]:
    """Ask for scores and return the answer, which must be one."""
    response = call(newsroom, "analyze", body, **more)
    assert response.status_code == 200, response.text
    assert response.content_type == "application/json; charset=UTF-8"
    found: dict[str, Any] = json.loads(response.data)
    for scores in found["attributeScores"].values():
        summary = scores.get("summaryScore")
        assert summary is None or (summary["type"] == "PROBABILITY" and 0 <= summary["value"] <= 1)
    return found


def served(newsroom: Newsroom) -> dict[str, str]:
    """The attributes whose label the model gives, each with its label."""
    (assessed,) = newsroom.context.scorer.score([Reading(TEXT)])
    return {name: label for name, label in LABEL_OF.items() if label in assessed.scores}


def value(found: dict[str, Any], attribute: str = "TOXICITY") -> float:
    return float(found["attributeScores"][attribute]["summaryScore"]["value"])


def refusal(response: TestResponse, code: int, status: str) -> dict[str, Any]:
    """Return the error of an answer, which must be in Google's form."""
    assert response.status_code == code, response.text
    assert response.content_type == "application/json; charset=UTF-8"
    assert list(json.loads(response.data)) == ["error"]
    error: dict[str, Any] = json.loads(response.data)["error"]
    assert (error["code"], error["status"]) == (code, status)
    assert error["message"]
    assert all("@type" in detail for detail in error.get("details", []))
    assert TEXT not in response.text
    assert "Traceback" not in response.text
    return error
