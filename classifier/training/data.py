"""The training and measuring data: read, checked and masked, from a directory of Parquet files."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifier.labels import LABELS, PUBLIC_LABELS

Floats = NDArray[np.float32]

LONGEST = 1500
"""Training reads this many characters of a text; what follows says little new and costs as much again."""

_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}")
_PHONE = re.compile(r"(?<![\w+])\+?\d[\d ().-]{7,16}\d(?!\w)")
_HANDLE = re.compile(r"(?<![\w@])@\w{2,30}")


class DataError(Exception):
    """The data cannot be used; the message names the file and what is wrong with it."""


@dataclass(eq=False)
class Corpus:
    """Labelled texts: labels (0..1) and the teacher's log-odds are (texts, labels), NaN where nothing is known."""

    texts: list[str]
    sources: NDArray[np.str_]
    languages: NDArray[np.str_]
    labels: Floats
    teacher: Floats

    def __len__(self) -> int:
        return len(self.texts)

    @classmethod
    def of_source(cls, texts: list[str], source: str, labels: Floats | None = None) -> Corpus:
        """Return English texts of one source; without `labels` nothing is known about them."""
        count = len(texts)
        known = unknown(count) if labels is None else labels
        return cls(texts, np.full(count, source), np.full(count, "en"), known, unknown(count))

    def take(self, rows: NDArray[np.int64]) -> Corpus:
        """Return the texts of some rows, in that order."""
        return Corpus(
            [self.texts[row] for row in rows.tolist()],
            self.sources[rows],
            self.languages[rows],
            self.labels[rows],
            self.teacher[rows],
        )

    def joined(self, other: Corpus) -> Corpus:
        """Return these texts and the other's after them."""
        return Corpus(
            self.texts + other.texts,
            np.concatenate((self.sources, other.sources)),
            np.concatenate((self.languages, other.languages)),
            np.concatenate((self.labels, other.labels)),
            np.concatenate((self.teacher, other.teacher)),
        )


def mask_contacts(text: str) -> str:
    """Replace addresses, phone numbers and handles by placeholders, as the service does."""
    if "@" in text:
        text = _HANDLE.sub("⟦handle⟧", _EMAIL.sub("⟦email⟧", text))
    return _PHONE.sub("⟦phone⟧", text)


def table(path: Path) -> Any:
    """Read one Parquet file; raise DataError, which names the file or the package that is missing."""
    try:
        from pyarrow import ArrowInvalid, parquet
    except ImportError:
        raise DataError("reading Parquet needs pyarrow: install the extra `train`") from None
    if not path.is_file():
        raise DataError(
            f"{path} is missing: give a file that is there, or the directory of the training data to learn from"
        )
    try:
        return parquet.read_table(path)
    except (OSError, ArrowInvalid) as error:
        raise DataError(f"{path} is not a readable Parquet file ({type(error).__name__})") from None


def labelled(path: Path) -> Corpus:
    """Read a file of labelled texts: Parquet such as dev.parquet, or JSON lines with the same fields."""
    if path.suffix in (".jsonl", ".ndjson", ".json"):
        return _from_lines(path)
    columns = table(path)
    missing = [name for name in ("text", "source", *PUBLIC_LABELS) if name not in columns.column_names]
    if missing:
        raise DataError(f"{path} lacks the column {missing[0]}")
    count = columns.num_rows
    labels = unknown(count)
    for column, name in enumerate(LABELS):
        if name in columns.column_names:
            labels[:, column] = columns[name].to_numpy()
    languages = columns["lang"].to_pylist() if "lang" in columns.column_names else ["en"] * count
    return Corpus(
        [mask_contacts(text or "") for text in columns["text"].to_pylist()],
        np.array(columns["source"].to_pylist()),
        np.array(languages),
        labels,
        unknown(count),
    )


def json_lines(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Read JSON lines that have a `text`: where each stands, and the object; raise DataError, which names the line."""
    try:
        with path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                try:
                    row = json.loads(line)
                except (ValueError, RecursionError):
                    raise DataError(f"{path} line {number} is not JSON") from None
                if not isinstance(row, dict) or not isinstance(row.get("text"), str):
                    raise DataError(f'{path} line {number} has no "text" that is a string')
                yield f"{path} line {number}", row
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise DataError(f"{path} is not UTF-8") from None


def _from_lines(path: Path) -> Corpus:
    """Read JSON lines: `text`, perhaps `source` and `lang`, and any of the labels."""
    rows, told = [], []
    for place, row in json_lines(path):
        labels = np.full(len(LABELS), np.nan, np.float32)
        for column, name in enumerate(LABELS):
            value = row.get(name)
            if isinstance(value, int | float) and value == value:  # JSON's NaN is a label that nobody gave
                if not 0 <= value <= 1:
                    raise DataError(f"{place}: {name} must be between 0 and 1")
                labels[column] = value
        rows.append(row)
        told.append(labels)
    return Corpus(
        [mask_contacts(row["text"]) for row in rows],
        np.array([str(row.get("source", path.stem)) for row in rows], str),
        np.array([str(row.get("lang", "en")) for row in rows], str),
        np.array(told, np.float32).reshape(-1, len(LABELS)),
        unknown(len(rows)),
    )


def unknown(count: int) -> Floats:
    """Return labels that nobody knows, (texts, labels)."""
    return np.full((count, len(LABELS)), np.nan, np.float32)


def training(directory: Path) -> Corpus:
    """Read train.parquet and unlabelled.parquet with the teacher's log-odds beside them."""
    corpus = labelled(directory / "train.parquet")
    labelled_rows = len(corpus)
    more = table(directory / "unlabelled.parquet")
    corpus = corpus.joined(
        Corpus(
            [mask_contacts(text or "") for text in more["text"].to_pylist()],
            np.array(more["source"].to_pylist()),
            np.array(more["lang"].to_pylist()),
            unknown(more.num_rows),
            unknown(more.num_rows),
        )
    )
    soft = table(directory / "teacher_logits.parquet")
    later = np.array(soft["file"].to_pylist()) == "unlabelled"
    rows = soft["row"].to_numpy() + np.where(later, labelled_rows, 0)
    for column, name in enumerate(PUBLIC_LABELS):
        corpus.teacher[rows, column] = soft[name].to_numpy()
    told = ~np.isnan(corpus.labels).all(axis=1) | ~np.isnan(corpus.teacher).all(axis=1)
    return corpus.take(np.flatnonzero(told))
