"""The application: routes, bounds and error answers put together around the service."""

from __future__ import annotations

import threading
from dataclasses import replace
from functools import partial
from typing import Final
from urllib.parse import urlsplit

from flask import Flask
from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import BaseConverter, RequestRedirect

from service import config
from service.context import AppContext, build_context
from service.observability import counters
from service.web import access, problems, rates, security
from service.web.api import blueprint as versioned_api
from service.web.api import watching
from service.web.compat import blueprints as compat_apis
from service.web.compat.gate import EXTENSION as COMPAT
from service.web.compat.gate import CompatApis
from service.web.demo import blueprint as demo
from service.web.desk import blueprint as desk
from service.web.desk import pages as desk_pages
from service.web.meters import make_meters
from service.web.proxies import PathPrefix, TrustedProxies
from service.web.reach import EXTENSION, Api
from service.web.reply import blueprint as reply

FORM_LIMIT: Final = 1024 * 1024
WAITING_SHARE: Final = 4


class IdConverter(BaseConverter):
    """A comment's id in a path; anything else is no such address."""

    regex = r"[A-Za-z0-9._:-]{1,128}"


class SlugConverter(BaseConverter):
    """A site's name in a path."""

    regex = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"


def create_app(context: AppContext | None = None) -> Flask:
    """Return the WSGI application around `context`; without it the service is built from the environment."""
    if context is None:
        known = config.load()
        counters.share(known.home)
        context = build_context(known)
    app = Flask("service.web", static_folder=None)  # `assets` serves the files
    app.config.update(
        MAX_CONTENT_LENGTH=FORM_LIMIT,  # forms; the API sets its own bound for each call
        MAX_FORM_MEMORY_SIZE=FORM_LIMIT,
        MAX_FORM_PARTS=100,
    )
    app.url_map.converters.update(id=IdConverter, slug=SlugConverter)
    connect(app, context)
    access.init(app)
    security.init(app, context)
    desk_pages.init(app)
    problems.register(app)
    for pages in (versioned_api, reply, demo, desk):
        app.register_blueprint(pages)
    if context.settings.compat != "off":
        for protocol in compat_apis():
            app.register_blueprint(protocol)
    if context.settings.compat == "warm":
        context.scorer.warm()
    below = PathPrefix(app.wsgi_app, urlsplit(context.settings.public_url).path, partial(_serves, app))
    app.wsgi_app = TrustedProxies(below, context.settings.trusted_proxies)  # type: ignore[method-assign]  # Flask's own way to wrap itself
    return app


def connect(app: Flask, context: AppContext) -> None:
    """Let the application serve `context`, with meters, caches and limits that start anew."""
    meters = make_meters(context.deps, context.settings)
    context = replace(context, deps=replace(context.deps, arrivals=meters.arrivals))
    app.extensions["replydesk"] = context
    app.extensions[EXTENSION] = Api(
        context=context,
        meters=meters,
        waits=threading.Semaphore(context.settings.web_threads // WAITING_SHARE),
    )
    app.extensions[COMPAT] = CompatApis.over(context)
    app.extensions.pop(watching.EXTENSION, None)
    rates.init(app, context)


def _serves(app: Flask, path: str) -> bool:
    """Whether there is anything at this path, by whatever method."""
    try:
        app.url_map.bind("").match(path)
    except NotFound:
        return False
    except (MethodNotAllowed, RequestRedirect):
        return True
    return True
