"""The plugs: other services' protocols, answered so that their clients change nothing but an address."""

from __future__ import annotations

from flask import Blueprint


def blueprints() -> tuple[Blueprint, ...]:
    """Return the plugs that this version has; a new one is a module beside these and a line here."""
    from service.web.plugs.akismet import blueprint as akismet
    from service.web.plugs.akismet_account import blueprint as akismet_account
    from service.web.plugs.coral import blueprint as coral
    from service.web.plugs.openai import blueprint as openai
    from service.web.plugs.perspective import blueprint as perspective

    return (perspective, coral, akismet, akismet_account, openai)
