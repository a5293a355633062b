"""What every answer tells a browser to refuse, and how the desk knows its people and its own forms."""

from __future__ import annotations

import hmac
import secrets
from datetime import timedelta
from typing import Final

from flask import Flask, Request, Response, request

from service.context import AppContext
from service.domain.desk_records import Moderator
from service.domain.networks import cut_ip
from service.privacy.keys import Keyring
from service.storage import Tx
from service.usecases.moderators import hash_token
from service.web import assets
from service.web.proxies import UNNAMED

CONTENT_SECURITY: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS: Final = {
    "Content-Security-Policy": CONTENT_SECURITY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",  # for browsers that do not know frame-ancestors
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
TRANSPORT: Final = "max-age=31536000"
SESSION_HOURS: Final = 12
TOKEN_BYTES: Final = 32
TOKEN_LIMIT: Final = 100
CSRF_FIELD: Final = "csrf"
CSRF: Final = "desk form"
MOST_FAILURES: Final = 10
LOCK_OUT: Final = timedelta(minutes=15)
"""After so many links that do not work, a network signs nobody in until its first failure is that long ago."""


def init(app: Flask, context: AppContext) -> None:
    """Give every answer the headers above, unless the view set its own, and serve the pages' static files."""
    own_host = HEADERS | ({"Strict-Transport-Security": TRANSPORT} if is_https(context) else {})

    @app.after_request
    def _harden(response: Response) -> Response:
        headers = HEADERS if request.script_root else own_host  # a part of a host says nothing for the whole
        # asking for each by its name would take twice as long
        own = {name.lower() for name, _ in response.headers}
        response.headers.extend([(name, value) for name, value in headers.items() if name.lower() not in own])
        return response

    assets.init(app)


def keep_private(response: Response) -> Response:
    """Mark an answer as meant for one person: in no cache, in no search index, its address in no referrer."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


def is_https(context: AppContext) -> bool:
    """Whether readers reach this installation by https, so that cookies may insist on it."""
    return context.settings.public_url.startswith("https://")


# -- the desk's session ------------------------------------------------------------------------------------------------


def cookie_path(path: str = "") -> str:
    """Return where a cookie belongs: to this path of ours, below the path of the host that we are served at."""
    return f"{request.script_root}{path}" or "/"


def cookie_name(context: AppContext) -> str:
    """Return the name of the session cookie; under https one that no neighbouring host can set.

    The stricter of the two is for an installation that has its host to itself.
    """
    if not is_https(context):
        return "replydesk"
    return "__Secure-replydesk" if request.script_root else "__Host-replydesk"


def start_session(context: AppContext, tx: Tx, moderator: Moderator) -> str:
    """Open a session of 12 hours and return its token; the store keeps the token's hash alone."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    until = context.deps.clock() + timedelta(hours=SESSION_HOURS)
    tx.moderators.add_session(moderator.id, hash_token(token), until)
    return token


def session_token(context: AppContext, request: Request) -> str | None:
    """Return the session token that the browser sent, None for none and for what cannot be one."""
    token = request.cookies.get(cookie_name(context), "")
    return token if 0 < len(token) <= TOKEN_LIMIT and token.isascii() else None


def set_cookie(context: AppContext, response: Response, token: str) -> None:
    """Hand the session to the browser: out of reach of scripts, and not sent with other sites' forms."""
    response.set_cookie(
        cookie_name(context),
        token,
        max_age=SESSION_HOURS * 3600,
        path=cookie_path(),
        secure=is_https(context),
        httponly=True,
        samesite="Lax",
    )


def clear_cookie(context: AppContext, response: Response) -> None:
    """Take the session cookie back."""
    response.delete_cookie(
        cookie_name(context), path=cookie_path(), secure=is_https(context), httponly=True, samesite="Lax"
    )


def callers_network(request: Request) -> str | None:
    """Return the network (/24 or /48) of the caller; None where a proxy hides the caller, whose network it is not."""
    return None if request.environ.get(UNNAMED) else cut_ip(request.remote_addr)


def network_key(context: AppContext, request: Request, purpose: str) -> str | None:
    """Return under what is counted what the caller's network (/24 or /48) does; no IP is stored.

    None where a proxy hides the caller: counted together, one would shut out all others.
    """
    network = callers_network(request)
    return context.keyring.sign(purpose, network.encode()).hex() if network else None


# -- forged requests ---------------------------------------------------------------------------------------------------


def csrf_token(keyring: Keyring, session: str, version: int | None = None) -> str:
    """Return what the forms of this session carry: a tag that no other page can compute."""
    return keyring.sign(CSRF, session.encode(), version=version).hex()


def is_own_form(keyring: Keyring, request: Request, session: str) -> bool:
    """Whether the form that was posted is one that this session was given."""
    sent = request.form.get(CSRF_FIELD, "").encode("utf-8", "replace")
    # pages that are open while the master key is rotated carry the tag of the version before
    known = [csrf_token(keyring, session, version).encode() for version in keyring.versions]
    return is_same_origin(request) and any(hmac.compare_digest(sent, expected) for expected in known)


def is_same_origin(request: Request) -> bool:
    """Whether the browser says that one of our own pages sent this; browsers that say nothing are believed."""
    return request.headers.get("Sec-Fetch-Site", "none") in ("same-origin", "none")
