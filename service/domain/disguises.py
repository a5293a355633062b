"""What a word is read as through its disguise: letters of another alphabet, digits for letters, endings behind it."""

from __future__ import annotations

import re
from typing import Final

from service.domain.text import ALPHABETIC, Word, key

LEAST_LETTERS: Final = 3
"""So many letters a word has at least that is found between digits, and a run of letters that reads as one word."""
LEAST_DISGUISED: Final = 4
"""So many a word has in which letters or digits stand for others."""

_TWINS: Final = str.maketrans(
    {
        # Cyrillic
        "а": "a", "в": "b", "с": "c", "ԁ": "d", "е": "e", "ғ": "f", "ԍ": "g", "һ": "h", "н": "h", "і": "i", "ї": "i",
        "ј": "j", "к": "k", "ӏ": "l", "м": "m", "п": "n", "о": "o", "р": "p", "ԛ": "q", "г": "r", "ѕ": "s", "т": "t",
        "ц": "u", "ѵ": "v", "ԝ": "w", "ѡ": "w", "х": "x", "у": "y", "з": "z", "ь": "b",
        # Greek
        "α": "a", "β": "b", "ϲ": "c", "ε": "e", "ι": "i", "ϳ": "j", "κ": "k", "η": "n", "ο": "o", "σ": "o", "ρ": "p",
        "τ": "t",
        "μ": "u", "υ": "u", "ν": "v", "ω": "w", "χ": "x", "γ": "y", "ζ": "z",
        # Armenian
        "ց": "g", "հ": "h", "յ": "j", "ո": "n", "օ": "o", "զ": "q", "ս": "u",
    }
)  # fmt: skip
"""Letters of other alphabets that pass for a Latin one in a word that is Latin otherwise."""
_CAPITAL_TWINS: Final = _TWINS | dict(zip(map(ord, "ηνυμ"), "hnym", strict=True))
"""The same for Greek capitals, which pass for other letters than the small ones do."""
_CYRILLIC: Final = re.compile("[а-џґ]")
_CYRILLIC_TWINS: Final = str.maketrans("abcehikmnoprtuxy013", "авсенікмпоргтихуоиз")
"""Latin letters and digits that pass for a Cyrillic letter in a word that is Cyrillic otherwise."""
_DIGITS: Final = {"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "8": "b", "9": "g"}
_SPELT: Final = (str.maketrans(_DIGITS), str.maketrans({**_DIGITS, "1": "l"}))
_LATIN: Final = re.compile(r"[a-z]")
_DIGIT: Final = re.compile(r"[0-9]")
_PARTICLES: Final = re.compile(
    "[은는이가을를의에와과도만야아여들로랑네다요님임냐니죠군놈년]|으로|에[게서]|한테|처럼|보다|까지|부터|마다|이[나다야네요라랑냐죠]|하고"
    "|라[고서도며니]|니까|였[다어네]|같은|들[이은을아의]|놈[이들아]|입니다|이라[고서도]|이었다|이니까|한테만|에게만|같은놈|인가요?|인데"
)
"""Endings that Korean sets behind a word."""


def readings(word: Word) -> tuple[str, ...]:
    """Return what a word is compared by: as it stands, and through what disguises or ends it."""
    text = word.text
    if text.isalpha() and text.isascii():
        return (key(text),)
    found = [text]
    if word.kind == ALPHABETIC:
        found += _undisguised(text)
    else:
        found += [
            text[:-length]
            for length in (1, 2, 3)
            if _PARTICLES.fullmatch(text[-length:]) and len(text) > length + 1
        ]
    return tuple(dict.fromkeys(key(one) for one in found))


def _undisguised(text: str) -> list[str]:
    bare = text.strip("0123456789")
    found = [bare] if len(bare) >= LEAST_LETTERS and bare != text else []
    if len(text) < LEAST_DISGUISED:
        return found
    if _CYRILLIC.search(bare):
        found += [key(one).translate(_CYRILLIC_TWINS) for one in (text, bare)]
    if not _LATIN.search(text):
        return found
    latin = dict.fromkeys(key(text).translate(table) for table in (_TWINS, _CAPITAL_TWINS))
    forms = [form for one in latin for form in (one, one.strip("0123456789"))]
    spelt = [form.translate(table) for form in forms for table in _SPELT] if _DIGIT.search(bare) else []
    return [*found, *forms, *spelt]
