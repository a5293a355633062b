"""Account and identity numbers in a text, known by their checksum, or by a fixed form where they have none."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

_LEAST_DIGITS: Final = 6
_SEPARATORS: Final = str.maketrans("", "", " .-")
_IBAN_LENGTHS: Final = {
    15: "NO",
    16: "BE",
    18: "DK|FI|NL",
    20: "AT|BA|EE|LT|LU|XK",
    21: "CH|HR|LI|LV",
    22: "BG|DE|GB|IE|ME|RS",
    24: "CZ|ES|MD|RO|SE|SK",
    25: "PT",
    26: "TR",
    27: "FR|GR|IT|MC|SM",
    28: "CY|HU|PL",
    29: "BR|UA",
}
_IBAN: Final = "|".join(
    rf"(?:{countries})[0-9]{{2}}(?: ?[A-Z0-9]){{{length - 4}}}" for length, countries in _IBAN_LENGTHS.items()
)
_SPANISH_LETTERS: Final = "TRWAGMYFPDXBNJZSQVHLCKE"
_ITALIAN_ODD: Final = "BAKPLCQDREVOSFTGUHMINJWZYX"
"""Letters, and digits as the letters in their places, in the order of their values at odd places."""


def _iban(value: str) -> bool:
    """ISO 13616: the number, its first four characters put last and letters read as 10 to 35, is 1 modulo 97."""
    return int("".join(str(int(one, 36)) for one in value[4:] + value[:4])) % 97 == 1


def _weighted(value: str, weights: range | tuple[int, ...]) -> int:
    return sum(int(digit) * weight for digit, weight in zip(value, weights, strict=False))


def _german_tax(value: str) -> bool:
    """ISO 7064, MOD 11,10; of the first ten digits one occurs twice or thrice."""
    if value[0] == "0" or not 8 <= len(set(value[:10])) <= 9:
        return False
    product = 10
    for digit in value[:10]:
        product = ((int(digit) + product) % 10 or 10) * 2 % 11
    return (11 - product) % 10 == int(value[10])


def _french_social(value: str) -> bool:
    """The key is 97 less the rest of the number by 97; 2A and 2B, Corsica, count as 19 and 18."""
    return 97 - int(value[:13].replace("2A", "19").replace("2B", "18")) % 97 == int(value[13:])


def _spanish(value: str) -> bool:
    first = {"X": "0", "Y": "1", "Z": "2"}.get(value[0], value[0])
    return _SPANISH_LETTERS[int(first + value[1:-1]) % 23] == value[-1]


def _portuguese(value: str) -> bool:
    rest = _weighted(value[:8], range(9, 1, -1)) % 11
    return value[0] in "123" and int(value[8]) == (0 if rest < 2 else 11 - rest)


def _brazilian(value: str) -> bool:
    checked = all(
        _weighted(value[:length], range(length + 1, 1, -1)) * 10 % 11 % 10 == int(value[length])
        for length in (9, 10)
    )
    return checked and len(set(value)) > 1


def _italian(value: str) -> bool:
    places = [int(one) if one.isdigit() else ord(one) - ord("A") for one in value[:15]]
    total = sum(_ITALIAN_ODD.index(chr(place + ord("A"))) for place in places[::2]) + sum(places[1::2])
    return chr(total % 26 + ord("A")) == value[15]


def _dutch(value: str) -> bool:
    return int(value) > 0 and (_weighted(value[:8], range(9, 1, -1)) - int(value[8])) % 11 == 0


def _polish(value: str) -> bool:
    return -_weighted(value[:10], (1, 3, 7, 9) * 3) % 10 == int(value[10])


def _by_form(value: str) -> bool:
    """Of a number that has no checksum: its form says it all."""
    return bool(value)


_Rule = tuple[re.Pattern[str], Callable[[str], bool]]
_BY_FORM: Final[tuple[_Rule, ...]] = tuple(
    (re.compile(rf"(?<![A-Za-z0-9.-])({form})(?![A-Za-z0-9]|[.-][0-9])", flags), check)
    for form, check, flags in (
        (_IBAN, _iban, re.IGNORECASE),
        (r"[12] ?[0-9]{2} ?[0-9]{2} ?(?:[0-9]{2}|2[AB]) ?[0-9]{3} ?[0-9]{3} ?[0-9]{2}", _french_social, 0),
        (r"(?:[0-9]{8}|[XYZ]-?[0-9]{7})-?[A-Z]", _spanish, 0),
        (r"[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}", _brazilian, 0),
        (r"[A-Z]{6}[0-9]{2}[A-EHLMPRST][0-9]{2}[A-Z][0-9]{3}[A-Z]", _italian, 0),
        # United Kingdom, National Insurance
        (r"(?!BG|GB|NK|KN|TN|NT|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z](?: ?[0-9]{2}){3} ?[A-D]", _by_form, 0),
        # United States, Social Security
        (r"(?!000|666|9)[0-9]{3}-(?!00)[0-9]{2}-(?!0000)[0-9]{4}", _by_form, 0),
    )
)
_BY_NAME: Final[tuple[_Rule, ...]] = tuple(
    (re.compile(rf"\b(?:{names})\b[^0-9\n]{{0,20}}({digits})(?![0-9])", re.IGNORECASE), check)
    for names, digits, check in (
        (
            r"steuer-?id(?:ent(?:ifikations)?nummer)?|idnr",
            r"[0-9]{2} ?[0-9]{3} ?[0-9]{3} ?[0-9]{3}",
            _german_tax,
        ),
        (r"nif|contribuinte", r"[0-9]{3} ?[0-9]{3} ?[0-9]{3}", _portuguese),
        (r"cpf", r"[0-9]{11}", _brazilian),
        (r"bsn|burgerservicenummer", r"[0-9]{9}", _dutch),
        (r"pesel", r"[0-9]{11}", _polish),
    )
)
"""Plain digits pass one check in ten by chance, so they count only behind their name."""


def find_numbers(text: str) -> Iterator[tuple[int, int]]:
    """Yield (begin, end) of each account or identity number, end exclusive."""
    if sum(map(text.count, "0123456789")) < _LEAST_DIGITS:
        return
    for pattern, check in (*_BY_FORM, *_BY_NAME):
        for match in pattern.finditer(text):
            if check(match[1].translate(_SEPARATORS).upper()):
                yield match.span(1)
