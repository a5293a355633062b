"""The compatibility APIs: other services' protocols, answered so that their clients change nothing but an address."""

from __future__ import annotations

from flask import Blueprint


def blueprints() -> tuple[Blueprint, ...]:
    """Return the compatibility APIs of this version; a new one is a module beside these and a line here."""
    from service.web.compat.akismet import blueprint as akismet
    from service.web.compat.akismet_account import blueprint as akismet_account
    from service.web.compat.coral import blueprint as coral
    from service.web.compat.openai import blueprint as openai
    from service.web.compat.perspective import blueprint as perspective

    return (perspective, coral, akismet, akismet_account, openai)
