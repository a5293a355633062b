"""The same comment posted a hundred times at once: one row, one answer that is new, ninety-nine replays."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.web.api.caller import submission


@pytest.mark.parametrize("named", ["by id", "by key", "by content"])
def test_a_hundred_at_once_make_one(real_newsroom, named):
    given = submission() if named == "by id" else submission(id=...)
    headers = {"Idempotency-Key": "once"} if named == "by key" else {}
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: real_newsroom.post(given, headers=headers), range(100)))
    assert Counter(answer.status_code for answer in answers) == {202: 1, 200: 99}
    assert sum(answer.headers.get("Idempotent-Replay") == "true" for answer in answers) == 99
    assert len({answer.json["id"] for answer in answers}) == 1
    assert {answer.json["revision"] for answer in answers} == {1}
    assert real_newsroom.count() == 1


def test_revisions_at_once_are_each_kept(real_newsroom):
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda n: real_newsroom.post(submission(body=f"Text {n}.")), range(40)))
    codes = Counter(answer.status_code for answer in answers)
    assert set(codes) <= {202, 409}
    assert real_newsroom.comment().revision == codes[202]
