"""Finds phone numbers in a text as it is seen; a text with few digits costs nothing."""

from __future__ import annotations

import re
from typing import Final

import phonenumbers
from phonenumbers import Leniency, PhoneNumberMatcher

LEAST_DIGITS: Final = 7
MOST_DIGITS: Final = 15  # ITU E.164
RUN_LIMIT: Final = 120
"""Characters of one run of digits and separators that the library is given; longer ones are judged bluntly."""
BUDGET: Final = 2400
"""Characters in all that the library is given of one text: it takes up to 0.1 ms for each."""

RUN: Final = re.compile(r"[0-9][0-9 \t().\-/\u2010\u2013\u2014\u2212]{5,}+")
ENOUGH_DIGITS: Final = re.compile(r"[0-9](?:[^0-9\n]{0,4}[0-9]){6}")
TOO_LONG: Final = re.compile(r"[0-9]{18,}+")
TRAILING: Final = " \t.-/(\u2010\u2013\u2014\u2212"
BLUNT: Final = re.compile(r"\+[0-9]|(?<![0-9])[0-9]{7,15}(?![0-9])")
DATE: Final = re.compile(
    r"(?:[0-9]{1,2}[./-][0-9]{1,2}[./-][0-9]{2,4}|[0-9]{4}[./-][0-9]{1,2}[./-][0-9]{1,2})(?![0-9])"
)
_DASH: Final = r"[ \t]{0,2}[\-/\u2010\u2013\u2014\u2212][ \t]{0,2}"
_SPACE: Final = r"[ \t]{1,3}"
_DAY, _MONTH = "(?:0?[1-9]|[12][0-9]|3[01])", "(?:0?[1-9]|1[0-2])"
_YEAR, _SHORT = "(?:1[1-9]|20)[0-9]{2}", "(?:(?:1[1-9]|20)[0-9]{2}|[0-9]{2})"
_DATE: Final = (
    rf"(?:{_DAY}\.[ \t]?{_MONTH}\.[ \t]?{_SHORT}|{_DAY}/{_MONTH}/{_SHORT}|{_MONTH}/{_DAY}/{_SHORT}"
    rf"|{_DAY}-{_MONTH}-{_YEAR}|{_MONTH}-{_DAY}-{_YEAR}"
    rf"|{_YEAR}-{_MONTH}-{_DAY}|{_YEAR}\.{_MONTH}\.{_DAY}|{_YEAR}/{_MONTH}/{_DAY})"
)
_CLOCK: Final = r"(?:[01]?[0-9]|2[0-4])\.[0-5][0-9]"
_HOUR: Final = "(?:[01][0-9]|2[0-4])[0-5][05]"
_SCORE: Final = r"(?:0|[1-9][0-9]{0,2})(?:[-\u2013](?:0|[1-9][0-9]{0,2})){1,3}(?:\([0-9]{1,2}\))?"
_GROUPED: Final = "[1-9][0-9]{0,2}(?:[. ][0-9]{3}){1,3}"
_DECIMAL: Final = r"(?:0|[1-9][0-9]{0,2})\.[0-9]{2}"
_YEARS: Final = f"{_YEAR}(?:{_DASH}[0-9]{{2}}(?![0-9]))?"
_NOTHING_BEFORE, _NOTHING_AFTER = r"(?<![0-9])(?<![0-9][.\-/])", r"(?![0-9])(?![.\-/][0-9])"


def _one_of(*forms: str) -> re.Pattern[str]:
    return re.compile(f"{_NOTHING_BEFORE}(?:{'|'.join(forms)}){_NOTHING_AFTER}")


DATED: Final = _one_of(
    rf"{_DAY}\.(?:{_MONTH}\.?)?{_DASH}{_DATE}",  # 3.-17.7.2015, 03.07 - 17.07.15
    _DATE,
)
"""A day with its year, or a stretch of days that ends in one: no phone number is written so."""
COUNTED: Final = _one_of(
    rf"{_DAY}\.{_MONTH}\.?{_DASH}{_DAY}\.{_MONTH}\.?",  # 24.12.-26.12.
    "(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])",  # 20240115
    f"{_CLOCK}{_DASH}{_CLOCK}(?:{_SPACE}{_CLOCK}{_DASH}{_CLOCK}){{0,6}}",  # 08.00-12.00 13.00-18.00
    f"{_HOUR}{_DASH}{_HOUR}",  # 0800-1200
    f"{_YEARS}(?:(?:{_DASH}|{_SPACE}){_YEARS})*",  # 1939-1945, 2023/24 2024/25, 2010 2011
    f"{_SCORE}(?:{_SPACE}{_SCORE})+",  # 6-4 6-3 7-6(5), 4-4-2 4-3-3
    f"{_DECIMAL}(?:(?:{_DASH}|{_SPACE}){_DECIMAL})+",  # 1.85 2.10 3.40
    r"(?:1[0-7][0-9]|180|[1-9]?[0-9])\.[0-9]{4,9}",  # 52.520008
    f"{_GROUPED}{_DASH}{_GROUPED}",  # 10.000-20.000
    "[1-9][0-9]{0,2}(?:[. ]000)+",  # 25.000.000
    r"[1-9][0-9]{1,2}00[\-\u2013][1-9][0-9]{1,2}00",  # 2500-3000
)
"""What is written like days, times, years, scores, quotas, a place on the map, amounts or their range."""
MONEY_BEFORE: Final = re.compile(
    r"(?:[$€£¥₹₽₩₺₫]|\b(?:eur|usd|gbp|chf|sek|nok|dkk|pln|rs|kr|fr))\.?[ \t]{0,2}$", re.IGNORECASE
)
MONEY_AFTER: Final = re.compile(
    r"(?:[.,][0-9]{1,2})?[ \t]{0,2}(?:[$€£¥₹₽₩₺₫%]|(?:eur|euros?|usd|gbp|chf|dollars?|pounds?|kronor|kroner|złotych|zł"
    r"|рублей|руб|mio|mrd|millione?n?s?|milliarden?|prozent|percent|km|kilomet(?:er|re)s?|tonnen|people|menschen"
    r"|einwohner|votes|stimmen)\b)",
    re.IGNORECASE,
)
LEFT_OVER: Final = 2
"""Digits beside what is vetoed that say nothing; from three on they may begin a number of which it is a part."""
ADDRESS: Final = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?![0-9])")
AMERICAN: Final = re.compile(r"\(?[2-9][0-9]{2}\)?[ .-]{1,2}[2-9][0-9]{2}[ .-][0-9]{4}(?![0-9])")
FRENCH: Final = re.compile(r"0[1-9](?:[ .-][0-9]{2}){4}")
TRUNK: Final = re.compile(r"\(?0[1-9][0-9]{0,4}\)?[ /-]?[0-9]")
CUE: Final = re.compile(
    r"(?:\b(?:(?:tel|tlf|phone|telephone|call|ring|text|sms|whats ?app|mobile|cell|handy|telefon|telefono|teléfono"
    r"|téléphone|telefone|telefoon|ruf|rufe|anrufen|móvil|movil|celular|cellulare|telemóvel|portable|fon|fax|gsm"
    r"|appelez|dzwoń|ligue|liga|bel|тел|телефон|звони(?:те)?)\b"
    r"|(?:number|nummer|numero|número|numéro|numer|номер)(?: (?:is|ist|es|est|è|é|to)\b|[ \t]?:))"
    r"|电话|手机|微信|電話|携帯)"
    r"[^0-9\n@]{0,16}$",
    re.IGNORECASE,
)
NO_PHONE: Final = re.compile(
    r"\b(?:isbn|issn|doi|iban|ean|id|no|nr|art|ref|order|ticket|case)[\s.:#-]{0,3}$", re.IGNORECASE
)


def find(text: str, region: str | None) -> list[tuple[int, int, str]]:
    """Return (begin, end, "phone") of each number: international ones, and the national ones of `region`.

    Without a region a national number is known by its shape or by a word before it ("call me: ...").
    """
    if ENOUGH_DIGITS.search(text) is None:
        return []
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
        for first, last in _without_vetoed(text, begin, end):
            found.extend((at, until, "phone") for at, until in _judged(text, first, last, region))
    return found


def _without_vetoed(text: str, begin: int, end: int) -> list[tuple[int, int]]:
    """Return the stretches of a run that may hold a number: all of it but what is a date, a time, a score, a price …

    The library is asked about these alone: it takes `05.10.1986` for a number of Germany. A number that says its
    country is never vetoed, and only a date is where a word before it says that a number follows.
    """
    if text.startswith(("+", "00", "(+", "(00"), begin):
        return [(begin, end)]
    sure = [match.span() for match in DATED.finditer(text, begin, end)]
    stretches = _between(sure, begin, end)
    if CUE.search(text[max(0, begin - 32) : begin]):
        return _with_enough(text, stretches)
    kept: list[tuple[int, int]] = []
    for first, last in stretches:
        if _is_money(text, first, last):
            continue
        rest = _between([match.span() for match in COUNTED.finditer(text, first, last)], first, last)
        counts = [count_digits(text[at:until]) for at, until in rest]
        is_part = any(LEFT_OVER < count < LEAST_DIGITS for count in counts)
        kept += [(first, last)] if is_part else rest
    return _with_enough(text, kept)


def _between(spans: list[tuple[int, int]], begin: int, end: int) -> list[tuple[int, int]]:
    edges = [begin, *(edge for span in spans for edge in span), end]
    return [(edges[n], edges[n + 1]) for n in range(0, len(edges), 2)]


def _with_enough(text: str, stretches: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return those that have the digits of a number, without what only separates them from their neighbours."""
    found = []
    for first, last in stretches:
        stretch = text[first:last]
        begin = first + len(stretch) - len(stretch.lstrip(TRAILING.replace("(", "") + ")"))
        until = first + len(stretch.rstrip(TRAILING))
        if count_digits(stretch) >= LEAST_DIGITS:
            found.append((begin, until))
    return found


def _is_money(text: str, begin: int, end: int) -> bool:
    """Whether a currency or a unit stands before or behind, and no zero begins it as it begins a number."""
    if text[begin : begin + 1] in ("0", "("):
        return False
    return MONEY_BEFORE.search(text, max(0, begin - 6), begin) is not None or (
        MONEY_AFTER.match(text, end) is not None
    )


def _with_opening(text: str, begin: int) -> int:
    """Take in the plus and bracket before the first digit."""
    before = text[max(0, begin - 2) : begin]
    return begin - len(before) + len(before.rstrip("+("))


def count_digits(text: str) -> int:
    """Return how many ASCII digits there are."""
    return sum(map(text.count, "0123456789"))


def _judged(text: str, begin: int, end: int, region: str | None) -> list[tuple[int, int]]:
    window = max(0, begin - 1)
    matcher = PhoneNumberMatcher(text[window : end + 1], region, Leniency.VALID, 200)
    found = [(window + match.start, window + match.end) for match in matcher]
    if found:
        return found
    opening = text.rfind("(", begin, end)
    if opening > begin and text.find(")", opening, end) < 0:  # "0871 8730666 (10p a minute)"
        end = opening - 1
    return [(begin, end)] if _looks_national(text, begin, end) else []


def _looks_national(text: str, begin: int, end: int) -> bool:
    """Judge a run that the library did not take by its shape and the words before it."""
    run, before = text[begin:end], text[max(0, begin - 32) : begin]
    digits = count_digits(run)
    if (
        not LEAST_DIGITS <= digits <= MOST_DIGITS
        or NO_PHONE.search(before)
        or (before[-1:].isalpha() and before[-1:].isascii())
    ):
        return False
    if run.startswith("+"):
        return _is_possible(run)
    if run.startswith("00") and digits >= 9:
        return _is_possible("+" + run[2:])
    if FRENCH.fullmatch(run):
        return True
    if ADDRESS.match(run) or DATE.match(run):
        return False
    if CUE.search(before):
        return True
    if AMERICAN.match(run):
        return digits == 10 and _is_valid(run, "US")
    return 9 <= digits <= 12 and TRUNK.match(run) is not None


def _is_possible(number: str) -> bool:
    """Whether a number that says its country has a length of that country's: ranges are opened faster than listed."""
    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(number, None))
    except phonenumbers.NumberParseException:
        return False


def _is_valid(number: str, region: str | None) -> bool:
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(number, region))
    except phonenumbers.NumberParseException:
        return False


def _bluntly(text: str, begin: int, end: int) -> list[tuple[int, int]]:
    """Judge a table of digits, or the rest of one: the whole run goes when anything in it could be a number."""
    pieces, at = [], begin
    for long in TOO_LONG.finditer(text, begin, end):
        pieces.append((at, long.start()))
        at = long.end()
    pieces.append((at, end))
    return [piece for piece in pieces if piece[0] < piece[1] and BLUNT.search(text, *piece)]
