"""What a site may post in a minute, by each way in: refused with the seconds to wait, and nothing stored."""

import json
from dataclasses import replace

import pytest
from standardwebhooks import Webhook

from service.domain.options import Options
from tests.web.api.caller import problem, submission


@pytest.fixture
def limited(newsroom):
    def change(**options):
        with newsroom.context.deps.store.write() as tx:
            site = tx.sites.get("courier")
            assert site is not None
            tx.sites.save(replace(site, options=Options(**options)))
        newsroom.forget()

    return change


def post(newsroom, count):
    """Post so many comments and return how each was answered."""
    return [newsroom.post(submission(id=f"c-{n}")).status_code for n in range(count)]


def test_without_a_limit_nobody_waits(newsroom):
    assert set(post(newsroom, 30)) == {202}


def test_single_comments_beyond_the_burst_are_refused(newsroom, limited):
    limited(comments_per_minute=6, comments_burst=3)
    assert post(newsroom, 3) == [202, 202, 202]
    answer = newsroom.post(submission(id="c-9"))
    found = problem(answer, 429, "too-many-requests")
    assert "6 comments a minute" in found["detail"]
    assert 1 <= int(answer.headers["Retry-After"]) <= 30
    assert newsroom.count() == 3
    assert newsroom.post(submission(id="c-9"), key=newsroom.herald.key).status_code == 202


def test_a_batch_counts_its_comments(newsroom, limited):
    limited(comments_per_minute=1, comments_burst=5)
    batch = [submission(id=f"c-{n}") for n in range(20)]
    assert newsroom.call("POST", "/v1/comments/batch", json=batch[:4]).status_code == 200
    problem(newsroom.call("POST", "/v1/comments/batch", json=batch[4:8]), 429, "too-many-requests")
    assert newsroom.call("POST", "/v1/comments/batch", json=batch[4:5]).status_code == 200
    problem(newsroom.call("POST", "/v1/comments/batch", data=b"never read"), 429, "too-many-requests")
    assert newsroom.count() == 5


def test_a_batch_larger_than_the_burst_passes(newsroom, limited):
    limited(comments_per_minute=1, comments_burst=5)
    batch = [submission(id=f"c-{n}") for n in range(20)]
    assert newsroom.call("POST", "/v1/comments/batch", json=batch).status_code == 200
    answer = newsroom.post(submission(id="c-99"))
    problem(answer, 429, "too-many-requests")
    assert 1100 < int(answer.headers["Retry-After"]) <= 1200


def test_unsigned_posts_use_up_nothing(newsroom, limited):
    limited(comments_per_minute=1, comments_burst=2)
    raw = json.dumps(submission())
    path = "/v1/sites/courier/inbound"

    def signed(name):
        at = newsroom.clock()
        headers = {
            "webhook-id": name,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": Webhook(newsroom.courier.inbound_secret).sign(name, at, raw),
            "Content-Type": "application/json",
        }
        return newsroom.call("POST", path, None, data=raw, headers=headers).status_code

    for _ in range(5):
        assert newsroom.call("POST", path, None, data=raw, content_type="application/json").status_code == 401
    assert [signed("m-1"), signed("m-2"), signed("m-3")] == [202, 200, 429]


def test_reading_is_not_limited(newsroom, limited):
    limited(comments_per_minute=1, comments_burst=1)
    newsroom.post()
    assert newsroom.post(submission(id="c-2")).status_code == 429
    assert newsroom.get("/v1/decisions").status_code == 200
    assert newsroom.decide().status_code == 200
