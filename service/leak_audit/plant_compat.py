"""Sends canaries to the calls of those services that can be replaced by this one, signed as each of them signs."""

from __future__ import annotations

import json
from urllib.parse import quote

from service.compat.coral import signature
from service.leak_audit.planter import Planter


def plant(planter: Planter) -> None:
    """Call each of them; those that are not there answer 404."""
    address, key = planter.address("compat"), planter.site.akismet_key
    fields = {
        "api_key": key,
        "blog": planter.url,
        "comment_author": "Ada",
        "comment_author_email": address,
        "comment_content": f"Mail {address}",
        "permalink": f"{planter.url}/a",
        "user_ip": "192.0.2.77",
        "user_agent": f"Reader {address}",
    }
    for path in ("/1.1/verify-key", "/1.1/comment-check", "/1.1/submit-spam", "/1.1/nothing"):
        planter.form(f"compat: {path}", path, fields | {"key": key})
    asked = {"comment": {"text": f"Mail {address}"}, "requestedAttributes": {"TOXICITY": {}}}
    suggestion = {
        "comment": {"text": f"Write to {address}"},
        "attributeScores": {"TOXICITY": {"summaryScore": {"value": 1.0}}},
    }
    for path, body in (("analyze", asked), ("suggestscore", suggestion)):
        path = f"/v1alpha1/comments:{path}"
        planter.call(f"compat: {path}", "POST", f"{path}?key={key}", body, keyed=False)
    planter.call("compat: /v1/moderations", "POST", "/v1/moderations", {"input": f"Mail {address}"})
    _by_coral(planter, address)


def _by_coral(planter: Planter, address: str) -> None:
    """Signed as Coral signs, so that it is read and put on the desk; then with a signature that is none."""
    story = {"id": "story-1", "url": f"{planter.url}/a?mail={quote(address)}"}
    phase = {
        "action": "NEW",
        "comment": {"body": f"<p>By Coral. Mail {address}</p>", "author": {"email": address}},
        "author": {"id": "reader-1", "email": address, "username": f"Ada {address}"},
        "story": story,
    }
    event = {"type": "COMMENT_CREATED", "data": {"commentID": "coral-1", "email": address}}
    for call, value in (("phase", phase), ("events", event)):
        path, body = f"/sites/{planter.site.site.name}/coral/{call}", json.dumps(value).encode()
        headers = {signature.HEADER: f"sha256={signature.sign(planter.coral_secret, body)}"}
        planter.call(f"compat: coral {call}", "POST", path, body, headers=headers, keyed=False)
        headers = {signature.HEADER: f"sha256={address}"}
        planter.call(
            f"compat: coral {call}, wrongly signed", "POST", path, body, headers=headers, keyed=False
        )
