"""The desk: where moderators sign in, see what is held and why, and decide."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("desk", __name__, url_prefix="/desk", template_folder="../templates")

from service.web.desk import (  # noqa: E402, F401  the modules add their views to the blueprint
    admin,
    bulk,
    comments,
    decisions,
    export,
    overview,
    personal,
    queue,
    score_ranges,
    search,
    selection,
    settings,
    sign_in,
)
