"""The transformer in PyTorch, and its start: int8 weights in BERT's naming."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from classifier.labels import LABELS
from classifier.training import data

HIDDEN, LAYERS, HEADS, INNER, WORDS, POSITIONS = 384, 6, 12, 1536, 30522, 512
HEAD = HIDDEN // HEADS
"""The width of one attention head."""
DROPOUT = 0.1


class Layer(nn.Module):
    """One transformer layer: attention and two linear steps, each added to its input and normalised."""

    def __init__(self, heads: int = HEADS, inner: int = INNER) -> None:
        super().__init__()
        width = heads * HEAD
        self.query, self.key, self.value = (nn.Linear(HIDDEN, width) for _ in range(3))
        self.out, self.out_norm = nn.Linear(width, HIDDEN), nn.LayerNorm(HIDDEN, eps=1e-12)
        self.up, self.down = nn.Linear(HIDDEN, inner), nn.Linear(inner, HIDDEN)
        self.norm = nn.LayerNorm(HIDDEN, eps=1e-12)

    def mixed(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Return what every token takes from all tokens, (texts, tokens, heads x head)."""
        texts, tokens, _ = x.shape
        query, key, value = (
            part(x).view(texts, tokens, -1, HEAD).transpose(1, 2)
            for part in (self.query, self.key, self.value)
        )
        scores = query @ key.transpose(2, 3) / math.sqrt(HEAD) + mask
        return (torch.softmax(scores, -1).to(value.dtype) @ value).transpose(1, 2).flatten(2)

    def inner(self, x: torch.Tensor) -> torch.Tensor:
        """Return the inner units, (texts, tokens, inner)."""
        return functional.gelu(self.up(x), approximate="tanh")

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Read states (texts, tokens, hidden); `mask` is 0 for tokens and very negative for padding."""
        mixed = self.out(self.mixed(x, mask))
        x = self.out_norm(x + functional.dropout(mixed, DROPOUT, self.training))
        inner = self.down(self.inner(x))
        normed: torch.Tensor = self.norm(x + functional.dropout(inner, DROPOUT, self.training))
        return normed


class Encoder(nn.Module):
    """The transformer with one linear head over the mean of its states and the state of the first token."""

    def __init__(self, labels: int = len(LABELS), heads: int = HEADS, inner: int = INNER) -> None:
        super().__init__()
        self.word, self.position = nn.Embedding(WORDS, HIDDEN), nn.Embedding(POSITIONS, HIDDEN)
        self.kind, self.norm = nn.Parameter(torch.zeros(HIDDEN)), nn.LayerNorm(HIDDEN, eps=1e-12)
        self.layers = nn.ModuleList([Layer(heads, inner) for _ in range(LAYERS)])
        self.head = nn.Linear(2 * HIDDEN, labels)
        self.heads = heads

    @staticmethod
    def hidden(mask: torch.Tensor) -> torch.Tensor:
        """Return what is added to attention: very negative for padding."""
        return ((mask - 1) * 1e4)[:, None, None, :]

    def embedded(self, ids: torch.Tensor) -> torch.Tensor:
        """Return the states before the first layer, (texts, tokens, hidden)."""
        x: torch.Tensor = self.norm(self.word(ids) + self.position.weight[: ids.shape[1]] + self.kind)
        return functional.dropout(x, DROPOUT, self.training)

    def all_states(self, ids: torch.Tensor, mask: torch.Tensor) -> list[torch.Tensor]:
        """Return the states behind each layer, (texts, tokens, hidden) each."""
        x, found = self.embedded(ids), []
        hidden = self.hidden(mask).to(x.dtype)
        for layer in self.layers:
            x = layer(x, hidden)
            found.append(x)
        return found

    def log_odds(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Return the log-odds of the last states, (texts, labels)."""
        kept = mask[..., None].to(x.dtype)
        pooled = torch.cat([(x * kept).sum(1) / kept.sum(1), x[:, 0]], 1)
        found: torch.Tensor = self.head(functional.dropout(pooled, DROPOUT, self.training))
        return found

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Return log-odds, (texts, labels)."""
        return self.log_odds(self.all_states(ids, mask)[-1], mask)


_NAMES = {
    "query": "attention.self.query", "key": "attention.self.key", "value": "attention.self.value",
    "out": "attention.output.dense", "out_norm": "attention.output.LayerNorm", "up": "intermediate.dense",
    "down": "output.dense", "norm": "output.LayerNorm",
}  # fmt: skip


def load(directory: Path) -> Encoder:
    """Load int8 weights (rows × scale) in BERT's naming; labels that they do not know start unlikely."""
    weights: dict[str, NDArray[Any]] = {}
    for part in ("w1.npz", "w2.npz"):
        if not (directory / part).is_file():
            raise data.DataError(f"{directory / part} is missing: it holds the weights to start from")
        with np.load(directory / part, allow_pickle=False) as arrays:
            for name in arrays.files:
                if name.endswith("::q"):
                    weights[name[:-3]] = arrays[name].astype(np.float32) * arrays[f"{name[:-3]}::s"]
                elif not name.endswith("::s"):
                    weights[name] = arrays[name]
    first = "enc.embeddings."
    state = {
        "word.weight": weights[f"{first}word_embeddings.weight"],
        "position.weight": weights[f"{first}position_embeddings.weight"],
        "kind": weights[f"{first}token_type_embeddings.weight"][0],
        "norm.weight": weights[f"{first}LayerNorm.weight"],
        "norm.bias": weights[f"{first}LayerNorm.bias"],
    }
    for layer in range(LAYERS):
        for ours, theirs in _NAMES.items():
            for kind in ("weight", "bias"):
                state[f"layers.{layer}.{ours}.{kind}"] = weights[f"enc.encoder.layer.{layer}.{theirs}.{kind}"]
    known = len(weights["head.bias"])
    head, bias = np.zeros((len(LABELS), 2 * HIDDEN), np.float32), np.full(len(LABELS), -3, np.float32)
    head[:known], bias[:known] = weights["head.weight"], weights["head.bias"]
    encoder = Encoder()
    encoder.load_state_dict(
        {name: torch.from_numpy(np.ascontiguousarray(array)) for name, array in state.items()}
        | {"head.weight": torch.from_numpy(head), "head.bias": torch.from_numpy(bias)}
    )
    return encoder
