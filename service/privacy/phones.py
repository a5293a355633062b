"""Finds phone numbers in a text as it is seen; a text with few digits costs nothing."""

from __future__ import annotations

import re
from typing import Final

from phonenumbers import Leniency, PhoneNumberMatcher

from service.domain.identity_numbers import find_numbers
from service.privacy.other_numbers import (
    COUNTED,
    MIDNIGHT,
    UNMISTAKABLE,
    counted,
    priced,
    years,
)
from service.privacy.phone_shapes import (
    DIALS,
    FRENCH,
    LEAST_DIGITS,
    MOST_DIGITS,
    TRUNK,
    count_digits,
    has_cue,
    has_shape,
    is_other_number,
    is_sure,
    looks_national,
    says_country,
)

Span = tuple[int, int]

RUN_LIMIT: Final = 120
"""Characters of one run of digits and separators that the library is given; longer ones are judged bluntly."""
BUDGET: Final = 2400
"""Characters in all that the library is given of one text: it takes up to 0.1 ms for each."""

SEPARATORS: Final = dict.fromkeys((*range(0x2010, 0x2016), 0x2212, 0x30FC, ord("~")), "-") | {
    ord("·"): ".",
    ord("•"): ".",
    ord("["): "(",
    ord("]"): ")",
}
"""What passes for a hyphen, a full stop or a bracket between digits, the long vowel of Japanese too."""
LINK: Final = re.compile(
    r"(?:https?://|\bwww\.)(?:(?![,;|(][a-z]{2,10}[.: ]{0,2}[+0(])[!#-;=?-~])+", re.IGNORECASE
)
DIALLED: Final = re.compile(
    r"\+[0-9]{7}|\b(?:tel|phone|mobile|cell|call|sms|fax|whatsapp)[=:/]", re.IGNORECASE
)
"""A link with a number to call; the digits of others are those of a page."""
RUN: Final = re.compile(r"[0-9][0-9 \t().\-/]{5,}+")
ENOUGH_DIGITS: Final = re.compile(r"[0-9](?:[^0-9\n]{0,4}[0-9]){6}")
TOO_LONG: Final = re.compile(r"[0-9]{18,}+")
TRAILING: Final = " \t.-/("
BLUNT: Final = re.compile(r"\+[0-9]|(?<![0-9])[0-9]{7,15}(?![0-9])")
PIECE: Final = re.compile(r"[0-9(][0-9().]*+")
"""What stands in a run between blanks, slashes and hyphens."""
PIECES_LIMIT: Final = 7
"""Pieces that a number is written in: `01 23 45 67 89`, two more for a country."""
GOES_ON: Final = re.compile("[-/](?:[1-9]|0(?![1-9]))")
LEFT_OVER: Final = 2
"""Digits beside what is vetoed that say nothing; from three on they may begin a number of which it is a part."""
YEAR_DIGITS: Final = 4
COUNTRY: Final = ("+", "00", "(+", "(00")
CLOCK_REST: Final = re.compile(
    r"(?<=[0-9]):[0-5][0-9](?::[0-5][0-9](?:[.,][0-9]{1,9})?(?:-(?:0[0-9]|1[0-4]):?(?:00|15|30|45))?)?"
    r"(?:\+(?:0[0-9]|1[0-4]):?(?:00|15|30|45))?(?![0-9])"
)
"""The minutes and all that follows in a time of day."""
OPENING: Final = re.compile(r"(?:(?<![0-9])(?<![0-9] )\+ \(?|[+(]{1,2})$")
"""What a number begins with before its first digit; a sum is no number."""


def find(text: str, region: str | None) -> list[tuple[int, int, str]]:
    """Return (begin, end, "phone") of each number: international ones, and the national ones of `region`.

    Without a region a national number is known by its shape or by a word before it ("call me: ...").
    """
    if ENOUGH_DIGITS.search(text) is None:
        return []
    text = LINK.sub(_without_digits, text.translate(SEPARATORS))
    text = CLOCK_REST.sub(lambda rest: "x" * len(rest[0]), text)
    for begin, end in find_numbers(text):
        if text[begin : begin + 2].isalpha():  # an account's, of which the library takes the end
            text = text[:begin] + "x" * (end - begin) + text[end:]
    found: list[tuple[int, int, str]] = []
    budget = BUDGET
    for run in RUN.finditer(text):
        if count_digits(run.group()) < LEAST_DIGITS:
            continue
        begin, end = _with_opening(text, run.start()), run.start() + len(run.group().rstrip(TRAILING))
        budget -= end - begin
        short = end - begin <= RUN_LIMIT and budget > 0
        if not short:
            found.extend((at, until, "phone") for at, until in _bluntly(text, begin, end))
            continue
        is_called = has_cue(text[max(0, begin - 48) : begin])
        for first, last in _without_vetoed(text, begin, end, region):
            numbers = _judged(text, first, last, region)
            if _digits_beside(text, first, last, numbers) > LEFT_OVER:
                budget -= last - first
                others = [] if is_called else counted(text, first, last, region)
                pieced = _within(text, first, last, region, others)
                numbers = min(numbers, pieced, key=lambda spans: _digits_beside(text, first, last, spans))
            found.extend((at, until, "phone") for at, until in numbers)
    return found


def _without_digits(link: re.Match[str]) -> str:
    """Return a link with other characters for its digits, unless it leads to a number to call."""
    return link[0] if DIALLED.search(link[0]) else re.sub("[0-9]", "x", link[0])


def _without_vetoed(text: str, begin: int, end: int, region: str | None) -> list[Span]:
    """Return the stretches of a run that may hold a number: all of it but what is a date, a time, a score, a price …

    The library is asked about these alone: it takes `05.10.1986` for a number of Germany. A number that says its
    country is never vetoed, and only a date is where a word before it says that a number follows.
    """
    digit = end - len(text[begin:end].lstrip("+( "))
    is_other = MIDNIGHT.match(text, begin) or UNMISTAKABLE.match(text, digit)  # +10.000.000 €
    if text.startswith(COUNTRY, begin) and not is_other:
        until = _country_end(text, begin, end)
        return [(begin, until), *(_without_vetoed(text, until, end, region) if until < end else [])]
    sure = [match.span() for match in UNMISTAKABLE.finditer(text, begin, end)]
    stretches = _between(sure, begin, end)
    before = text[max(0, begin - 48) : begin]
    if has_cue(before):
        sure = [] if DIALS.search(before) else years(text, begin, end)
        sure += priced(text, begin, end, region)
        return _with_enough(text, [rest for stretch in stretches for rest in _without(sure, *stretch)])
    kept: list[Span] = []
    for first, last in stretches:
        others = counted(text, first, last, region)
        numbers = _within(text, first, last, region, others) if others else []
        kept += numbers
        for at, until in _between(numbers, first, last):
            rest = _between(counted(text, at, until, region), at, until)
            counts = [count_digits(text[one:other]) for one, other in rest]
            is_part = any(LEFT_OVER < count < LEAST_DIGITS for count in counts)
            kept += [(at, until)] if is_part else rest
    return _with_enough(text, kept)


def _country_end(text: str, begin: int, end: int) -> int:
    """Return where a number that says its country ends; what follows it may be a day or a price."""
    ends = [piece.end() for piece in PIECE.finditer(text, begin, end)][:PIECES_LIMIT]
    least = LEAST_DIGITS + text[begin:end].lstrip("(").startswith("00") * len("00") + LEFT_OVER
    ends = [until for until in ends if count_digits(text[begin:until]) >= least]
    whole = [until for until in ends if says_country(text[begin:until])] or ends
    if not whole:
        return end
    others = [
        match.start()
        for pattern in (UNMISTAKABLE, COUNTED)
        for match in pattern.finditer(text, whole[0], end)
        if count_digits(match[0]) > YEAR_DIGITS
    ]
    others += [until for until in whole if _is_followed(text, until, end)]
    whole = [until for until in whole if until <= min(others, default=end)]
    return max(whole, key=lambda until: (GOES_ON.match(text, until) is None, until))


def _is_followed(text: str, begin: int, end: int) -> bool:
    """Whether what follows begins like a number of the country and is long enough for one."""
    rest = text[begin:end].lstrip(TRAILING + ")")
    is_begin = rest.startswith(COUNTRY) or TRUNK.match(rest) is not None
    return is_begin and count_digits(rest) >= LEAST_DIGITS


def _between(spans: list[Span], begin: int, end: int) -> list[Span]:
    edges = [begin, *(edge for span in spans for edge in span), end]
    return [(edges[n], edges[n + 1]) for n in range(0, len(edges), 2)]


def _without(spans: list[Span], begin: int, end: int) -> list[Span]:
    return _between([span for span in spans if begin <= span[0] and span[1] <= end], begin, end)


def _with_enough(text: str, stretches: list[Span]) -> list[Span]:
    """Return those that have the digits of a number, without what only separates them from their neighbours."""
    found = []
    for first, last in stretches:
        stretch = text[first:last]
        begin = first + len(stretch) - len(stretch.lstrip(TRAILING.replace("(", "") + ")"))
        until = first + len(stretch.rstrip(TRAILING))
        if count_digits(stretch) >= LEAST_DIGITS:
            found.append((begin, until))
    return found


def _with_opening(text: str, begin: int) -> int:
    """Take in the plus and bracket before the first digit."""
    opening = OPENING.search(text, max(0, begin - 6), begin)
    return opening.start() if opening else begin


def _judged(text: str, begin: int, end: int, region: str | None) -> list[Span]:
    window = max(0, begin - 1)
    matcher = PhoneNumberMatcher(text[window : end + 1], region, Leniency.VALID, 200)
    found = [(window + match.start, window + match.end) for match in matcher]
    if found:
        return found
    opening = text.rfind("(", begin, end)
    if opening > begin and text.find(")", opening, end) < 0:  # "0871 8730666 (10p a minute)"
        end = opening - 1
    return [(begin, end)] if looks_national(text, begin, end) else []


def _within(text: str, begin: int, end: int, region: str | None, others: list[Span]) -> list[Span]:
    """Look for numbers in a run that is none as a whole: those in a usual grouping first, then in any, in what is left.

    What is written like something else (`others`) may be the end of a number, and is none by itself.
    """
    found = _grouped(text, begin, end, region, others, in_any=False)
    left = [gap for gap in _between(found, begin, end) if count_digits(text[slice(*gap)]) >= LEAST_DIGITS]
    for gap in left:
        found += _grouped(text, *gap, region, others, in_any=True)
    return sorted(found)


def _grouped(
    text: str, begin: int, end: int, region: str | None, others: list[Span], in_any: bool
) -> list[Span]:
    """Take the longest number that begins at each piece, a valid one first."""
    pieces = [match.span() for match in PIECE.finditer(text, begin, end)]
    found: list[Span] = []
    for at, (first, _) in enumerate(pieces):
        before = found[-1][1] if found else begin
        if first < before or not _may_begin(text, first, before, others):
            continue
        ends = [first + len(text[first:last].rstrip(TRAILING)) for _, last in pieces[at : at + PIECES_LIMIT]]
        is_loose = in_any or (bool(others) and first == begin)
        until = _end_within(text, first, ends[::-1], end, region, others, is_loose)
        if until is not None:
            found.append((first, until))
            others = [other for other in others if other[0] >= until]
    return found


def _may_begin(text: str, first: int, before: int, others: list[Span]) -> bool:
    """Whether a number may begin with this piece: not in something else but a year, nor behind a digit and a hyphen."""
    inside = [(one, other) for one, other in others if one <= first < other]
    if any(one < first or other - one != YEAR_DIGITS for one, other in inside):
        return False
    if is_other_number(text[max(0, first - 32) : first]):
        return False
    is_second = text[first - 1] == "-" and first - before > 1 and text[first - 2].isdigit()
    return not is_second or TRUNK.match(text, first) is not None


def _end_within(
    text: str, first: int, ends: list[int], end: int, region: str | None, others: list[Span], is_loose: bool
) -> int | None:
    """Return where the number that begins here ends, if one does: better before another or a thing than within it."""
    digits = {until: count_digits(text[first:until]) for until in ends}
    own = {until: _digits_beside(text, first, until, others) for until in ends}
    ends = [until for until in ends if own[until] and LEAST_DIGITS <= digits[until] <= MOST_DIGITS]
    french = [until for until in ends if FRENCH.fullmatch(text, first, until)]
    short = {until for until in ends if TRUNK.match(text, first) and digits[until] == LEAST_DIGITS}
    followed = [until for until in ends if until not in short and _is_followed(text, until, end)]
    cut = {until for until in ends if any(one < until < other for one, other in others)}
    cut -= {*french, *followed}
    long = [other for one, other in others if count_digits(text[one:other]) > YEAR_DIGITS]
    ends.sort(
        key=lambda until: (
            any(one < until for one in followed),
            until in short,
            until in cut,
            any(first < other <= until for other in long),
            until not in french,
            GOES_ON.match(text, until) is not None,
        )
    )
    for until in ends:
        if is_sure(text[first:until], region, is_loose and own[until] > LEFT_OVER):
            return until
    for until in ends:
        is_torn = GOES_ON.match(text, until) or (until in cut and text[until] not in " \t")
        if has_shape(text[first:until]) and not is_torn:
            return until
    return None


def _digits_beside(text: str, begin: int, end: int, others: list[Span]) -> int:
    """Return how many digits of a stretch are not those of something else."""
    shared = [(max(begin, first), min(end, last)) for first, last in others if first < end and last > begin]
    return count_digits(text[begin:end]) - sum(count_digits(text[first:last]) for first, last in shared)


def _bluntly(text: str, begin: int, end: int) -> list[Span]:
    """Judge a table of digits, or the rest of one: the whole run goes when anything in it could be a number."""
    pieces, at = [], begin
    for long in TOO_LONG.finditer(text, begin, end):
        pieces.append((at, long.start()))
        at = long.end()
    pieces.append((at, end))
    return [piece for piece in pieces if piece[0] < piece[1] and BLUNT.search(text, *piece)]
