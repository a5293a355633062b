"""The logs: one JSON object a line on standard error, ids only, and a last sieve through which no address falls."""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Iterable, Mapping, MutableMapping
from contextlib import suppress
from typing import Any, Final, TextIO

import structlog

ADDRESS: Final = re.compile(r"[^\s\"'<>@\\]{1,256}(?:@|%40)[^\s\"'<>@\\]{1,256}")
VALUE_LIMIT: Final = 8 * 1024  # characters; a traceback's end is worth less than a bounded line
RANGES_SHOWN: Final = 50
NOISY: Final = {
    "celery.app.trace": "WARNING",
    "celery.beat": "WARNING",
    "celery.worker.strategy": "WARNING",
    "waitress.queue": "ERROR",
}
"""Libraries that would write a line for every message or every queued request."""


class _Unacknowledged(logging.Filter):
    """Makes one line of a message that a broker in trouble lets nobody acknowledge: its row is what counts."""

    def filter(self, record: logging.LogRecord) -> bool:
        if str(record.msg).startswith("Couldn't ack"):
            record.exc_info, record.levelno, record.levelname = None, logging.WARNING, "WARNING"
        return True


_UNACKNOWLEDGED: Final = _Unacknowledged()


class Lines:
    """Writes lines of our own where a handler writes the libraries', and makes no record of each first.

    A request's line would cost twice as much. One that cannot be written is lost, as a library's is.
    """

    def __init__(self, handler: logging.StreamHandler[TextIO], name: str) -> None:
        self._handler = handler
        self.name = name

    def write(self, line: str) -> None:
        """Write one line, whole."""
        self._handler.acquire()
        try:
            with suppress(OSError, ValueError):
                self._handler.stream.write(line + self._handler.terminator)
                self._handler.stream.flush()
        finally:
            self._handler.release()

    debug = info = warning = error = critical = exception = write


def configure(process: str, level: str = "info") -> None:
    """Send structlog's and the standard library's records, warnings included, to standard error as JSON lines.

    Every line has `at` (UTC), `level`, `event`, `logger` and `process`. Called once, by whoever starts a process.
    """
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        structlog.processors.format_exc_info,
    ]

    def bounded(_logger: object, _method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
        for key, value in event.items():
            if isinstance(value, str) and len(value) > VALUE_LIMIT:
                event[key] = f"{value[:VALUE_LIMIT]}…"
        event["process"] = process
        return event

    last: list[Any] = [bounded, structlog.processors.JSONRenderer(serializer=_sieved_json)]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    structlog.configure(
        processors=[*shared, *last],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda name="", *_: Lines(handler, name),
        cache_logger_on_first_use=True,
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name, least in NOISY.items():
        logging.getLogger(name).setLevel(least)
    logging.getLogger("celery.worker.request").addFilter(_UNACKNOWLEDGED)
    logging.captureWarnings(True)


def ranges(numbers: Iterable[int]) -> str:
    """Write row numbers shortly, as in "4711-4966,5001", and no more of them than fit a line."""
    ranges: list[list[int]] = []
    for number in sorted(numbers):
        if ranges and number <= ranges[-1][1] + 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    shown = [f"{first}-{last}" if first < last else str(first) for first, last in ranges[:RANGES_SHOWN]]
    return ",".join(shown) + ("…" if len(ranges) > RANGES_SHOWN else "")


def _sieved_json(event: object, **options: Any) -> str:
    """Mask whatever looks like an address: our modules log ids, but a library's message may not."""
    line = json.dumps(event, ensure_ascii=False, **options)
    return ADDRESS.sub("⟦email⟧", line) if "@" in line or "%40" in line else line
