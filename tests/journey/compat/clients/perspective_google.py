"""Runs google-api-python-client against an installation, in an environment of its own: one JSON line a check.

python perspective_google.py SERVICE_URL KEY
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any
from urllib.request import urlopen

from googleapiclient.discovery import build, build_from_document
from googleapiclient.errors import HttpError

NAME, VERSION = "commentanalyzer", "v1alpha1"
RUDE = "You are a stupid idiot 🤦. Have a lovely day!"
SERVICE, KEY = sys.argv[1:3]
DISCOVERY = f"{SERVICE}/$discovery/rest?version={VERSION}"


def discovered(key: str | None = KEY) -> Any:
    """The client as its documentation builds it, but for the address."""
    return build(NAME, VERSION, developerKey=key, discoveryServiceUrl=DISCOVERY, static_discovery=False)


def from_document(key: str | None = KEY) -> Any:
    """The client built from a saved document, pointed at the service by `api_endpoint`."""
    with urlopen(DISCOVERY, timeout=10) as answer:  # noqa: S310  # loopback
        document = json.load(answer)
    document |= {
        "rootUrl": "https://commentanalyzer.googleapis.com/",
        "baseUrl": "https://commentanalyzer.googleapis.com/",
    }
    return build_from_document(document, developerKey=key, client_options={"api_endpoint": SERVICE + "/"})


def request(text: str = RUDE, **more: Any) -> dict[str, Any]:
    return {"comment": {"text": text}, "requestedAttributes": {"TOXICITY": {}}, **more}


def analyze(body: dict[str, Any], client: Any = None) -> Any:
    """Ask, and return the answer or the error as this library shows it."""
    try:
        return (client or discovered()).comments().analyze(body=body).execute()
    except HttpError as refused:
        return {"status": refused.resp.status, "reason": refused.reason, "details": refused.error_details}


def toxicity(answer: Any) -> float:
    return float(answer["attributeScores"]["TOXICITY"]["summaryScore"]["value"])


def cut(text: str, answer: Any) -> list[str]:
    """The spans, cut out of the text by UTF-16 units."""
    units = text.encode("utf-16-le")
    spans = answer["attributeScores"]["TOXICITY"]["spanScores"]
    return [units[2 * one["begin"] : 2 * one["end"]].decode("utf-16-le") for one in spans]


def error_type(answer: Any) -> str:
    return str(answer["details"][0]["errorType"])


CHECKS: dict[str, Callable[[], bool]] = {
    "success, discovered": lambda: toxicity(analyze(request())) > 0.5,
    "success, without discovery": lambda: toxicity(analyze(request(), from_document())) > 0.5,
    "bad key": lambda: "API key not valid" in str(analyze(request(), discovered("AIzaNotOurs"))["reason"]),
    "no key": lambda: analyze(request(), discovered(None))["status"] == 403,
    "empty text": lambda: error_type(analyze(request(""))) == "COMMENT_EMPTY",
    "text over 20,480 bytes": lambda: error_type(analyze(request("a" * 20_481))) == "COMMENT_TOO_LONG",
    "text of 20 kB": lambda: (
        toxicity(analyze(request("I like this new bridge over the river. " * 500))) < 0.5
    ),
    "unknown attribute": lambda: (
        error_type(analyze(request() | {"requestedAttributes": {"FLIRTATION": {}}})) == "INVALID_REQUEST"
    ),
    "unsupported language": lambda: (
        error_type(analyze(request(languages=["fr"]))) == "LANGUAGE_NOT_SUPPORTED_BY_ATTRIBUTE"
    ),
    "no language": lambda: error_type(analyze(request("123 !"))) == "LANGUAGE_DETECTION_FAILED",
    "Unicode": lambda: (
        toxicity(analyze(request("Ein schöner Tag an der Brücke, finde ich wirklich. 😀"))) < 0.5
    ),
    "spans with emoji": lambda: (
        cut(RUDE, analyze(request(spanAnnotations=True)))
        == ["You are a stupid idiot 🤦.", "Have a lovely day!"]
    ),
    "client token": lambda: analyze(request(clientToken="t-1", doNotStore=True))["clientToken"] == "t-1",
    "suggestscore": lambda: (
        discovered()
        .comments()
        .suggestscore(
            body={
                "comment": {"text": RUDE},
                "attributeScores": {"TOXICITY": {"summaryScore": {"value": 0.9}}},
                "clientToken": "t-2",
            }
        )
        .execute()["clientToken"]
        == "t-2"
    ),
}

if __name__ == "__main__":
    for name, check in CHECKS.items():
        try:
            outcome: object = check()
        except Exception as failure:  # noqa: BLE001  # told to the test, which fails on it
            outcome = f"{type(failure).__name__}: {failure}"
        print(json.dumps({"check": name, "outcome": outcome}), flush=True)
