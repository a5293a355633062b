"""The sentence encoder: a small transformer in ONNX, read by ONNX Runtime as a scikit-learn transformer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin

from classifier.labels import LABELS, ModelError
from classifier.text import TextBatch, text_tags

Doubles = NDArray[np.float64]
ENCODER, TOKENIZER = "encoder.onnx", "tokenizer.json"
HERE = Path(__file__).parent
CHARACTERS_PER_TOKEN = 12
"""A text is cut to so many characters per token before it is tokenized, so that the cost of one is bounded."""


@dataclass(eq=False)
class Encoded:
    """What the encoder says of some texts.

    `log_odds` is (texts, labels). `tokens`, where asked for, holds per text what each token adds to each label's
    log-odds (tokens, labels) and the token's place in the text that was read (tokens, 2; `(0, 0)` for the marks around
    it); the sum over tokens plus the head's bias is the row of `log_odds`.
    """

    log_odds: Doubles
    tokens: list[tuple[NDArray[np.float32], NDArray[np.int64]]]


class SentenceEncoder(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn ships no types
    """Return each text's log-odds by the fine-tuned transformer in `directory`: (texts, labels).

    It reads at most `max_tokens` tokens of a text, with `threads` threads. Nothing is learnt here: `make train-encoder`
    made the files. Threads may share one encoder.
    """

    def __init__(self, directory: str | None = None, max_tokens: int = 256, threads: int = 1) -> None:
        self.directory = directory
        self.max_tokens = max_tokens
        self.threads = threads

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn nothing."""
        return self

    def transform(self, X: TextBatch | Sequence[str]) -> Doubles:
        """Return the log-odds of each label."""
        return self.encode(X.as_read() if isinstance(X, TextBatch) else X).log_odds

    def encode(self, texts: Sequence[str], explain: bool = False) -> Encoded:
        """Read texts, one at a time; with `explain` also say what each token adds.

        The network rounds to eight bits by the largest number it meets, so texts read together would change each
        other's log-odds, some by more than one; on one core it would be no faster either.
        """
        tokenizer, session, bias = self._loaded()
        found = Encoded(np.zeros((len(texts), len(LABELS))), [])
        for row, text in enumerate(texts):
            cut = text[: self.max_tokens * CHARACTERS_PER_TOKEN].encode("utf-8", "replace").decode()
            encoding = tokenizer.encode(cut)
            ids = np.array([encoding.ids], np.int64)
            (tokens,) = session.run(["tokens"], {"ids": ids})
            found.log_odds[row] = tokens[0].sum(axis=0, dtype=np.float64) + bias
            if explain:
                found.tokens.append((tokens[0], np.array(encoding.offsets, np.int64)))
        return found

    def bias(self) -> Doubles:
        """Return the head's bias, (labels,)."""
        bias: Doubles = self._loaded()[2]
        return bias

    def _loaded(self) -> tuple[Any, Any, Doubles]:
        """Load tokenizer and network once."""
        loaded: tuple[Any, Any, Doubles] | None = getattr(self, "_session", None)
        if loaded is None:
            loaded = self._session = _load(Path(self.directory or HERE), self.max_tokens, self.threads)
        return loaded

    def __getstate__(self) -> Any:
        return {name: value for name, value in super().__getstate__().items() if name != "_session"}

    def __sklearn_tags__(self) -> Any:
        return text_tags(super().__sklearn_tags__())

    def __sklearn_is_fitted__(self) -> bool:
        return True


def _load(directory: Path, max_tokens: int, threads: int) -> tuple[Any, Any, Doubles]:
    import onnxruntime
    from tokenizers import Tokenizer

    for name in (ENCODER, TOKENIZER):
        if not (directory / name).is_file():
            raise ModelError(f"{directory / name} is missing: restore it, or run `make train-encoder`")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False  # the arena keeps the largest batch ever seen
    options.enable_mem_pattern = False
    # the graph is made of fused operators already; the one for "add and normalise" takes six times as long as two
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        tokenizer = Tokenizer.from_file(str(directory / TOKENIZER))
        session = onnxruntime.InferenceSession(
            str(directory / ENCODER), options, providers=["CPUExecutionProvider"]
        )
        facts = session.get_modelmeta().custom_metadata_map
        bias = np.array([float(each) for each in facts["bias"].split(",")])
        labels = facts["labels"].split(",")
    except Exception as fault:  # noqa: BLE001  # both libraries raise types of their own
        raise ModelError(
            f"the encoder in {directory} cannot be read ({type(fault).__name__}): restore it, or train again"
        ) from None
    if tuple(labels) != LABELS:
        raise ModelError(f"the encoder's labels are {labels}, not {list(LABELS)}: train it again")
    tokenizer.enable_truncation(max_tokens)
    tokenizer.no_padding()
    return tokenizer, session, bias
