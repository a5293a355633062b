"""Gunicorn's settings for production.

    gunicorn --config python:service.cli.gunicorn_settings 'service.web:create_app()'

Threads wait for the database, processes use the cores; every size and time has a bound. The service's own bounds on
bodies hold here too.
"""

from __future__ import annotations

import os

from service import logging
from service.cli.processes import no_core_dumps, take_short_turns
from service.config import load

_known = load()

bind = _known.bind
umask = 0o007  # a unix socket is for this user and its group: whoever may connect is taken for the proxy
workers = int(os.environ.get("WEB_CONCURRENCY") or min(4, (os.cpu_count() or 1) + 1))
worker_class = "gthread"
threads = _known.web_threads
timeout = 30
graceful_timeout = 10
keepalive = 5
limit_request_line = 8190
limit_request_fields = 100
limit_request_field_size = 16384
max_requests = 100_000
max_requests_jitter = 10_000
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108  # heartbeats must not wait for a disk
forwarded_allow_ips = (
    ""  # forwarded headers are read by the application, from REPLYDESK_TRUSTED_PROXIES alone
)
forwarder_headers = ""  # nor does one over a unix socket say at which path this is mounted
accesslog = None  # the application writes its own lines, without query strings
preload_app = False
control_socket_disable = True  # nobody here speaks to it


def post_fork(_server: object, _worker: object) -> None:
    """Let each worker log as the service does, take short turns, and leave no image when it crashes."""
    no_core_dumps()
    take_short_turns()
    logging.configure("web", _known.log_level)
