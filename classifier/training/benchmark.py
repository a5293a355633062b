"""The race: comments a second on one core, ours beside its peers and beside the floor, on the same comments.

Run as `python -m classifier.bench`. The comments are invented, cut and joined to about 400 characters each.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import os
import pstats
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from classifier.labels import LABELS
from classifier.model import Model
from classifier.training.hostile import LENGTHS, growth
from classifier.training.invented import invent

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")

COUNT, BATCH, LENGTH = 4096, 256, 400
REPEATS = 5


def comments(count: int = COUNT, length: int = LENGTH, seed: int = 0) -> list[str]:
    """Invents plain comments of about `length` characters."""
    invented = invent(8000, seed)
    sentences = [text for text, row in zip(invented.texts, invented.labels, strict=True) if row[6] < 0.5]
    rng = np.random.default_rng(seed)
    texts = []
    for _ in range(count):
        text = ""
        goal = rng.normal(length, length / 4)
        while len(text) < goal:
            text += f"{sentences[int(rng.integers(len(sentences)))]} "
        texts.append(text.strip())
    return texts


def rate(work: Callable[[], Any], count: int, repeats: int = REPEATS) -> tuple[float, float]:
    """Runs `work` some times after one for warming up; returns comments a second, median and best."""
    work()
    taken = []
    for _ in range(repeats):
        begin = time.process_time()
        work()
        taken.append(time.process_time() - begin)
    return count / float(np.median(taken)), count / min(taken)


def ours(model: Model, texts: list[str]) -> None:
    """Scores in batches of 256, everything included."""
    for begin in range(0, len(texts), BATCH):
        model.score(texts[begin : begin + BATCH])


def floor(model: Model) -> Callable[[list[str]], None]:
    """The same bytes hashed and gathered, with no bookkeeping: what no reader of n-grams can beat in numpy."""
    table = model.network.weights

    def work(texts: list[str]) -> None:
        for begin in range(0, len(texts), BATCH):
            codes = np.frombuffer(" ".join(texts[begin : begin + BATCH]).encode(), np.uint8).astype(np.uint32)
            hashed = codes
            for _ in range(3):
                hashed = hashed[:-1] * np.uint32(0x05008E01) + codes[len(codes) - len(hashed) + 1 :]
                table[hashed >> np.uint32(12), 0].sum()

    return work


def plain_pipeline(texts: list[str]) -> Callable[[list[str]], Any]:
    """The usual scikit-learn pipeline: word(1,2) and char_wb(2,5) TF-IDF, one logistic regression."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline, make_union

    union = make_union(
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True),
        TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True),
    )
    pipeline = make_pipeline(union, LogisticRegression(max_iter=20, solver="liblinear"))
    sample = texts[:1000]
    pipeline.fit(sample, [int("stupid" in text or "hate" in text) for text in sample])
    return lambda batch: [
        pipeline.predict_proba(batch[at : at + BATCH]) for at in range(0, len(batch), BATCH)
    ]


def peers(texts: list[str]) -> dict[str, tuple[float, float]]:
    """Times the peers that are installed (extra `bench`)."""
    pipeline = plain_pipeline(texts)
    found = {
        "TfidfVectorizer word(1,2)+char_wb(2,5), one label": rate(lambda: pipeline(texts[:1024]), 1024, 3)
    }
    try:
        from profanity_check import predict_prob  # type: ignore[import-untyped]  # ships no types

        found["alt-profanity-check, one label"] = rate(
            lambda: [predict_prob(texts[at : at + BATCH]) for at in range(0, len(texts), BATCH)],
            len(texts),
            3,
        )
    except ImportError:
        print("alt-profanity-check is not installed (extra `bench`)", file=sys.stderr)
    try:
        from better_profanity import profanity  # type: ignore[import-untyped]  # ships no types

        found["better-profanity, yes or no"] = rate(
            lambda: [profanity.contains_profanity(text) for text in texts[:64]], 64, 2
        )
    except ImportError:
        print("better-profanity is not installed (extra `bench`)", file=sys.stderr)
    return found


def one_by_one(model: Model, texts: list[str]) -> dict[str, float]:
    """Times single comments: median and 95th percentile in milliseconds, with and without the explanation."""
    figures = {}
    for name, work in (
        ("score", lambda text: model.score([text])),
        ("score and explain", lambda text: model.score_and_explain(text)),
    ):
        taken = []
        for text in texts[:500]:
            begin = time.perf_counter()
            work(text)
            taken.append((time.perf_counter() - begin) * 1000)
        figures[f"{name}, p50 ms"] = round(float(np.median(taken)), 3)
        figures[f"{name}, p95 ms"] = round(float(np.percentile(taken, 95)), 3)
    return figures


def profile(model: Model, texts: list[str]) -> list[tuple[str, float]]:
    """Says where the time of a batch goes: function and its own share, the ten heaviest."""
    profiler = cProfile.Profile()
    profiler.runcall(ours, model, texts)
    stats: Any = pstats.Stats(profiler)
    total = stats.total_tt
    own = sorted(((entry[2], name) for name, entry in stats.stats.items()), reverse=True)[:10]
    return [(f"{name[0].rsplit('/', 1)[-1]}:{name[2]}", seconds / total) for seconds, name in own]


def brief(model: Model, count: int = 1024) -> dict[str, float]:
    """The figures that have targets: comments a second, ours and the plain pipeline's, and one comment's median."""
    texts = comments(count)
    pipeline = plain_pipeline(texts)
    return {
        "ours": rate(lambda: ours(model, texts), count)[0],
        "plain": rate(lambda: pipeline(texts[:256]), 256, 3)[0],
        "single": one_by_one(model, texts)["score and explain, p50 ms"],
    }


def measure() -> dict[str, Any]:
    """Runs the whole race and returns its figures."""
    texts = comments()
    model = Model.load()
    table = {
        "ours, seven labels, read-as and language, batches of 256": rate(
            lambda: ours(model, texts), len(texts)
        )
    }
    hashing = floor(model)
    table["the floor: hash and gather, nothing else"] = rate(lambda: hashing(texts), len(texts))
    table |= peers(texts)
    return {
        "comments": len(texts),
        "mean_length": round(float(np.mean([len(text) for text in texts])), 1),
        "labels": len(LABELS),
        "rates": {name: [round(value) for value in pair] for name, pair in table.items()},
        "single": one_by_one(model, texts),
        "growth_ms": growth(model),
        "profile": [[name, round(share, 3)] for name, share in profile(model, texts)],
    }


def page(figures: dict[str, Any]) -> str:
    """Lays the figures out as a section of Markdown."""
    lengths = "".join(f" {length:,} |" for length in LENGTHS)
    lines = [
        "## The classifier alone",
        "",
        f"{figures['comments']:,} invented comments, {figures['mean_length']} characters each; one core, CPU time.",
        "",
        "| what | a second, median | best |",
        "| --- | --- | --- |",
        *(f"| {name} | {median:,} | {best:,} |" for name, (median, best) in figures["rates"].items()),
        "",
        "| one comment | ms |",
        "| --- | --- |",
        *(f"| {name.removesuffix(' ms')} | {value} |" for name, value in figures["single"].items()),
        "",
        "Milliseconds for one text of so many characters; linear means ten times as long from column to column:",
        "",
        f"| text |{lengths}",
        f"| --- |{' --- |' * len(LENGTHS)}",
        *(
            f"| {name} | {' | '.join(f'{one:,}' for one in taken)} |"
            for name, taken in figures["growth_ms"].items()
        ),
        "",
        "Own share of a batch's time, by function:",
        "",
        "| function | share |",
        "| --- | --- |",
        *(f"| `{name}` | {share:.1%} |" for name, share in figures["profile"]),
    ]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Prints the race as Markdown, or as JSON, and adds the Markdown to a page where asked."""
    told = argparse.ArgumentParser(prog="python -m classifier.bench", description=__doc__)
    told.add_argument("--json", action="store_true", help="print JSON")
    told.add_argument("--append", type=Path, metavar="FILE", help="add the section to this page")
    given = told.parse_args()
    figures = measure()
    print(json.dumps(figures, indent=1) if given.json else page(figures))
    if given.append is not None:
        with given.append.open("a", encoding="utf-8") as file:
            file.write("\n" + page(figures))
    return 0


if __name__ == "__main__":
    if any(os.environ.get(name) != "1" for name in _THREADS):  # numpy reads the limits when it is loaded
        again = [sys.executable, "-m", "classifier.bench", *sys.argv[1:]]
        os.execve(sys.executable, again, {**os.environ, **dict.fromkeys(_THREADS, "1")})  # noqa: S606  # this very program
    sys.exit(main())
