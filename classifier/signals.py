"""What is not words: links, shorteners, capitals, repetition, mark-up, and what the form said about the author."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin

from classifier.characters import DIGIT, EMOJI
from classifier.text import Signals, TextBatch, tally, text_tags
from classifier.words import words

NAMES = (
    "links", "many_links", "shortener", "spam_domain", "bare_domain", "contact", "money", "capitals", "shouting",
    "exclamation", "question", "digits", "emoji", "markup", "repetition", "short", "long", "invisible", "fancy",
    "lookalike", "marks", "reread", "website", "name_is_keyword",
)  # fmt: skip

SHORTENERS = frozenset(words("shorteners"))
KEYWORDS = frozenset(words("keywords"))
_LINK = re.compile(r"(?:https?://|www\.)([^\s/<>\"'\])]{1,100})", re.IGNORECASE)
_BARE = re.compile(
    r"(?<![\w@./])[\w-]{2,40}\.(?:com|net|org|info|biz|ru|cn|xyz|top|club|online|site|shop|store|vip|io|co|me|tk|live)\b",
    re.IGNORECASE,
)
_ENDINGS = tuple(
    spelt
    for ending in (
        ".com", ".net", ".org", ".info", ".biz", ".ru", ".cn", ".xyz", ".top", ".club", ".online", ".site", ".shop",
        ".store", ".vip", ".io", ".co", ".me", ".tk", ".live",
    )
    for spelt in (ending, ending.upper())
)  # fmt: skip
"""All small or all large: a sentence that begins right after a full stop, as in "there.Me too", is no domain."""
_SPAM_ENDINGS = (
    ".xyz", ".top", ".club", ".online", ".site", ".shop", ".vip", ".tk", ".ml", ".ga", ".cf", ".gq", ".icu", ".bond",
    ".click", ".loan", ".win", ".bid", ".cam", ".monster", ".buzz", ".cyou", ".rest", ".sbs", ".cfd",
)  # fmt: skip
_MARKUP = ("<a ", "</", "[url", "[/", "href=", "&lt;", "<br")
_CONTACTS = ("⟦email⟧", "⟦phone⟧", "⟦handle⟧", "whatsapp", "telegram", "WhatsApp", "Telegram")


def measure(
    texts: Sequence[str], views: TextBatch, signals: Sequence[Signals] | None = None
) -> NDArray[np.float32]:
    """Measure each text: one row per text, one column per entry of `NAMES`, every value between 0 and about 3."""
    count = len(texts)
    table = np.zeros((count, len(NAMES)), np.float32)
    lengths = np.fromiter(map(len, texts), np.float32, count) + 1
    dotted = _dotted(views) if count else np.zeros(0, bool)
    for row, text in enumerate(texts):
        _from_text(table[row], text, bool(dotted[row]))
    _from_codes(table, views, lengths)
    table[:, 15] = lengths < 40
    table[:, 16] = np.log1p(lengths / 400)
    table[:, 17:22] = np.minimum(views.tricks / lengths[:, None] * 4, 1)
    if signals is not None:
        for row, known in enumerate(signals):
            table[row, 22] = bool(known.website)
            name = known.author_name.lower().split()
            table[row, 23] = any(word in KEYWORDS for word in name) or "http" in known.author_name
    return table


def _dotted(views: TextBatch) -> NDArray[np.bool_]:
    """Say which texts hold a dot right before a letter, as every domain does: the others need no search for one."""
    found = np.zeros(len(views.codes), bool)
    found[:-1] = (views.codes[:-1] == 46) & (views.codes[1:] >= 97) & (views.codes[1:] <= 122)
    return tally(found, views.starts) > 0


def _from_text(row: NDArray[np.float32], text: str, dotted: bool) -> None:
    """Fill the columns that need the text as written: links, money, mark-up, contacts."""
    if "://" in text or (dotted and "www." in text.lower()):
        hosts = [host.lower() for host in _LINK.findall(text)[:50]]
        row[0] = min(len(hosts), 2) / 2
        row[1] = len(hosts) > 2
        row[2] = any(host in SHORTENERS for host in hosts)
        row[3] = any(host.endswith(_SPAM_ENDINGS) for host in hosts)
    elif dotted and any(ending in text for ending in _ENDINGS):
        found = _BARE.search(text)
        if found:
            row[4] = 1
            row[2] = found.group().lower() in SHORTENERS
            row[3] = found.group().lower().endswith(_SPAM_ENDINGS)
    if "⟦" in text or "hats" in text or "elegram" in text:
        row[5] = any(each in text for each in _CONTACTS)
    if "$" in text or "€" in text or "£" in text or "₿" in text or _paid(text):
        row[6] = 1
    if ("<" in text or "[" in text or "&" in text) and any(each in text for each in _MARKUP):
        row[13] = 1


def _paid(text: str) -> bool:
    """Say whether a text names a currency by its letters."""
    return "USD" in text or "usd" in text or "BTC" in text or "btc" in text


def _from_codes(table: NDArray[np.float32], views: TextBatch, lengths: NDArray[np.float32]) -> None:
    """Fill the columns that are counts over the folded buffer."""
    starts = views.starts[:-1]
    if not len(starts):
        return

    def share(flag: NDArray[np.bool_]) -> NDArray[np.float32]:
        return tally(flag, views.starts).astype(np.float32)

    capitals = views.capitals.astype(np.float32) / lengths
    table[:, 7] = np.minimum(capitals * 2, 1)
    table[:, 8] = (capitals > 0.5) & (lengths > 10)
    table[:, 9] = np.minimum(share(views.codes == 33), 4) / 4
    table[:, 10] = np.minimum(share(views.codes == 63), 4) / 4
    table[:, 11] = np.minimum(share(views.kinds == DIGIT) / lengths * 4, 1)
    table[:, 12] = np.minimum(share(views.kinds == EMOJI), 4) / 4
    same = np.zeros(len(views.codes), bool)
    same[3:] = views.codes[3:] == views.codes[:-3]
    same[2:] |= views.codes[2:] == views.codes[:-2]
    for step in range(3):
        same[np.minimum(starts + step, len(same) - 1)] = False  # a text repeats itself, not its neighbour
    table[:, 14] = np.minimum(share(same) / lengths * 3, 1)


class TextSignals(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn ships no types
    """Measure what is not words: a matrix (texts, `NAMES`), times `scale`, so that no signal outweighs the n-grams."""

    def __init__(self, scale: float = 0.25) -> None:
        self.scale = scale

    def fit(self, X: TextBatch, y: Any = None) -> Self:
        """Learn nothing."""
        return self

    def transform(self, X: TextBatch) -> NDArray[np.float32]:
        """Return one row per text."""
        return measure(X.texts, X, X.known) * self.scale

    def get_feature_names_out(self, input_features: Any = None) -> Any:
        return np.array(NAMES, dtype=object)

    def __sklearn_tags__(self) -> Any:
        return text_tags(super().__sklearn_tags__())

    def __sklearn_is_fitted__(self) -> bool:
        return True
