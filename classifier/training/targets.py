"""What the public data sets teach about each label: raters' shares mixed with the log-odds of a transformer."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from classifier.labels import LABELS, columns
from classifier.training.data import Corpus, Floats

TRUSTED = (
    "jigsaw", "toxic_spans_civil", "hatemoji_build", "toxigen_human", "youtube_spam_uci", "sms_spam_uci",
    "tg_spam_umputun", "spamassassin", "implicit_hate", "stormfront", "davidson", "edos_sexism",
)  # fmt: skip
"""Sources whose labels count beside the teacher's; of the others the teacher alone is asked where it has spoken."""

_SEXUAL = re.compile(
    r"sex|porn|nude|naked|boob|tits|dick|cock|pussy|slut|whore|rape|horny|penis|vagina|fuck (?:you|her|him)",
    re.I,
)
_DYING = re.compile(r"suicid|kill (?:my|your)sel|die\b|dead|depress|end it|self.?harm|kys", re.I)
_PRIVATE = re.compile(r"\d{4,}|@|street|avenue|address|lives? (?:at|in|on)|phone|⟦", re.I)
_RULED_OUT = (("self_harm", _DYING), ("sexual", _SEXUAL), ("personal_info", _PRIVATE))
_LONGEST = 2000


def public_targets(corpus: Corpus, trust: float) -> Floats:
    """Return the share of readers who would give each label, (texts, labels), NaN where nobody knows.

    Raters' labels count `trust` beside the teacher's probability. `refuse` is what raters or the teacher call an
    attack; profanity at nobody is left open. A label that the public sets do not have is ruled out where none of its
    words occurs, and open otherwise.
    """
    soft = 1 / (1 + np.exp(-corpus.teacher))
    both = np.isfinite(corpus.labels) & np.isfinite(soft)
    share = np.where(np.isin(corpus.sources, TRUSTED)[:, None] & both, trust, 0.0)
    mixed = np.where(
        np.isfinite(soft), (1 - share) * soft + share * np.nan_to_num(corpus.labels), corpus.labels
    )
    targets = mixed.astype(np.float32)
    targets[:, LABELS.index("refuse")] = _refuse(targets)
    for label, words in _RULED_OUT:
        column = LABELS.index(label)
        known = np.array([words.search(text[:_LONGEST]) is None for text in corpus.texts], bool)
        targets[known & np.isnan(targets[:, column]), column] = 0.0
    return targets


def _refuse(targets: Floats) -> NDArray[np.float32]:
    """Judge whether a careful newsroom would refuse a public comment, as far as its labels tell."""
    attacks = targets[:, columns("severe_toxicity threat insult identity_attack spam")]
    attack = np.where(
        np.isfinite(attacks).any(axis=1), np.nanmax(np.nan_to_num(attacks, nan=-1), axis=1), np.nan
    )
    toxic, obscene = targets[:, LABELS.index("toxicity")], targets[:, LABELS.index("obscene")]
    judged = np.where(np.isfinite(attack) & np.isfinite(toxic), np.maximum(attack, 0.9 * toxic), np.nan)
    only_profane = (np.nan_to_num(obscene) > 0.5) & (np.nan_to_num(attack) < 0.3)
    return np.where(only_profane, np.nan, judged).astype(np.float32)
