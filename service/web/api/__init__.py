"""The API of version 1: comments in, verdicts out; each view declares what it takes, answers and refuses."""

from __future__ import annotations

from flask import Blueprint

from service.domain.errors import ReplydeskError
from service.web import problems

blueprint = Blueprint("api", __name__, template_folder="templates")

from service.web.api import (  # noqa: E402  the views hang themselves on the blueprint
    articles,
    comments,
    deciding,
    documents,
    persons,
    shown,
    submitting,
    watching,
)

blueprint.register_error_handler(ReplydeskError, lambda error: problems.answer(shown.refused(error)))

__all__ = ["articles", "blueprint", "comments", "deciding", "documents", "persons", "submitting", "watching"]
