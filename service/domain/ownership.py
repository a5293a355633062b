"""Whose a find is: what the words around an address, a number or a plate say of the person it belongs to."""

from __future__ import annotations

import re
from typing import Final

AROUND: Final = 80
"""Characters before and after a find in which other words tell whose it is."""
BEFORE: Final = 48

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


def is_private(text: str, begin: int, end: int) -> bool:
    """Whether words around tell of a person or a home."""
    return _PRIVATE.search(_around(text, begin, end)) is not None


def is_no_venue(text: str, begin: int, end: int) -> bool:
    """Whether no public place is around, or a person is, too."""
    return is_private(text, begin, end) or _PUBLIC.search(_around(text, begin, end)) is None


def is_a_persons(text: str, begin: int, end: int) -> bool:
    """Whether it is a person's, and not the writer's own."""
    return is_private(text, begin, end) and is_somebody_elses(text, begin, end)


def is_of_a_car(text: str, begin: int, end: int) -> bool:
    """Whether a car is around."""
    return _CAR.search(_around(text, begin, end)) is not None


def is_somebody_elses(text: str, begin: int, _end: int) -> bool:
    """Whether no words for the writer or theirs stand right before."""
    return _OWN.search(text[max(0, begin - BEFORE) : begin]) is None
