"""Speaking the language of who reads: which one a page is in, and Flask-Babel's few verbs, with types."""

from __future__ import annotations

from typing import Any, Final

from flask import Blueprint, Request, Response, has_request_context, request
from flask_babel import get_locale
from flask_babel import gettext as _gettext
from flask_babel import lazy_gettext as _lazy_gettext
from flask_babel import ngettext as _ngettext

from service.domain.faults import MESSAGES, Fault, InvalidValue

LANGUAGES: Final = ("en", "de")
READER_BLUEPRINTS: Final = ("reply", "demo")
"""The readers' pages."""
WORDLESS: Final = ("reply.script", "reply.style")
"""What is the same in every language, and kept by caches as one."""


def gettext(text: str, **values: object) -> str:
    """Return the text in the language of this request, with the values put in."""
    return str(_gettext(text, **values))


def in_words(fault: Fault | InvalidValue) -> str:
    """Return what is wrong with a value, in the language of this request."""
    return gettext(MESSAGES[fault.key], **fault.values)


def ngettext(one: str, many: str, num: int, **values: object) -> str:
    """Return the form of the text that fits the number."""
    return str(_ngettext(one, many, num, **values))


def lazy_gettext(text: str) -> object:
    """Return what reads as the text in the language of whichever request writes it."""
    return _lazy_gettext(text)


def language() -> str:
    """Return the code of the language of this request."""
    locale = get_locale()
    return locale.language if locale else "en"


def readers_language() -> str:
    """Return the language for a reader: the one that the address names by `lang`, else the browser's, else English."""
    return _named() or browsers_language(request) or "en"


def browsers_language(asked: Request) -> str | None:
    """Return the first language of the browser's that is spoken here, None for none.

    Werkzeug's own choice would give German to who asks for `en-GB, de;q=0.5`: it takes an exact name over a region's.
    """
    wished = (tag.partition("-")[0].lower() for tag, quality in asked.accept_languages if quality > 0)
    return next((one for one in wished if one in LANGUAGES), None)


def _named() -> str | None:
    """Return the language that the address names, None where it names none that is spoken here."""
    asked = request.args.get("lang", "").partition("-")[0].lower()
    return asked if asked in LANGUAGES else None


def speak(blueprint: Blueprint) -> None:
    """Let a blueprint's links keep the language that the address names, and caches know that there are more."""
    blueprint.url_defaults(_keep)
    blueprint.after_request(_varies)


def _keep(endpoint: str, values: dict[str, Any]) -> None:
    if not has_request_context() or request.blueprint not in READER_BLUEPRINTS or endpoint in WORDLESS:
        return
    if named := _named():
        values.setdefault("lang", named)


def _varies(response: Response) -> Response:
    if response.mimetype == "text/html":
        response.vary.add("Accept-Language")
    return response
