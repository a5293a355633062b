"""Single letters in normal form: what is a letter in other clothes, what is spelt in two ways, and what is a flag."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_OWN_ACCENTS: Final = frozenset("\u0306\u0308\u0309\u030a\u030b\u030c\u031b\u0327\u0328")
"""Breve, diaeresis, hook, ring, double acute, caron, horn, cedilla, ogonek; the tilde too where it stands on an n. The
comma of Romanian is a cedilla in many texts."""
_ALWAYS: Final = dict(
    zip("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢɑɡѐѝё", "abcdefghijklmnoprstuvwyzagеие", strict=True)
) | dict.fromkeys("أإآٱ", "ا") | dict.fromkeys("کڪ", "ك") | dict.fromkeys("ہۂۀە", "ه") | {
    "ى": "ي", "ی": "ي", "ۃ": "ة", "œ": "oe", "æ": "ae", "װ": "וו", "ױ": "וי", "ײ": "יי", "ƒ": "f",
}  # fmt: skip
"""Letters that are another one in other clothes: small capitals, letters with a hamza, Persian, Urdu and Kurdish forms,
ligatures."""
_LONGER: Final = {
    "ø": "o", "đ": "d", "ł": "l", "ħ": "h", "ŧ": "t", "ƶ": "z", "ɨ": "i", "ʉ": "u", "ɵ": "o", "ɓ": "b", "ɖ": "d",
    "ƙ": "k", "ŋ": "n", "ð": "d", "þ": "th", "ⱥ": "a", "ƀ": "b", "ȼ": "c", "ɇ": "e", "ꞡ": "g", "ɉ": "j", "ꝁ": "k",
    "ƚ": "l", "ꝋ": "o", "ᴑ": "o", "ᵽ": "p", "ɍ": "r", "ꞩ": "s", "ⱦ": "t", "ɏ": "y", "ı": "i",
}  # fmt: skip
"""Letters that are folded in longer words alone."""
_SPELT_OTHERWISE: Final = {
    # Malayalam and Bengali, as they were written before these letters had code points of their own
    "ണ്\u200d": "ൺ", "ന്\u200d": "ൻ", "ര്\u200d": "ർ", "ല്\u200d": "ൽ", "ള്\u200d": "ൾ", "ക്\u200d": "ൿ",
    "ൻ്റ": "ന്റ", "ত্\u200d": "ৎ",
    # Marathi: a ra that is a lash
    "र्\u200d": "ऱ्",
    # vowels that Devanagari, Bengali, Gujarati and Gurmukhi put together from another one and its sign
    "अ\u093e": "आ", "अ\u0949": "ऑ", "अ\u094b": "ओ", "अ\u094c": "औ", "ए\u0947": "ऐ", "অ\u09be": "আ", "અ\u0abe": "આ",
    "ਅ\u0a3e": "ਆ",
    # and Gurmukhi, Malayalam, Odia and Sinhala others
    "ੲ\u0a3f": "ਇ", "ੲ\u0a40": "ਈ", "ੳ\u0a41": "ਉ", "ੳ\u0a42": "ਊ", "ഇ\u0d57": "ഈ", "ഉ\u0d57": "ഊ", "ഒ\u0d3e": "ഓ",
    "ഒ\u0d57": "ഔ", "ଅ\u0b3e": "ଆ", "අ\u0dcf": "ආ",
    # Tamil: a word with either of two letters that look alike in it, a sign and a letter that looks like its end
    "ஶ்ரீ": "ஸ்ரீ", "\u0bc6ள": "\u0bcc",
    # Khmer: vowel signs that are put together, and a letter that looks like another one below
    "\u17c1\u17b6": "\u17c4", "\u17c1\u17b8": "\u17be", "\u17d2\u178a": "\u17d2\u178f",
    # Thai and Lao: two signs that look like one
    "เเ": "แ", "ເເ": "ແ",
    # voicing marks of Japanese that stand by themselves
    "\u309b": "\u3099", "\u309c": "\u309a",
}  # fmt: skip
_OTHERWISE: Final = re.compile("|".join(map(re.escape, _SPELT_OTHERWISE)))
_ZERO_FOR_LETTER: Final = re.compile(
    "(?<![\u1040-\u1049])\u1040(?=[\u1000-\u103f])|(?<=[\u1000-\u103f])\u1040(?![\u1040-\u1049])"
)
"""A zero of Burmese that was typed for the letter wa."""
_LATE_TONE: Final = re.compile("([\u0e4d\u0ecd][\u0e32\u0eb2]?)([\u0e48-\u0e4b\u0ec8-\u0ecb])")
"""A tone of Thai or Lao that was typed behind the ring of its vowel, or behind the whole vowel."""
_TONED: Final = re.compile("[đơư\u1ea4-\u1eb7\u1ebe-\u1ec7\u1ed0-\u1ee3\u1ee8-\u1ef1]")
"""Letters that Vietnamese has and others have not, two accents on one among them."""
_TONE_ALONE: Final = re.compile("[\u1ea0-\u1ea3\u1eb8-\u1ebd\u1ec8-\u1ecf\u1ee4-\u1ee7\u1ef2-\u1ef9]")
"""Letters with a hook or a dot below alone, which a disguise has too."""
_MARKED_WORDS: Final = re.compile("[^\\W\\d_]{0,6}[àáâãèéêìíòóôõùúýăĩũ\u1ea0-\u1ef9][^\\W\\d_]{0,6}")
"""Words with an accent of Vietnamese: two of them make a letter of the line above one of Vietnamese."""

FLAG: Final = "\U0001f1e6-\U0001f1ff"
"""Regional indicators, of which two make a flag; the inside of a character class."""
PICTURE: Final = "\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff"
"""Pictures, flags among them; the inside of a character class."""
_INDICATORS: Final = re.compile(f"[{FLAG}]{{1,2}}")
_AS_LETTERS: Final = {0x1F1E6 + place: chr(97 + place) for place in range(26)}
_COUNTRIES: Final = (
    "ac ad ae af ag ai al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bl bm bn bo bq br bs bt bv bw by bz "
    "ca cc cd cf cg ch ci ck cl cm cn co cp cq cr cu cv cw cx cy cz de dg dj dk dm do dz ea ec ee eg eh er es et eu fi "
    "fj fk fm fo fr ga gb gd ge gf gg gh gi gl gm gn gp gq gr gs gt gu gw gy hk hm hn hr ht hu ic id ie il im in io iq "
    "ir is it je jm jo jp ke kg kh ki km kn kp kr kw ky kz la lb lc li lk lr ls lt lu lv ly ma mc md me mf mg mh mk ml "
    "mm mn mo mp mq mr ms mt mu mv mw mx my mz na nc ne nf ng ni nl no np nr nu nz om pa pe pf pg ph pk pl pm pn pr ps "
    "pt pw py qa re ro rs ru rw sa sb sc sd se sg sh si sj sk sl sm sn so sr ss st sv sx sy sz ta tc td tf tg th tj tk "
    "tl tm tn to tr tt tv tw tz ua ug um un us uy uz va vc ve vg vi vn vu wf ws xk ye yt za zm zw"
)
"""Codes that have a flag."""


def respelt(text: str) -> str:
    """Return the text with each letter that can be written in two ways in one of them."""
    return _ZERO_FOR_LETTER.sub("\u101d", _OTHERWISE.sub(lambda found: _SPELT_OTHERWISE[found[0]], text))


def with_tones_first(text: str) -> str:
    """Return a text in NFKC with the tones of Thai and Lao where they belong."""
    return _LATE_TONE.sub(r"\2\1", text)


def is_toned(text: str) -> bool:
    """Whether a caseless text is Vietnamese, in which any accent makes another word."""
    if _TONED.search(text):
        return True
    return _TONE_ALONE.search(text) is not None and len(_MARKED_WORDS.findall(text)) > 1


def without_false_flags(text: str) -> str:
    """Return the text with letters for the regional indicators that make no flag: they are shown as letters."""
    return _INDICATORS.sub(_seen, text)


def with_flags_read(text: str) -> str:
    """Return the text with the letters of the codes that its flags stand for."""
    return text.translate(_AS_LETTERS)


def _seen(indicators: re.Match[str]) -> str:
    letters = with_flags_read(indicators[0])
    return indicators[0] if len(letters) == 2 and letters in _COUNTRIES else letters


class _LetterMap(dict[int, str]):
    """A table for `str.translate` that works an entry out when it is first asked for."""

    def __init__(self, keeps: frozenset[str] | None = frozenset(), *, is_bare: bool = False) -> None:
        self._keeps, self._is_bare = keeps, is_bare

    def __missing__(self, point: int) -> str:
        found = self._fold(chr(point))
        if point < 0x3000:  # beyond lie a million that are hardly ever folded
            self[point] = found
        return found

    def _fold(self, letter: str) -> str:
        if found := _ALWAYS.get(letter) or (_LONGER.get(letter) if self._is_bare else None):
            return found
        point = ord(letter)
        if unicodedata.category(letter) == "Nd":
            return str(unicodedata.decimal(letter))
        for first in (0x1F150, 0x1F170):  # letters in black circles and squares have no plain form
            if first <= point < first + 26:
                return chr(97 + point - first)
        base, *accents = list(unicodedata.normalize("NFD", letter).replace("\u0326", "\u0327"))
        if not accents or not ("a" <= base <= "z" or "\u0370" <= base <= "\u03ff" or base in _LONGER):
            return letter
        kept = [accent for accent in accents if self._is_kept(base, accent)]
        plain = _LONGER.get(base, base) if self._is_bare else base
        return unicodedata.normalize("NFC", plain + "".join(kept))

    def _is_kept(self, base: str, accent: str) -> bool:
        if not base.isascii() or self._is_bare:
            return False
        return self._keeps is None or accent in self._keeps or (accent == "\u0303" and base == "n")


WITH_TONES: Final = _LetterMap(None)
"""Keeps every accent."""
WITH_OWN: Final = _LetterMap(_OWN_ACCENTS)
"""Keeps the accents that make other letters."""
BARE: Final = _LetterMap(is_bare=True)
"""Keeps none."""
