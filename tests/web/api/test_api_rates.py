"""What a site may post in a minute, by each way in: refused with the seconds to wait, and nothing stored."""

import json

from tests.web.api.caller import problem, submission


def post(newsroom, count, name="c"):
    """Post so many comments and return how each was answered."""
    return [newsroom.post(submission(id=f"{name}-{n}")).status_code for n in range(count)]


def test_single_comments_beyond_the_burst_are_refused(newsroom):
    assert set(post(newsroom, 30, "unlimited")) == {202}
    newsroom.tune(comments_per_minute="6", comments_burst="3")
    assert post(newsroom, 3) == [202, 202, 202]
    answer = newsroom.post(submission(id="c-9"))
    found = problem(answer, 429, "too-many-requests")
    assert "6 comments a minute" in found["detail"]
    assert 1 <= int(answer.headers["Retry-After"]) <= 30
    assert newsroom.count() == 33
    assert newsroom.get("/v1/decisions").status_code == 200
    assert newsroom.decide("approve", "c-0").status_code == 200
    assert newsroom.post(submission(id="c-9"), key=newsroom.herald.key).status_code == 202


def test_a_batch_counts_its_comments(newsroom):
    newsroom.tune(comments_per_minute="1", comments_burst="5")
    batch = [submission(id=f"c-{n}") for n in range(20)]
    assert newsroom.call("POST", "/v1/comments/batch", json=batch[:4]).status_code == 200
    problem(newsroom.call("POST", "/v1/comments/batch", json=batch[4:8]), 429, "too-many-requests")
    assert newsroom.call("POST", "/v1/comments/batch", json=batch[4:5]).status_code == 200
    problem(newsroom.call("POST", "/v1/comments/batch", data=b"never read"), 429, "too-many-requests")
    assert newsroom.count() == 5


def test_a_batch_larger_than_the_burst_passes(newsroom):
    newsroom.tune(comments_per_minute="1", comments_burst="5")
    batch = [submission(id=f"c-{n}") for n in range(20)]
    assert newsroom.call("POST", "/v1/comments/batch", json=batch).status_code == 200
    answer = newsroom.post(submission(id="c-99"))
    problem(answer, 429, "too-many-requests")
    assert 1100 < int(answer.headers["Retry-After"]) <= 1200


def test_unsigned_posts_use_up_nothing(newsroom):
    newsroom.tune(comments_per_minute="1", comments_burst="2")
    raw = json.dumps(submission()).encode()
    for _ in range(5):
        assert newsroom.call("POST", "/v1/sites/courier/inbound", None, json=submission()).status_code == 401
    answers = [newsroom.post_signed(raw, webhook_id=f"m-{n}").status_code for n in range(3)]
    assert answers == [202, 200, 429]
