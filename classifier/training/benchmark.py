"""How fast the classifier is and what it needs: both efforts on one core, one comment explained, memory, start, sizes.

Run as `python -m classifier.training.benchmark [--append FILE]`. The comments are those written for training, cut and
joined to a length. Peers are timed in the same run; Detoxify's architecture only where PyTorch is installed.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from classifier import persistence
from classifier.encoder import ENCODER, TOKENIZER
from classifier.labels import EFFORTS, LABELS, Effort
from classifier.model import Model
from classifier.training import peers, tables
from classifier.training.peers import BATCH, REPEATS, batched, comments, rate
from classifier.training.robustness import LENGTHS, growth

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")

COMMENT_LENGTHS = (300, 400)
COUNTS: dict[Effort, int] = {"full": 512, "fast": 4096}
SINGLE = 300
"""How many single comments are timed."""


def ours(model: Model, effort: Effort, length: int, count: int | None = None) -> dict[str, float]:
    """Score in batches, everything included."""
    texts = comments(count or COUNTS[effort], length)
    return rate(batched(lambda batch: model.score(batch, effort=effort), texts), len(texts))


def one_by_one(model: Model, length: int = COMMENT_LENGTHS[0]) -> dict[str, float]:
    """Time single comments, milliseconds: median and 95th percentile, with and without the explanation."""
    texts, figures = comments(SINGLE, length, seed=1), {}
    for effort in EFFORTS:
        for name, explained in ((f"{effort}, scored", False), (f"{effort}, scored and explained", True)):
            taken = [_taken(model, text, effort, explained) for text in texts]
            figures[f"{name}, p50"] = round(float(np.median(taken)), 2)
            figures[f"{name}, p95"] = round(float(np.percentile(taken, 95)), 2)
    return figures


def _taken(model: Model, text: str, effort: Effort, explained: bool) -> float:
    begin = time.perf_counter()
    if explained:
        model.score_and_explain(text, effort=effort)
    else:
        model.score([text], effort=effort)
    return (time.perf_counter() - begin) * 1000


_ALONE = """
import json, sys, time
begin = time.perf_counter()
from classifier import Model
model = Model.load()
model.score(["A comment to begin with."])
started = time.perf_counter() - begin
texts = json.load(sys.stdin)
model.score(texts)
told = dict(line.split(":", 1) for line in open("/proc/self/status"))
# not getrusage's: that peak is inherited from whoever started this process
peak, now = (int(told[name].split()[0]) / 1024 for name in ("VmHWM", "VmRSS"))
print(json.dumps({"start": started, "peak": peak, "now": now}))
"""


def alone() -> dict[str, float]:
    """Start the classifier in a process of its own: seconds to the first score, MB after 256 comments and at most."""
    done = subprocess.run(  # noqa: S603  # this very program
        [sys.executable, "-c", _ALONE],
        cwd=persistence.SHIPPED.parent,
        input=json.dumps(comments(BATCH, COMMENT_LENGTHS[1])),
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout)
    return {
        "cold start to the first score, s": round(found["start"], 2),
        "resident after 256 comments, MB": round(found["now"], 1),
        "resident at most, MB": round(found["peak"], 1),
    }


def sizes(directory: Path = persistence.SHIPPED) -> dict[str, float]:
    """Return the size of each file of the model, MB."""
    names = (persistence.MODEL, ENCODER, TOKENIZER, "lid.176.ftz")
    found = {name: (directory / name).stat().st_size / 1e6 for name in names if (directory / name).is_file()}
    return {name: round(size, 1) for name, size in {**found, "together": sum(found.values())}.items()}


def brief(model: Model) -> dict[str, float]:
    """Return the figures that have targets."""
    process, single = alone(), one_by_one(model)
    return {
        "full_at_300": ours(model, "full", 300, BATCH)["median"],
        "fast_at_400": ours(model, "fast", 400, 4 * BATCH)["median"],
        "explained_p50": single["full, scored and explained, p50"],
        "memory": process["resident at most, MB"],
        "cold_start": process["cold start to the first score, s"],
        "artifacts": sizes()["together"],
    }


def measure() -> dict[str, Any]:
    """Measure everything and return the figures."""
    model = Model.load()
    rates: dict[str, dict[int, dict[str, float] | str]] = {}
    for length in COMMENT_LENGTHS:
        for effort in EFFORTS:
            rates.setdefault(f"this model, {effort}, {len(LABELS)} labels", {})[length] = ours(
                model, effort, length
            )
        for name, found in peers.peers(length).items():
            rates.setdefault(name, {})[length] = found
        rates.setdefault("BERT-base in PyTorch, random weights (Detoxify's architecture)", {})[length] = (
            peers.bert(length)
        )
    return {
        "model": model.version,
        "load": round(os.getloadavg()[0], 1),
        "rates": rates,
        "single": one_by_one(model),
        "alone": alone(),
        "sizes": sizes(),
        "growth_ms": growth(model),
    }


def page(figures: dict[str, Any]) -> str:
    """Lay the figures out as a section of Markdown."""
    single = figures["single"]
    names = [name.removesuffix(", p50") for name in single if name.endswith(", p50")]
    rates = [
        (name, *(_rate(found.get(length)) for length in COMMENT_LENGTHS))
        for name, found in figures["rates"].items()
    ]
    conditions = (
        f"Model `{figures['model']}`, one core, CPU time, batches of {BATCH}; the median of {REPEATS} runs. "
        f"Load average {figures['load']} after the rates."
    )
    parts = [
        "## The classifier alone",
        conditions,
        tables.markdown(
            ("comments a second", *(f"{length} characters" for length in COMMENT_LENGTHS)), rates
        ),
        tables.markdown(
            (f"one comment of {COMMENT_LENGTHS[0]} characters, ms", "p50", "p95"),
            [(name, single[f"{name}, p50"], single[f"{name}, p95"]) for name in names],
        ),
        tables.markdown(("a process with nothing else in it", ""), list(figures["alone"].items())),
        tables.markdown(("file", "MB"), list(figures["sizes"].items())),
        "Milliseconds for one text of so many characters; linear means ten times as long a column further:",
        tables.markdown(
            ("text", *(f"{length:,}" for length in LENGTHS)),
            [(name, *(f"{each:,}" for each in taken)) for name, taken in figures["growth_ms"].items()],
        ),
    ]
    return "\n\n".join(parts) + "\n"


def _rate(found: dict[str, float] | str | None) -> str:
    if isinstance(found, dict):
        return f"{found['median']:,.0f}"
    return found or ""


def main() -> int:
    """Print the section as Markdown, or the figures as JSON, and add the section to a page where asked."""
    parser = argparse.ArgumentParser(prog="python -m classifier.training.benchmark", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--append", type=Path, metavar="FILE", help="add the section to this page")
    given = parser.parse_args()
    figures = measure()
    section = page(figures)
    print(json.dumps(figures, indent=1) if given.json else section)
    if given.append is not None:
        with given.append.open("a", encoding="utf-8") as file:
            file.write(f"\n{section}")
    return 0


if __name__ == "__main__":
    if any(os.environ.get(name) != "1" for name in _THREADS):  # numpy reads the limits when it is loaded
        again = [sys.executable, "-m", "classifier.training.benchmark", *sys.argv[1:]]
        os.execve(sys.executable, again, {**os.environ, **dict.fromkeys(_THREADS, "1")})  # noqa: S606  # this very program
    sys.exit(main())
