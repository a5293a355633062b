"""Finds email addresses in a text as it is seen: typed plainly, quoted, or spelled out to get past a filter."""

from __future__ import annotations

import re
from typing import Final


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


LOCAL_REACH: Final = 320
"""Characters looked at before an @: no address is longer."""

PLAIN: Final = frozenset("._%+-'!#$*^{}|~`")
DOT_WORDS: Final = "dot|punkt|punto|point|ponto|punt|точка|kropka|nokta|prick"
OWN_WORDS: Final = "arroba|arobase|chiocciola|apenstaartje|klammeraffe|собака|małpa|snabel-a"
"""What the sign is called where it has a name of its own."""
AT_WORDS: Final = f"at|ät|{OWN_WORDS}"
JOIN_WORDS: Final = DOT_WORDS + "|underscore|dash|hyphen|minus|plus|unterstrich|bindestrich"
DOT: Final = (
    rf"(?:\.|[ \t]{{0,2}}[\[({{<][ \t]{{0,2}}(?:{DOT_WORDS}|\.)[ \t]{{0,2}}[\])}}>][ \t]{{0,2}}"
    rf"|[ \t]{{1,3}}(?:{DOT_WORDS})[ \t]{{1,3}}|[ \t]\.[ \t])"
)
DOMAIN: Final = re.compile(rf"[ \t]{{0,3}}[\w-]{{1,63}}+(?:{DOT}[\w-]{{1,63}}+){{0,12}}+", re.IGNORECASE)
SPLIT: Final = re.compile(DOT, re.IGNORECASE)
SIGN: Final = re.compile(
    rf"(?P<strong>[ \t]{{0,2}}[\[({{<][ \t]{{0,2}}(?:{AT_WORDS}|@|ät|ad|a)[ \t]{{0,2}}[\])}}>])"
    rf"|(?P<weak>[ \t]{{1,3}}(?:{AT_WORDS}|@)(?=[ \t]))|@",
    re.IGNORECASE,
)
JOINED: Final = re.compile(
    rf"([^\s@,;:()<>\"]{{1,64}})[ \t]{{1,3}}(?:{JOIN_WORDS})[ \t]{{1,3}}$", re.IGNORECASE
)
BRACKETED_AT: Final = (
    "(at",
    "[at",
    "{at",
    "<at",
    "( at",
    "[ at",
    "{ at",
    "(ät",
    "[ät",
    "(a)",
    "[a]",
    "(ad",
    "[ad",
)
AT_MARKS: Final = (*BRACKETED_AT, " at ", " ät ", *OWN_WORDS.split("|"))

PROVIDERS: Final = _words(
    "gmail googlemail yahoo ymail hotmail outlook live msn icloud me mac aol proton protonmail pm gmx web freenet"
    " t-online posteo mailbox tutanota tuta zoho fastmail hey mail inbox yandex rambler bk list orange wanadoo free"
    " laposte libero virgilio terra uol bol seznam wp onet interia o2 qq 163 126 naver daum hanmail rediffmail"
    " btinternet sky virginmedia comcast verizon att sbcglobal cox charter shaw rogers bigpond optusnet"
)
SURE_PROVIDERS: Final = PROVIDERS - _words(
    "live me mac pm web hey mail inbox list orange free terra sky charter o2 wp"
)
ENDINGS: Final = _words(
    "com net org info biz edu gov mil int app dev xyz online site shop club pro name mobi news blog email live cloud"
    " store tech space website world today agency media press social eco bio wiki berlin london paris asia"
)
NO_NAME: Final = _words(
    "a about aim all also am an and anger angry anybody anyone are arrive arrived article articles at available avail"
    " back based be been book books bought but buy check click come comment comments day deals directly down even"
    " event everybody everyone find found free friday get go going good great had happening happened have he held"
    " her here him home hosted i in is it jobs join just laugh laughing learn left listed listen live located look"
    " looked looking looks me meet meeting met monday more night not now of offer on one online only open or order"
    " our out over page pages people point pointed posted price prices published read reading register saturday saw"
    " see seen she shop shopping shout sign site sold starting start starts stay stayed staying stop stories story"
    " sunday that the them there they thing things this thursday time times to today tomorrow tonight tuesday up us"
    " video videos visit was watch watched watching we website wednesday were when where which work worked working"
    " works yell yelling you"
)
REPOSITORY_USERS: Final = frozenset(("git", "hg", "svn", "gitea", "forgejo", "gitolite"))
REPOSITORY_PATH: Final = re.compile(r":[\w.~-]{0,100}[/.][\w.~/-]")
PICTURES: Final = frozenset(("png", "jpg", "jpeg", "gif", "webp", "svg", "avif"))


def find(text: str) -> list[tuple[int, int, str]]:
    """Return (begin, end, kind) of each address; kind is "email", or "handle" for `@name@server.example`.

    A text of which `might_hold` says no has none, and is told so faster.
    """
    found: list[tuple[int, int, str]] = []
    edge = 0
    for sign in SIGN.finditer(text):
        domain = DOMAIN.match(text, sign.end())
        if domain is None or (sign.group() == "@" and text[sign.end()].isspace()):
            continue
        begin = _local_begin(text, sign.start(), edge)
        end = _domain_end(text, *domain.span()) if begin < sign.start() else 0
        if _is_repository(text, begin, sign.start(), end):
            edge = sign.end()
            continue
        if end and _convinces(text[begin : sign.start()], text[sign.end() : end].strip(), sign):
            found.append(_with_prefix(text, begin, end, sign))
        edge = sign.end()
    return found


def _is_repository(text: str, begin: int, sign: int, end: int) -> bool:
    """Tell the place of a repository, `git@host:team/app.git`, from somebody's address."""
    if text[begin:sign].lower() not in REPOSITORY_USERS:
        return False
    return REPOSITORY_PATH.match(text, end) is not None or text[:begin].endswith("://")


def might_hold(text: str) -> bool:
    """Tell cheaply whether there is an at sign of any kind."""
    if "@" in text:
        return True
    lower = text.lower()
    return any(map(lower.__contains__, AT_MARKS))


def _local_begin(text: str, end: int, edge: int) -> int:
    """Walk left from the at sign over what can be a name; never past `edge`, the sign before."""
    least = max(edge, end - LOCAL_REACH)
    if end - 1 > least and text[end - 1] == '"':
        opening = text.rfind('"', least, end - 1)
        return opening if opening >= 0 and "\n" not in text[opening:end] else end
    dense = end > 0 and _is_dense(text[end - 1])
    begin = end
    while begin > least and _is_name(text[begin - 1]) and (dense or not _is_dense(text[begin - 1])):
        begin -= 1
    while begin < end and not (text[begin].isalnum() or text[begin] in "_+"):
        begin += 1
    for _ in range(4):  # "jane dot van dot doe": each round one word more
        joined = JOINED.search(text, max(least, begin - 80), begin) if begin < end else None
        if joined is None:
            break
        begin = joined.start(1)
    return begin


def _is_name(character: str) -> bool:
    return character.isalnum() or character in PLAIN


def _is_dense(character: str) -> bool:
    """Scripts written without spaces: there the neighbouring word is not part of an address."""
    return character >= "\u2e80" or "\u0e00" <= character < "\u0f00" or "\u1000" <= character < "\u10a0"


def _domain_end(text: str, begin: int, end: int) -> int:
    """Return where the domain ends, 0 when it is none: labels that belong to the next sentence are cut off."""
    cut = begin
    labels: list[str] = []
    last_end = begin
    for label, label_end in _labels(text, begin, end):
        if labels and _starts_new_text(labels, label):
            break
        kept = _ascii_head(label) if len(labels) >= 1 else label
        labels.append(kept)
        last_end = label_end - (len(label) - len(kept))
        if len(labels) >= 2 and _can_end(labels):
            cut = last_end
        if kept != label:
            break
    if cut > begin:
        return cut
    return last_end if len(labels) == 1 and labels[0].lower() in SURE_PROVIDERS else 0


def _labels(text: str, begin: int, end: int) -> list[tuple[str, int]]:
    while begin < end and text[begin] in " \t":
        begin += 1
    labels, at = [], begin
    for dot in SPLIT.finditer(text, begin, end):
        labels.append((text[at : dot.start()], dot.start()))
        at = dot.end()
    labels.append((text[at:end], end))
    return labels


def _starts_new_text(labels: list[str], label: str) -> bool:
    if len(labels) < 2 or not _can_end(labels):
        return False
    dense = label[:1] and _is_dense(label[0]) and labels[-1].isascii()
    return bool(dense) or (labels[-1].islower() and label[:1].isupper() and not label.isupper())


def _ascii_head(label: str) -> str:
    """Cut `com谢谢` to `com`."""
    if not label[:1].isascii() or label.isascii():
        return label
    return next((label[:n] for n, c in enumerate(label) if _is_dense(c)), label)


def _can_end(labels: list[str]) -> bool:
    last = labels[-1].strip("-")
    if last.isdigit():
        return len(labels) == 4 and all(label.isdigit() for label in labels)
    if last.lower() in PICTURES and labels[0][:1].isdigit():
        return False  # logo@2x.png
    return len(last) >= 2 and (last.isalpha() or last.lower().startswith("xn--") or not last.isascii())


def _convinces(local: str, domain: str, sign: re.Match[str]) -> bool:
    """Tell an address from a sentence: `info at example dot com` is one, `look at example dot com` is not."""
    labels = [label.lower() for label in SPLIT.split(domain)]
    tight = domain.count(".") == len(labels) - 1 and " " not in domain
    known = labels[-1] in ENDINGS or (len(labels[-1]) == 2 and labels[-1].isalpha())
    if sign.lastgroup == "strong":
        return True
    if sign.lastgroup is None:
        return tight or known
    name = local.lower()
    if name in NO_NAME or len(labels) < 2:
        return False
    if sign.group().strip().lower() == "at" and " point " in domain.lower():
        return False  # "at this point in" is English, "arobase exemple point fr" is an address
    mail = labels[0] in SURE_PROVIDERS and len(labels) <= 3
    telling = any(c.isdigit() or c in "._" for c in name.strip("."))
    if tight:  # "shop at example.com" is a sentence; "jane.d at example.com" is not
        return mail or (known and telling)
    return known or telling


def _with_prefix(text: str, begin: int, end: int, sign: re.Match[str]) -> tuple[int, int, str]:
    if sign.group() == "@" and begin and text[begin - 1] == "@":
        return begin - 1, end, "handle"
    if text[max(0, begin - 7) : begin].lower() == "mailto:":
        begin -= 7
    return begin, end, "email"
