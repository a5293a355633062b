"""The service under a broker that hangs: readers notice nothing, and nothing is lost."""

import itertools
import os
import signal
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.journey.installation import submission
from tests.processes import until

pytestmark = pytest.mark.journey

CLIENTS = 8


def test_a_hanging_broker_fails_no_request_and_loses_nothing(installation):
    key = installation.json("site", "add", "hang", "--url", "https://courier.example")["key"]
    broker, answers = installation.broker(), []
    ends_at = time.monotonic() + float(os.environ.get("REPLYDESK_TEST_HANG_SECONDS", "4"))

    def post(number):
        for count in itertools.count():
            answers.append(installation.call("POST", "/v1/comments", submission(f"c{number}-{count}"), key))
            time.sleep(0.05)
            if time.monotonic() > ends_at:
                return

    os.kill(broker, signal.SIGSTOP)
    try:
        with ThreadPoolExecutor(CLIENTS) as clients:
            list(clients.map(post, range(CLIENTS)))
    finally:
        os.kill(broker, signal.SIGCONT)
    assert Counter(answer.status for answer in answers) == {202: len(answers)}
    until(lambda: not installation.pending("hang"))
    assert len(installation.run("comments", "--site", "hang", "--json").splitlines()) == len(answers)
