"""The application: routes, bounds and error answers put together around the parts of the service."""

from __future__ import annotations

import threading
from dataclasses import replace
from functools import partial
from typing import Final
from urllib.parse import urlsplit

from apiflask import APIFlask
from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import BaseConverter, RequestRedirect

from service import meters, settings
from service.web import access, ops, problems, rates, security
from service.web.api import articles, deciding, documents, feeds, openapi, persons, reading, submitting
from service.web.api.gate import EXTENSION, Api
from service.web.compat import blueprints as compat_apis
from service.web.compat.gate import EXTENSION as COMPAT
from service.web.compat.gate import CompatApis
from service.web.demo import blueprint as demo
from service.web.desk import blueprint as desk
from service.web.desk import frame
from service.web.meters import make_meters
from service.web.proxies import PathPrefix, TrustedProxies
from service.web.reply import blueprint as reply
from service.wiring import Parts, build

FORM_LIMIT: Final = 1024 * 1024
WAITING_SHARE: Final = 4


class IdConverter(BaseConverter):
    """A comment's id in a path; anything else is no such address."""

    regex = r"[A-Za-z0-9._:-]{1,128}"


class SlugConverter(BaseConverter):
    """A site's name in a path."""

    regex = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"


def create_app(parts: Parts | None = None) -> APIFlask:
    """Return the WSGI application around `parts`; without them the service is built from the environment."""
    if parts is None:
        known = settings.load()
        meters.share(known.home)
        parts = build(known)
    counters = make_meters(parts.deps, parts.settings)
    parts = replace(parts, deps=replace(parts.deps, arrivals=counters.arrivals))
    app = APIFlask(
        "service.web",
        docs_path=None,
        spec_path=None,  # `documents` serves it, below whatever path
        json_errors=False,
        static_folder=None,  # type: ignore[arg-type]  # as Flask has it: no folder, no route; `assets` serves the files
    )
    app.config.update(
        OPENAPI_VERSION="3.1.0",
        AUTO_SERVERS=False,
        MAX_CONTENT_LENGTH=FORM_LIMIT,  # forms; the API sets its own bound for each call
        MAX_FORM_MEMORY_SIZE=FORM_LIMIT,
        MAX_FORM_PARTS=100,
    )
    app.url_map.converters.update(id=IdConverter, slug=SlugConverter)
    app.spec_processor(openapi.fill)
    app.extensions["replydesk"] = parts
    app.extensions[EXTENSION] = Api(
        parts=parts,
        meters=counters,
        waits=threading.Semaphore(parts.settings.web_threads // WAITING_SHARE),
    )
    app.extensions[COMPAT] = CompatApis.over(parts)
    access.init(app)
    rates.init(app, parts)
    security.init(app, parts)
    frame.init(app)
    problems.register(app)
    for module in (submitting, reading, deciding, articles, feeds, persons, documents, ops):
        app.register_blueprint(module.blueprint)
    for pages in (reply, demo, desk):
        app.register_blueprint(pages)
    if parts.settings.compat != "off":
        for protocol in compat_apis():
            app.register_blueprint(protocol)
    if parts.settings.compat == "warm":
        parts.scorer.warm()
    below = PathPrefix(app.wsgi_app, urlsplit(parts.settings.public_url).path, partial(_serves, app))
    app.wsgi_app = TrustedProxies(below, parts.settings.trusted_proxies)  # type: ignore[method-assign]  # Flask's own way to wrap itself
    return app


def _serves(app: APIFlask, path: str) -> bool:
    """Whether there is anything at this path, by whatever method."""
    try:
        app.url_map.bind("").match(path)
    except NotFound:
        return False
    except (MethodNotAllowed, RequestRedirect):
        return True
    return True
