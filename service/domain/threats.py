"""Phrases of plain violence: short rules beside the classifier. A find holds a comment, never refuses.

What stands in quotation marks, or in a line that quotes another comment, is reported speech and no threat of the
writer's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from service.domain.personal_data import FINDS_LIMIT, Find
from service.domain.text import lowered

QUOTE_LIMIT: Final = 400


_SOON: Final = (
    r"(?:i'?ll|i will|i shall|i'?m (?:going to|gonna|gunna|coming to)|im(?:m?a)?|we'?ll|we will|we shall"
    r"|we(?:'?re| are| r) (?:going to|gonna|gunna|coming to)|gonna|gunna|going to)"
)
_HARM: Final = (
    "kill|murder|shoot|stab|shank|gut|skin|strangle|choke|batter|beat|bash|smash|break|snap|slit|slash|cut|burn"
    "|torch|firebomb|petrol bomb|hang|drown|bury|behead|run over|end|drag|crush"
)
_SOMEBODY: Final = (
    r"(?:you|ya|u|ur|your|him|his|her|hers|them|their|those|every|whoever|someone|somebody"
    r"|the (?:judge|mayor|ref|referee|next|first|lot|driver|landlord|teacher|editor|doctor|coach|developer))"
)


@dataclass(frozen=True, slots=True)
class _Phrase:
    """A form of words, looked for in texts that hold one of `needs`."""

    what: str
    needs: tuple[str, ...]
    pattern: re.Pattern[str]


def _phrase(what: str, needs: str, pattern: str) -> _Phrase:
    return _Phrase(what, tuple(needs.split("|")), re.compile(rf"\b(?:{pattern})\b"))


_THREATS: Final = (
    # I'm going to break his legs
    _phrase(
        "violence",
        _HARM,
        rf"{_SOON} (?:[\w']{{1,15}} ){{0,2}}?(?:{_HARM}) {_SOMEBODY}",
    ),
    _phrase("violence", "find|hunt|track", rf"{_SOON} (?:find|hunt|track) (?:you|u|him|her|down)"),
    # we know where you live; I found out where your kids go to school
    _phrase(
        "violence",
        "where",
        r"(?<!n't )(?<!dont )(?<!not )(?:know|knows|found|find out|got|have|sell) (?:out )?(?:exactly )?where "
        r"(?:you|u|he|she|they|ur|your|his|her|their|the \w{1,20})\b[^.!?\n]{0,20}?\b"
        r"(?:lives?|sleeps?|works?|parks?|kids?|children|stays?|family|house)",
    ),
    _phrase(
        "violence",
        "your|ur ",
        r"(?:i|we)(?:'ve| have)? (?:know|traced|found) (?:your|ur) (?:address|house|street|van|car|shift|bus)",
    ),
    _phrase("violence", "when you|when u", r"(?:i|we) know when (?:you|u|your|ur)"),
    _phrase(
        "bullet",
        "bullet",
        r"(?:gets?|getting|deserves?|needs?|earned|owed|put(?:ting)?) (?:[\w']{1,12} ){0,2}?bullets?",
    ),
    _phrase(
        "bullet",
        "bullet",
        r"bullets? (?:in|through|between|into|for|with) (?:you|ur|your|his|her|him|them|their|the|every|each)",
    ),
    _phrase(
        "weapon",
        "rifle|gun|pistol|machete|panga|crowbar|petrol|acid|knife",
        r"(?:my|our|bring(?:ing)?|loading|i'?ve (?:got )?a|i got a|i have a|we have) (?:own |loaded |old )?"
        r"(?:rifle|shotgun|gun|pistol|machetes?|panga|crowbar|petrol bomb|acid|knife)",
    ),
    _phrase("weapon", "both barrels", r"both barrels"),
    _phrase(
        "death",
        "dead",
        r"(?:you'?re|ur|you are|u r) dead(?! (?:to|right|wrong)\b)|dead (?:man|woman) walking",
    ),
    _phrase(
        "death", "see ", r"won'?t (?:live to )?see (?:christmas|morning|easter|tomorrow|new year|another)"
    ),
    _phrase(
        "death",
        "bag|box|coffin|ambulance|pieces",
        r"(?:leaves?|leaving|carried|come|go|goes) (?:\w{1,8} ){0,2}?in "
        r"(?:a |body ?)?(?:bags?|box|coffin|ambulance|pieces)",
    ),
    # we're waiting outside your office
    _phrase(
        "visit",
        "your |ur ",
        r"(?:(?:i|we)(?:'?ll| will) (?:be|come)|coming|waiting|outside) (?:\w{1,8} ){0,2}?(?:your|ur) "
        r"(?:house|home|door|front door|gate|work|office|school|surgery|street)",
    ),
    _phrase("visit", "coming", r"(?:i'?m|we'?re|we r) coming (?:for|after) (?:you|u|him|her|them)"),
    _phrase("hint", "sleep well|sweet dreams|tick tock", r"sleep well|sweet dreams|tick tock"),
    _phrase("hint", "watch |your turn", r"watch (?:your|ur) back|your turn is coming"),
    _phrase("hint", "check", r"check (?:under )?(?:your|the|their) (?:car|brakes?)"),
    _phrase("hint", "be a ", r"be a (?:real |awful |terrible )?(?:shame|pity) (?:if|about)"),
    _phrase("hint", "accidents happen", r"accidents happen"),
    # told to die
    _phrase("death", "kys", r"kys"),
    _phrase(
        "death",
        "yourself|yoursel|urself|your self|yourselves",
        r"(?:kill|hang|neck|unalive|drown|shoot|top) (?:your|ur|yo) ?sel(?:f|ves)(?! (?:in the foot|laugh|wait))",
    ),
    _phrase("death", "bleach", r"(?:go )?drink (?:some )?bleach"),
    _phrase(
        "death", "die|rot|burn", r"go (?:and |away and |home and )?(?:die|rot|burn)(?! (?:down|off|out)\b)"
    ),
    _phrase(
        "death",
        "hope ",
        r"hope (?:you|u|he|she|they|your \w{1,12}) (?:all |both )?(?:dies?|burns?|rots?|hangs?|drowns?|chokes?"
        r"|gets? (?:cancer|shot|stabbed|raped|run over))(?! (?:down|off|out)\b)",
    ),
    _phrase(
        "visit",
        "find out who",
        r"(?:will|'ll|gonna|going to) find out who \w{1,15}\b[^.!?\n]{0,40}?\b(?:come|coming|visit|pay|regret|sorry)",
    ),
    # German
    _phrase(
        "death", "um|auf|sterben", r"(?:bring|häng) dich (?:doch |endlich |einfach )?(?:um|auf)|geh sterben"
    ),
    _phrase("violence", "wo ", r"(?:ich|wir) (?:weiß|weiss|wissen),? wo (?:du|ihr|er|sie) \w{2,12}"),
    _phrase("violence", "bring", r"bringe? (?:dich|euch|ihn|sie) um"),
    _phrase("violence", "kalt", r"mach(?:e|en)? (?:dich|euch|ihn|sie) kalt"),
    _phrase("bullet", "kugel", r"kugel (?:in den|durch den) kopf"),
    # French
    _phrase("violence", "où", r"(?:je|on|nous) (?:sais|sait|savons) où (?:tu|vous|il|elle) \w{2,12}"),
    _phrase(
        "violence",
        "vais|va |allons",
        r"(?:je vais|on va|nous allons) (?:te|vous|le|la|les) (?:tuer|crever|buter|égorger)",
    ),
    _phrase("bullet", "balle", r"une balle dans (?:la|ta|sa|votre) (?:tête|nuque)"),
    # Portuguese
    _phrase(
        "violence",
        "onde",
        r"(?:sei|sabemos) onde (?:(?:você|vocês|tu|ele|ela) )?(?:mora|moras|moram|vive|vives|trabalha)",
    ),
    _phrase("violence", "matar", r"(?:vou|vamos) (?:te |vos )matar|(?:vou|vamos) matar-te"),
    _phrase("bullet", "bala", r"bala na (?:cabeça|testa|tua|sua)"),
)
_QUOTES: Final = re.compile(
    rf"“[^”\n]{{1,{QUOTE_LIMIT}}}”|\"[^\"\n]{{1,{QUOTE_LIMIT}}}\"|«[^»\n]{{1,{QUOTE_LIMIT}}}»"
    rf"|„[^“”\n]{{1,{QUOTE_LIMIT}}}[“”]"
    rf"|(?<![\w'])'(?=\w)[^\n]{{1,{QUOTE_LIMIT}}}?'(?!\w)|^\s{{0,4}}>[^\n]{{1,{QUOTE_LIMIT}}}",
    re.MULTILINE,
)
_PLAIN: Final = str.maketrans("’‘ʼ\u00a0", "''' ")


def find_threats(text: str) -> Iterator[Find]:
    """Yield the phrases of plain violence that are the writer's own."""
    plain = lowered(text.translate(_PLAIN))
    quoted: list[tuple[int, int]] | None = None
    for phrase in _THREATS:
        if not any(one in plain for one in phrase.needs):
            continue
        for match in islice(phrase.pattern.finditer(plain), FINDS_LIMIT):
            quoted = _quoted(plain) if quoted is None else quoted
            if not any(begin <= match.start() and match.end() <= end for begin, end in quoted):
                yield Find(*match.span(), "threat", phrase.what)


def _quoted(plain: str) -> list[tuple[int, int]]:
    """Return the stretches that quote somebody; none where nothing but the quotation is left of the text."""
    found = [match.span() for match in _QUOTES.finditer(plain)]
    rest = len(plain.strip()) - sum(end - begin for begin, end in found)
    return found if rest > 3 else []
