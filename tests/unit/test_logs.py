"""The logs: JSON lines on standard error, and no address in any of them, whoever wrote it."""

import json
import subprocess
import sys

PROGRAM = """
import logging, sys, warnings
import structlog
from service import logging as logs
logs.configure("web", "info")
"""


def lines(body):
    command = [sys.executable, "-W", "default", "-c", PROGRAM + body]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == ""
    return [json.loads(line) for line in done.stderr.splitlines()]


def test_a_line_says_when_who_and_what():
    ours, theirs = lines(
        "structlog.get_logger('a').info('comment.placed', pk=7); structlog.get_logger('a').debug('not this')\n"
        "logging.getLogger('library').warning('slow by %d', 3)"
    )
    assert (ours["event"], ours["pk"], theirs["event"]) == ("comment.placed", 7, "slow by 3")
    for line in (ours, theirs):
        assert {"at", "level", "event", "logger", "process"} <= set(line)
        assert line["process"] == "web"


def test_no_address_reaches_a_line():
    told = lines("""
logging.getLogger('x').warning('no mail for %s', 'jane.doe@mail.example')
structlog.get_logger().info('x', url='/r?e=jane.doe%40mail.example')
structlog.get_logger().info('x', nested={'to': ['jane.doe@mail.example']})
warnings.warn('jane.doe@mail.example')
try: raise ValueError('bad: jane.doe@mail.example')
except ValueError: structlog.get_logger().exception('failed')
""")
    assert len(told) == 5
    for line in told:
        assert "jane" not in json.dumps(line)
        assert "⟦email⟧" in json.dumps(line, ensure_ascii=False)


def test_a_message_that_nobody_can_acknowledge_is_one_line():
    (line,) = lines("""
try: raise ConnectionError('refused')
except ConnectionError as failure:
    logger = logging.getLogger('celery.worker.request')
    logger.critical("Couldn't ack %r, reason:%r", 'tag', failure, exc_info=True)
""")
    assert (line["level"], "exception" in line) == ("warning", False)
    assert line["event"].startswith("Couldn't ack")


def test_a_value_is_bounded_and_at_signs_alone_are_read_at_once():
    (line, *many) = lines(
        "logging.getLogger('x').warning('a' * 1_000_000)\n"
        "[logging.getLogger('x').warning('a@' * 4000) for _ in range(100)]"
    )
    assert (len(line["event"]) < 10_000, len(many)) == (True, 100)


def test_a_line_that_cannot_be_written_costs_nothing():
    log = "structlog.get_logger('a')"
    (line,) = lines(f"{log}.info('one'); sys.stderr.close(); {log}.info('lost'); {log}.error('lost too')")
    assert line["event"] == "one"


def test_a_task_that_fails_says_where_and_when():
    (line,) = lines(
        "from service.config import load\nfrom worker import tasks\nfrom worker.celery_app import make_app\n"
        "make_app(load({}))\ntasks.present = None\ntasks.publish.apply()"
    )
    assert line["event"] == "task.failed"
    assert line["place"].partition(":")[0].endswith(".py")
    assert line["at"].startswith("2")
