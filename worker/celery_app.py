"""The Celery app and its settings: nothing in it waits for a broker that hangs, dies or comes back empty.

Tasks are declared with `shared_task` in worker.tasks; what they do lies in the rows.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import structlog
from celery import Celery, Task, current_app, signals
from celery.app.amqp import AMQP
from kombu import Connection
from kombu.transport.redis import Transport as RedisTransport
from redis.exceptions import RedisError, ResponseError

from service import logging as logs
from service.config import Settings, load
from service.messaging.heartbeats import WorkerHeartbeats
from service.messaging.redis_client import ask_to_write, celery_settings, kombu_url
from service.messaging.tasks import MAINTAIN, QUEUES
from worker.single_run import SingleRun
from worker.stopping import Stop
from worker.watchdog import loop_heartbeat

log = structlog.get_logger(__name__)

TASK_MODULES: Final = ("worker.tasks",)
REFUSED_SECONDS: Final = 1.0
"""Between two looks at whether a broker that answers takes writes again."""

if TYPE_CHECKING:
    app: WorkerApp


class TaskFailed(Exception):
    """Stands for an exception, whose message may quote a reader: says its type and the place that raised it."""

    def __init__(self, error: str, place: str) -> None:
        super().__init__(error, place)
        self.error, self.place = error, place

    def __str__(self) -> str:
        return f"{self.error} at {self.place}"

    @classmethod
    def of(cls, failure: BaseException) -> TaskFailed:
        """Name the type and the file and line that raised."""
        frame = failure.__traceback__
        while frame is not None and frame.tb_next is not None:
            frame = frame.tb_next
        place = f"{Path(frame.tb_frame.f_code.co_filename).name}:{frame.tb_lineno}" if frame else "nowhere"
        return cls(type(failure).__name__, place)


class ScrubbedTask(Task):  # type: ignore[misc]  # Celery ships no types
    """A task that runs once at a time in its process, and whose failure shows in Celery without what raised it.

    Nothing is lost by a failure: the rows are still there, and maintenance enqueues again.
    """

    abstract = True
    throws = (TaskFailed,)  # Celery logs it without a traceback; `on_failure` logs it as an error

    def __call__(self, *args: Any, **kwargs: Any) -> None:
        """Run the task's body; its arguments are none."""
        app: WorkerApp = self.app
        by_message = not self.request.is_eager  # else by the polling fallback

        def begin() -> None:
            if by_message and self.name == MAINTAIN:
                app.maintained_at = time.monotonic()
            app.heartbeats.begun(self.name, by_message)
            self.run(*args, **kwargs)

        failed = None
        try:
            app.runs[self.name].run(begin, app.stopping.is_set)
        except Exception as failure:  # noqa: BLE001  # raised below, scrubbed
            failed = TaskFailed.of(failure)
        if (
            failed is not None
        ):  # outside the handler: what is raised there would carry the failure as its context
            raise failed

    def on_failure(self, exc: TaskFailed, *_: object) -> None:
        """Log the failure."""
        log.error("task.failed", task=self.name, error=exc.error, place=exc.place)


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


class RetryingAMQP(AMQP):  # type: ignore[misc]  # Celery ships no types
    """Celery's messaging over connections that retry."""

    Connection = RetryingConnection


class WorkerApp(Celery):  # type: ignore[misc]  # Celery ships no types
    """A Celery app that carries the settings it was made from; `stopping` is set once the process shall end."""

    task_cls = ScrubbedTask
    amqp_cls = RetryingAMQP

    def __init__(self, settings: Settings, **options: Any) -> None:
        super().__init__("replydesk", **options)
        self.settings = settings
        self.heartbeats = WorkerHeartbeats(settings.redis_url, settings.redis_prefix)
        self.runs = {name: SingleRun() for name in QUEUES}
        self.loop = loop_heartbeat(settings)
        self.stopping = Stop()
        self.maintained_at = time.monotonic()
        """When a maintenance run that beat enqueued last began, here or, as far as this process was told, elsewhere."""


def make_app(settings: Settings, include: tuple[str, ...] = TASK_MODULES) -> WorkerApp:
    """Build the app for these settings; nothing is connected yet. `include` names the modules that hold the tasks."""
    made = WorkerApp(
        settings, broker=kombu_url(settings.redis_url or "redis://127.0.0.1:6379/0"), include=include
    )
    made.conf.update(
        celery_settings(
            settings.redis_prefix,
            socket_timeout=5.0,
            socket_connect_timeout=2.0,
            health_check_interval=3,  # a BRPOP unanswered for 1 + 3 seconds is dropped and asked again
            visibility_timeout=3600,
            queue_order_strategy="round_robin",
            max_connections=20,
        ),
        # No results and no remote control; `celery worker -E` sends Celery's events.
        result_backend=None,
        worker_enable_remote_control=False,
        # A message that dies with its worker is no loss, so messages are acknowledged as they come.
        task_acks_late=False,
        task_reject_on_worker_lost=False,
        worker_prefetch_multiplier=1,
        worker_disable_prefetch=True,
        # A broker that hangs, dies or comes back empty is asked again, for ever and soon.
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
        beat_schedule={"maintain": {"task": MAINTAIN, "schedule": settings.maintenance_seconds}},
        timezone="UTC",
    )
    made.set_default()  # the pool's threads ask for the current app too
    return made


@signals.setup_logging.connect  # type: ignore[untyped-decorator]  # Celery ships no types
def _configure_logging(**_: object) -> None:
    if not logging.getLogger().handlers:  # started as `celery -A worker.celery_app`
        logs.configure("worker", current_app.settings.log_level)


@signals.worker_shutting_down.connect  # type: ignore[untyped-decorator]  # Celery ships no types
def _stop(**_: object) -> None:
    current_app.stopping.set()


@signals.worker_ready.connect  # type: ignore[untyped-decorator]  # Celery ships no types
def _say_ready(**_: object) -> None:
    log.info("worker.ready")


def __getattr__(name: str) -> Any:
    """Build `app` when it is first asked for, as `celery -A worker.celery_app` does, and never at import."""
    if name != "app":
        raise AttributeError(name)
    globals()["app"] = made = make_app(load())
    return made
