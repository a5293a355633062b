"""The reader's n-grams as a scikit-learn transformer, so that any other learner can be tried on the same features."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Self

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, TransformerMixin

from classifier.data import LONGEST
from classifier.features import ROWS
from classifier.prepare import bags_of
from classifier.reread import Lexicon


class NgramCounter(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn ships no types
    """Reads texts through their disguise and counts their hashed n-grams: one row of a sparse matrix per text.

    Each row is divided by the root of its number of n-grams, as in the model. Nothing is learnt: it needs no `fit`.
    `lexicon` is what respellings must be words of; without one, only single characters are seen through.
    """

    def __init__(self, lexicon: Lexicon | None = None) -> None:
        self.lexicon = lexicon

    def __sklearn_tags__(self) -> Any:
        """Says that texts come in, a sparse matrix goes out, and nothing is fitted."""
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.one_d_array = True
        tags.input_tags.two_d_array = False
        tags.requires_fit = False
        return tags

    def fit(self, X: Iterable[str], y: Any = None) -> Self:  # noqa: ARG002  # pipelines give it
        """Checks that texts were given."""
        self._texts(X)
        return self

    def transform(self, X: Iterable[str]) -> sparse.csr_array:
        """Counts; raises ValueError where `X` is not a sequence of texts. The first 1,500 characters count."""
        texts = self._texts(X)
        if not texts:
            return sparse.csr_array((0, ROWS), dtype=np.float32)
        bags = bags_of([text[:LONGEST] for text in texts], self.lexicon or Lexicon())
        sizes = np.diff(bags.indptr)
        shares = np.repeat(1 / np.sqrt(np.maximum(sizes, 1)), sizes).astype(np.float32)
        counts = sparse.csr_array((shares, bags.rows, bags.indptr), shape=(len(texts), ROWS))
        counts.sum_duplicates()
        counts.indices, counts.indptr = counts.indices.astype(np.int32), counts.indptr.astype(np.int32)
        return counts

    @staticmethod
    def _texts(X: Iterable[Any]) -> list[str]:
        """Refuses a single text and anything that is not one."""
        if isinstance(X, str):
            raise ValueError("X: one text was given; give a sequence of texts")
        texts = list(X)
        if wrong := next((type(each).__name__ for each in texts if not isinstance(each, str)), None):
            raise ValueError(f"X: every item must be a text, and one is of type {wrong}")
        return texts
