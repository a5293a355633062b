"""How a view reaches the parts of the service: the application that serves it carries them."""

from __future__ import annotations

from typing import cast

from flask import current_app

from service.wiring import Parts


def parts() -> Parts:
    """Return the parts that `create_app` put into the running application."""
    return cast(Parts, current_app.extensions["replydesk"])
