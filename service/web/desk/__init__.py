"""The desk: where moderators sign in, see what waits and why, and decide."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("desk", __name__, url_prefix="/desk", template_folder="../templates")

from service.web.desk import acts, lanes, reveal, sign_in  # noqa: E402  the views hang themselves on the blueprint

__all__ = ["acts", "blueprint", "lanes", "reveal", "sign_in"]
