"""What the encoder learns from: written comments in varied forms, replayed public ones, invented ones; in batches."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from classifier.labels import LABELS, columns
from classifier.training import augmentation, data, newsroom
from classifier.training.invented import invent
from classifier.training.targets import public_targets

Floats = NDArray[np.float32]

SEEN, UNSEEN = 3, 4
"""How often a written comment is learnt that the start has seen, and one that it has not: as it is, then varied."""
REPLAYED, INVENTED_SPAM, INVENTED_IDENTITY = 60_000, 4_000, 24_000
TRUST = 0.35
"""How much a rater's label counts where the teacher has spoken too."""
FURTHER = 60_000
"""Public comments that are read besides when the narrow encoder learns from the wide one."""
BATCH, TOKENS = 32, 128
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

    def cross_entropy(self, log_odds: torch.Tensor, rows: NDArray[np.int64]) -> torch.Tensor:
        """Return how far the log-odds of these rows lie from their known labels, for a text on average."""
        wanted = torch.from_numpy(self.targets[rows])
        known = torch.isfinite(wanted) * torch.from_numpy(self.weights[rows])
        found = functional.binary_cross_entropy_with_logits(
            log_odds, torch.nan_to_num(wanted), weight=known, reduction="sum"
        )
        return found / (4 * len(rows))


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


def further(directory: Path, seed: int) -> Examples:
    """Draw public comments whose labels are not asked, those of the sources that are replayed."""
    corpus = data.training(directory)
    english = np.flatnonzero(np.isfinite(corpus.teacher[:, 0]))
    likely = np.array([REPLAY.get(source, 0.0) for source in corpus.sources[english].tolist()])
    count = min(FURTHER, int((likely > 0).sum()))
    rng = np.random.default_rng(seed + 7)
    rows = rng.choice(english, count, replace=False, p=likely / likely.sum())
    unknown = np.full((count, len(LABELS)), np.nan, np.float32)
    texts = [corpus.texts[row] for row in rows.tolist()]
    return Examples(texts, unknown, np.ones_like(unknown), corpus.teacher[rows])


def batched(sizes: list[int], rng: np.random.Generator) -> list[NDArray[np.int64]]:
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


def halves_help() -> bool:
    """Say whether this processor multiplies bfloat16 itself: where it cannot, float32 is twenty times as fast."""
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
