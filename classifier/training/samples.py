"""Labelled comments to measure on: files of three kinds, read into one table, and every text scored once."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifier.heads import probability
from classifier.labels import LABELS, Effort
from classifier.model import Model
from classifier.training import data, newsroom

Doubles = NDArray[np.float64]
Scorer = Callable[[Sequence[str], str], Doubles]
"""Takes texts and a title for the progress bar; returns log-odds, (texts, labels)."""

NEWS = ("c3_news", "ucc_news")
TOXICITY, SPAM, REFUSE = (LABELS.index(label) for label in ("toxicity", "spam", "refuse"))
_SURELY, _HARDLY = 0.8, 0.1
"""A written comment's target from here up says that a label holds, from here down that it does not."""
_BATCH = 256


@dataclass(eq=False)
class Samples:
    """Comments to measure on. `categories` is empty and `perspective` NaN where a file does not have them."""

    corpus: data.Corpus
    categories: NDArray[np.str_]
    perspective: Doubles

    def __len__(self) -> int:
        return len(self.corpus)

    def joined(self, other: Samples) -> Samples:
        """Return these and the other's after them."""
        return Samples(
            self.corpus.joined(other.corpus),
            np.concatenate((self.categories, other.categories)),
            np.concatenate((self.perspective, other.perspective)),
        )

    def limited(self, most: int, seed: int = 0) -> Samples:
        """Return at most `most` texts of each source, drawn by chance."""
        rng = np.random.default_rng(seed)
        sources = self.corpus.sources
        drawn = [rng.permutation(np.flatnonzero(sources == each))[:most] for each in np.unique(sources)]
        rows = np.sort(np.concatenate(drawn)) if drawn else np.zeros(0, np.int64)
        return Samples(self.corpus.take(rows), self.categories[rows], self.perspective[rows])


@dataclass(eq=False)
class Scored:
    """Comments and their calibrated log-odds, (texts, labels), at one effort."""

    samples: Samples
    log_odds: Doubles
    effort: Effort = "full"

    @property
    def corpus(self) -> data.Corpus:
        """The texts, sources and labels."""
        return self.samples.corpus

    @cached_property
    def chances(self) -> Doubles:
        """The probabilities."""
        return probability(self.log_odds)

    def of(self, *sources: str) -> NDArray[np.bool_]:
        """Say which comments come from one of `sources`."""
        return np.isin(self.corpus.sources, sources)

    def known(self, source: str, label: str) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Return the rows of a source whose label is known, and whether it holds."""
        values = self.corpus.labels[:, LABELS.index(label)]
        rows = np.flatnonzero((self.corpus.sources == source) & np.isfinite(values))
        return rows, values[rows] >= 0.5

    @cached_property
    def harmless(self) -> NDArray[np.bool_]:
        """Newsroom comments that should be published."""
        return np.isin(self.samples.categories, newsroom.HARMLESS)

    @cached_property
    def harmful(self) -> NDArray[np.bool_]:
        """Newsroom comments that should not be published unseen."""
        return ~np.isin(self.samples.categories, ("", *newsroom.HARMLESS, *newsroom.BORDERLINE))

    @cached_property
    def grave(self) -> NDArray[np.bool_]:
        """Newsroom comments that threaten, expose or endanger somebody."""
        return np.isin(self.samples.categories, newsroom.GRAVE)


def read(paths: Sequence[Path]) -> Samples:
    """Read files together; raises `DataError`, which names the file."""
    found = [_read(Path(path)) for path in paths]
    joined = found[0]
    for more in found[1:]:
        joined = joined.joined(more)
    return joined


def _read(path: Path) -> Samples:
    if path.suffix == ".parquet":
        table = data.table(path)
        if "perspective" in table.column_names:
            return _with_perspective(path, table)
    elif _is_written(path):
        return _written(path)
    corpus = data.labelled(path)
    return Samples(corpus, np.full(len(corpus), "", np.str_), np.full(len(corpus), np.nan))


def _with_perspective(path: Path, table: Any) -> Samples:
    """Take comments that raters and Perspective have scored."""
    missing = [name for name in ("text", "toxicity") if name not in table.column_names]
    if missing:
        raise data.DataError(f"{path} lacks the column {missing[0]}")
    labels = data.unknown(table.num_rows)
    labels[:, TOXICITY] = table["toxicity"].to_numpy()
    texts = [data.mask_contacts(text or "") for text in table["text"].to_pylist()]
    corpus = data.Corpus.of_source(texts, path.stem, labels)
    return Samples(
        corpus, np.full(len(corpus), "", np.str_), table["perspective"].to_numpy().astype(np.float64)
    )


def _is_written(path: Path) -> bool:
    """Say whether the first line is a comment with a category."""
    try:
        with path.open(encoding="utf-8") as lines:
            first = json.loads(lines.readline(1 << 20))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(first, dict) and "category" in first


def _written(path: Path) -> Samples:
    """Read newsroom comments; what their category leaves open is unknown."""
    comments = newsroom.read(path)
    targets = np.stack([comment.targets() for comment in comments])
    targets[:, REFUSE] = [1 if each.harmful else 0 if each.harmless else 0.5 for each in comments]
    open_ = (targets > _HARDLY) & (targets < _SURELY)
    labels = np.where(np.isnan(targets) | open_, np.nan, targets >= _SURELY).astype(np.float32)
    corpus = data.Corpus.of_source([data.mask_contacts(each.text) for each in comments], "newsroom", labels)
    categories = np.array([each.category for each in comments])
    return Samples(corpus, categories, np.full(len(corpus), np.nan))


@contextmanager
def scorer(model: Model, effort: Effort = "full", quiet: bool = False) -> Iterator[Scorer]:
    """Give a function that scores texts on all cores, with a progress bar on standard error."""
    from rich.console import Console
    from rich.progress import MofNCompleteColumn, Progress, TimeElapsedColumn

    columns = (*Progress.get_default_columns(), MofNCompleteColumn(), TimeElapsedColumn())
    with (
        Progress(*columns, console=Console(stderr=True), disable=quiet) as bars,
        ThreadPoolExecutor(os.cpu_count() or 1) as pool,
    ):

        def score(texts: Sequence[str], title: str) -> Doubles:
            task = bars.add_task(title, total=len(texts))
            parts = [texts[at : at + _BATCH] for at in range(0, len(texts), _BATCH)]
            found = [np.zeros((0, len(LABELS)))]
            for part in pool.map(lambda each: model.log_odds(each, effort), parts):
                found.append(part)
                bars.advance(task, len(part))
            return np.concatenate(found)

        yield score
