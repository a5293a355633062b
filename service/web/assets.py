"""Static files under addresses that carry their content's hash, so that a browser may keep them for good."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final

from flask import Blueprint, Flask, Response, abort, request, url_for

TYPES: Final = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
FOREVER: Final = "public, max-age=31536000, immutable"

blueprint = Blueprint("assets", __name__)


@dataclass(frozen=True, slots=True)
class Asset:
    """One file as it is sent: its bytes plain and gzipped, its media type and a short hash of its content."""

    plain: bytes
    zipped: bytes
    type: str
    digest: str


def init(app: Flask) -> None:
    """Serve the assets and give templates `asset(name)`; doing it twice does nothing more."""
    if blueprint.name not in app.blueprints:
        app.register_blueprint(blueprint)
        app.jinja_env.globals["asset"] = asset


def asset(name: str) -> str:
    """Return the address of a static file; KeyError when there is none of that name."""
    return url_for("assets.send", digest=_assets()[name].digest, name=name)


@blueprint.get("/assets/<digest>/<name>")
def send(digest: str, name: str) -> Response:
    """Send a file; under an older hash (a page from before an upgrade) the present one, not to be kept."""
    found = _assets().get(name) or abort(404)
    response = _sent(found)
    response.headers["Cache-Control"] = FOREVER if digest == found.digest else "no-cache"
    return response


def lasting(name: str) -> Response:
    """Return a file under a name without a hash, for pages that are not ours; the caller says how long it is kept."""
    return _sent(_assets()[name])


def _sent(found: Asset) -> Response:
    zipped = request.accept_encodings.quality("gzip") > 0
    response = Response(found.zipped if zipped else found.plain, content_type=found.type)
    response.headers["Vary"] = "Accept-Encoding"
    if zipped:
        response.headers["Content-Encoding"] = "gzip"
    return response


@cache
def _assets() -> dict[str, Asset]:
    """Read our own files, and htmx from its wheel: the files alone, so that no Django is imported."""
    own = resources.files("service.web") / "static"
    found = {file.name: file.read_bytes() for file in own.iterdir() if file.name.rpartition(".")[2] in TYPES}
    wheel = resources.files("js_lib_htmx") / "static" / "htmx"
    found["htmx.js"] = (wheel / "htmx.min.js").read_bytes()
    return {name: _asset(name, content) for name, content in found.items()}


def _asset(name: str, content: bytes) -> Asset:
    return Asset(
        plain=content,
        zipped=gzip.compress(content, mtime=0),
        type=TYPES[name.rpartition(".")[2]],
        digest=hashlib.sha256(content).hexdigest()[:16],
    )
