"""Comments written for this project, by category: what each says about every label, and how its figures are taken."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from classifier.labels import LABELS
from classifier.training.data import DataError, Floats, json_lines

HARMLESS = (
    "plain", "critical", "heated", "disagree", "sarcasm", "hyperbole", "quoting", "identity", "violence_news",
    "selfharm_news", "body_names", "links_ok", "short",
)  # fmt: skip
BORDERLINE = ("insult_official", "borderline")
GRAVE = ("threat_explicit", "threat_veiled", "wish_harm", "self_harm", "doxxing", "incite_selfharm")
SPAM = ("spam_flattery", "spam_ad", "spam_scam", "spam_obfuscated")
OPEN = float("nan")
"""The category does not say whether the label holds."""

COMMENTS = Path(__file__).with_name("comments")
CALIBRATION = COMMENTS / "calibration.jsonl"
"""Comments that are never learnt: the last step is fitted on them."""

_INSULTING = {"toxicity": OPEN, "severe_toxicity": OPEN, "obscene": OPEN, "insult": OPEN}
_TARGETS: dict[str, dict[str, float]] = {
    **{category: {} for category in HARMLESS},
    "critical": {"toxicity": OPEN},
    "heated": {"toxicity": OPEN, "obscene": OPEN, "severe_toxicity": OPEN},
    "disagree": {"toxicity": OPEN, "insult": 0.1},
    "sarcasm": {"toxicity": OPEN, "insult": 0.1},
    "hyperbole": {"toxicity": OPEN},
    "quoting": {"toxicity": OPEN, "obscene": OPEN, "insult": 0.1, "identity_attack": 0.1},
    "violence_news": {"toxicity": OPEN},
    "selfharm_news": {"self_harm": 0.05},
    "body_names": {"obscene": OPEN, "sexual": 0.05},
    "insult_official": {**_INSULTING, "insult": 0.9, "refuse": 0.55},
    "borderline": {**_INSULTING, "identity_attack": OPEN, "sexual": OPEN, "threat": 0.1, "refuse": 0.5},
    "self_harm": {"toxicity": OPEN, "self_harm": 1, "refuse": 0.95},
    "doxxing": {"toxicity": OPEN, "insult": OPEN, "threat": OPEN, "personal_info": 1, "refuse": 1},
    "insult_plain": {**_INSULTING, "toxicity": 0.95, "insult": 1, "refuse": 1},
    "insult_veiled": {"toxicity": OPEN, "severe_toxicity": OPEN, "insult": OPEN, "refuse": 1},
    "profane_attack": {"toxicity": 1, "severe_toxicity": OPEN, "obscene": 1, "insult": 1, "refuse": 1},
    "threat_explicit": {**_INSULTING, "threat": 1, "refuse": 1, "personal_info": OPEN},
    "threat_veiled": {**_INSULTING, "obscene": 0, "threat": 0.95, "refuse": 1, "personal_info": OPEN},
    "wish_harm": {**_INSULTING, "threat": 0.8, "refuse": 1, "self_harm": OPEN},
    "hate": {**_INSULTING, "toxicity": 0.9, "identity_attack": 1, "refuse": 1},
    "hate_coded": {**_INSULTING, "obscene": 0, "identity_attack": 0.9, "refuse": 1},
    "harassment_sexual": {**_INSULTING, "sexual": 1, "refuse": 1},
    "incite_selfharm": {**_INSULTING, "obscene": 0, "threat": OPEN, "self_harm": 1, "refuse": 1},
    **{category: {"spam": 1, "sexual": OPEN, "personal_info": OPEN, "refuse": 1} for category in SPAM},
}
_REFUSE_BY_ACTION = {"review": 0.6, "approve": 0.1, "reject": 1.0}


@dataclass(frozen=True)
class WrittenComment:
    """A comment of a known category; `action` is the judgement where it differs from the category's."""

    text: str
    category: str
    action: str | None = None

    @property
    def harmless(self) -> bool:
        """Whether it should be published."""
        return self.category in HARMLESS

    @property
    def harmful(self) -> bool:
        """Whether it should not be published unseen."""
        return self.category not in HARMLESS and self.category not in BORDERLINE

    def targets(self) -> Floats:
        """Return what it teaches about each label, 0..1, NaN where nothing."""
        row = np.zeros(len(LABELS), np.float32)
        for label, value in _TARGETS[self.category].items():
            row[LABELS.index(label)] = value
        if self.action:
            row[LABELS.index("refuse")] = _REFUSE_BY_ACTION[self.action]
        return row


def read(path: Path) -> list[WrittenComment]:
    """Read JSON lines `{"text", "category"}`, perhaps with an `action`; raise DataError, which names the line."""
    found = []
    for place, row in json_lines(path):
        category, action = str(row.get("category")), row.get("action")
        if category not in _TARGETS:
            raise DataError(f"{place} has no known category")
        if action is not None and str(action) not in _REFUSE_BY_ACTION:
            raise DataError(f"{place}: action must be one of {', '.join(_REFUSE_BY_ACTION)}")
        found.append(WrittenComment(row["text"], category, action))
    return found


def read_further() -> list[WrittenComment]:
    """Read the comments that lie beside this module, but for `CALIBRATION`."""
    files = [path for path in sorted(COMMENTS.glob("*.jsonl")) if path != CALIBRATION]
    return [comment for path in files for comment in read(path)]
