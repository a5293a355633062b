"""Personal data in a text: where somebody lives, which car is theirs, how they are reached, what numbers they have.

Written for English, German, French and Portuguese. A public office or a venue is no private address. A rule sees only
forms; whether a person is meant, and which, is for a moderator to judge.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from service.domain.identity_numbers import find_numbers
from service.domain.ownership import (
    BEFORE,
    is_a_persons,
    is_no_venue,
    is_of_a_car,
    is_private,
    is_somebody_elses,
)

FINDS_LIMIT: Final = 50
"""Places that one rule looks at: a text of nothing else says no more with the rest."""
PERSONAL_INFO: Final = "personal_info"
SAID: Final = {
    "address": "a private address",
    "home": "where somebody lives",
    "whereabouts": "where somebody is to be found",
    "plate": "a number plate",
    "contact": "a phone number or email address",
    "number": "an account or identity number",
}
DIGITS: Final = tuple("0123456789")


@dataclass(frozen=True, slots=True)
class Find:
    """A stretch of the text in code points, `end` exclusive; the `label` it speaks for, and what the rule saw."""

    begin: int
    end: int
    label: str
    what: str


_NAME: Final = r"[A-ZÀ-Ý][\w'’.-]{1,30}"
_NUMBER: Final = r"[0-9]{1,5}[A-Za-z]?(?:[-/][0-9]{1,4}[A-Za-z]?)?"
_NOT_INSIDE: Final = r"(?<![\w./€£$-])"
_STREET: Final = (
    r"Street|St|Road|Rd|Lane|Ln|Avenue|Ave|Close|Cl|Court|Ct|Drive|Dr|Way|Crescent|Cres|Row|Terrace|Place|Gardens"
    r"|Gdns|Rise|Mews|Walk|Grove|Square|Parade|Yard|Loop|Circle|Boulevard|Blvd|Hollow|Bank|Reach|Route|Bend|Wharf"
    r"|Chase|Croft|Villas|Cottages|Quay|Buildings"
)
_LIVES: Final = (
    r"\b(?:lives|livin[g']?|stays|staying|residing|resides|rents|renting|rooms|moved|dey stay|they live"
    r"|has a flat|got a flat)\b"
)
_LIVE_IN: Final = ("live", "livin", "stay", "resid", "rent", "rooms", "moved", "a flat")
_UNIT: Final = (
    r"(?:(?:flat|apt|apartment|room|lot|plot|villa|block|house|number|no\.?|unit|buzzer) ?(?:no\.? ?)?"
    r"[0-9]{1,4}[a-z]?\b|(?:[0-9]{1,3}(?:st|nd|rd|th)|ground|first|second|third|top) floor\b)"
)
_NO_STREET: Final = re.compile(
    r"(?:19|20)[0-9]{2}\b|.{0,60}\b(?:Supreme|High|Federal|District|Circuit|Superior|Downing|Wall|Capitol)\b"
    r"|.{0,40}(?:[Aa]rbeits|[Pp]ark|[Ss]piel|[Ss]tell|[Ss]itz)platz"
)
_GERMAN_WAY: Final = r"straße|strasse|str\.|weg|gasse|allee|platz|ufer|damm"


def _is_a_street(text: str, begin: int, end: int) -> bool:
    return _NO_STREET.match(text, begin, end) is None and is_no_venue(text, begin, end)


def _is_lived_in(text: str, begin: int, _end: int) -> bool:
    return re.search(_LIVES, text[max(0, begin - BEFORE // 2) : begin], re.IGNORECASE) is not None


def _any(_text: str, _begin: int, _end: int) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class _Rule:
    """A form. It is looked for in texts that hold one of `needs`, in lower case, and counts where `counts` says so."""

    what: str
    pattern: re.Pattern[str]
    needs: tuple[str, ...]
    counts: Callable[[str, int, int], bool]


def _rule(
    what: str,
    pattern: str,
    needs: tuple[str, ...] = DIGITS,
    counts: Callable[[str, int, int], bool] = _any,
) -> _Rule:
    return _Rule(what, re.compile(pattern), needs, counts)


_RULES: Final = (
    # 14 Osterby Drive
    _rule("address", rf"{_NOT_INSIDE}{_NUMBER},? (?:{_NAME} ){{1,3}}(?:{_STREET})\b", counts=_is_a_street),
    # lives 14 osterby drive
    _rule(
        "address",
        rf"{_NOT_INSIDE}[0-9]{{1,5}}[a-z]?,? (?:[a-z']{{3,15}} ){{1,2}}(?:street|road|lane|avenue|close|drive|court)\b",
        counts=_is_lived_in,
    ),
    # flat 3B, Lotus Residency; room 212 in Ashby Hall
    _rule(
        "address",
        r"\b(?i:flat|apt|apartment|room|lot|plot|villa|block|number) [0-9]{1,4}[A-Za-z]?,? (?:in |at )?"
        rf"{_NAME} {_NAME}",
        counts=is_no_venue,
    ),
    # Lindenweg 7; Goethestr. 12a; Lange Straße 3
    _rule(
        "address",
        rf"\b(?:[A-ZÄÖÜ][a-zäöüß-]{{2,30}}(?:{_GERMAN_WAY}|straat|laan)"
        rf"|[A-ZÄÖÜ][a-zäöüß]{{2,30}} (?:{_GERMAN_WAY.title()})) [0-9]{{1,4}}(?: ?[a-h])?\b",
        counts=_is_a_street,
    ),
    # 12 bis, rue de la Paix
    _rule(
        "address",
        rf"{_NOT_INSIDE}[0-9]{{1,4}}(?: ?(?:bis|ter|[a-d]))?,? "
        r"(?i:rue|avenue|av\.|boulevard|bd|chemin|impasse|allée|quai|ruelle|faubourg|lotissement) "
        r"(?:de |du |des |de la |de l['’]|d['’]|la |le |les )?\w{3,30}",
        counts=_is_a_street,
    ),
    # Rua das Flores, n.º 12
    _rule(
        "address",
        r"\b(?:Rua|R\.|Avenida|Av\.|Travessa|Tv\.|Alameda|Praça|Largo|Estrada|Rodovia|Beco|Calçada|Calle) "
        r"(?:\w{1,20} ){0,4}\w{2,20},? (?:n\.?[ºo°]?\.? ?|número )?[0-9]{1,5}\b",
        counts=_is_a_street,
    ),
    # a postcode of the United Kingdom, which about fifteen homes share
    _rule(
        "address",
        r"\b[A-PR-UWYZ][A-HK-Y]?[0-9][0-9A-HJKMNPRV-Y]? [0-9][ABD-HJLNP-UW-Z]{2}\b",
        counts=is_no_venue,
    ),
    # lives in the annexe, flat 3
    _rule("home", rf"(?i){_LIVES}[^.!?\n]{{0,60}}?\b{_UNIT}", _LIVE_IN, is_somebody_elses),
    # rents above the vape shop
    _rule(
        "home",
        rf"(?i){_LIVES}(?: \w{{1,12}}){{0,3}}? (?:over|above|behind|beside|next to|opposite) (?:the|a) \w+",
        _LIVE_IN,
        is_somebody_elses,
    ),
    # lives on Larch Hill
    _rule(
        "home",
        rf"(?i:{_LIVES})[^.!?\n]{{0,50}}?\b[A-Z][\w']{{1,20}} (?i:street|st|road|rd|lane|ln|avenue|ave|close|crescent"
        r"|drive|row|terrace|court|gardens|grove|mews|rise|hill|parade)\b",
        _LIVE_IN,
        is_somebody_elses,
    ),
    # moved to 3 Sorrel Way
    _rule(
        "home",
        rf"(?i:{_LIVES}) (?:at |in |on |to )?(?!(?:19|20)[0-9]{{2}} )[0-9]{{1,5}}[a-z]? [A-Z]\w+",
        _LIVE_IN,
        is_somebody_elses,
    ),
    # number 9, green door
    _rule(
        "home",
        rf"(?i){_UNIT}[^.!?\n]{{0,40}}?\b(?:blue|green|red|white|black|pink|purple|yellow|gr[ae]y|brown) (?:front )?"
        r"(?:door|gate)\b",
        ("door", "gate"),
        is_somebody_elses,
    ),
    # "her house": Plot 9
    _rule(
        "home",
        r"(?i)\b(?:his|her|their|\w{2,20}'s) (?:new )?(?:house|home|flat|place)(?:'s| is|:) "
        r"(?:the|at|on|beside|next) ",
        ("house", "home", "flat", "place"),
    ),
    _rule(
        "home",
        rf"(?i)\bwohnt (?:in|an|am|im|bei|gegenüber|neben|über|hinter)\b[^.!?\n]{{0,40}}?"
        rf"\b[\w-]{{2,30}}(?:{_GERMAN_WAY})",
        ("wohnt",),
        is_somebody_elses,
    ),
    _rule(
        "home",
        r"(?i)\b(?:habite|loge|crèche)(?: \w{1,12}){0,2}? (?:au|rue|avenue|chez|chemin|impasse|derrière)\b",
        ("habite", "loge", "crèche"),
        is_somebody_elses,
    ),
    _rule(
        "home",
        r"(?i)\b(?:mora|reside)(?: \w{1,12}){0,2}? (?:rua|avenida|travessa|largo|praça|prédio|apartamento|andar)\b",
        ("mora", "reside"),
        is_somebody_elses,
    ),
    # flat 304, beside words for a person
    _rule(
        "home", r"\b(?i:room|flat|apt|unit|lot|plot|block|buzzer) [0-9]{1,4}[A-Za-z]?\b", counts=is_a_persons
    ),
    # the yellow bungalow; in the end terrace
    _rule(
        "home",
        r"\b(?:it'?s|in|at|to|is|has) the (?:\w{1,12} )?(?:blue|green|red|white|pink|purple|yellow|gr[ae]y|brown|tan"
        r"|corner|end|last|second|third) (?:\w{1,12} )?"
        r"(?:house|bungalow|cottage|flat|duplex|trailer|caravan|terrace)\b",
        ("house", "bungalow", "cottage", "flat", "duplex", "trailer", "caravan", "terrace"),
    ),
    _rule(
        "home",
        r"(?i)\b(?:his|her|their|\w{2,20}'s) (?:home )?address(?: is|'s|:)",
        ("address",),
    ),
    # how to get in
    _rule("home", r"(?i)\b(?:gate|door|alarm|entry) ?code(?:'?s| is| was)\b", ("code",)),
    _rule("home", r"(?i)\bkey(?:'?s)? (?:\w{1,8} ){0,3}?under (?:the|a)\b", ("key",)),
    # where and when somebody is to be found
    _rule(
        "whereabouts",
        r"(?i)\b(?:find|catch) (?:him|her) (?:at|in|outside|behind|by|on) (?:the|his|her)\b",
        ("find", "catch"),
    ),
    _rule(
        "whereabouts",
        r"(?i)\b(?:he|she|wife|husband) (?:picks?|drops?|collects?) (?:up )?(?:the|her|his|their) "
        r"(?:kids|boys?|girls?|children|son|daughter|twins)\b",
        ("pick", "drop", "collect"),
        is_somebody_elses,
    ),
    _rule(
        "whereabouts",
        r"(?i)\bworks (?:\w{1,12} )?(?:at|in) the [^.!?\n]{0,60}?\b"
        r"(?:mon|tues?|wed|thu|thurs|fri|sat|sun|till|until|from|nights|days|shift)\b",
        ("works",),
        is_somebody_elses,
    ),
    _rule(
        "whereabouts",
        r"(?i)\bdrives (?:a|an|the|his|her) (?:\w{1,12} )?(?:blue|green|red|white|black|silver|yellow|gr[ae]y|brown|tan"
        r"|mint|cream)\b",
        ("drives",),
        is_somebody_elses,
    ),
    # number plates: United Kingdom, France, Portugal; beside a car those of Germany, Ireland and Brazil
    _rule("plate", r"\b[A-Z]{2}[0-9]{2} ?[A-Z]{3}\b"),
    _rule("plate", r"\b[A-HJ-NP-TV-Z]{2}-[0-9]{3}-[A-HJ-NP-TV-Z]{2}\b"),
    _rule(
        "plate", r"\b(?:[A-Z]{2}-[0-9]{2}-[A-Z]{2}|[0-9]{2}-[A-Z]{2}-[0-9]{2}|[0-9]{2}-[0-9]{2}-[A-Z]{2})\b"
    ),
    _rule("plate", r"\b[A-ZÄÖÜ]{1,3}-[A-Z]{1,2} ?[0-9]{1,4}[EH]?\b", counts=is_of_a_car),
    _rule("plate", r"\b[0-9]{2,3}-[A-Z]{1,2}-[0-9]{1,6}\b", counts=is_of_a_car),
    _rule("plate", r"\b[A-Z]{3}-?[0-9][A-Z0-9][0-9]{2}\b", counts=is_of_a_car),
    # any that is called one
    _rule(
        "plate",
        r"(?i:\b(?:plates?|reg|registration|kennzeichen|plaque|matrícula|placa))(?: (?:\w{1,10} ){0,6}?|: ?|'s )"
        r"(?=[A-Z0-9 -]{0,8}[A-Z])(?=[A-Z0-9 -]{0,8}[0-9])[A-Z0-9][A-Z0-9 -]{2,8}[A-Z0-9]\b",
        ("plate", "reg", "kennzeichen", "plaque", "matrícula", "placa"),
    ),
    _rule(
        "plate",
        r"(?i:\b(?:plate|reg) (?:begins|starts|ends)(?: with| in)?) [A-Z0-9]{2,4}\b",
        ("plate", "reg"),
    ),
    # what masking leaves, and a plain address
    _rule("contact", r"⟦(?:phone|email)⟧", ("⟦",), is_no_venue),
    _rule("contact", r"\b[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}", ("@",), is_no_venue),
    # a local number, which is masked only behind a word for calling
    _rule("contact", r"(?<![0-9-])[0-9]{3}[- ][0-9]{4}(?![0-9-])", counts=is_private),
)


_NEEDS: Final = frozenset(rule.needs for rule in _RULES)


def find_personal_data(text: str) -> Iterator[Find]:
    """Yield what seems to be a private person's, in no order; stretches may overlap."""
    lower = text.lower()
    held = {needs: any(one in lower for one in needs) for needs in _NEEDS}
    for rule in _RULES:
        if held[rule.needs]:
            for match in islice(rule.pattern.finditer(text), FINDS_LIMIT):
                if rule.counts(text, *match.span()):
                    yield Find(*match.span(), PERSONAL_INFO, rule.what)
    if held[DIGITS]:
        for begin, end in find_numbers(text):
            yield Find(begin, end, PERSONAL_INFO, "number")
