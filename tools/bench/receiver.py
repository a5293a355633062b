"""A site's end of the callbacks, as cheap as it gets: counts them and tells the count to whoever asks.

Run as `python -m tools.bench.receiver PORT`.
"""

from __future__ import annotations

import itertools
import logging
import sys
from collections.abc import Callable, Iterable
from typing import Any

import waitress

_taken = itertools.count(1)
_last = [0]


def receive(
    environ: dict[str, Any], start: Callable[[str, list[tuple[str, str]]], object]
) -> Iterable[bytes]:
    """Count a POST; answer anything else with the count."""
    if environ["REQUEST_METHOD"] == "POST":
        environ["wsgi.input"].read()
        _last[0] = next(_taken)
        start("200 OK", [("Content-Length", "0")])  # after a 204 this server would hang up
        return []
    body = str(_last[0]).encode()
    start("200 OK", [("Content-Length", str(len(body)))])
    return [body]


if __name__ == "__main__":
    logging.getLogger("waitress.queue").setLevel(
        logging.ERROR
    )  # it would write a line for every queued request
    waitress.serve(receive, host="127.0.0.1", port=int(sys.argv[1]), threads=2, ident=None)
