"""Posts a reader's comment to Replydesk and receives its decisions. `pip install standardwebhooks`, no more."""

from __future__ import annotations

import json
import urllib.request

from standardwebhooks import Webhook


def post_comment(desk: str, key: str, comment: dict) -> dict:
    """Send one comment and return the answer; sent again with the same id and text, it is the same comment."""
    request = urllib.request.Request(  # noqa: S310  # the desk's own address
        f"{desk}/v1/comments",
        data=json.dumps(comment).encode(),
        headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
        return json.load(answer)


def event_of(body: bytes, headers: dict[str, str], secret: str) -> dict:
    """Return the event of a callback. Raises standardwebhooks.WebhookVerificationError for what we did not sign."""
    return Webhook(secret).verify(body, headers)


# event = event_of(request.get_data(), dict(request.headers), os.environ["REPLYDESK_WEBHOOK_SECRET"])
# data = event["data"]
# publish_or_hide(data["comment"]["id"], data["status"])   # and keep the highest data["sequence"]
