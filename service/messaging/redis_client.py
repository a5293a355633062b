"""How this service talks to Redis: short time-outs everywhere, and the settings of Celery's client and worker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from service.messaging.tasks import MAINTAIN, QUEUES

if TYPE_CHECKING:
    from redis import Redis

SOCKET_SECONDS: Final = 0.5  # longer than any honest answer, short enough for a process to end in time
PROBE, PROBE_SECONDS = "probe", 60
"""The key that is set to find out whether the broker takes writes: one that only reads answers every question."""


def connect(redis_url: str, seconds: float = SOCKET_SECONDS) -> Redis:
    """Return a Redis client that gives up within half a second, or so many, and tries nothing twice."""
    from redis import Redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    return Redis.from_url(
        redis_url,
        socket_timeout=seconds,
        socket_connect_timeout=seconds,
        retry=Retry(NoBackoff(), 0),
        health_check_interval=0,
    )


def kombu_url(redis_url: str) -> str:
    """Return the broker's URL as Celery and kombu spell it; only a unix socket is spelled otherwise."""
    return f"redis+socket{redis_url.removeprefix('unix')}" if redis_url.startswith("unix:") else redis_url


def celery_settings(prefix: str, **transport_options: Any) -> dict[str, Any]:
    """Return the Celery settings of whoever sends tasks and whoever runs them.

    A message is JSON without arguments. Queues are on the anonymous exchange: a Redis that was emptied has forgotten
    every binding, so a message to a named exchange would be lost.
    """
    from kombu import Exchange, Queue

    return {
        "accept_content": ["json"],
        "task_serializer": "json",
        "task_ignore_result": True,
        "task_queues": [Queue(name, Exchange(""), routing_key=name) for name in sorted(set(QUEUES.values()))],
        "task_routes": {name: {"queue": queue} for name, queue in QUEUES.items()},
        "task_default_queue": QUEUES[MAINTAIN],
        "task_create_missing_queues": False,
        "broker_transport_options": {
            "global_keyprefix": prefix,
            "socket_keepalive": True,
            "priority_steps": [0],  # one list a queue: messages have no ranks
            **transport_options,
        },
    }


def probe(client: Redis, prefix: str) -> Any:
    """Set a key that soon goes. Raises redis.ResponseError where the broker answers and refuses to write."""
    return client.set(f"{prefix}{PROBE}", b"1", ex=PROBE_SECONDS)


def ask_to_write(redis_url: str, prefix: str) -> None:
    """Return when the broker takes writes. Raises redis.RedisError or OSError, within half a second."""
    client = connect(redis_url)
    try:
        probe(client, prefix)
    finally:
        client.close()


def fault_of(failure: Exception) -> str:
    """Say in a few words how the broker failed whose answer, or silence, this error is."""
    from redis.exceptions import AuthenticationError, ResponseError

    how = "refuses to write" if isinstance(failure, ResponseError) else "does not answer"
    how = "refuses the password" if isinstance(failure, AuthenticationError) else how
    return f"{how} ({type(failure).__name__})"
