"""The desk: where moderators sign in, see what waits and why, and decide."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("desk", __name__, url_prefix="/desk", template_folder="../templates")

from service.web.desk import (  # noqa: E402  the views hang themselves on the blueprint
    acts,
    admin,
    authors,
    bulk,
    callbacks,
    drilldown,
    duplicates,
    finding,
    overview,
    preferences,
    queue,
    ranges,
    reveal,
    settings,
    sign_in,
    updates,
    views,
)

__all__ = [
    "acts",
    "admin",
    "authors",
    "blueprint",
    "bulk",
    "callbacks",
    "drilldown",
    "duplicates",
    "finding",
    "overview",
    "preferences",
    "queue",
    "ranges",
    "reveal",
    "settings",
    "sign_in",
    "updates",
    "views",
]
