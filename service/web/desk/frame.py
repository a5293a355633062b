"""The frame of every page of the desk: language, session, queues; and the page for what is not there."""

from __future__ import annotations

from typing import Final

from babel.support import Translations
from flask import Flask, Response, g, make_response, render_template, request
from flask_babel import Babel, get_translations

from service.web.desk.access import form_token, moderator
from service.web.desk.own import language_of, preferences
from service.web.desk.place import Place
from service.web.desk.speech import gettext, language
from service.web.desk.words import words_in
from service.web.pages import Way, message_page
from service.web.reach import context
from service.web.speech import READER_BLUEPRINTS, readers_language

TRANSLATIONS: Final = "translations"


def init(app: Flask) -> None:
    """Let pages speak the language of who reads; the catalogs lie beside the templates."""
    app.config.setdefault("BABEL_TRANSLATION_DIRECTORIES", TRANSLATIONS)
    Babel(app, default_locale="en", locale_selector=_language)
    app.jinja_env.globals["spoken"] = language
    # a page asks some hundreds of times; Flask-Babel's own way finds the catalog anew each time
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]  # of Jinja's own extension
        gettext=lambda text: _catalog().ugettext(text),
        ngettext=lambda one, many, number: _catalog().ungettext(one, many, number),
        newstyle=True,
    )


def _catalog() -> Translations:
    """Return this request's catalog."""
    found: Translations | None = g.get("desk_catalog")
    if found is None:
        found = g.desk_catalog = get_translations()
    return found


def _language() -> str:
    if request.blueprint == "desk" or request.path.startswith("/desk/"):
        return language_of(request)
    return readers_language() if request.blueprint in (*READER_BLUEPRINTS, None) else "en"


def page(template: str, status: int, **values: object) -> Response:
    """Render a page or a fragment of the desk: kept in no cache, its forms tied to the session."""
    html = render_template(
        template,
        csrf=form_token(),
        moderator=moderator(),
        fragment=is_fragment(),
        language=_language(),
        undo_seconds=context().settings.undo_seconds,
        own=preferences(request),
        **words_in(_language()),
        **{"place": Place(), **values},
    )
    response = make_response(html, status)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    response.headers["Vary"] = "HX-Request, Accept-Language, Cookie"
    return response


def is_fragment() -> bool:
    """Whether a script on the page asks and puts the answer in by itself."""
    return request.headers.get("HX-Request") == "true"


def missing() -> Response:
    """Answer that there is no such comment."""
    return message_page(
        404,
        gettext("There is no such comment"),
        gettext("It may have been erased since."),
        way=to_queue(),
    )


def unfit() -> Response:
    """Answer that a form cannot be carried out as it was sent."""
    return message_page(
        400,
        gettext("That form was not complete"),
        gettext("Nothing was changed. Go back to the queue and use the buttons there."),
        way=to_queue(),
    )


def to_queue() -> Way:
    """Return the way back to the beginning of the queue."""
    return Way(Place().url(), gettext("Back to the queue"))
