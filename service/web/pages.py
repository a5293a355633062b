"""Pages of a few sentences, for people: what went wrong or was not found, in their language, with the way on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from flask import Response, make_response, render_template, request, url_for

from service.web.speech import READER_BLUEPRINTS, gettext
from service.web.speech import lazy_gettext as _l

PEOPLE: Final = (None, "desk", *READER_BLUEPRINTS)
"""The blueprints whose visitors are people; None: no blueprint has such an address."""
SAID: Final = {
    404: (
        _l("There is no such page"),
        _l("The address may be incomplete, or the page was removed."),
    ),
    405: (_l("That does not work here"), _l("Nothing was changed. Go back and use the buttons there.")),
    409: (
        _l("This has changed meanwhile"),
        _l("Nothing was changed. Go back, look again and try once more."),
    ),
    413: (_l("That is too long"), _l("Nothing was stored. Go back, shorten it and send it again.")),
    429: (_l("That was too much at once"), _l("Wait a moment, then try again.")),
    500: (_l("Something went wrong"), _l("The error was logged. Go back and try again in a moment.")),
    503: (_l("The service is unavailable"), _l("Nothing was changed. Try again in a moment.")),
}
OTHERWISE: Final = (_l("That cannot be read"), _l("Nothing was changed. Go back and try again."))


@dataclass(frozen=True, slots=True)
class Way:
    """A link to where the reader may go on."""

    href: str
    text: str


def message_page(status: int, title: str, *sentences: str, way: Way | None = None) -> Response:
    """Return a page that says `sentences` under `title`; it is not to be cached."""
    response = make_response(
        render_template("message.html", title=title, sentences=sentences, way=way),
        status,
    )
    response.headers["Cache-Control"] = "no-store"
    return response


def is_person() -> bool:
    """Whether who asks came by a page for people, or by no known way at all."""
    return request.blueprint in PEOPLE


def error_page(status: int) -> Response:
    """Return the page that says what went wrong, with a link back for moderators."""
    title, sentence = SAID.get(status, OTHERWISE)
    on_desk = request.path.startswith("/desk")
    way = Way(url_for("desk.queue"), gettext("Back to the queue")) if on_desk else None
    response = message_page(status, str(title), str(sentence), way=way)
    response.vary.add("Accept-Language")
    return response
