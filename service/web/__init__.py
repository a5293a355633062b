"""The web: the API, the desk and readers' pages, served by one WSGI application that `create_app` makes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from service.context import AppContext


def create_app(context: AppContext | None = None) -> Flask:
    """Return the WSGI application around `context`; without them the service is built from the environment."""
    from service.web.app import create_app as create  # Flask is imported by who serves, not by who only looks

    return create(context)
