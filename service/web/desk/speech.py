"""The desk speaks as every page does, in the moderator's language."""

from service.web.speech import gettext, language, lazy_gettext, ngettext

__all__ = ["gettext", "language", "lazy_gettext", "ngettext"]
