"""Hashed n-grams as a scikit-learn transformer."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.base import BaseEstimator, TransformerMixin

from classifier.ngrams import COLUMNS
from classifier.text import TextBatch, text_tags


def columns_of(batch: TextBatch) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return the columns of all n-grams of a batch, text after text, and where those of each text begin."""
    found, _ = batch.grams
    sizes = np.stack([np.diff(each.indptr) for each in found])
    indptr = np.concatenate(([0], np.cumsum(sizes.sum(axis=0)))).astype(np.int32)
    columns = np.empty(int(indptr[-1]), np.int32)
    begins = indptr[:-1] + np.cumsum(sizes, axis=0) - sizes
    for each, begin in zip(found, begins, strict=True):
        moved = np.repeat(begin - each.indptr[:-1], np.diff(each.indptr))
        columns[np.arange(len(each.columns)) + moved] = each.columns
    return columns, indptr


class HashedNgrams(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn ships no types
    """Count hashed n-grams of read texts: a sparse matrix (texts, `COLUMNS`), each row of length one.

    Stateless. The input is what `TextReader` gives.
    """

    def fit(self, X: TextBatch, y: Any = None) -> Self:
        """Learn nothing."""
        return self

    def transform(self, X: TextBatch) -> Any:
        """Return the counts, each row divided by its length."""
        if not X.texts:
            return csr_matrix((0, COLUMNS), dtype=np.float32)
        columns, indptr = columns_of(X)
        matrix = csr_matrix(
            (np.ones(len(columns), np.float32), columns, indptr), shape=(len(X.texts), COLUMNS)
        )
        matrix.sum_duplicates()
        squares = np.add.reduceat(np.append(matrix.data**2, 0), matrix.indptr[:-1]) * (
            np.diff(matrix.indptr) > 0
        )
        lengths = np.sqrt(np.maximum(squares, 1)).astype(np.float32)
        matrix.data /= np.repeat(lengths, np.diff(matrix.indptr))
        return matrix

    def __sklearn_tags__(self) -> Any:
        return text_tags(super().__sklearn_tags__())

    def __sklearn_is_fitted__(self) -> bool:
        return True
