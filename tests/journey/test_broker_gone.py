"""The service under a broker that hangs or comes back empty: readers notice nothing, and nothing is lost."""

import os
import signal
import threading
from collections import Counter

import pytest

from tests.journey.installation import Installation, submission
from tests.processes import until

pytestmark = pytest.mark.journey

CLIENTS = 8


@pytest.fixture(scope="module")
def installation(tmp_path_factory):
    """A running installation, in which each test has a site of its own."""
    with Installation(tmp_path_factory.mktemp("broker") / "home") as running:
        yield running


def add_site(installation, name):
    return str(installation.json("site", "add", name, "--url", "https://courier.example")["key"])


def pending(installation, site):
    """The site's comments that wait for their verdict, as lines."""
    return installation.run("comments", "--site", site, "--status", "pending", "--json").strip()


def _post_meanwhile(installation, key, stop):
    answers = []

    def client(number):
        count = 0
        while not stop.is_set():
            answers.append(installation.call("POST", "/v1/comments", submission(f"c{number}-{count}"), key))
            count += 1
            stop.wait(0.05)

    threads = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    stop.wait()
    for thread in threads:
        thread.join()
    return answers


def test_a_hanging_broker_fails_no_request_and_loses_nothing(installation):
    key, stop, broker = add_site(installation, "hang"), threading.Event(), installation.broker()
    os.kill(broker, signal.SIGSTOP)
    timer = threading.Timer(float(os.environ.get("REPLYDESK_TEST_HANG_SECONDS", "4")), stop.set)
    timer.start()
    try:
        answers = _post_meanwhile(installation, key, stop)
    finally:
        os.kill(broker, signal.SIGCONT)
    assert Counter(answer.status for answer in answers) == {202: len(answers)}
    until(lambda: not pending(installation, "hang"))
    listed = installation.run("comments", "--site", "hang", "--json").splitlines()
    assert len(listed) == len(answers)
    waits = sorted(answer.seconds for answer in answers)
    print(f"{len(answers)} accepted, p99 {waits[int(len(waits) * 0.99)] * 1000:.0f} ms")


def test_a_broker_that_is_killed_comes_back_empty_and_nothing_is_lost(installation):
    key = add_site(installation, "killed")
    for number in range(20):
        if number == 10:
            os.kill(installation.broker(), signal.SIGKILL)
        assert installation.call("POST", "/v1/comments", submission(f"c-{number}"), key).status == 202
    until(lambda: not pending(installation, "killed"))
    assert len(installation.run("comments", "--site", "killed", "--json").splitlines()) == 20


def test_the_same_comment_posted_a_hundred_times_at_once_is_one(installation):
    key, answers, turns = add_site(installation, "same"), [], iter(range(100))
    lock = threading.Lock()

    def client():
        while True:
            with lock:
                if next(turns, None) is None:
                    return
            answers.append(installation.call("POST", "/v1/comments", submission("same"), key))

    threads = [threading.Thread(target=client) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    replays = [answer for answer in answers if answer.headers.get("Idempotent-Replay") == "true"]
    assert (len(answers), len(replays)) == (100, 99)
    assert sorted({answer.status for answer in answers}) == [200, 202]
    until(lambda: installation.call("GET", "/v1/comments/same", key=key).json["status"] != "pending")
    assert len(installation.call("GET", "/v1/comments/same", key=key).json["decisions"]) == 1
