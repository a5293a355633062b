"""Pages of a few sentences: what went wrong or was not found, said to a person, with the way on."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Response, make_response, render_template


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
