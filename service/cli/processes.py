"""The production processes, one command each: web, worker, beat, migrate. Web and worker are started by name."""

from __future__ import annotations

import ctypes
import importlib
import os
import resource
import sys
import tempfile
import warnings
from contextlib import suppress
from typing import Any, Final

import click

from service import config, logging
from service.cli.console import Refused
from service.config import Settings

KiB: Final = 1024
TURN_SECONDS: Final = 0.001
M_ARENA_MAX: Final = -8  # as in malloc.h


@click.command()
def web() -> None:
    """Serve the API, the desk and the readers' pages with waitress.

    Good for one machine. For production behind a proxy, run `service.web:create_app` under granian or gunicorn, as
    docs/operate/production.md shows.
    """
    known = _start("web")
    # waitress spools large bodies to temp files before the application sees them: they stay inside the home
    (known.home / "tmp").mkdir(mode=0o700, parents=True, exist_ok=True)
    tempfile.tempdir = str(known.home / "tmp")
    waitress: Any = importlib.import_module("waitress")
    application = importlib.import_module("service.web").create_app()
    take_short_turns()
    try:
        waitress.serve(application, **waitress_options(known))
    except OSError as failure:
        raise Refused(
            f"cannot listen on {known.bind}: {failure.strerror}; set PORT or REPLYDESK_HOST"
        ) from None


def waitress_options(known: Settings) -> dict[str, Any]:
    """Every bound that waitress has, set: threads, sizes in bytes, times in seconds."""
    address = {"host": known.host, "port": known.port}
    if known.unix_socket is not None:  # whoever may connect is taken for the proxy: this user and its group
        address = {"unix_socket": known.unix_socket, "unix_socket_perms": "660"}
    return {
        **address,
        "threads": known.web_threads,
        "ident": None,  # says nothing of who serves
        "max_request_body_size": known.max_body_bytes,
        "max_request_header_size": 64 * KiB,
        "inbuf_overflow": 512 * KiB,
        "outbuf_overflow": 1024 * KiB,
        "channel_timeout": 30,  # an idle or trickling connection goes
        "cleanup_interval": 10,
        "connection_limit": 500,
        "backlog": 1024,
        "expose_tracebacks": False,
        # The application reads forwarded headers itself, from REPLYDESK_TRUSTED_PROXIES alone.
        "clear_untrusted_proxy_headers": False,
        "trusted_proxy": None,
    }


@click.command()
@click.option(
    "--queues", default="score,deliver,maintenance", show_default=True, help="Which kinds of work to do."
)
@click.option("--concurrency", type=click.IntRange(1, 64), help="Processes, or threads of the threads pool.")
@click.option(
    "--pool", type=click.Choice(["threads", "prefork"]), help="Threads share one process; prefork forks."
)
def worker(queues: str, concurrency: int | None, pool: str | None) -> None:
    """Score, deliver and maintain the database until stopped; run as many on as many hosts as you need."""
    known = _start("worker")
    _need_broker(known)
    # Where processors are short, whoever waits for an answer goes before the queue.
    os.nice(known.worker_nice)
    # Harmless here, and long: root matters for pickle, which is refused; early acknowledgement cancels nothing.
    warnings.filterwarnings("ignore", message="You're running the worker with superuser privileges")
    warnings.filterwarnings("ignore", message=r"\s*In Celery 5.1 we introduced an optional breaking change")
    app = importlib.import_module("worker.celery_app").make_app(known)
    app.worker_main(
        [
            "--quiet",
            "worker",
            f"--queues={_queue_names(queues)}",
            f"--concurrency={concurrency or known.worker_concurrency}",
            f"--pool={pool or known.worker_pool}",
            f"--loglevel={known.log_level}",
            "--without-gossip",
            "--without-mingle",
            "--without-heartbeat",
        ]
    )


def _queue_names(given: str) -> str:
    from service.messaging.tasks import QUEUES

    known = set(QUEUES.values())
    names = [name.strip() for name in given.split(",") if name.strip()]
    if not names or not set(names) <= known:
        raise click.BadParameter(f"give some of {', '.join(sorted(known))}", param_hint="--queues")
    return ",".join(names)


@click.command()
def beat() -> None:
    """Enqueue the maintenance task every few seconds until stopped; run exactly one."""
    known = _start("beat")
    _need_broker(known)
    importlib.import_module("worker.celery_app").make_app(known).Beat(
        loglevel=known.log_level, quiet=True
    ).run()


@click.command()
@click.option("--beat", is_flag=True, help="Ask for beat instead of workers.")
@click.option(
    "--queues", help="Ask the broker instead: are messages in these queues answered, by whatever worker?"
)
def alive(beat: bool, queues: str | None) -> None:
    """Exit 0 while the worker processes on this host make progress; for health checks.

    In a container that is its own worker only. It asks neither database nor broker: a worker that waits for them is
    healthy.
    With --queues, exit 0 unless messages wait there and no worker has answered one for half a minute.
    """
    known = config.load()
    if queues is not None:
        _need_answers(known, _queue_names(queues).split(","))
        return
    from service.messaging.heartbeats import silent_after
    from service.observability import heartbeat

    roles = (
        {heartbeat.BEAT: silent_after(known.maintenance_seconds)}
        if beat
        else dict.fromkeys((heartbeat.LOOP, heartbeat.TASKS), heartbeat.STALE_SECONDS)
    )
    faults = {role: heartbeat.faults(known.home, role, seconds) for role, seconds in roles.items()}
    if all(found is None for found in faults.values()):
        raise Refused(f"no {'beat' if beat else 'worker'} of {known.home} lives on this host")
    wrong = [one for found in faults.values() for one in found or ()]
    if wrong:
        raise Refused("\n".join(wrong))


def _need_answers(known: Settings, queues: list[str]) -> None:
    from redis.exceptions import RedisError

    from service.messaging.heartbeats import stuck
    from service.messaging.redis_client import fault_of

    try:
        waiting = stuck(_need_broker(known), queues, known.redis_prefix)
    except (RedisError, OSError) as failure:
        raise Refused(f"the broker {fault_of(failure)}") from None
    if waiting:
        raise Refused(f"nobody answers in {', '.join(waiting)}")


@click.command()
def migrate() -> None:
    """Bring the database to the schema of this version and say which; safe to run twice and from several hosts."""
    from service.storage import migrate as migrations

    known = config.load()
    if known.embedded:
        known.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    migrations.upgrade(known.database_url)
    click.echo(f"The database is at revision {migrations.current(known.database_url)}.")


def _start(process: str) -> Settings:
    no_core_dumps()
    _share_heaps()
    known = config.load()
    logging.configure(process, known.log_level)
    os.environ.setdefault(
        "OMP_NUM_THREADS", "1"
    )  # the classifier's matrices are narrow; more would only wait
    return known


def _share_heaps() -> None:
    """Let threads share two heaps: glibc gives each its own, which only grows. Elsewhere it does nothing."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, 2)


def take_short_turns() -> None:
    """Let a thread keep Python to itself for a millisecond at most: a request waits for many such turns of others.

    The interpreter's own five cost the slowest answers a third more, and no more comments were taken for it.
    """
    sys.setswitchinterval(TURN_SECONDS)


def _need_broker(known: Settings) -> str:
    if known.redis_url is None:
        raise Refused(
            "REDIS_URL: set it to the Redis or Valkey that web, worker and beat share; "
            "`replydesk up` brings one of its own"
        )
    return known.redis_url


def no_core_dumps() -> None:
    """Let a process that crashes leave no image of its memory: a request may have been in it.

    A kernel that pipes dumps to a collector (`core_pattern` beginning with |) does not ask.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
