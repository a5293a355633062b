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
        spans = _judged(text, begin, end, region) if short else _bluntly(text, begin, end)
        found.extend((at, until, "phone") for at, until in spans)
    return found


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
