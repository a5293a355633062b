"""`make train-encoder`: fine-tune the sentence encoder with PyTorch and export it to ONNX in eight bits.

The start is a six-layer transformer (MiniLM-L6-H384, Apache-2.0) that was trained on the public data sets and then
fine-tuned on the written comments (`newsroom_encoder` in the data, whose config.json has the recipe). It learns more
written comments, in varied forms, beside public ones replayed with soft labels, so that it judges both and forgets
nothing. The same seed and kind of processor give the same weights.
"""

from __future__ import annotations

import sys
from pathlib import Path
from shutil import copyfile
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from classifier import persistence
from classifier.encoder import ENCODER, TOKENIZER, SentenceEncoder
from classifier.training import data, newsroom
from classifier.training.examples import (
    TOKENS,
    Examples,
    batched,
    examples,
    further,
    halves_help,
    padded,
    tokenized,
)
from classifier.training.export import export
from classifier.training.narrowing import distil, narrowed
from classifier.training.transformer import LAYERS, Encoder, load

Floats = NDArray[np.float32]

START, VOCABULARY = "newsroom_encoder", "second_reader"
"""Where in the data the weights to start from lie, and the tokenizer that belongs to them."""
DISTILLED, LOUDEST = 0.15, 8.0
"""What the distance from the teacher's log-odds counts, and where they are cut off."""
RATE, HEAD_RATE, LAYER_DECAY = 3e-5, 10.0, 0.95
FROZEN = 2
"""So many of the lowest layers stay as they are, like the embeddings: it takes a third less time."""
WARM_UP = 0.06


def main(directory: Path, out: Path = persistence.SHIPPED, seed: int = 0, quiet: bool = False) -> int:
    """Fine-tune, narrow, export and check the encoder; return 0, or 2 with one clear line when data is missing."""
    torch.manual_seed(seed)
    torch.set_num_threads(1)  # the same weights whatever the number of cores
    try:
        wide, tokenizer = load(directory / START), directory / VOCABULARY / TOKENIZER
        learnt = examples(directory, seed)
        fit(wide, learnt, tokenized(tokenizer, learnt.texts, TOKENS), seed, quiet)
        everything = learnt.joined(further(directory, seed))
    except data.DataError as error:
        print(f"cannot train the encoder: {error}", file=sys.stderr)
        return 2
    ids = tokenized(tokenizer, everything.texts, TOKENS)
    narrow = narrowed(wide, ids, seed)
    distil(narrow, wide, everything, ids, seed, quiet)
    out.mkdir(parents=True, exist_ok=True)
    copyfile(tokenizer, out / TOKENIZER)
    export({name: value.numpy() for name, value in narrow.state_dict().items()}, narrow.heads, out / ENCODER)
    print(f"{out / ENCODER}: correlation of eight bits with float {agreement(narrow, out, directory):.4f}")
    return 0


def fit(
    encoder: Encoder, learnt: Examples, ids: list[NDArray[np.int64]], seed: int, quiet: bool = False
) -> None:
    """Fine-tune all but the embeddings and the lowest layers, with one pass over the examples."""
    from rich.progress import MofNCompleteColumn, Progress, TimeRemainingColumn

    rng = np.random.default_rng(seed)
    batches = batched([len(each) for each in ids], rng)
    optimizer = _optimizer(encoder)
    rates = [group["lr"] for group in optimizer.param_groups]
    warm = int(WARM_UP * len(batches))
    encoder.train()
    with Progress(
        *Progress.get_default_columns(), MofNCompleteColumn(), TimeRemainingColumn(), disable=quiet
    ) as bar:
        for step, rows in enumerate(bar.track(batches, description="fine-tuning")):
            share = step / warm if step < warm else (len(batches) - step) / (len(batches) - warm)
            for group, rate in zip(optimizer.param_groups, rates, strict=True):
                group["lr"] = rate * share
            loss = _loss(encoder, [ids[row] for row in rows], learnt, rows)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]  # torch types it in part
            nn.utils.clip_grad_norm_(encoder.parameters(), 1.0)
            optimizer.step()
    encoder.eval()


def _loss(
    encoder: Encoder, ids: list[NDArray[np.int64]], learnt: Examples, rows: NDArray[np.int64]
) -> torch.Tensor:
    """Return the cross-entropy over known labels, and how far the log-odds lie from the teacher's.

    The cross-entropy hardly tells 1 in 50 from 1 in 500; the distance does, and most comments lie there.
    """
    teacher = torch.from_numpy(learnt.teacher[rows])
    with torch.autocast("cpu", torch.bfloat16, enabled=halves_help()):
        log_odds = encoder(*padded(ids)).float()
    spoken = torch.isfinite(teacher)
    apart = functional.smooth_l1_loss(
        log_odds[spoken], teacher[spoken].clamp(-LOUDEST, LOUDEST), reduction="sum"
    )
    return learnt.cross_entropy(log_odds, rows) + DISTILLED * apart / (4 * len(ids))


def _optimizer(encoder: Encoder) -> torch.optim.Optimizer:
    """Let lower layers learn more slowly, the head faster, and the lowest and the embeddings not at all."""
    encoder.requires_grad_(requires_grad=False)
    encoder.head.requires_grad_()
    groups: list[dict[str, Any]] = [
        {"params": encoder.head.parameters(), "lr": RATE * HEAD_RATE, "weight_decay": 0.01}
    ]
    for depth, layer in enumerate(encoder.layers):
        if depth >= FROZEN:
            rate = RATE * LAYER_DECAY ** (LAYERS - 1 - depth)
            groups.append({"params": layer.requires_grad_().parameters(), "lr": rate, "weight_decay": 0.01})
    return torch.optim.AdamW(groups, betas=(0.9, 0.98))


@torch.inference_mode()
def agreement(encoder: Encoder, out: Path, directory: Path, count: int = 400) -> float:
    """Return the correlation of exported and original log-odds on `count` written comments."""
    texts = [each.text for each in newsroom.read(directory / "newsroom" / "train.jsonl")[:count]]
    ids = tokenized(out / TOKENIZER, texts, TOKENS)
    exact = np.concatenate([encoder(*padded(ids[at : at + 32])).numpy() for at in range(0, len(ids), 32)])
    small = SentenceEncoder(str(out), max_tokens=TOKENS).transform(texts)
    return float(np.corrcoef(exact.ravel(), small.ravel())[0, 1])
