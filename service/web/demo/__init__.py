"""The demo paper: a few articles with the reply form and the published comments under them, on the demo site alone."""

from __future__ import annotations

from flask import Blueprint

from service.web.speech import speak

blueprint = Blueprint("demo", __name__, url_prefix="/demo", template_folder="../templates")
speak(blueprint)

from service.web.demo import views  # noqa: E402  the views hang themselves on the blueprint

__all__ = ["blueprint", "views"]
