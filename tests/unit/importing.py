"""Lines of files to import, what the command lists of them, and a model that decides them all."""

import json

from service.domain.verdict import LABELS, Assessment
from service.usecases import Scored, record_scores

EMAIL = "canary.of.the.import@example.org"


def line(name, body="The bridge is open.", **changes):
    made = {
        "article": {"url": "https://courier.example/a"},
        "author": {"name": "Ada", "email": EMAIL},
        "body": body,
    }
    return ({"id": name} if name else {}) | made | changes


def listed(run, *options):
    return [
        json.loads(one)
        for one in run("comments", "--site", "courier", "--json", *options).stdout.splitlines()
    ]


def decide_all(context, **scores):
    now = context.deps.clock()
    with context.deps.store.write() as tx:
        pending = tx.scoring.lease_pending(now, now, 10_000)
    said = Assessment(scores=dict.fromkeys(LABELS, 0.0) | scores, model="made-up-1")
    record_scores(context.deps, [Scored(one, said) for one in pending])
