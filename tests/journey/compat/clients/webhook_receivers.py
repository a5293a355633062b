"""Verifies callbacks with the two libraries that receivers use; reads them from standard input, prints JSON."""

from __future__ import annotations

import json
import sys

import standardwebhooks
import svix.webhooks

given = json.load(sys.stdin)
out: dict[str, list[str]] = {"standardwebhooks": [], "svix": []}
for one in given["received"]:
    event = standardwebhooks.Webhook(given["secret"]).verify(one["body"], one["headers"])
    out["standardwebhooks"].append(event["type"])
    svix.webhooks.Webhook(given["secret"]).verify(one["body"], one["headers"])
    out["svix"].append(json.loads(one["body"])["type"])
    for library, error in (
        (standardwebhooks.Webhook, standardwebhooks.WebhookVerificationError),
        (svix.webhooks.Webhook, svix.webhooks.WebhookVerificationError),
    ):
        try:
            library(given["secret"]).verify(one["body"] + " ", one["headers"])
        except error:
            continue
        raise SystemExit("a changed body was taken")
print(json.dumps(out))
