"""The reader's side: the reply form, and the receipt on which a commenter sees what became of the comment."""

from __future__ import annotations

from flask import Blueprint

from service.web.speech import speak

blueprint = Blueprint("reply", __name__, template_folder="../templates")
speak(blueprint)

from service.web.reply import (  # noqa: E402  the views hang themselves on the blueprint
    embedding,
    receipt,
    scripted,
    views,
    yours,
)

__all__ = ["blueprint", "embedding", "receipt", "scripted", "views", "yours"]
