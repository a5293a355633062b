"""Speaking the language of who reads: Flask-Babel's few verbs, with types."""

from __future__ import annotations

from flask_babel import get_locale
from flask_babel import gettext as _gettext
from flask_babel import lazy_gettext as _lazy_gettext
from flask_babel import ngettext as _ngettext


def gettext(text: str, **values: object) -> str:
    """Return the text in the language of this request, with the values put in."""
    return str(_gettext(text, **values))


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
