"""Every page of the desk: its language, its session, and the two errors that any view may raise."""

from __future__ import annotations

from typing import Final, TypeVar

from babel.support import Translations
from flask import Flask, Response, g, make_response, render_template, request
from flask_babel import Babel, get_translations

from service.domain.errors import NotFound
from service.web.desk import blueprint
from service.web.desk.access import form_token, moderator, to_queue
from service.web.desk.filters import QueueFilters
from service.web.desk.notices import Notice, bulk_notice
from service.web.desk.preferences import language_of, preferences
from service.web.desk.words import words_in
from service.web.pages import message_page
from service.web.reach import context
from service.web.speech import READER_BLUEPRINTS, gettext, language, readers_language

T = TypeVar("T")
TRANSLATIONS: Final = "translations"


class FormIncomplete(Exception):
    """A posted form lacks a field, or holds a value that no form of ours offers."""


def init(app: Flask) -> None:
    """Let pages speak the language of who reads; the catalogs lie beside the templates."""
    app.config.setdefault("BABEL_TRANSLATION_DIRECTORIES", TRANSLATIONS)
    Babel(app, default_locale="en", locale_selector=_language)
    app.jinja_env.globals["spoken"] = language
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
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


def page(template: str, status: int = 200, **values: object) -> Response:
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
        here=request.full_path,
        **{"filters": QueueFilters(), "bulk_notice": _bulk_notice(), **values},
    )
    response = make_response(html, status)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    response.headers["Vary"] = "HX-Request, Accept-Language, Cookie"
    return response


def _bulk_notice() -> Notice | None:
    """Say what the act did that led to this page."""
    if "bulk" not in request.args:
        return None
    with context().deps.store.read() as tx:
        return bulk_notice(tx, request.args)


def is_fragment() -> bool:
    """Whether a script on the page asks and puts the answer in by itself."""
    return request.headers.get("HX-Request") == "true"


def found(value: T | None) -> T:
    """Return the value; where there is none, the request is answered with 404."""
    if value is None:
        raise NotFound
    return value


def given(value: T | None) -> T:
    """Return a value of a posted form; where there is none, the request is answered with 400."""
    if value is None:
        raise FormIncomplete
    return value


@blueprint.errorhandler(NotFound)
def not_found(_: NotFound) -> Response:
    """Answer that there is no such comment."""
    title = gettext("There is no such comment")
    return message_page(404, title, gettext("It may have been erased since."), way=to_queue())


@blueprint.errorhandler(FormIncomplete)
def form_incomplete(_: FormIncomplete) -> Response:
    """Answer that a form cannot be carried out as it was sent."""
    said = gettext("Nothing was changed. Go back to the queue and use the buttons there.")
    return message_page(400, gettext("That form was not complete"), said, way=to_queue())


@blueprint.after_request
def vary_by_language(response: Response) -> Response:
    """Tell caches that every page of the desk has a language."""
    if response.mimetype == "text/html":
        response.vary.add("Accept-Language")
    return response
