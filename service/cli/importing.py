"""`replydesk import`: brings in a JSON Lines file or a WordPress export; run it again and it goes on where it was."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from service.cli.console import json_option, opened_installation, show, site_named

if TYPE_CHECKING:
    from io import BufferedReader

    from rich.progress import Progress

    from service.context import AppContext
    from service.importers.jsonl import Batch

FAULTS_SHOWN: Final = 100
OUTCOMES: Final = ("imported", "replayed", "revised", "refused")
BESIDES: Final = ("left_out", "not_shown", "repaired")
"""What is counted where there is any: pings and notes, comments of private articles, lines with something bad."""


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--site", "site_name", required=True, help="The site whose comments these are.")
@click.option("--strict", is_flag=True, help="Exit with 1 when a line was refused.")
@click.option(
    "--fast", is_flag=True, help="Score JSON Lines fast; what matters is scored again in full later."
)
@json_option
def importing(file: Path, site_name: str, strict: bool, fast: bool, as_json: bool) -> None:
    """Bring in the comments of FILE: a WordPress export, or JSON Lines with the fields of the API.

    A WordPress export (Tools, Export) keeps threads and states: approved comments stay approved, pending ones wait on
    the desk. Comments of articles that are not public are stored and shown to no reader until you allow it.
    Comments of JSON Lines are scored after live ones. With --fast they are scored from words and signals alone, many
    times as fast; those held or near a limit of the policy are scored in full later. Faulty comments are named and
    skipped; of an optional value that is faulty only the value is left out. Running the import again repeats nothing:
    imported comments count as replayed, with an id or without, even if they were edited since.
    """
    from service.importers.jsonl import import_lines
    from service.importers.wordpress import import_export

    counts: Counter[str] = Counter()
    with opened_installation() as opened, file.open("rb") as lines, _progress() as progress:
        context = _counting(opened)
        site = site_named(context, site_name)
        bar = progress.add_task("importing", total=file.stat().st_size, done=0)
        shown = 0
        bring = import_export if _is_xml(lines) else partial(import_lines, fast=fast)
        try:
            for batch in bring(context, site, lines):
                counts += batch.counts
                shown = _show_faults(progress, batch, shown)
                done = sum(counts[name] for name in OUTCOMES)
                progress.update(bar, advance=batch.read_bytes, done=done)
        finally:  # where the file is broken, too: what came before that is kept
            told = {name: counts[name] for name in (*OUTCOMES, *BESIDES) if counts[name] or name in OUTCOMES}
            show(told, (", ".join(f"{count} {name}" for name, count in told.items()),), as_json)
    if strict and counts["refused"]:
        raise SystemExit(1)


def _counting(context: AppContext) -> AppContext:
    """Let what is brought in count in the home's metrics, beside what comes from other sources."""
    from prometheus_client import CollectorRegistry

    from service.observability import counters
    from service.observability.arrivals import Arrivals

    counters.share(context.settings.home)
    return replace(context, deps=replace(context.deps, arrivals=Arrivals(CollectorRegistry())))


def _is_xml(file: BufferedReader) -> bool:
    """Whether the file begins as XML does, after white space and a byte order mark; nothing is taken off it."""
    return file.peek(256).removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<")


def _progress() -> Progress:
    """A bar by bytes on standard error; it keeps quiet where there is no terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    console = Console(stderr=True, highlight=False)
    return Progress(
        TextColumn("[bold]{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:3.0f} %"),
        TextColumn("{task.fields[done]} comments"),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
    )


def _show_faults(progress: Progress, batch: Batch, shown: int) -> int:
    """Name each fault by line and field, up to a bound; return how many have been shown."""
    for fault in batch.faults[: max(0, FAULTS_SHOWN - shown)]:
        progress.console.print(
            f"line {fault.line}: {fault.field}: {fault.message}", markup=False, soft_wrap=True
        )
    if shown < FAULTS_SHOWN <= shown + len(batch.faults):
        progress.console.print("further faults are counted, not shown")
    return shown + len(batch.faults)
