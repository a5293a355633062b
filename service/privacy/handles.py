"""Finds messenger handles in a text as it is seen; a bare @mention of another commenter is none."""

from __future__ import annotations

import re
from typing import Final

from service.privacy.other_numbers import UNMISTAKABLE


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


APPS: Final = (
    r"telegramm?|telega|tg|whats ?app|wapp|signal|discord|skype|kik|snap(?:chat)?|wechat|weixin|viber|threema|icq|qq"
    r"|kakao(?:talk)?|zalo|wickr|jabber|xmpp|line id|insta(?:gram)?|ig|messenger|телеграмм?|телега|тг|ватсап|вотсап"
    r"|вацап|вайбер|дискорд|скайп|vx|wx"
)
LINK_MARKS: Final = _words(
    ".me/ .t.me .gg/ .ee/ .group/ threema icq.im discord whatsapp snapchat.com matrix.to wechat.com tg: viber: sgnl:"
    " skype: xmpp: weixin:"
)
LONG_NAMES: Final = _words(
    "telegra telega whatsapp signal discord skype snapchat wechat weixin viber threema kakao wickr jabber xmpp"
    " instagram messenger телег ватсап вотсап вацап вайбер дискорд скайп 微信 薇信 威信"
) | {"whats app", "line id"}
SHORT_NAMES: Final = _words("tg ig qq vx wx icq kik snap insta zalo wapp тг")
"""Names that also stand inside ordinary words ("right"): these are looked at as whole words."""

BARE_COLON: Final = frozenset(
    ("kik", "skype", "snap", "snapchat", "wechat", "weixin", "vx", "wx", "icq", "qq", "line id")
)
"""Apps whose name before a colon is followed by a name, hardly ever by a sentence."""

LINK: Final = re.compile(
    r"(?<![\w.@-])(?:https?://)?(?:www\.)?"
    r"(?:(?:t\.me|telegram\.(?:me|dog)|wa\.me|signal\.(?:me|group)|m\.me|ig\.me|line\.me|lin\.ee|kik\.me|discord\.gg"
    r"|threema\.id|icq\.im|zalo\.me|vk\.me|chat\.whatsapp\.com|u\.wechat\.com)/"
    r"|(?:api|web)\.whatsapp\.com/send|discord(?:app)?\.com/(?:invite|users)/|snapchat\.com/add/|matrix\.to/#/"
    r"|(?:tg|whatsapp|viber|sgnl|threema|weixin|xmpp|skype)://?)"
    r"[^\s<>\"'()\[\]{}|,;⟦⟧〚〛]{1,300}+",
    re.IGNORECASE,
)
SUBDOMAIN: Final = re.compile(r"(?<![\w.@-])(?:https?://)?[a-z][a-z0-9_]{3,31}\.t\.me\b(?!/)", re.IGNORECASE)
MATRIX: Final = re.compile(r"(?<![\w@])@[\w.=-]{1,64}+:[\w-]{1,63}+(?:\.[\w-]{1,63}+){1,5}+")
SHORT_NAME: Final = re.compile(rf"\b(?:{'|'.join(sorted(SHORT_NAMES))})\b")
APP: Final = re.compile(rf"\b(?:{APPS})\b|微信号?|薇信|威信", re.IGNORECASE)
REVERSED: Final = re.compile(
    rf"(?<![\w@])(@[\w.]{{2,32}}+)[ \t]{{1,3}}(?:on|in|at|via|auf|bei|en|sur|su|w|в)[ \t]{{1,3}}(?:{APPS})\b",
    re.IGNORECASE,
)
DISCORD_TAG: Final = re.compile(r"(?<![\w.#])[\w.]{2,32}+#[0-9]{4}(?!\w)")
GAP: Final = re.compile(r"[ \t]{0,4}+(?:[:：=>→~|\u2013\u2014-]{1,3}+[ \t]{0,4}+)?")
WORD: Final = re.compile(r"[^\s,;:=|()<>\"'⟦⟧〚〛]{1,64}+")
NAME: Final = re.compile(r"[A-Za-z0-9_](?:[\w.#-]{1,38}[A-Za-z0-9_])")
SKYPE_LIVE: Final = re.compile(r"live:[\w.-]{2,60}\w", re.IGNORECASE)
NUMBER: Final = re.compile(r"\+?\(?[0-9][0-9 ().\-/]{5,22}[0-9]")
ID_WORDS: Final = _words("id handle user username nick nickname tag account acc ник логин nutzername usuario")
FILLERS: Final = ID_WORDS | _words(
    "me us at on is my name contact add the here app number channel ist mein meine auf unter es mi est mon по мой в"
    " is: nr num no"
)


def find(text: str) -> list[tuple[int, int, str]]:
    """Return (begin, end, "handle") of each link to a person or group on a messenger and of each name given for one."""
    lower = text.lower()
    found: list[tuple[int, int]] = []
    if any(map(lower.__contains__, LINK_MARKS)):
        found += [_trimmed(text, *match.span()) for match in LINK.finditer(text)]
        found += [match.span() for match in SUBDOMAIN.finditer(text)]
    if "@" in text and ":" in text:
        found += [match.span() for match in MATRIX.finditer(text)]
    if _names_an_app(lower):
        found += [match.span(1) for match in REVERSED.finditer(text)]
        if "discord" in lower or "дискорд" in lower:
            found += [match.span() for match in DISCORD_TAG.finditer(text)]
        found += [span for app in APP.finditer(text) if (span := _named_after(text, app)) is not None]
    return [(begin, end, "handle") for begin, end in found]


def _names_an_app(lower: str) -> bool:
    if any(map(lower.__contains__, LONG_NAMES)):
        return True
    return any(map(lower.__contains__, SHORT_NAMES)) and SHORT_NAME.search(lower) is not None


def _trimmed(text: str, begin: int, end: int) -> tuple[int, int]:
    return begin, begin + len(text[begin:end].rstrip(".,;:!?…*_"))


def _named_after(text: str, app: re.Match[str]) -> tuple[int, int] | None:
    """Return the name or number that follows the app's name, over at most four small words."""
    at, sure, colon = app.end(), app.group()[0] > "\u2e80", False
    for _ in range(5):
        gap = GAP.match(text, at)
        colon = colon or (gap is not None and any(mark in gap.group() for mark in ":：="))
        at = gap.end() if gap else at
        if UNMISTAKABLE.match(text, at):
            return None
        if plain := SKYPE_LIVE.match(text, at):
            return plain.span()
        if number := _number(text, at):
            return number
        word = WORD.match(text, at)
        if word is None:
            return None
        bare = word.group().lower().strip(".!?*_")
        if bare in FILLERS:
            sure = sure or bare in ID_WORDS
            at = word.end()
            continue
        return _name(text, word, app.group().lower(), sure, colon)
    return None


def _number(text: str, at: int) -> tuple[int, int] | None:
    number = NUMBER.match(text, at)
    return number.span() if number and sum(map(number.group().count, "0123456789")) >= 7 else None


def _name(text: str, word: re.Match[str], app: str, sure: bool, colon: bool) -> tuple[int, int] | None:
    begin = word.start()
    marked = text[begin] == "@"
    name = NAME.match(text, begin + marked, word.end())
    if name is None or text[name.end() : name.end() + 1] == "@":
        return None
    if marked or _reads_as_name(text, name, app, sure, colon):
        return begin, name.end()
    return None


def _reads_as_name(text: str, name: re.Match[str], app: str, sure: bool, colon: bool) -> bool:
    """Tell `telegram: jane_doe` from `telegram: a disgrace`."""
    typed = name.group()
    letters = any(c.isalpha() for c in typed)
    odd = any(c.isdigit() or c in "_#" for c in typed)
    if colon:
        ends_line = text[name.end() : name.end() + 1] in ("", "\n", "\r")
        return (letters and odd) or sure or app in BARE_COLON or (ends_line and app != "signal")
    return letters and odd and len(typed) >= 5 and "." not in typed
