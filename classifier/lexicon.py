"""The words that a respelling may become, each with how common it is."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_LONGEST_WORD = 16
_UNKNOWN_LETTER = 14.0


@dataclass
class Lexicon:
    """How common each known word is: a cost (negative log probability) per word, keyed by the word's CRC-32."""

    costs: dict[int, float] = field(default_factory=dict)

    @classmethod
    def from_arrays(cls, words: NDArray[Any], costs: NDArray[Any]) -> Lexicon:
        """Build the lexicon from an artifact's arrays: CRC-32 and cost in tenths."""
        return cls(dict(zip(words.tolist(), (costs / 10.0).tolist(), strict=True)))

    def cost(self, word: str) -> float | None:
        """Return the word's cost, or None where it is not known."""
        return self.costs.get(crc32(word.encode("utf-8", "surrogatepass")))

    def segment(self, letters: str) -> list[str]:
        """Split letters without spaces into the cheapest sequence of known words; time linear in their number."""
        raw = letters.encode("utf-8", "surrogatepass")
        if len(raw) != len(letters):
            return [letters]
        best = [0.0] + [1e18] * len(raw)
        back = [0] * (len(raw) + 1)
        known = self.costs.get
        for end in range(1, len(raw) + 1):
            best[end], back[end] = best[end - 1] + _UNKNOWN_LETTER, end - 1
            for begin in range(max(0, end - _LONGEST_WORD), end):
                cost = known(crc32(raw[begin:end]))
                if cost is not None and best[begin] + cost < best[end]:
                    best[end], back[end] = best[begin] + cost, begin
        cuts = [len(raw)]
        while cuts[-1] > 0:
            cuts.append(back[cuts[-1]])
        cuts.reverse()
        return [letters[a:b] for a, b in pairwise(cuts)]


def count_words(texts: Iterable[str], least: int, most: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the CRC-32 and the cost in tenths of at most `most` words that folded texts hold `least` times."""
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(word.replace("'", "") for word in _WORD.findall(text))
    common = [(word, n) for word, n in counts.most_common(most) if n >= least and _is_wordlike(word, n)]
    total = sum(n for _, n in common)
    keyed = {crc32(word.encode("utf-8", "surrogatepass")): np.log(total / n) for word, n in common}
    words = np.array(sorted(keyed), np.uint32)
    return words, np.array([round(keyed[word] * 10) for word in words.tolist()], np.uint8)


def _is_wordlike(word: str, count: int) -> bool:
    """Keep real words: single letters only a and i, pairs only common ones, nothing with digits unless frequent."""
    if len(word) == 1:
        return word in "ai"
    if any(each.isdigit() for each in word):
        return count >= 60 and not any(left == right for left, right in pairwise(word))
    if any(word[at] == word[at + 1] == word[at + 2] for at in range(len(word) - 2)):
        return False
    return count >= 400 if len(word) == 2 else count >= 40 if len(word) == 3 else True
