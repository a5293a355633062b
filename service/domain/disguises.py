"""How a word is disguised to the eye alone, and what each is read as: what a list of words is held against."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from service.domain.characters import DENSE_LETTERS
from service.domain.letters import PICTURE, with_flags_read
from service.domain.text import ALPHABETIC, DENSE, Word, caseless, has_mark_at, key, words

LEAST_LETTERS: Final = 3
"""So many letters a word has at least that is found between digits, and a run of letters that reads as one word, and a
word of two alphabets."""
LEAST_DISGUISED: Final = 4
"""So many a word has in which digits stand for letters, or pictures part them."""
LEAST_SPELT: Final = 5
"""So many a word has in which a flag stands for its code."""
GAP_LIMIT: Final = 3
"""Characters that may stand between the letters of a spaced-out word."""
SINGLE_LIMIT: Final = 4
"""Characters of one letter with its marks."""

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
        # Cherokee and Lisu
        "Ꭺ": "a", "Ᏼ": "b", "Ꮯ": "c", "Ꭰ": "d", "Ꭼ": "e", "Ꮐ": "g", "Ꮋ": "h", "Ꭵ": "i", "Ꭻ": "j", "Ꮶ": "k", "Ꮮ": "l",
        "Ꮇ": "m", "Ꮲ": "p", "Ꭱ": "r", "Ꮪ": "s", "Ꭲ": "t", "Ꮩ": "v", "Ꮃ": "w", "Ꮍ": "y", "Ꮓ": "z",
        "ꓮ": "a", "ꓐ": "b", "ꓚ": "c", "ꓓ": "d", "ꓰ": "e", "ꓝ": "f", "ꓖ": "g", "ꓧ": "h", "ꓲ": "i", "ꓙ": "j", "ꓗ": "k",
        "ꓡ": "l", "ꓟ": "m", "ꓠ": "n", "ꓳ": "o", "ꓑ": "p", "ꓣ": "r", "ꓢ": "s", "ꓔ": "t", "ꓴ": "u", "ꓦ": "v", "ꓪ": "w",
        "ꓫ": "x", "ꓬ": "y", "ꓜ": "z",
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
    "[은는이가을를의에와과도만야아여들로랑네다요님임냐니죠군놈년지인란뿐짓]|으로|에[게서]|한테|처럼|보다|까지|부터|마다|이[나다야네요라랑냐죠]"
    "|하고|라[고서도며니면는]|니까|였[다어네]|같은|들[이은을아의]|놈[이들아]|입니[다까]|이라[고서도는]|이었다|이니까|한테만|에게만|같은놈"
    "|인[가데지]|인가요|이?[예에]요|네요|지[요만]|잖아요?|이?구나|군요|라니까|밖에|일까|새끼"
)
"""Endings that Korean sets behind a word."""
_ARTICLE: Final = re.compile("[وف]?(?:[بك]?ال|لل)(?=.{3})")
"""The article of Arabic with what may stand before it, in front of a word of three letters at least."""
_PICTURES: Final = re.compile(rf"(?<=\w)[{PICTURE}]+(?=\w)")
_SIGNS: Final = re.compile(
    rf"(?<=[{DENSE_LETTERS}])\*{{1,2}}(?=[{DENSE_LETTERS}])|(?<=[\uac00-\ud7a3])[0-9*@^~!_.-](?=[\uac00-\ud7a3])"
)
"""What stands between two syllables and parts no words there: a digit in Korean, an asterisk in Chinese, Thai …"""


def readings(word: Word, toned: bool = False) -> tuple[str, ...]:
    """Return what a word is compared by: as it stands, and through what disguises, begins or ends it."""
    text = word.text
    if text.isascii() and text.isalpha():
        return (key(text),)
    found = [text]
    if word.kind == ALPHABETIC:
        found += _undisguised(text)
    elif article := _ARTICLE.match(text):
        found.append(text[article.end() :])
    else:
        found += [
            text[:-length]
            for length in (1, 2, 3)
            if _PARTICLES.fullmatch(text[-length:]) and len(text) > length + 1
        ]
    return tuple(dict.fromkeys(key(one, toned) for one in found))


def _undisguised(text: str) -> list[str]:
    bare = text.strip("0123456789")
    found = [bare] if len(bare) >= LEAST_LETTERS and bare != text else []
    is_cyrillic = _CYRILLIC.search(bare) is not None
    is_mixed = _LATIN.search(text) is not None and (is_cyrillic or text.translate(_TWINS) != text)
    if len(text) < (LEAST_LETTERS if is_mixed else LEAST_DISGUISED):
        return found
    if is_cyrillic:
        found += [key(one).translate(_CYRILLIC_TWINS) for one in (text, bare)]
    if not _LATIN.search(text):
        return found
    latin = dict.fromkeys(key(text).translate(table) for table in (_TWINS, _CAPITAL_TWINS))
    forms = [form for one in latin for form in (one, one.strip("0123456789"))]
    spelt = [form.translate(table) for form in forms for table in _SPELT] if _DIGIT.search(bare) else []
    return [*found, *forms, *spelt]


def hidden_words(text: str, toned: bool) -> list[Word]:
    """Return the further words that are read in a text with pictures between its letters, or signs between syllables.

    A picture there parts no word, and a flag may be read by its code. Beside a word a flag is a flag, and in a script
    without spaces a picture may end a sentence.
    """
    shown = caseless(text)
    read: list[Word] = words(_SIGNS.sub("", shown), toned) if _SIGNS.search(shown) else []
    if _PICTURES.search(shown):
        passed = words(_PICTURES.sub("", shown), toned)
        spelt = words(_PICTURES.sub(lambda found: with_flags_read(found[0]), shown), toned)
        read += [word for word in passed if len(word.text) >= LEAST_DISGUISED and word.kind != DENSE]
        read += [word for word in spelt if len(word.text) >= LEAST_SPELT and word.kind != DENSE]
    plain = {word.text for word in words(shown, toned)} if read else ()
    return [word for word in read if word.text not in plain]


def joined(found: Sequence[Word]) -> tuple[list[Word], list[str]]:
    """Return the words with each run of single letters put merged, and those runs."""
    merged: list[Word] = []
    runs: list[str] = []
    at = 0
    while at < len(found):
        end = _end_of_run(found, at)
        least = 2 if found[at].kind == DENSE or _is_parted_hangul(found, at) else LEAST_LETTERS
        if end - at < least:
            merged.append(found[at])
            at += 1
            continue
        run = "".join(word.text for word in found[at:end])
        merged.append(Word(run, found[at].gap, found[at].kind))
        runs.append(run)
        at = end
    return merged, runs


def _end_of_run(found: Sequence[Word], at: int) -> int:
    """Return where the run of single letters ends that begins there: one kind, set apart in one way."""
    if not is_single(found[at].text):
        return at
    end = at + 1
    while end < len(found):
        word = found[end]
        apart = 0 < len(word.gap) <= GAP_LIMIT and word.gap.isspace() == found[at + 1].gap.isspace()
        if not (apart and is_single(word.text) and word.kind == found[at].kind):
            break
        end += 1
    return end


def _is_parted_hangul(found: Sequence[Word], at: int) -> bool:
    """Whether a sign stands behind a syllable of Korean, where a space may stand between two words."""
    is_hangul = "\uac00" <= found[at].text[0] <= "\ud7a3"
    return is_hangul and at + 1 < len(found) and not found[at + 1].gap.isspace()


def is_single(text: str) -> bool:
    """Whether it is one letter with its marks."""
    return len(text) == 1 or (len(text) <= SINGLE_LIMIT and not text.isascii() and has_mark_at(text, 1))
