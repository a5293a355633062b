"""Training texts made from others: disguised and misspelt copies, and copies that speak of a named group of people."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classifier.labels import LABELS
from classifier.training import disguise
from classifier.training.data import LONGEST, Corpus, Floats
from classifier.training.invented import group
from classifier.training.newsroom import WrittenComment

Rng = np.random.Generator

_TRICKS = (*disguise.NAMED.values(), disguise.accented)

_SOMEBODY = re.compile(
    r"\b(?:people|persons?|m[ae]n|wom[ae]n|guys?|folks|friends?|kids?|boys?|girls?|couples?|teachers?|students?|doctors?"
    r"|neighbou?rs?|writers?|artists?|characters?|communit(?:y|ies)|famil(?:y|ies)|voters?|citizens?|workers?|actors?)\b",
    re.IGNORECASE,
)
_NAMED = ("jigsaw", "goemotions", "youtube_unlabelled", "toxic_spans_civil")
_ATTACK = LABELS.index("identity_attack")
_MILD = 0.2


def disguised(corpus: Corpus, count: int, seed: int) -> Corpus:
    """Copy `count` English texts, half of them disguised by a named trick, half misspelt; labels stay."""
    rng = np.random.default_rng(seed)
    english: NDArray[np.int64] = np.flatnonzero(corpus.languages == "en")
    copies = corpus.take(rng.choice(english, min(count, len(english)), replace=False))
    for row, text in enumerate(copies.texts):
        short = text[: LONGEST // 2]
        trick = _TRICKS[row // 2 % len(_TRICKS)]
        copies.texts[row] = misspelt(short, rng) if row % 2 else trick(short, rng)
    copies.sources = np.full(len(copies), "disguised")
    return copies


def peopled(corpus: Corpus, count: int, seed: int) -> Corpus:
    """Copy up to `count` short English texts that speak of people, and say of which group they are.

    Labels stay as they were: who somebody is makes no remark toxic, and none harmless. Only whether a toxic one attacks
    the group is not known any more.
    """
    rng = np.random.default_rng(seed)
    usable = np.flatnonzero(np.isin(corpus.sources, _NAMED) & (corpus.languages == "en"))
    speaking = [
        row for row in usable.tolist() if len(corpus.texts[row]) < 600 and _SOMEBODY.search(corpus.texts[row])
    ]
    chosen = rng.permutation(np.array(speaking, np.int64))[:count]
    copies = corpus.take(chosen)
    for row, text in enumerate(copies.texts):
        places = [match.start() for match in _SOMEBODY.finditer(text)]
        at = places[int(rng.integers(len(places)))]
        copies.texts[row] = f"{text[:at]}{group(rng)} {text[at:]}"
    told = np.where(
        np.isnan(copies.labels[:, 0]), 1 / (1 + np.exp(-copies.teacher[:, 0])), copies.labels[:, 0]
    )
    harsh = ~(told < _MILD)
    copies.labels[harsh, _ATTACK] = np.nan
    copies.teacher[harsh, _ATTACK] = np.nan
    copies.sources = np.full(len(copies), "peopled")
    return copies


def misspelt(text: str, rng: Rng) -> str:
    """Drop, double, swap or change one letter in a third of the longer words."""
    return " ".join(
        _slip(word, rng) if len(word) > 3 and rng.random() < 0.35 else word for word in text.split(" ")
    )


def _slip(word: str, rng: Rng) -> str:
    """Drop, double, swap or change one inner letter."""
    at, which = int(rng.integers(1, len(word) - 1)), rng.random()
    if which < 0.35:
        return word[:at] + word[at + 1 :]
    if which < 0.6:
        return word[:at] + word[at] + word[at:]
    if which < 0.85:
        return word[: at - 1] + word[at] + word[at - 1] + word[at + 1 :]
    return word[:at] + "aeiou"[int(rng.integers(5))] + word[at + 1 :]


def hurried(text: str, rng: Rng) -> str:
    """Write a text as in a hurry: no capitals, often no apostrophes, mostly without other marks."""
    hasty = text.lower()
    if rng.random() < 0.7:
        hasty = hasty.replace("'", "").replace("’", "")
    if rng.random() < 0.5:
        hasty = "".join(each for each in hasty if each not in '.,;:"!?' or rng.random() < 0.3)
    return hasty


@dataclass(frozen=True)
class Surroundings:
    """Harmless texts that a written comment may be set among: public ones, and written ones."""

    public: list[str]
    written: list[str]

    @classmethod
    def among(cls, texts: list[str], targets: Floats, written: list[WrittenComment]) -> Surroundings:
        """Choose short public texts that no label fits, and plain written ones."""
        calm = np.nanmax(np.nan_to_num(targets), axis=1) < 0.08
        settled = np.isfinite(targets[:, -4:]).all(axis=1)
        public = [
            text for text, one in zip(texts, calm & settled, strict=True) if one and 20 < len(text) < 260
        ]
        return cls(public, [each.text for each in written if each.category in _PLAIN])

    def draw(self, rng: Rng) -> str:
        texts = self.public if self.public and rng.random() < 0.6 else self.written
        return texts[int(rng.integers(len(texts)))]


_PLAIN = ("plain", "critical", "disagree", "violence_news", "identity", "links_ok", "selfharm_news")


def varied(comment: WrittenComment, around: Surroundings, rng: Rng) -> str:
    """Return the comment as it is, in a hurry, misspelt, or before or after a harmless text; its targets stay true."""
    text, chance = comment.text, rng.random()
    if chance < 0.40:
        return text
    if chance < 0.58:
        return hurried(text, rng)
    if chance < 0.66:
        return misspelt(hurried(text, rng) if rng.random() < 0.5 else text, rng)
    if chance < 0.86 and comment.category not in ("short", "spam_flattery"):
        other = around.draw(rng)
        return f"{other} {text}" if rng.random() < 0.5 else f"{text} {other}"
    return text
