"""Undo disguise in one folded text: tags, leetspeak, masked, stretched and spaced letters become words again.

Slow (plain Python) but linear, and asked only about texts that the batch's screen found suspicious. Nothing is changed
on suspicion alone: a respelling must be a word that the lexicon knows, and the word as written must not be.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from classifier.leetspeak import LEET, aligned, is_number, leetish, meant_by
from classifier.lexicon import Lexicon

_TAG = re.compile(r"</?[a-z][a-z0-9]{0,9} {0,3}/?>|\[/?[a-z]{1,10}(?:=[^\]\[\n]{0,200})?\]")
_BREAKS = ("<br", "<p", "</p", "<li", "</li", "<div", "</div")
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#x[0-9a-f]{1,6}|[a-z]{2,8});")
_TOKEN = re.compile(r"(?<!\S)\S{1,59}(?!\S)")
_HIDDEN = re.compile(  # a sign or digit before, among or after letters; a letter three times
    r"[0-9@$!|*][^\W\d_]|[^\W\d_][0-9@$!|*+({£¥¢#%^_~=](?:[^\W\d_]|[0-9@$|*])|[^\W\d_]\d|([^\W\d_])\1\1"
)
_LONELY = re.compile(r"(?<![^\W_])(?:[^\W_]|[@$])(?![^\W_])")
_HEAD = "\"'([{"
_LONGEST_SPACED = 20_000


Edit = tuple[int, int, str, list[int]]
"""Where it begins and ends, the new characters, and the offsets that they come from."""


@dataclass
class Page:
    """A text being deobfuscated: its characters, and the place in the folded text that each came from."""

    text: str
    places: list[int]
    changed: int = 0

    def replace(self, edits: Iterable[Edit]) -> None:
        """Apply edits, given in order."""
        pieces: list[str] = []
        places: list[int] = []
        done = 0
        for begin, end, new, sources in edits:
            pieces += self.text[done:begin], new
            places += self.places[done:begin]
            places += [self.places[source] for source in sources]
            self.changed += max(end - begin - len(new), 1)
            done = end
        pieces.append(self.text[done:])
        places += self.places[done:]
        self.text, self.places = "".join(pieces), places


def deobfuscate(text: str, lexicon: Lexicon, whole: bool, written: str = "") -> Page:
    """Undo disguise: of words that look disguised, and with `whole` also tags and letters that stand apart.

    `written` holds for each character of the text the one that it was folded from: a capital with digits behind it is
    the number of a road or a vitamin, and no word.
    """
    page = Page(text, list(range(len(text))))
    if whole:
        page.replace(_tags(page.text))
        page.replace(_entities(page.text))
        page.replace(_spaced(page.text, lexicon))
    tokens = list(_TOKEN.finditer(page.text))
    odd = [token for token in tokens if _HIDDEN.search(token[0]) and not _is_code(page, token, written)]
    leet = sum(leetish(token[0]) for token in odd)
    bold = leet >= 3 and leet * 5 >= page.text.count(" ") + 1
    page.replace(_respelt(tokens if bold else odd, lexicon, bold))
    return page


def _is_code(page: Page, token: re.Match[str], written: str) -> bool:
    """Say whether a token is one capital with digits, which may be bracketed or end a sentence."""
    return (
        bool(written)
        and is_number(token[0])
        and any(written[page.places[at]].isupper() for at in range(*token.span()))
    )


def _tags(text: str) -> Iterator[Edit]:
    """Remove formatting tags: those that break a line leave a space, the others nothing."""
    for match in _TAG.finditer(text):
        space = match.group().startswith(_BREAKS)
        yield match.start(), match.end(), " " if space else "", [match.start()] if space else []


def _entities(text: str) -> Iterator[Edit]:
    """Read character references as the character they stand for."""
    for match in _ENTITY.finditer(text):
        meant = html.unescape(match.group())
        if len(meant) == 1 and meant != match.group():
            shown = meant.lower()[:1] if meant.isprintable() else ""
            yield match.start(), match.end(), shown, [match.start()] * len(shown)


def _spaced(text: str, lexicon: Lexicon) -> Iterator[Edit]:
    """Join letters that stand apart, three or more in a row, and find the words in them."""
    run: list[int] = []
    for place in (match.start() for match in _LONELY.finditer(text)):
        if run and 2 <= place - run[-1] <= 5 and len(run) < _LONGEST_SPACED:
            run.append(place)
            continue
        yield from _joined(text, run, lexicon)
        run = [place]
    yield from _joined(text, run, lexicon)


def _joined(text: str, run: list[int], lexicon: Lexicon) -> Iterator[Edit]:
    """Turn one run of lone letters into words, or leave it when no word comes out."""
    if len(run) < 3 or sum(text[place].isalpha() for place in run) * 4 < len(run):
        return
    gaps = [text[a + 1 : b] for a, b in pairwise(run)]
    usual = Counter(gaps).most_common(1)[0][0]
    groups: list[list[int]] = [[run[0]]]
    for gap, place in zip(gaps, run[1:], strict=True):
        if gap == usual or ("\n" not in gap and len(gap) <= len(usual)):
            groups[-1].append(place)
        else:
            groups.append([place])
    out: list[str] = []
    sources: list[int] = []
    good = 0
    for group in groups:
        done = 0
        for word in _words_of(text, group, lexicon):
            taken = group[done : done + len(word)]
            done += len(word)
            out.append(word)
            sources += [*taken, taken[-1]]
            good += len(word) if len(word) > 1 and lexicon.cost(word) is not None else 0
    if good * 2 >= len(run):
        yield run[0], run[-1] + 1, " ".join(out), sources[:-1]


def _words_of(text: str, group: list[int], lexicon: Lexicon) -> list[str]:
    """Read one group of letters as one word if it is known, as several otherwise."""
    letters = "".join(LEET.get(text[place], text[place])[0] for place in group)
    if lexicon.cost(letters) is not None:
        return [letters]
    return lexicon.segment(letters)


def _respelt(tokens: list[re.Match[str]], lexicon: Lexicon, bold: bool) -> Iterator[Edit]:
    """Respell disguised tokens. A text in which many tokens look like leetspeak is read more boldly."""
    read: dict[str, tuple[str, str] | None] = {}
    for found in tokens:
        bare = found[0].lstrip(_HEAD)
        if "⟦" in bare or "http" in bare or "www." in bare:
            continue
        if bare not in read:
            read[bare] = meant_by(bare, lexicon, bold)
        if (reading := read[bare]) is not None:
            token, meant = reading
            begin = found.end() - len(bare)
            yield begin, begin + len(token), meant, aligned(token, meant, begin)
