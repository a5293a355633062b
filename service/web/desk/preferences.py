"""A moderator's preferences on one browser: language, single keys, blurred words, severe comments in a row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from flask import Request

from service.web.speech import LANGUAGES, browsers_language

COOKIE: Final = "replydesk-desk"
CAPS: Final = (0, 1, 3, 5)


@dataclass(frozen=True, slots=True)
class Preferences:
    """`language` None follows the browser; `cap` 0 sets no limit."""

    language: str | None = None
    keys: bool = True
    blur: bool = True
    cap: int = 3

    def to_cookie(self) -> str:
        return f"{self.language or '-'}.{int(self.keys)}.{int(self.blur)}.{self.cap}"


def preferences(asked: Request) -> Preferences:
    """Read the cookie; the defaults where it makes no sense."""
    fields = asked.cookies.get(COOKIE, "").split(".")
    if len(fields) != 4 or fields[3] not in map(str, CAPS):
        return Preferences()
    language = fields[0] if fields[0] in LANGUAGES else None
    return Preferences(language, fields[1] == "1", fields[2] == "1", int(fields[3]))


def language_of(asked: Request) -> str:
    """Return the language to speak: the chosen one, else the browser's, else English."""
    return preferences(asked).language or browsers_language(asked) or "en"
