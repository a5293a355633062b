"""The Celery app and its settings: a name in, no result out, and nothing that a hung or emptied broker can stop.

Tasks are declared with `shared_task` in worker.tasks; what they do lies in the rows.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import structlog
from celery import Celery, Task, current_app, signals
from celery.app.amqp import AMQP
from kombu import Connection, Exchange, Queue
from kombu.transport.redis import Transport as RedisTransport
from redis.exceptions import RedisError, ResponseError

from service import logging as logs
from service.config import Settings, load
from service.messaging.dispatcher import QUEUES, Answerer, ask_to_write, kombu_url, transport_options
from service.messaging.tasks import SWEEP
from worker.concurrency import CONCURRENCY, ConcurrencyLimit
from worker.stopping import Stop
from worker.watchdog import loop_heartbeat

log = structlog.get_logger(__name__)

TASK_MODULES: Final = ("worker.tasks",)
REFUSED_SECONDS: Final = 1.0
"""Between two looks at whether a broker that answers takes writes again."""

if TYPE_CHECKING:
    app: Desk


class LimitedTask(Task):  # type: ignore[misc]  # Celery ships no types
    """A task that acknowledges its message first, so that the next one is sent, and then runs within its limit."""

    abstract = True
    ignore_result = True

    def __call__(self, *args: Any, **kwargs: Any) -> None:
        """Run the task's body; its arguments are none."""
        app: Desk = self.app
        by_message = not self.request.called_directly  # else by the polling fallback
        if by_message:
            app.answerer.answer(self.name)
        if app.stopping.is_set():  # messages that were fetched already: the rows wait for the next worker
            return

        def begin() -> None:
            if by_message and self.name == SWEEP:
                app.swept_at = time.monotonic()
            app.answerer.begun(self.name, by_message)
            self.run(*args, **kwargs)

        limit = app.limits.get(self.name)
        if limit is None:
            begin()
        else:
            limit.run(begin, app.stopping.is_set)


class RetryingTransport(RedisTransport):  # type: ignore[misc]  # kombu ships no types
    """Takes a broker that answers and refuses for one that is away: Celery's own would end the worker.

    A replica refuses what writes, and so does a server without memory, permission or replicas.
    """

    connection_errors = (*RedisTransport.connection_errors, ResponseError)


class RetryingConnection(Connection):  # type: ignore[misc]  # kombu ships no types
    """Asks a lost broker again every second or two; the library's own pauses grow to half a minute."""

    def get_transport_cls(self) -> type[RetryingTransport]:
        """Return the transport for every URL: they all name a Redis."""
        return RetryingTransport

    def ensure_connection(
        self,
        errback: Callable[[Exception, float], object] | None = None,
        *args: Any,
        callback: Callable[[], object] | None = None,
        **kwargs: Any,
    ) -> Any:
        """Connect to a broker that takes writes, with short pauses between the tries.

        Who waits for a broker is alive, and says so.
        """

        def wait() -> None:
            current_app.loop.beat()
            if callback:
                callback()

        pauses = {"interval_start": 0.5, "interval_step": 0.5, "interval_max": 2}
        settings: Settings = current_app.settings
        while True:
            made = super().ensure_connection(errback, *args, **(kwargs | pauses | {"callback": wait}))
            try:
                ask_to_write(settings.redis_url or "", settings.redis_prefix)
                return made
            except (RedisError, OSError) as failure:
                if errback:
                    errback(failure, REFUSED_SECONDS)
                self.collect(socket_timeout=REFUSED_SECONDS)
                wait()
                time.sleep(REFUSED_SECONDS)


class Post(AMQP):  # type: ignore[misc]  # Celery ships no types
    """Celery's messaging over connections that retry."""

    Connection = RetryingConnection


class Desk(Celery):  # type: ignore[misc]  # Celery ships no types
    """A Celery app that carries the settings it was made from; `stopping` is set once the process shall end."""

    task_cls = LimitedTask
    amqp_cls = Post

    def __init__(self, settings: Settings, **options: Any) -> None:
        super().__init__("replydesk", **options)
        self.settings = settings
        self.answerer = Answerer(settings.redis_url, settings.redis_prefix)
        self.limits = {name: ConcurrencyLimit(width) for name, width in CONCURRENCY.items()}
        self.loop = loop_heartbeat(settings)
        self.stopping = Stop()
        self.swept_at = time.monotonic()
        """When a sweep that beat enqueued last began, here or, as far as this process was told, elsewhere."""


def make_app(settings: Settings, include: tuple[str, ...] = TASK_MODULES) -> Desk:
    """Build the app for these settings; nothing is connected yet. `include` names the modules that hold the tasks."""
    made = Desk(settings, broker=kombu_url(settings.redis_url or "redis://127.0.0.1:6379/0"), include=include)
    made.conf.update(
        # A name, and nothing else, travels: JSON only, no results, no events, no remote control.
        accept_content=["json"],
        task_serializer="json",
        task_ignore_result=True,
        result_backend=None,
        task_send_sent_event=False,
        worker_send_task_events=False,
        worker_enable_remote_control=False,
        task_track_started=False,
        # A message that dies with its worker is no loss, so messages are acknowledged as they come.
        task_acks_late=False,
        task_reject_on_worker_lost=False,
        worker_prefetch_multiplier=1,
        worker_disable_prefetch=True,
        task_queues=[Queue(name, Exchange(""), routing_key=name) for name in sorted(set(QUEUES.values()))],
        task_routes={name: {"queue": queue} for name, queue in QUEUES.items()},
        task_default_queue=QUEUES[SWEEP],
        task_create_missing_queues=False,
        # A broker that hangs, dies or comes back empty is asked again, for ever and soon.
        broker_transport_options=transport_options(settings.redis_prefix),
        broker_connection_timeout=2,
        broker_connection_retry=True,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        worker_pool=settings.worker_pool,
        worker_concurrency=settings.worker_concurrency,
        worker_max_tasks_per_child=10_000,  # prefork alone: a leak is bounded, a model is seldom loaded anew
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        beat_scheduler="worker.beat:DispatchingScheduler",
        beat_schedule={"sweep": {"task": SWEEP, "schedule": settings.sweep_seconds}},
        timezone="UTC",
    )
    made.set_default()  # the pool's threads ask for the current app too
    return made


@signals.setup_logging.connect  # type: ignore[untyped-decorator]  # Celery ships no types
def _configure_logging(**_: object) -> None:
    if not logging.getLogger().handlers:  # started as `celery -A worker.app`, not as `replydesk worker`
        logs.configure("worker", current_app.settings.log_level)


@signals.worker_shutting_down.connect  # type: ignore[untyped-decorator]  # Celery ships no types
def _stop_going_round(**_: object) -> None:
    current_app.stopping.set()


@signals.worker_ready.connect  # type: ignore[untyped-decorator]  # Celery ships no types
def _say_ready(**_: object) -> None:
    log.info("worker.ready")


def __getattr__(name: str) -> Any:
    """Build `app` when it is first asked for, as `celery -A worker.app` does, and never at import."""
    if name != "app":
        raise AttributeError(name)
    globals()["app"] = made = make_app(load())
    return made
