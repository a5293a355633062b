"""Other classifiers, timed on the comments that ours is timed on."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from classifier import persistence
from classifier.encoder import TOKENIZER
from classifier.training import newsroom
from classifier.training.newsroom import COMMENTS

BATCH = 256
REPEATS = 3
BERT_BATCH, BERT_COUNT = 16, 48
BERT_WORDS, BERT_TOKENS, BERT_HIDDEN, BERT_LAYERS, BERT_HEADS, BERT_LABELS = 30522, 512, 768, 12, 12, 16


def comments(count: int, length: int, seed: int = 0) -> list[str]:
    """Cut and join written comments to about `length` characters."""
    written = [each.text for path in sorted(COMMENTS.glob("*.jsonl")) for each in newsroom.read(path)]
    rng = np.random.default_rng(seed)
    texts = []
    for goal in rng.normal(length, length / 4, count).clip(length / 4).astype(int).tolist():
        text = ""
        while len(text) < goal:
            text += f"{written[int(rng.integers(len(written)))]} "
        texts.append(text[:goal].strip())
    return texts


def rate(work: Callable[[], Any], count: int, repeats: int = REPEATS) -> dict[str, float]:
    """Run `work` some times after one for warming up; return comments a second of CPU time, median and best."""
    work()
    taken = []
    for _ in range(repeats):
        begin = time.process_time()
        work()
        taken.append(time.process_time() - begin)
    return {"median": round(count / float(np.median(taken)), 1), "best": round(count / min(taken), 1)}


def batched(work: Callable[[list[str]], Any], texts: list[str], size: int = BATCH) -> Callable[[], None]:
    """Return `work` on all texts, `size` at a time."""

    def run() -> None:
        for begin in range(0, len(texts), size):
            work(texts[begin : begin + size])

    return run


def tfidf_pipeline(texts: list[str]) -> Callable[[list[str]], Any]:
    """Fit scikit-learn's plain pipeline: TF-IDF of words (1,2) and characters (2,5), one logistic regression."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline, make_union

    union = make_union(
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True),
        TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True),
    )
    pipeline = make_pipeline(union, LogisticRegression(max_iter=20, solver="liblinear"))
    pipeline.fit(texts, [len(text) % 2 for text in texts])
    return pipeline.predict_proba  # type: ignore[no-any-return]  # scikit-learn ships no types


def peers(length: int) -> dict[str, dict[str, float] | str]:
    """Time the peers on comments of about `length` characters; say of one that is not installed that it is not."""
    texts = comments(1024, length)
    found: dict[str, dict[str, float] | str] = {
        "scikit-learn's TF-IDF pipeline, one label": rate(batched(tfidf_pipeline(texts), texts), len(texts))
    }
    if find_spec("profanity_check"):
        from profanity_check import predict_prob  # type: ignore[import-untyped]  # ships no types

        found["alt-profanity-check, one label"] = rate(batched(predict_prob, texts), len(texts))
    else:
        found["alt-profanity-check, one label"] = "not measured: it is not installed (extra `bench`)"
    return found


def bert(length: int) -> dict[str, float] | str:
    """Time Detoxify's architecture here or in the environment of `make train-encoder`, or say that it cannot be."""
    environment = Path(f"{sys.prefix}-encoder") / "bin" / "python"
    if find_spec("torch"):
        python = sys.executable
    elif environment.is_file():
        python = str(environment)
    else:
        return "not measured: PyTorch is not installed (`make train-encoder` installs it)"
    code = f"from classifier.training import peers; peers.time_bert({length})"
    done = subprocess.run(  # noqa: S603  # this very program
        [python, "-c", code], cwd=persistence.SHIPPED.parent, capture_output=True, text=True, check=False
    )
    if done.returncode:
        return f"not measured: {(done.stderr.strip().splitlines() or ['it failed'])[-1][:200]}"
    answer: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return answer


def time_bert(length: int) -> None:
    """Print how fast BERT-base with random weights reads comments on one core: Detoxify's work, not its answers."""
    import torch
    from tokenizers import Tokenizer
    from torch import nn

    class Bert(nn.Module):  # type: ignore[misc, unused-ignore]  # torch is not installed everywhere
        def __init__(self) -> None:
            super().__init__()
            self.word = nn.Embedding(BERT_WORDS, BERT_HIDDEN)
            self.place = nn.Embedding(BERT_TOKENS, BERT_HIDDEN)
            self.norm = nn.LayerNorm(BERT_HIDDEN)
            layer = nn.TransformerEncoderLayer(
                BERT_HIDDEN, BERT_HEADS, 4 * BERT_HIDDEN, activation="gelu", batch_first=True
            )
            self.layers = nn.TransformerEncoder(layer, BERT_LAYERS)
            self.head = nn.Linear(BERT_HIDDEN, BERT_LABELS)

        def forward(self, ids: Any, padding: Any) -> Any:
            states = self.norm(self.word(ids) + self.place.weight[: ids.shape[1]])
            return self.head(self.layers(states, src_key_padding_mask=padding)[:, 0]).sigmoid()

    torch.set_num_threads(1)
    torch.manual_seed(0)
    tokenizer = Tokenizer.from_file(str(persistence.SHIPPED / TOKENIZER))
    tokenizer.enable_truncation(BERT_TOKENS)
    tokenizer.enable_padding()
    network = Bert().eval()

    def read(batch: list[str]) -> None:
        encoded = tokenizer.encode_batch(batch)
        ids = torch.tensor([each.ids for each in encoded])
        padding = torch.tensor([each.attention_mask for each in encoded]) == 0
        network(ids, padding)

    texts = comments(BERT_COUNT, length)
    with torch.inference_mode():
        print(json.dumps(rate(batched(read, texts, BERT_BATCH), len(texts), 2)))
