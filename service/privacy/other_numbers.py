"""Numbers that are no phone numbers: dates, times, scores, ranges, places on the map, prices, numbers of things."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import Final

from babel import Locale
from babel.languages import get_official_languages
from babel.localedata import locale_identifiers
from babel.numbers import get_currency_name, get_territory_currencies

from service.privacy.visible_text import as_seen

_NOTHING_BEFORE, _NOTHING_AFTER = r"(?<![0-9])(?<![0-9][.\-/])", r"(?![0-9])(?![.\-/][0-9])"
_DASH: Final = r"[ \t]{0,2}[-/][ \t]{0,2}"
_SPACE: Final = r"[ \t]{1,3}"
_DAY, _MONTH = "(?:0?[1-9]|[12][0-9]|3[01])", "(?:0?[1-9]|1[0-2])"
_YEAR, _SHORT = "(?:1[1-9]|20)[0-9]{2}", "(?:(?:1[1-9]|20)[0-9]{2}|[0-9]{2})"
_DATE: Final = (
    rf"(?:{_DAY}\.[ \t]?{_MONTH}\.(?:[ \t]?{_YEAR}|[ \t]?[0-9]{{2}}(?![ \t][0-9]))"
    rf"|{_DAY}/{_MONTH}/{_SHORT}|{_MONTH}/{_DAY}/{_SHORT}"
    rf"|{_DAY}-{_MONTH}-{_YEAR}|{_MONTH}-{_DAY}-{_YEAR}"
    rf"|{_YEAR}-{_MONTH}-{_DAY}|{_YEAR}\.{_MONTH}\.{_DAY}|{_YEAR}/{_MONTH}/{_DAY})"
)
_OF_YEAR: Final = f"{_MONTH}[./-]{_YEAR}"
_CLOCK: Final = r"(?:[01]?[0-9]|2[0-4])\.[0-5][0-9]"
_HOUR: Final = "(?:[01][0-9]|2[0-4])[0-5][05]"
_FROM_TO: Final = re.compile(rf"{_NOTHING_BEFORE}({_YEAR}){_DASH}({_SHORT}){_NOTHING_AFTER}")
_POINTS: Final = "(?:0|[1-9][0-9]?)"
_SCORE: Final = (
    r"(?:(?:0|[1-9][0-9]{0,2})-(?:0|[1-9][0-9]{0,2})(?:\([0-9]{1,2}\))?"
    rf"|{_POINTS}-{_POINTS}-{_POINTS}|[0-9](?:-[0-9]){{3}})"
)
_GROUPED: Final = r"(?:[1-9][0-9]?(?:(?:\.[0-9]{3}){1,3}|(?: [0-9]{3}){1,3})|[1-9][0-9]{2}[. ][0-9]{3})"
_TO: Final = r"[ \t]{0,2}-[ \t]{0,2}"
_OCTET: Final = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_HOURS: Final = "(?:[01]?[0-9]|2[0-4])-(?:[01]?[0-9]|2[0-4])"
_DECIMAL: Final = r"(?:0|[1-9][0-9]{0,2})\.[0-9]{1,2}"
_DEGREES: Final = r"(?:1[0-7][0-9]|180|[1-9]?[0-9])\.[0-9]{4,9}"
_SMALL: Final = "[1-9][0-9]?"
_YEARS: Final = f"{_YEAR}(?:{_DASH}[0-9]{{2}}(?![0-9]))?"


STEM, ENDING = 3, 2
"""Letters that the cases of a word share at least, and those they may end in."""
PLURALS: Final = (1, 2, 5, 1000)
"""Numbers that languages have different forms of a word for."""


def _one_of(*forms: str) -> re.Pattern[str]:
    return re.compile(f"{_NOTHING_BEFORE}(?:{'|'.join(forms)}){_NOTHING_AFTER}")


UNMISTAKABLE: Final = _one_of(
    rf"(?!(?:[0-9]{{1,2}}/){{3}}){_DAY}(?:\.(?:{_MONTH}\.?)?)?{_DASH}{_DATE}",  # 3.-17.7.2015, 03.07 - 17.07.15
    rf"{_DATE}{_DASH}{_DATE}",  # 06.07.2023-08.09.2023
    f"{_DATE}|{_YEAR}-{_MONTH}-{_DAY}/{_DAY}",  # 2024-03-15/16
    "[1-9][0-9]{0,2}(?:[. ]000){2,}",  # 25.000.000
)
"""A day with its year, a stretch of days that ends in one, round millions: no number to call is written so."""
COUNTED: Final = _one_of(
    rf"{_DAY}\.{_MONTH}\.?{_DASH}{_DAY}\.{_MONTH}\.?|{_DAY}/{_MONTH}-{_DAY}/{_MONTH}",  # 24.12.-26.12.
    rf"(?:{_DAY}\.{_MONTH}\.{_SPACE})+{_DAY}\.{_MONTH}\.?",  # 24.12. 25.12. 26.12.
    f"{_MONTH}[-/]{_MONTH}[ /]{_YEAR}",  # 03-04 2024
    "(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])",  # 20240115
    f"{_DECIMAL}(?:(?:{_DASH}|{_SPACE}){_DECIMAL})+",  # 1.85 2.10 3.40
    f"{_CLOCK}{_DASH}{_CLOCK}(?:{_SPACE}{_CLOCK}{_DASH}{_CLOCK}){{0,6}}",  # 08.00-12.00 13.00-18.00
    f"{_CLOCK}(?:{_SPACE}{_CLOCK}){{1,6}}",  # 09.10 16.00 12.00
    f"{_HOUR}{_DASH}{_HOUR}",  # 0800-1200
    f"{_HOURS}(?:{_SPACE}{_HOURS})+",  # 08-12 13-17
    f"{_OF_YEAR}(?:(?:{_DASH}|{_SPACE}){_OF_YEAR})+",  # 03/2015 - 04/2016, 07.2024 - 12.2024
    f"{_MONTH} {_YEAR}{_DASH}{_MONTH} {_YEAR}",  # 01 2024 - 03 2024
    rf"(?P<town>0[0-9]{{2}})[0-9]{{2}}{_TO}(?P=town)[0-9]{{2}}",  # 01067-01099, codes of a town
    "0[0-9]{2,3}/(?:19|20)[0-9]{2}(?! [0-9]{4}(?!-[0-9]{4}(?![0-9])|[0-9]))",  # 0815/2024
    f"{_HOUR}(?:{_SPACE}{_HOUR}){{3,}}",  # 0700 0730 0800 0830
    f"{_YEARS}(?:(?:{_DASH}|{_SPACE}){_YEARS})*",  # 1939-1945, 2023/24 2024/25, 2010 2011
    f"{_SCORE}(?:{_SPACE}{_SCORE})+",  # 6-4 6-3 7-6(5), 4-4-2 4-3-3
    f"{_DEGREES}(?:/{_DEGREES})?",  # 52.520008, 52.52000/13.40495
    f"{_SMALL}/{_SMALL}(?:{_SPACE}{_SMALL}/{_SMALL})+",  # 1/12 17/29
    f"{_SMALL}(?:-{_SMALL}){{4,6}}",  # 3-12-19-27-33-41
    r"[1-9][0-9]{0,2}\.[0-9]\.[0-9]{1,5}\.[0-9]{1,4}",  # 121.0.5150.160
    f"{_GROUPED}{_TO}{_GROUPED}",  # 10.000-20.000
    "(?:[1-9][0-9]{0,2}-)?[1-9][0-9]{0,2}(?:[. ]000)+",  # 25.000.000, 30-40 000
    "[1-9][0-9]{0,2}(?:[. ][0-9]{3}){1,2}(?:[. ]000){2}",  # 3.300.000.000
    r"[1-9][0-9]{1,2}00-[1-9][0-9]{1,2}00",  # 2500-3000
    rf"(?!(?:[0-9]{{2}}\.){{3}}[0-9]{{2}}(?![0-9])){_OCTET}(?:\.{_OCTET}){{3}}(?:/[0-9]{{1,2}})?",  # 192.168.100.200
    "97[89](?:-[0-9]{1,7}){3}-[0-9]|97[89](?: [0-9]{1,7}){3} [0-9]",  # 978-3-16-148410-0
    "(?:19|20)[0-9]{2}[-/]0[0-9]{4,5}",  # 2024-000123
)
"""What is written like days, times, years, scores, quotas, a place on the map, amounts or their range, or a thing's
number: a machine's, a book's, an invoice's."""
_THING_NAME: Final = (
    r"\b(?:(?:article|bill|booking|case|claim|confirmation|contract|customer|file|flight|invoice|item|member"
    r"|membership|model|order|parcel|part|policy|product|reference|registration|reservation|serial|ticket|tracking)[ -]"
    r"(?:number|no|id|code)|(?:aktenzeichen|artikel|auftrags|bestell|buchungs|kunden|mitglieds|rechnungs|sendungs"
    r"|serien|steuer|ticket|vertrags|vorgangs)[ -]?(?:nummer|nr))(?: (?:is|was|ist|war|lautet)\b)?[\s.:#-]{0,3}"
)
THING_BEFORE: Final = re.compile(f"{_THING_NAME}$", re.IGNORECASE)
"""Says that the number of something follows that nobody calls."""
_NAMED: Final = tuple(
    (re.compile(rf"{before}$", re.IGNORECASE), re.compile(rf"(?:{form})(?![0-9])"))
    for before, form in (
        (
            _THING_NAME,
            r"[1-9][0-9]{0,3}(?: [0-9]{3,4}){1,4}(?! ?[0-9])|[1-9][0-9]*(?:[./-][0-9]+)*",
        ),
        (  # of books, journals and goods
            r"\b(?:isbn(?:[ -]?1[03])?|issn|ean|gtin|upc)[\s.:#-]{0,3}",
            (
                r"[0-9]{1,5}(?:-[0-9]{1,7}){2}(?:-[0-9])?|[0-9]{1,5}(?: [0-9]{1,7}){2} [0-9]"
                r"|[0-9]{4}-[0-9]{3,4}|[0-9]{8,14}"
            ),
        ),
        (  # of firms, in registers and for taxes
            (
                r"\b(?:p(?:art(?:ita)?)?\.? ?iva|vat|ust-?id(?:nr)?|cvr|regon|nip|krs|siret|dič|ičo|kvk|abn|cnpj"
                r"|инн|огрн|αφμ)(?:[ -](?:no|nr|nummer|number))?[\s.:#-]{0,3}"
            ),
            r"[0-9]{8,14}|[0-9]{3}-[0-9]{2,3}-[0-9]{2}-[0-9]{2,3}|[0-9]{2,3}(?: [0-9]{3}){2,3}(?: [0-9]{5})?",
        ),
        (  # of cases and papers, with their year
            r"\b(?:n|no|nr|num|az|drs|drucksache|sentenza|decreto|urteil)[\s.:º°]{0,3}",
            r"[0-9]{1,6}/(?:19|20)[0-9]{2}(?:-[0-9]{1,2})?",
        ),
    )
)
"""What stands before the number of a thing, and how that is written."""
_DRAW_BEFORE: Final = re.compile(
    r"\b(?:lott?o|lottery|lottozahlen|gewinnzahlen|eurojackpot|euro ?millions?)\b[^\n]{0,16}$", re.IGNORECASE
)
_DRAW: Final = re.compile("[0-5][0-9](?: [0-5][0-9]){5,7}(?![0-9])")
_SERIES: Final = _one_of("(?:0|[1-9][0-9]?)(?:[ -](?:0|[1-9][0-9]?)){5,30}")
_AMOUNT: Final = r"[1-9][0-9]{0,2}(?:(?:\.[0-9]{3})+|(?: [0-9]{3}){1,2})"
FIRST_AMOUNT: Final = re.compile(rf"(?:{_AMOUNT}|[1-9][0-9]*(?![. ]?[0-9]))(?![0-9])")
_ANY_AMOUNT: Final = f"(?:{_AMOUNT}|[1-9][0-9]*)"
LAST_AMOUNT: Final = re.compile(
    rf"(?<![0-9])(?:(?<![. ]){_ANY_AMOUNT}{_TO}{_ANY_AMOUNT}|{_AMOUNT}|(?<![. ])[1-9][0-9]*)$"
)
MIDNIGHT: Final = re.compile(rf"00\.[0-5][0-9]{_DASH}{_CLOCK}(?![0-9])")
"""A stretch of hours that begins like a number with its country."""
MONEY_BEFORE: Final = re.compile(
    r"(?:(?:R|US|CA|MX|[AC])?[$€£¥₹₽₩₺₫]|\b(?:(?:eur|usd|gbp|chf|sek|nok|dkk|pln|rs|kr)\.?|fr\.))[ \t]{0,2}$",
    re.IGNORECASE,
)
MONEY_AFTER: Final = re.compile(
    r"(?:[.,][0-9]{1,2})?[ \t]{0,2}(?:[$€£¥₹₽₩₺₫]|(?:eur|euros?|usd|gbp|chf|dollars?|pounds?|kronor"
    r"|kroner|złotych|zł|рублей|руб)\b|[元块])(?![ \t]?[0-9])",
    re.IGNORECASE,
)
COUNT_AFTER: Final = re.compile(
    r"(?:[.,][0-9]{1,2})?[ \t]{0,2}(?:%|(?:mio|mrd|millione?n?s?|milliarden?|prozent|percent|km|kilomet(?:er|re)s?"
    r"|tonnen|people|menschen|votes|stimmen|inhabitants|einwohner|indbyggere|innbyggere|invånare|inwoners|habitantes|habitants"
    r"|abitanti|mieszkańców|obyvatel|obyvateľov|lakos|locuitori|жителей|жителів|κάτοικοι|nüfus)\b)",
    re.IGNORECASE,
)
WORD_AFTER: Final = re.compile(r"[ \t]{0,2}([^\s\d.,;:!?()/-]{2,24}+)(?![ \t]?[0-9])")


@cache
def _money_words(region: str) -> frozenset[str]:
    """Return the signs and names of what is paid with in a country, in its languages, without its own name."""
    currencies = (*get_territory_currencies(region), "EUR", "USD")
    words: set[str] = set()
    for language in get_official_languages(region, de_facto=True):
        if language not in locale_identifiers():
            continue
        locale = Locale(language)
        names = {get_currency_name(code, count, locale) for code in currencies for count in PLURALS}
        named = _words(names, STEM)
        signs = _words((locale.currency_symbols.get(code, code) for code in currencies), 2)
        places = _words((locale.territories.get(code, "") for code in (region, "US")), STEM)
        words |= {one for one in named if one[:STEM] not in {place[:STEM] for place in places}} | signs
    return frozenset(words)


def _words(names: Iterable[str], least: int) -> set[str]:
    words = (as_seen(word).text.casefold().rstrip(".") for name in names for word in name.split())
    return {word for word in words if len(word) >= least or not word.isascii()}


def _is_money(word: str, region: str | None) -> bool:
    """Whether a word names the money of the country, in any case of its grammar."""
    word = word.casefold()
    return region is not None and any(
        word == name or (name.startswith(word) and len(word) >= max(STEM, len(name) - ENDING))
        for name in _money_words(region)
    )


def years(text: str, begin: int, end: int) -> list[tuple[int, int]]:
    """Return the stretches of years: the later one last, a hyphen or slash between them."""
    found = _FROM_TO.finditer(text, begin, end)
    return [match.span() for match in found if match[1] < match[1][: -len(match[2])] + match[2]]


def priced(text: str, begin: int, end: int, region: str | None) -> list[tuple[int, int]]:
    """Return the last amount of a stretch that money's name follows."""
    word = WORD_AFTER.match(text, end)
    is_money = MONEY_AFTER.match(text, end) or (word and _is_money(word[1], region))
    return _last_amount(text, begin, end) if is_money else []


def _last_amount(text: str, begin: int, end: int) -> list[tuple[int, int]]:
    last = LAST_AMOUNT.search(text[begin:end])
    return [(begin + last.start(), end)] if last else []


def counted(text: str, begin: int, end: int, region: str | None) -> list[tuple[int, int]]:
    """Return in order the stretches that count, measure or number something else; those that overlap as one."""
    spans = [match.span() for match in COUNTED.finditer(text, begin, end)] + _amounts(
        text, begin, end, region
    )
    spans += [match.span() for match in _SERIES.finditer(text, begin, end) if _is_in_order(match[0])]
    joined: list[tuple[int, int]] = []
    for first, last in sorted(spans):
        if joined and first < joined[-1][1]:
            joined[-1] = joined[-1][0], max(last, joined[-1][1])
        else:
            joined.append((first, last))
    return joined


def _is_in_order(series: str) -> bool:
    """Whether small numbers stand in order, as drawn ones do."""
    numbers = [int(one) for one in re.findall("[0-9]+", series)]
    return numbers == sorted(numbers)


def _amounts(text: str, begin: int, end: int, region: str | None) -> list[tuple[int, int]]:
    """Return what a currency or a unit before or behind, or the name of a thing's number, makes no phone number."""
    found: list[re.Match[str] | None] = []
    before = MONEY_BEFORE.search(text, max(0, begin - 6), begin)
    if before and not text[: before.start()].rstrip(" \t")[-1:].isdigit():
        found.append(FIRST_AMOUNT.match(text, begin, end))
    context = text[max(0, begin - 48) : begin]
    found += [form.match(text, begin, end) for name, form in _NAMED if name.search(context)]
    if _DRAW_BEFORE.search(context) and (draw := _DRAW.match(text, begin, end)) and _is_in_order(draw[0]):
        found.append(draw)
    spans = [match.span() for match in found if match]
    if COUNT_AFTER.match(text, end):
        return spans + _last_amount(text, begin, end)
    return spans + priced(text, begin, end, region)
