"""`make train-encoder`: fine-tune the sentence encoder with PyTorch and export it to ONNX in eight bits.

The start is a six-layer transformer (MiniLM-L6-H384, Apache-2.0) that was trained on the public data sets and then
fine-tuned on the written comments (`newsroom_encoder` in the data, whose config.json has the recipe). It learns more
written comments, in varied forms, beside public ones replayed with soft labels, so that it judges both and forgets
nothing. The same seed and kind of processor give the same weights.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
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
from classifier.labels import LABELS, columns
from classifier.training import augmentation, data, newsroom
from classifier.training.export import export
from classifier.training.invented import invent
from classifier.training.targets import public_targets
from classifier.training.transformer import HEADS, LAYERS, Encoder, load

Floats = NDArray[np.float32]

START, VOCABULARY = "newsroom_encoder", "second_reader"
"""Where in the data the weights to start from lie, and the tokenizer that belongs to them."""
SEEN, UNSEEN = 3, 4
"""How often a written comment is learnt that the start has seen, and one that it has not: as it is, then varied."""
REPLAYED, INVENTED_SPAM, INVENTED_IDENTITY = 60_000, 4_000, 24_000
TRUST = 0.35
"""How much a rater's label counts where the teacher has spoken too."""
DISTILLED, LOUDEST = 0.15, 8.0
"""What the distance from the teacher's log-odds counts, and where they are cut off."""
RATE, HEAD_RATE, LAYER_DECAY = 3e-5, 10.0, 0.95
FROZEN = 2
"""So many of the lowest layers stay as they are, like the embeddings: it takes a third less time."""
BATCH, TOKENS, WARM_UP = 32, 128, 0.06
REFUSE_WRITTEN, REFUSE_REPLAYED, INVENTED_WEIGHT = 2.0, 0.5, 0.6
REPLAY = {
    "toxic_spans_civil": 6.0, "jigsaw": 3.5, "paradetox": 0.5, "hatemoji_build": 1.2, "uwindsor_discord_automod": 0.8,
    "toxigen_human": 1.5, "implicit_hate": 0.7, "stormfront": 0.8, "davidson": 0.4, "edos_sexism": 0.5,
    "youtube_spam_uci": 4.0, "sms_spam_uci": 0.6, "spamassassin": 0.3, "smokedetector_titles": 0.2,
    "tg_spam_umputun": 2.0, "goemotions": 0.5, "youtube_unlabelled": 0.6,
}  # fmt: skip
"""How likely a comment of a source is drawn for replay; rare kinds count `RARE` times as much."""
RARE = 2.5


@dataclass(eq=False)
class Examples:
    """Texts to learn from; the others are (texts, labels).

    `targets` are shares of people, NaN where a label is open; `weights` say what each counts; `teacher` holds the
    teacher's log-odds, NaN where it has not spoken.
    """

    texts: list[str]
    targets: Floats
    weights: Floats
    teacher: Floats

    def joined(self, other: Examples) -> Examples:
        """Return these and the other's after them."""
        return Examples(
            self.texts + other.texts,
            np.concatenate((self.targets, other.targets)),
            np.concatenate((self.weights, other.weights)),
            np.concatenate((self.teacher, other.teacher)),
        )


def examples(directory: Path, seed: int) -> Examples:
    """Return everything the encoder learns from."""
    rng = np.random.default_rng(seed)
    replayed = _replayed(directory, seed)
    seen = newsroom.read(directory / "newsroom" / "train.jsonl")
    unseen = newsroom.read_further()
    around = augmentation.Surroundings.among(replayed.texts, replayed.targets, seen + unseen)
    texts, targets = [], []
    for time in range(max(SEEN, UNSEEN)):
        for comment in (seen if time < SEEN else []) + (unseen if time < UNSEEN else []):
            varied = comment.text if time == 0 else augmentation.varied(comment, around, rng)
            texts.append(data.mask_contacts(varied) if time % 2 else varied)
            targets.append(comment.targets())
    weights = np.ones((len(texts), len(LABELS)), np.float32)
    weights[:, LABELS.index("refuse")] = REFUSE_WRITTEN
    written = Examples(texts, np.stack(targets), weights, np.full_like(weights, np.nan))
    return written.joined(replayed).joined(_invented(directory, seed))


def _replayed(directory: Path, seed: int) -> Examples:
    """Draw English public comments, those of news sites and rare kinds more often, with soft targets."""
    rng = np.random.default_rng(seed)
    corpus = data.training(directory)
    corpus = corpus.take(np.flatnonzero(np.isfinite(corpus.teacher[:, 0])))
    targets = public_targets(corpus, TRUST)
    likely = np.array([REPLAY.get(source, 0.0) for source in corpus.sources.tolist()])
    kinds = columns("severe_toxicity threat insult identity_attack spam")
    rare = np.nan_to_num(targets[:, kinds]).max(axis=1) > 0.5
    likely *= np.where(rare, RARE, 1.0)
    count = min(REPLAYED, int((likely > 0).sum()))
    rows = rng.choice(len(corpus), count, replace=False, p=likely / likely.sum())
    weights = np.ones((len(rows), len(LABELS)), np.float32)
    weights[:, LABELS.index("refuse")] = REFUSE_REPLAYED
    return Examples(
        [corpus.texts[row] for row in rows.tolist()], targets[rows], weights, corpus.teacher[rows]
    )


def _invented(directory: Path, seed: int) -> Examples:
    """Invent spam, and sentences about groups of people."""
    corpus = invent(INVENTED_SPAM, INVENTED_IDENTITY, seed, directory / "lists")
    targets = public_targets(corpus, 1.0)
    refused = np.nan_to_num(targets).max(axis=1) > 0.5
    targets[:, LABELS.index("refuse")] = np.where(refused, 0.95, 0.03)
    return Examples(
        corpus.texts, targets, np.full_like(targets, INVENTED_WEIGHT), np.full_like(targets, np.nan)
    )


def main(directory: Path, out: Path = persistence.SHIPPED, seed: int = 0, quiet: bool = False) -> int:
    """Fine-tune, export and check the encoder; return 0, or 2 with one clear line when data is missing."""
    torch.manual_seed(seed)
    torch.set_num_threads(1)  # the same weights whatever the number of cores
    try:
        encoder, tokenizer = load(directory / START), directory / VOCABULARY / TOKENIZER
        fit(encoder, examples(directory, seed), tokenizer, seed, quiet)
    except data.DataError as error:
        print(f"cannot train the encoder: {error}", file=sys.stderr)
        return 2
    out.mkdir(parents=True, exist_ok=True)
    copyfile(tokenizer, out / TOKENIZER)
    export({name: value.numpy() for name, value in encoder.state_dict().items()}, HEADS, out / ENCODER)
    print(f"{out / ENCODER}: correlation of eight bits with float {agreement(encoder, out, directory):.4f}")
    return 0


def fit(encoder: Encoder, learnt: Examples, tokenizer_file: Path, seed: int, quiet: bool = False) -> None:
    """Fine-tune all but the embeddings and the lowest layers, with one pass over the examples."""
    from rich.progress import MofNCompleteColumn, Progress, TimeRemainingColumn

    rng = np.random.default_rng(seed)
    ids = tokenized(tokenizer_file, learnt.texts, TOKENS)
    batches = _batches([len(each) for each in ids], rng)
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
    wanted, teacher = torch.from_numpy(learnt.targets[rows]), torch.from_numpy(learnt.teacher[rows])
    known = torch.isfinite(wanted) * torch.from_numpy(learnt.weights[rows])
    with torch.autocast("cpu", torch.bfloat16, enabled=_halves_help()):
        log_odds = encoder(*padded(ids)).float()
    loss = functional.binary_cross_entropy_with_logits(
        log_odds, torch.nan_to_num(wanted), weight=known, reduction="sum"
    )
    spoken = torch.isfinite(teacher)
    apart = functional.smooth_l1_loss(
        log_odds[spoken], teacher[spoken].clamp(-LOUDEST, LOUDEST), reduction="sum"
    )
    return (loss + DISTILLED * apart) / (4 * len(ids))


def _halves_help() -> bool:
    """Say whether this processor multiplies bfloat16 itself: where it cannot, float32 is twenty times as fast."""
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


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


def _batches(sizes: list[int], rng: np.random.Generator) -> list[NDArray[np.int64]]:
    """Shuffle, then sort by length within windows, so that a batch holds texts of like length."""
    order, lengths = rng.permutation(len(sizes)), np.array(sizes)
    batches: list[NDArray[np.int64]] = []
    for begin in range(0, len(order), BATCH * 60):
        window = order[begin : begin + BATCH * 60]
        window = window[np.argsort(lengths[window], kind="stable")]
        found = [window[at : at + BATCH] for at in range(0, len(window), BATCH)]
        batches += [found[each] for each in rng.permutation(len(found))]
    return batches


def tokenized(file: Path, texts: list[str], most: int) -> list[NDArray[np.int64]]:
    """Return the token numbers of each text."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(file))
    tokenizer.enable_truncation(most)
    tokenizer.no_padding()
    return [np.array(each.ids, np.int64) for each in tokenizer.encode_batch(texts)]


def padded(ids: list[NDArray[np.int64]]) -> tuple[torch.Tensor, torch.Tensor]:
    """Return token numbers and mask, (texts, tokens)."""
    width = max(map(len, ids))
    numbers, mask = np.zeros((len(ids), width), np.int64), np.zeros((len(ids), width), np.float32)
    for row, each in enumerate(ids):
        numbers[row, : len(each)], mask[row, : len(each)] = each, 1
    return torch.from_numpy(numbers), torch.from_numpy(mask)


@torch.inference_mode()
def agreement(encoder: Encoder, out: Path, directory: Path, count: int = 400) -> float:
    """Return the correlation of exported and original log-odds on `count` written comments."""
    texts = [each.text for each in newsroom.read(directory / "newsroom" / "train.jsonl")[:count]]
    ids = tokenized(out / TOKENIZER, texts, TOKENS)
    exact = np.concatenate([encoder(*padded(ids[at : at + 32])).numpy() for at in range(0, len(ids), 32)])
    small = SentenceEncoder(str(out), max_tokens=TOKENS).transform(texts)
    return float(np.corrcoef(exact.ravel(), small.ravel())[0, 1])
