"""One code point at a time: the tables that fold case, accents, fancy letters and lookalikes to plain letters."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

SIZE = 0x30000
"""Code points from here on fold as the last one of the table: an unnamed symbol."""

DELETED = 0
LETTER, DIGIT, SPACE, SYMBOL, EMOJI = 1, 2, 3, 4, 5

INVISIBLE = 1
FANCY = 2
LOOKALIKE = 4
STRANGER = 8
MARK = 16

_INVISIBLE_RANGES = (
    (0x00AD, 0x00AD), (0x034F, 0x034F), (0x061C, 0x061C), (0x115F, 0x1160), (0x17B4, 0x17B5),
    (0x180B, 0x180F), (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0x3164, 0x3164),
    (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0), (0xFFF9, 0xFFFB), (0x1D173, 0x1D17A),
)  # fmt: skip

# Letters of other scripts that pass for a Latin one. They fold only where the comment is not truly in that script.
_LOOKALIKES = {
    # Cyrillic
    "а": "a", "в": "b", "с": "c", "ԁ": "d", "е": "e", "ғ": "f", "ԍ": "g", "һ": "h", "н": "h", "і": "i", "ї": "i",
    "ј": "j", "к": "k", "қ": "k", "ԟ": "k", "ӏ": "l", "м": "m", "о": "o", "ө": "o", "р": "p", "ԛ": "q", "г": "r",
    "ѕ": "s", "т": "t", "ц": "u", "ѵ": "v", "ԝ": "w", "ш": "w", "щ": "w", "х": "x", "ҳ": "x", "у": "y", "ү": "y",
    "ё": "e", "є": "e", "ѐ": "e", "з": "3", "ч": "4", "б": "6", "ҽ": "e", "ҿ": "e", "ҝ": "k", "ҡ": "k", "ћ": "h",
    "ђ": "h", "ҥ": "h", "ң": "h", "ѡ": "w", "ҫ": "c", "ҁ": "c", "ӕ": "ae", "ѳ": "o", "ґ": "r", "ԋ": "h",
    "ь": "b", "ъ": "b", "я": "r", "и": "n", "й": "n", "п": "n", "л": "n", "д": "d", "ӡ": "3",
    # Greek
    "α": "a", "β": "b", "ϲ": "c", "δ": "d", "ε": "e", "γ": "y", "η": "n", "ι": "i", "κ": "k", "ν": "v", "ο": "o",
    "ρ": "p", "σ": "o", "ς": "c", "τ": "t", "υ": "u", "χ": "x", "ω": "w", "ζ": "z", "μ": "u", "π": "n", "θ": "o",
    "ϳ": "j", "ϱ": "p", "λ": "a", "φ": "o", "ψ": "w", "ξ": "e", "ϝ": "f", "ϊ": "i", "ϋ": "u",
    # Armenian, Hebrew and others
    "ց": "g", "հ": "h", "ո": "n", "օ": "o", "ս": "u", "զ": "q", "յ": "j", "լ": "l", "ք": "p", "ռ": "n", "ւ": "i",
    "Ӏ": "l", "ט": "u", "ס": "o", "ו": "l", "ן": "l", "०": "o", "୦": "o", "๐": "o",
    "໐": "o", "ഠ": "o", "ဝ": "o", "ა": "a", "ი": "o", "ṡ": "s",
}  # fmt: skip

# Letters and symbols that nobody uses for themselves: they always fold.
_FANCY = {
    "ɑ": "a", "ɐ": "a", "ᴀ": "a", "ʙ": "b", "ƀ": "b", "ɓ": "b", "ᴄ": "c", "ɔ": "c", "ƈ": "c", "ᴅ": "d",
    "ɖ": "d", "ɗ": "d", "ᴇ": "e", "ǝ": "e", "ə": "e", "ɘ": "e", "ɛ": "e", "ꜰ": "f", "ƒ": "f", "ɟ": "f",
    "ɡ": "g", "ɢ": "g", "ɠ": "g", "ƃ": "g", "ʜ": "h", "ɥ": "h", "ɦ": "h", "ɪ": "i", "ɨ": "i", "ɩ": "i", "ᴊ": "j",
    "ɾ": "j", "ʝ": "j", "ᴋ": "k", "ʞ": "k", "ƙ": "k", "ʟ": "l", "ɭ": "l", "ɫ": "l", "ƚ": "l", "ᴍ": "m", "ɯ": "m",
    "ɱ": "m", "ɴ": "n", "ɲ": "n", "ŋ": "n", "ƞ": "n", "ᴏ": "o", "ɵ": "o", "ᴘ": "p", "ƥ": "p", "ꞯ": "q",
    "ǫ": "q", "ʠ": "q", "ʀ": "r", "ɹ": "r", "ɼ": "r", "ɽ": "r", "ꜱ": "s", "ʂ": "s", "ƨ": "s", "ᴛ": "t", "ʇ": "t",
    "ƭ": "t", "ʈ": "t", "ŧ": "t", "ᴜ": "u", "ʊ": "u", "ʉ": "u", "ᴠ": "v", "ʌ": "v", "ʋ": "v", "ᴡ": "w", "ʍ": "w",
    "ʏ": "y", "ʎ": "y", "ƴ": "y", "ᴢ": "z", "ʐ": "z", "ʑ": "z", "ƶ": "z", "ʒ": "z",
    "∂": "d", "∆": "a", "∀": "a", "∑": "e", "∈": "e", "∪": "u", "∩": "n", "√": "v", "⨯": "x", "×": "x", "₳": "a",
    "฿": "b", "₿": "b", "₵": "c", "¢": "c", "₫": "d", "€": "e", "₣": "f", "₲": "g", "₭": "k", "£": "l", "₥": "m",
    "₦": "n", "₱": "p", "₹": "r", "₴": "s", "₮": "t", "₩": "w", "¥": "y", "ł": "l", "đ": "d", "ħ": "h", "ø": "o",
}  # fmt: skip
_MONEY = "₳฿₿₵¢₫€₣₲₭£₥₦₱₹₴₮₩¥"
_STYLISED = "цшщзчбьъяийнплдгґђћԋӡαβδεγηλφψξπμσθω"
_PLAIN_LATIN = "łđħøßæœþðı"
_PUNCTUATION = {
    "’": "'", "‘": "'", "ʼ": "'", "`": "'", "´": "'", "＇": "'", "“": '"', "”": '"', "–": "-", "—": "-",
    "‐": "-", "‑": "-", "−": "-", "…": ".", "•": ".", "·": ".", "․": ".", "⋅": ".", "∙": ".",
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Tables:
    """Everything there is to know about one code point, as arrays of `SIZE` entries indexed by code point."""

    fold: NDArray[np.uint32]
    kind: NDArray[np.uint8]
    trick: NDArray[np.uint8]
    lookalike: NDArray[np.uint32]


def _decorated(point: int) -> str:
    """Return the Latin letter inside an enclosed, squared or regional letter, or nothing."""
    for first, last in ((0x1F110, 0x1F129), (0x1F130, 0x1F149), (0x1F150, 0x1F169), (0x1F170, 0x1F189)):
        if first <= point <= last:
            return chr(97 + point - first)
    if 0x1F1E6 <= point <= 0x1F1FF:
        return chr(97 + point - 0x1F1E6)
    return ""


def _folded(point: int) -> tuple[str, int]:
    """Fold one code point: return the plain character, or nothing, and how it was disguised."""
    character = chr(point)
    lowered = character.lower()
    if character in _PUNCTUATION:
        return _PUNCTUATION[character], 0
    if character in _MONEY:
        return character, 0
    if lowered in _FANCY and lowered not in _PLAIN_LATIN:
        return _FANCY[lowered], FANCY
    if letter := _decorated(point):
        return letter, FANCY
    if not unicodedata.decomposition(character) and not unicodedata.combining(character):
        return lowered[0], 0
    decomposed = unicodedata.normalize("NFKD", character)
    bare = "".join(each for each in decomposed if not unicodedata.combining(each)).lower()
    if not bare:
        return "", MARK
    first = next((each for each in bare if each.isalnum()), bare[0])
    if first in _FANCY and first not in _MONEY:
        first = _FANCY[first]
    compatible = unicodedata.normalize("NFC", decomposed) != unicodedata.normalize("NFC", character)
    ascii_letter = first.isascii() and first.isalnum()
    return first, FANCY if compatible and ascii_letter and character not in "ªº²³¹" else 0


def _kind(character: str, point: int) -> int:
    """Sort a folded character into letter, digit, space, symbol or emoji."""
    if character.isspace() or unicodedata.category(character) in ("Cc", "Zl", "Zp", "Zs"):
        return SPACE
    if character.isdigit():
        return DIGIT
    if character.isalnum():
        return LETTER
    if point >= 0x1F000 or 0x2600 <= point <= 0x27BF or 0x2B00 <= point <= 0x2BFF:
        return EMOJI
    return LETTER if unicodedata.category(character) in ("Mc", "Lm") else SYMBOL


@lru_cache(maxsize=1)
def tables() -> Tables:
    """Build the tables once per process, in about a tenth of a second."""
    fold = np.arange(SIZE, dtype=np.uint32)
    kind = np.full(SIZE, SYMBOL, dtype=np.uint8)
    trick = np.zeros(SIZE, dtype=np.uint8)
    for point in range(SIZE):
        if 0x3400 <= point <= 0x9FFF or 0xAC00 <= point <= 0xD7A3 or point >= 0x20000:
            kind[point] = LETTER
            continue
        if 0xD800 <= point <= 0xF8FF or 0x12000 <= point < 0x1D000:
            continue
        if unicodedata.category(chr(point)) == "Cn":
            continue
        plain, how = _folded(point)
        fold[point] = ord(plain) if plain else DELETED
        kind[point] = _kind(plain, point) if plain else DELETED
        trick[point] = how
    for first, last in _INVISIBLE_RANGES:
        fold[first : last + 1] = DELETED
        kind[first : last + 1] = DELETED
        trick[first : last + 1] = 0 if first == 0xFE00 else INVISIBLE
    trick[[0x200C, 0x200D]] = 0  # joiners belong to emoji, Arabic and the scripts of India
    fold[0], kind[0] = 32, SPACE
    kind[[0x27E6, 0x27E7]] = LETTER  # the brackets of ⟦email⟧: a placeholder is a word of its own
    kind[SIZE - 1] = SYMBOL
    lookalike = fold.copy()
    stranger = (fold >= 0x370) & (fold < 0x600) | (fold >= 0x10A0) & (fold < 0x1100)
    for seen, meant in _LOOKALIKES.items():
        lookalike[fold == ord(seen)] = ord(meant[0])
    for seen, meant in _LOOKALIKES.items():
        lookalike[ord(seen)] = ord(meant[0])
        lookalike[ord(seen.upper()[0])] = ord(meant[0])
    trick[lookalike != fold] |= LOOKALIKE
    stylised = np.isin(fold, [ord(each) for each in _STYLISED])
    trick[stranger & ((lookalike == fold) | stylised) & (kind == LETTER)] |= STRANGER
    return Tables(fold, kind, trick, lookalike)
