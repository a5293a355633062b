"""Lines of files to import, what the command lists of them, a model that decides them all, and a site to fill."""

import json
from collections import Counter

from service.domain.comment import Placed, Source
from service.domain.verdict import LABELS, Assessment
from service.usecases import Scored, record_scores, submit
from service.usecases.sites import enrol_site
from service.usecases.submission import read_submission
from tests.factories import SetClock, context_over, sqlite_store

EMAIL = "canary.of.the.import@example.org"
PAGE = "https://courier.example/a"


def line(name, body="The bridge is open.", **changes):
    made = {"article": {"url": PAGE}, "author": {"name": "Ada", "email": EMAIL}, "body": body}
    return ({"id": name} if name else {}) | made | changes


def listed(run, *options):
    told = run("comments", "--site", "courier", "--json", *options).stdout
    return [json.loads(one) for one in told.splitlines()]


def decide_all(context, **scores):
    now = context.deps.clock()
    with context.deps.store.write() as tx:
        pending = tx.scoring.lease_pending(now, now, 10_000)
    said = Assessment(scores=dict.fromkeys(LABELS, 0.0) | scores, model="made-up-1")
    record_scores(context.deps, [Scored(one, said) for one in pending])


class FilledSite:
    def __init__(self, home):
        self.clock, self.faults = SetClock(), []
        self.context = context_over(sqlite_store(), home, self.clock)
        url = "https://courier.example"
        self.site = enrol_site(self.context, "courier", url, f"{url}/hook").site

    def count(self, batches):
        counts = Counter()
        for done in batches:
            counts += done.counts
            self.faults += done.faults
        return dict(counts)

    def post(self, given):
        taken = read_submission(given, Source.API)
        (answer,) = submit(self.context.deps, self.context.sanitizer, self.site, [taken])
        assert isinstance(answer, Placed)

    def comment(self, name="a"):
        with self.context.deps.store.read() as tx:
            found = tx.comments.get(self.site.id, name)
        assert found is not None
        return found

    def comments(self):
        with self.context.deps.store.read() as tx:
            return {one.id: one for one in tx.comments.page(self.site.id).comments}
