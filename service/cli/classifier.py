"""`replydesk classifier`: the classifier alone, on texts from a pipe or files; needs no database."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedIOBase
from pathlib import Path
from typing import Literal, cast

import click

from service.cli.console import Refused, json_option


@click.group()
def classifier() -> None:
    """Score texts, and evaluate or train the model."""


@contextmanager
def _model(extra: str = "install the extra `train`") -> Iterator[None]:
    """Use the model, which is loaded with the first import in this block; tell its faults, and what is not installed.

    Matrices are multiplied with one thread: they are so narrow that a second one only waits, at twice the cost.
    """
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # numpy reads it once, when it is loaded
    from classifier import ModelError

    try:
        yield
    except ModelError as wrong:
        raise Refused(str(wrong)) from None
    except ImportError as missing:
        raise Refused(f"this needs {missing.name}: {extra}") from None


@classifier.command()
@click.option("--plain", is_flag=True, help="Scores alone, without reading and spans: fast.")
@click.option("--without", is_flag=True, help="Also how it would score without each of its heaviest words.")
def score(plain: bool, without: bool) -> None:
    """Score JSON lines {"text": …} from standard input, one JSON line for each, in order.

    A line that cannot be read is answered by a line that says so, and the exit code is 1 in the end.
    """
    if plain and without:
        raise click.UsageError("--plain prints scores alone: leave out --plain or --without")
    with _model():
        from classifier.stream import score_lines

        bad = score_lines(cast(BufferedIOBase, sys.stdin.buffer), sys.stdout, plain, without)
    if bad:
        click.echo(f"replydesk: {bad} lines could not be read", err=True)
        sys.exit(1)


_DATA = click.option(
    "--data", type=click.Path(path_type=Path), default=Path("../shared/data"), show_default=True,
    help="The directory of the training data.",
)  # fmt: skip
_OUT = click.option(
    "--out", type=click.Path(path_type=Path), required=True, help="The directory for the new model."
)
_DOCS = Path("docs/model")
_SEED = click.option("--seed", type=int, default=0, show_default=True)
_LIMIT = click.option(
    "--limit", type=click.IntRange(min=1), help="At most so many comments of each source: for a trial run."
)


@classifier.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@json_option
@click.option(
    "--effort",
    type=click.Choice(["full", "fast"]),
    default="full",
    show_default=True,
    help="With the sentence encoder, or without.",
)
@click.option(
    "--compare/--no-compare",
    default=True,
    show_default=True,
    help="Beside alt-profanity-check, where it is installed.",
)
@_LIMIT
def evaluate(
    files: tuple[Path, ...], as_json: bool, effort: Literal["full", "fast"], compare: bool, limit: int | None
) -> None:
    """Measure the shipped model on labelled FILES (parquet or JSON lines)."""
    with _model():
        from classifier.training.evaluate import main

        sys.exit(main(list(files), json=as_json, compare=compare, effort=effort, limit=limit))


@classifier.command()
@_DATA
@click.option(
    "--harmless",
    type=click.FloatRange(0, 1),
    help="The largest share of harmless newsroom comments that may be held; one tenth by default.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=_DOCS / "limits.md",
    show_default=True,
    help="The page to write.",
)
@json_option
@_LIMIT
def limits(data: Path, harmless: float | None, out: Path, as_json: bool, limit: int | None) -> None:
    """Choose a newsroom's hold, reject and spam limits for the shipped model."""
    with _model():
        from classifier.training.limits_study import main

        sys.exit(main(data, out, harmless, limit, as_json))


@classifier.command()
@_DATA
@click.option(
    "--out", type=click.Path(path_type=Path), default=_DOCS, show_default=True, help="The directory to write."
)
@_LIMIT
def card(data: Path, out: Path, limit: int | None) -> None:
    """Measure the shipped model and write its card, its limits and the pictures."""
    if limit is not None and out == _DOCS:
        raise click.UsageError("--limit is for a trial run: give another --out")
    with _model():
        from classifier.training import report

        sys.exit(report.main(data, out, limit))


@classifier.command()
@_DATA
@_OUT
@_SEED
@click.option(
    "--card/--no-card", default=True, show_default=True, help="Evaluate it and write the model card."
)
def train(data: Path, out: Path, seed: int, card: bool) -> None:
    """Train everything but the encoder, evaluate it and write the model card."""
    with _model():
        from classifier import persistence
        from classifier.training import report
        from classifier.training import train as training

        failed = training.main(data, out, seed)
        if not failed and card and out.resolve() == persistence.SHIPPED.resolve():
            failed = report.main(data)
    sys.exit(failed)


@classifier.command("train-encoder")
@_DATA
@_OUT
@_SEED
def train_encoder(data: Path, out: Path, seed: int) -> None:
    """Fine-tune the sentence encoder and export it; then run `train`, which fits everything else to it."""
    with _model("`make train-encoder` installs requirements-encoder.txt"):
        from classifier.training import encoder

        sys.exit(encoder.main(data, out, seed))
