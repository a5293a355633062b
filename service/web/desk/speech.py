"""The desk speaks as every page does, in the moderator's language."""

from service.web.speech import gettext, in_words, language, lazy_gettext, ngettext

__all__ = ["gettext", "in_words", "language", "lazy_gettext", "ngettext"]
