"""The longer measurements behind the model card: evasion, spans against raters, figures by length and by term."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifier.language import TRAINED
from classifier.model import Model
from classifier.training import data, metrics
from classifier.training.disguise import DISGUISES, disguise
from classifier.training.evaluate import NEWS, probabilities
from classifier.words import words

EVASIVE = 2000
LENGTHS = (0, 100, 250, 600, 1500, 1_000_000)
SPAN_TEXTS = 1500
DOUBTED = 800


def evasion(model: Model, corpus: data.Corpus, seed: int = 0) -> dict[str, list[float]]:
    """AUC of toxicity on 2,000 texts, both classes disguised, and the loss against the plain texts, per disguise."""
    rng = np.random.default_rng(seed)
    usable = np.flatnonzero(np.isin(corpus.sources, ("jigsaw", *NEWS)) & ~np.isnan(corpus.labels[:, 0]))
    truth = corpus.labels[usable, 0] >= 0.5
    toxic = rng.choice(usable[truth], EVASIVE // 3, replace=False)
    benign = rng.choice(usable[~truth], EVASIVE - len(toxic), replace=False)
    chosen = np.concatenate((toxic, benign))
    labels = corpus.labels[chosen, 0] >= 0.5
    texts = [corpus.texts[row] for row in chosen.tolist()]
    plain = metrics.Ranking(labels, probabilities(model, texts)[:, 0]).auc()
    found = {"none": [round(plain, 4), 0.0]}
    for name in DISGUISES:
        auc = metrics.Ranking(labels, probabilities(model, disguise(texts, name, seed))[:, 0]).auc()
        found[name] = [round(auc, 4), round(plain - auc, 4)]
    return found


def by_length(corpus: data.Corpus, chances: NDArray[np.float64]) -> list[dict[str, Any]]:
    """AUC of toxicity per length of the text, Wikipedia and news comments apart."""
    lengths = np.array([len(text) for text in corpus.texts])
    rows = []
    for source in ("jigsaw", *NEWS):
        for low, high in pairwise(LENGTHS):
            inside = (corpus.sources == source) & (lengths >= low) & (lengths < high)
            truth = corpus.labels[inside, 0] >= 0.5
            if min(truth.sum(), (~truth).sum()) >= 20:
                auc = metrics.auc(truth, chances[inside, 0])
                rows.append({"source": source, "from": low, "to": high, "texts": len(truth), "auc": str(auc)})
    return rows


def by_term(corpus: data.Corpus, chances: NDArray[np.float64]) -> list[tuple[str, float]]:
    """Identity terms and their false-positive rates where all benign templates together have 5 %, worst first."""
    inside = np.flatnonzero(corpus.sources == "identity_templates")
    if not len(inside):
        return []
    named = metrics.terms_in([corpus.texts[row] for row in inside], metrics.IDENTITY_TERMS)
    rates = metrics.term_rates(corpus.labels[inside, 0] >= 0.5, chances[inside, 0], named)
    pairs = [
        (term, float(rate)) for term, rate in zip(metrics.IDENTITY_TERMS, rates, strict=True) if rate == rate
    ]
    return sorted(pairs, key=lambda pair: -pair[1])


def doubted(model: Model, corpus: data.Corpus) -> list[tuple[str, int, float]]:
    """Of the trained languages: how many comments were asked about, and the share answered without confidence."""
    found = []
    for language in TRAINED:
        rows = [row for row, name in enumerate(corpus.languages.tolist()) if name[:2] == language][:DOUBTED]
        texts = [corpus.texts[row] for row in rows]
        doubts = [
            not score.confident
            for at in range(0, len(texts), 256)
            for score in model.score(texts[at : at + 256])
        ]
        if doubts:
            found.append((language, len(doubts), round(float(np.mean(doubts)), 3)))
    return found


def span_agreement(model: Model, path: Path, threshold: float = 0.5) -> dict[str, float]:
    """Mean character F1 of toxic spans against the raters', ours and a word list's, on the texts of `path`."""
    table = data.table(path)
    texts = table["text"].to_pylist()[:SPAN_TEXTS]
    wanted = [set(json.loads(each)) for each in table["spans"].to_pylist()[:SPAN_TEXTS]]
    bad = set(words("masked"))
    scores = np.zeros((len(texts), 2))
    for row, (text, truth) in enumerate(zip(texts, wanted, strict=True)):
        spans = model.explain(text, "toxicity", limit=50).spans
        least = threshold * spans[0].weight if spans else 0.0
        ours = {at for span in spans if span.weight >= max(least, 0.6) for at in range(span.begin, span.end)}
        scores[row] = _f1(ours, truth), _f1(_listed(text, bad), truth)
    return {"ours": round(float(scores[:, 0].mean()), 3), "word_list": round(float(scores[:, 1].mean()), 3)}


def _listed(text: str, bad: set[str]) -> set[int]:
    """Characters of words on the list."""
    found: set[int] = set()
    at = 0
    for word in text.split(" "):
        if word.lower().strip(".,!?\"'") in bad:
            found.update(range(at, at + len(word)))
        at += len(word) + 1
    return found


def _f1(ours: set[int], truth: set[int]) -> float:
    """Character F1; two empty sets agree."""
    if not ours or not truth:
        return float(ours == truth)
    return 2 * len(ours & truth) / (len(ours) + len(truth))
