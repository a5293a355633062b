"""What a phone number looks like by itself, and what the words before it say of it."""

from __future__ import annotations

import re
from typing import Final

import phonenumbers
from phonenumbers import Leniency, PhoneNumberMatcher

from service.privacy.other_numbers import THING_BEFORE

LEAST_DIGITS: Final = 7
MOST_DIGITS: Final = 15  # ITU E.164
LEAST_WITH_AREA, MOST_WITH_AREA = 9, 12
"""Digits of nearly all national numbers that begin with a zero and an area's code."""
DATE: Final = re.compile(
    r"(?:[0-9]{1,2}[./-][0-9]{1,2}[./-][0-9]{2,4}|[0-9]{4}[./-][0-9]{1,2}[./-][0-9]{1,2})(?![0-9])"
)
ADDRESS: Final = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?![0-9])")
AMERICAN: Final = re.compile(r"\(?[2-9][0-9]{2}\)?[ .-]{1,2}[2-9][0-9]{2}[ .-][0-9]{4}(?![0-9])")
FRENCH: Final = re.compile(r"0[1-9](?:[ ./-][0-9]{2}){4}")
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
DIALS: Final = re.compile(
    r"(?:\b(?:tel|tlf|phone|telephone|call|whats ?app|telefon|telefono|teléfono|téléphone|telefone|telefoon|fon"
    r"|тел|телефон|звони(?:те)?|number|nummer|numero|número|numéro|numer|номер)(?: (?-i:[a-zà-ÿ]{1,4}))?"
    r"|电话|手机|微信|電話|携帯)[ \t.:]{0,3}$",
    re.IGNORECASE,
)
"""Says by itself that what follows is called, even if it is written like a stretch of years."""
NO_PHONE: Final = re.compile(
    r"\b(?:isbn|issn|doi|iban|ean|gtin|upc|id|art|ref|order|ticket|case)[\s.:#-]{0,3}$", re.IGNORECASE
)
NUMBERED: Final = re.compile(r"\b(?:no|nr)[\s.:#-]{0,3}$", re.IGNORECASE)


def count_digits(text: str) -> int:
    """Return how many ASCII digits there are."""
    return sum(map(text.count, "0123456789"))


def says_country(run: str) -> bool:
    """Whether a run is a valid number with its country."""
    bare = run.replace("(", "").replace(")", "")
    return _is_valid(f"+{bare[2:]}" if bare.startswith("00") else bare, None)


def is_sure(run: str, region: str | None, is_loose: bool) -> bool:
    """Whether these pieces are a number by themselves: written as one is in the region, or with an area's code."""
    if run.startswith(("00", "(00")):
        return says_country(run)
    if FRENCH.fullmatch(run) or (count_digits(run) == 10 and AMERICAN.match(run) and _is_valid(run, "US")):
        return True
    if region is None or not _is_valid(run, region):
        return False
    if TRUNK.match(run):
        return True
    spaced = run if " " in run or "-" in run else run.replace("/", " ")
    leniency = Leniency.VALID if is_loose else Leniency.STRICT_GROUPING
    return any(match.raw_string == spaced for match in PhoneNumberMatcher(spaced, region, leniency, 1))


def looks_national(text: str, begin: int, end: int) -> bool:
    """Judge a run that the library did not take by its shape and the words before it."""
    run, before = text[begin:end], text[max(0, begin - 48) : begin]
    digits = count_digits(run)
    if not LEAST_DIGITS <= digits <= MOST_DIGITS or is_other_number(before):
        return False
    if run.startswith("+"):
        return _is_possible(run)
    if (bare := run.replace("(", "").replace(")", "")).startswith("00") and digits >= 9:
        return _is_possible("+" + bare[2:])
    if FRENCH.fullmatch(run):
        return True
    if ADDRESS.match(run) or DATE.match(run):
        return False
    if has_cue(before):
        return True
    if AMERICAN.match(run):
        return digits == 10 and _is_valid(run, "US")
    return has_shape(run)


def has_shape(run: str) -> bool:
    """Whether a run is written like a number of a country that is not known: with an area's code."""
    return TRUNK.match(run) is not None and LEAST_WITH_AREA <= count_digits(run) <= MOST_WITH_AREA


def has_cue(before: str) -> bool:
    """Whether what stands before a run says that it is a number to call."""
    return CUE.search(before) is not None and THING_BEFORE.search(before) is None


def is_other_number(before: str) -> bool:
    """Whether what stands before a run says that it is a number of something else, or the rest of a word."""
    if NO_PHONE.search(before) or (before[-1:].isalpha() and before[-1:].isascii()):
        return True
    return NUMBERED.search(before) is not None and not has_cue(before)


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
