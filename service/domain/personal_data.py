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

AROUND: Final = 80
"""Characters before and after a find in which other words tell whose it is."""
BEFORE: Final = 48
FINDS_LIMIT: Final = 50
"""Places that one rule looks at: a text of nothing else says no more with the rest."""
DIGITS: Final = tuple("0123456789")


@dataclass(frozen=True, slots=True)
class Found:
    """A stretch of the text, `end` exclusive, and what it seems to be."""

    begin: int
    end: int
    what: str


# -- whose it is ---------------------------------------------------------------------------------------------------

_PRIVATE: Final = re.compile(
    r"\b(?:he|she|his|hers?|him|they live|their (?:house|home|number)|lives?|livin[g']?|home|house|door|private"
    r"|personal|mobile|cell|landline|wife|husband|mum|mom|kids?|daughter|son|neighbou?r|landlord|landlady|wohnt"
    r"|privat\w*|seine?|ihre?|habite|chez (?:lui|elle)|sa maison|mora|dele|dela|casa d\w+)\b|'s (?:number|phone)\b",
    re.IGNORECASE,
)
_PUBLIC: Final = re.compile(
    r"\b(?:council|hall|library|museum|station|offices?|ministry|embassy|court(?:house|room)?|corner|school|college"
    r"|university|clinic|hospital|surgery|church|chapel|mosque|synagogue|temple|theatre|theater|cinema|hotel|shop"
    r"|store|café|cafe|restaurant|pub|bar|bakery|market|centre|center|rescue|shelter|help ?(?:line|desk)|hotline|line"
    r"|box|team|union|charity|police|newsletter|editor|press|chair|club|association|society|inquiry|appeal"
    r"|consultation|objections|tickets?|doors|advice|support|volunteers?|donors?|bookings?|book|venue|entrance"
    r"|counter|control room|rathaus|amt|\w{2,20}amt|ministerium|bahnhof|bibliothek|bücherei|polizei|kirche|schule"
    r"|verein|mairie|musée|gare|bibliothèque|ministère|préfecture|école|église|théâtre|câmara|museu|estação"
    r"|biblioteca|ministério|junta|prefeitura|escola|igreja|teatro|associação)\b",
    re.IGNORECASE,
)
_CAR: Final = re.compile(
    r"\b(?:plates?|reg|registration|car|van|pickup|truck|driv(?:es?|ing|er)|kennzeichen|auto|wagen|fährt|plaque"
    r"|voiture|roule|matrícula|placa|carro)\b",
    re.IGNORECASE,
)
_OWN: Final = re.compile(
    r"\b(?:i|we|i'?ve|we'?ve|ich|wir|je|nous|eu|n[oó]s|(?:my|our|your|me|meine?|unsere?|mon|ma|notre|minha|meu) "
    r"(?:\w{1,15} )?\w{1,15})(?: (?:who|also|still|now|only|just|have|had|am|are|is|was))*\s?$",
    re.IGNORECASE,
)
"""Ends before a word for living somewhere: the writer, or somebody of theirs, lives there."""


def _around(text: str, begin: int, end: int) -> str:
    return f"{text[max(0, begin - AROUND) : begin]} … {text[end : end + AROUND]}"


def _is_private(text: str, begin: int, end: int) -> bool:
    return _PRIVATE.search(_around(text, begin, end)) is not None


def _is_no_venue(text: str, begin: int, end: int) -> bool:
    return _is_private(text, begin, end) or _PUBLIC.search(_around(text, begin, end)) is None


def _is_a_persons(text: str, begin: int, end: int) -> bool:
    return _is_private(text, begin, end) and _is_somebody_elses(text, begin, end)


def _is_of_a_car(text: str, begin: int, end: int) -> bool:
    return _CAR.search(_around(text, begin, end)) is not None


def _is_somebody_elses(text: str, begin: int, _end: int) -> bool:
    return _OWN.search(text[max(0, begin - BEFORE) : begin]) is None


def _is_lived_in(text: str, begin: int, _end: int) -> bool:
    return re.search(_LIVES, text[max(0, begin - BEFORE // 2) : begin], re.IGNORECASE) is not None


def _is_a_street(text: str, begin: int, end: int) -> bool:
    return _NO_STREET.match(text, begin, end) is None and _is_no_venue(text, begin, end)


def _any(_text: str, _begin: int, _end: int) -> bool:
    return True


# -- forms ---------------------------------------------------------------------------------------------------------

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
        counts=_is_no_venue,
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
        counts=_is_no_venue,
    ),
    # lives in the annexe, flat 3
    _rule("home", rf"(?i){_LIVES}[^.!?\n]{{0,60}}?\b{_UNIT}", _LIVE_IN, _is_somebody_elses),
    # rents above the vape shop
    _rule(
        "home",
        rf"(?i){_LIVES}(?: \w{{1,12}}){{0,3}}? (?:over|above|behind|beside|next to|opposite) (?:the|a) \w+",
        _LIVE_IN,
        _is_somebody_elses,
    ),
    # lives on Larch Hill
    _rule(
        "home",
        rf"(?i:{_LIVES})[^.!?\n]{{0,50}}?\b[A-Z][\w']{{1,20}} (?i:street|st|road|rd|lane|ln|avenue|ave|close|crescent"
        r"|drive|row|terrace|court|gardens|grove|mews|rise|hill|parade)\b",
        _LIVE_IN,
        _is_somebody_elses,
    ),
    # moved to 3 Sorrel Way
    _rule(
        "home",
        rf"(?i:{_LIVES}) (?:at |in |on |to )?(?!(?:19|20)[0-9]{{2}} )[0-9]{{1,5}}[a-z]? [A-Z]\w+",
        _LIVE_IN,
        _is_somebody_elses,
    ),
    # number 9, green door
    _rule(
        "home",
        rf"(?i){_UNIT}[^.!?\n]{{0,40}}?\b(?:blue|green|red|white|black|pink|purple|yellow|gr[ae]y|brown) (?:front )?"
        r"(?:door|gate)\b",
        ("door", "gate"),
        _is_somebody_elses,
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
        _is_somebody_elses,
    ),
    _rule(
        "home",
        r"(?i)\b(?:habite|loge|crèche)(?: \w{1,12}){0,2}? (?:au|rue|avenue|chez|chemin|impasse|derrière)\b",
        ("habite", "loge", "crèche"),
        _is_somebody_elses,
    ),
    _rule(
        "home",
        r"(?i)\b(?:mora|reside)(?: \w{1,12}){0,2}? (?:rua|avenida|travessa|largo|praça|prédio|apartamento|andar)\b",
        ("mora", "reside"),
        _is_somebody_elses,
    ),
    # flat 304, beside words for a person
    _rule(
        "home", r"\b(?i:room|flat|apt|unit|lot|plot|block|buzzer) [0-9]{1,4}[A-Za-z]?\b", counts=_is_a_persons
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
        _is_somebody_elses,
    ),
    _rule(
        "whereabouts",
        r"(?i)\bworks (?:\w{1,12} )?(?:at|in) the [^.!?\n]{0,60}?\b"
        r"(?:mon|tues?|wed|thu|thurs|fri|sat|sun|till|until|from|nights|days|shift)\b",
        ("works",),
        _is_somebody_elses,
    ),
    _rule(
        "whereabouts",
        r"(?i)\bdrives (?:a|an|the|his|her) (?:\w{1,12} )?(?:blue|green|red|white|black|silver|yellow|gr[ae]y|brown|tan"
        r"|mint|cream)\b",
        ("drives",),
        _is_somebody_elses,
    ),
    # number plates: United Kingdom, France, Portugal; beside a car those of Germany, Ireland and Brazil
    _rule("plate", r"\b[A-Z]{2}[0-9]{2} ?[A-Z]{3}\b"),
    _rule("plate", r"\b[A-HJ-NP-TV-Z]{2}-[0-9]{3}-[A-HJ-NP-TV-Z]{2}\b"),
    _rule(
        "plate", r"\b(?:[A-Z]{2}-[0-9]{2}-[A-Z]{2}|[0-9]{2}-[A-Z]{2}-[0-9]{2}|[0-9]{2}-[0-9]{2}-[A-Z]{2})\b"
    ),
    _rule("plate", r"\b[A-ZÄÖÜ]{1,3}-[A-Z]{1,2} ?[0-9]{1,4}[EH]?\b", counts=_is_of_a_car),
    _rule("plate", r"\b[0-9]{2,3}-[A-Z]{1,2}-[0-9]{1,6}\b", counts=_is_of_a_car),
    _rule("plate", r"\b[A-Z]{3}-?[0-9][A-Z0-9][0-9]{2}\b", counts=_is_of_a_car),
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
    _rule("contact", r"⟦(?:phone|email)⟧", ("⟦",), _is_no_venue),
    _rule("contact", r"\b[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}", ("@",), _is_no_venue),
    # a local number, which is masked only behind a word for calling
    _rule("contact", r"(?<![0-9-])[0-9]{3}[- ][0-9]{4}(?![0-9-])", counts=_is_private),
)


_NEEDS: Final = frozenset(rule.needs for rule in _RULES)


def find_personal_data(text: str) -> Iterator[Found]:
    """Yield what seems to be a private person's, in no order; stretches may overlap."""
    lower = text.lower()
    held = {needs: any(one in lower for one in needs) for needs in _NEEDS}
    for rule in _RULES:
        if held[rule.needs]:
            for match in islice(rule.pattern.finditer(text), FINDS_LIMIT):
                if rule.counts(text, *match.span()):
                    yield Found(*match.span(), rule.what)
    if held[DIGITS]:
        for begin, end in find_numbers(text):
            yield Found(begin, end, "number")
