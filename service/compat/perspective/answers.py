"""Old answers of Perspective in a file: JSON Lines, a JSON array, CSV or Parquet, as sites logged them."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final

from service.compat.perspective.attributes import LABEL_OF
from service.domain.errors import ReplydeskError

ROWS_BOUND: Final = 500_000
LINE_BOUND: Final = 1024 * 1024
ARRAY_BOUND: Final = 256 * 1024 * 1024
TEXT_NAMES: Final = ("text", "comment_text", "comment")
ALSO: Final[Mapping[str, str]] = {"OBSCENE_or_PROFANITY": "PROFANITY"}
"""Column names of published score sets that stand for an attribute."""


class Unreadable(ReplydeskError):
    """The file is no log of Perspective's answers."""


@dataclass(frozen=True, slots=True)
class Old:
    """One text and the scores that Perspective gave it; `line` counts from 1."""

    line: int
    text: str = field(repr=False)
    scores: Mapping[str, float]


@dataclass(slots=True)
class Log:
    """What a file held: the answers that can be used, and the lines that cannot."""

    answers: list[Old] = field(default_factory=list)
    bad_lines: list[int] = field(default_factory=list)

    def add(self, line: int, row: object) -> None:
        """Take one row in, or note its line."""
        read = _row(line, row)
        if read is None:
            self.bad_lines.append(line)
        else:
            self.answers.append(read)


def read(path: Path) -> Log:
    """Read the file by its ending, at most 500,000 rows. Raises Unreadable, saying how to fix it."""
    log = Log()
    try:
        for line, row in _rows(path):
            if len(log.answers) + len(log.bad_lines) >= ROWS_BOUND:
                break
            log.add(line, row)
    except OSError as failure:
        raise Unreadable(f"{path}: {failure.strerror or type(failure).__name__}") from None
    except (UnicodeDecodeError, csv.Error):
        raise Unreadable(f"{path}: is no text in UTF-8") from None
    if not log.answers:
        raise Unreadable(
            f"{path}: no line has a text and a score; give JSON Lines such as "
            '{"text": "…", "TOXICITY": 0.9}, or your requests and answers as they were'
        )
    return log


def _rows(path: Path) -> Iterator[tuple[int, object]]:
    if path.suffix == ".parquet":
        return _parquet(path)
    if path.suffix in (".csv", ".tsv"):
        return _table(path)
    return _json(path)


def _json(path: Path) -> Iterator[tuple[int, object]]:
    with path.open(encoding="utf-8-sig") as file:
        if file.read(1) == "[":
            file.seek(0)
            yield from enumerate(_array(file, path), 1)
            return
        file.seek(0)
        number = 0
        while line := file.readline(LINE_BOUND):
            number += 1
            if line.strip():
                yield number, _parsed(line)


def _array(file: IO[str], path: Path) -> list[object]:
    if path.stat().st_size > ARRAY_BOUND:
        raise Unreadable(f"{path}: an array may have {ARRAY_BOUND >> 20} MiB; give JSON Lines")
    rows = _parsed(file.read())
    if not isinstance(rows, list):
        raise Unreadable(f"{path}: is no JSON array")
    return rows


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _table(path: Path) -> Iterator[tuple[int, object]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        yield from enumerate(csv.DictReader(file, delimiter="\t" if path.suffix == ".tsv" else ","), 2)


def _parquet(path: Path) -> Iterator[tuple[int, object]]:
    try:
        import pyarrow as pa  # type: ignore[import-untyped,unused-ignore]
        import pyarrow.parquet as parquet  # type: ignore[import-untyped,unused-ignore]
    except ImportError:
        raise Unreadable(f"{path}: reading Parquet needs pyarrow; give JSON Lines or CSV") from None
    number = 0
    try:
        for batch in parquet.ParquetFile(path).iter_batches(1024):
            for row in batch.to_pylist():
                number += 1
                yield number, row
    except pa.ArrowException:
        raise Unreadable(f"{path}: is no Parquet file, or a damaged one") from None


def _row(line: int, row: object) -> Old | None:
    """Read a row: text and scores side by side, or a request and an answer in Perspective's own shape."""
    if not isinstance(row, dict):
        return None
    text, scores = _text(row), _scores(row)
    return Old(line, text, scores) if text.strip() and scores else None


def _text(row: Mapping[str, Any]) -> str:
    request = row.get("request")
    for place in (request if isinstance(request, dict) else {}, row):
        for name in TEXT_NAMES:
            value = place.get(name)
            if isinstance(value, dict):
                value = value.get("text")
            if isinstance(value, str):
                return value
    return ""


def _scores(row: Mapping[str, Any]) -> dict[str, float]:
    response = row.get("response")
    answer = response if isinstance(response, dict) else row
    nested = answer.get("attributeScores") or answer.get("scores")
    pairs: Iterable[tuple[Any, Any]] = (nested if isinstance(nested, dict) else answer).items()
    found = {ALSO.get(str(name), str(name).upper()): _value(value) for name, value in pairs}
    return {name: value for name, value in found.items() if name in LABEL_OF and value is not None}


def _value(given: Any) -> float | None:
    """Return a score from 0 to 1: a number, or an attribute's answer with its summary; None for anything else."""
    if isinstance(given, dict):
        summary = given.get("summaryScore", given)
        given = summary.get("value") if isinstance(summary, dict) else None
    if isinstance(given, bool) or not isinstance(given, int | float | str):
        return None
    try:
        value = float(given)
    except ValueError:
        return None
    return value if math.isfinite(value) and 0 <= value <= 1 else None
