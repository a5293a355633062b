"""Who may use which route: every route of the application, with what each caller gets; read by the walk.

A new route needs a line here. Callers, in order: nobody, the three roles, another site's key, the site's own key.
"in" let in · "sign in" sent to the sign-in · "role" the role is too low · "no key" refused for want of a key ·
"nothing" there is no such thing, for this caller · "refused" any other refusal.
"""

from __future__ import annotations

from typing import Final

CALLERS: Final = ("nobody", "moderator", "lead", "admin", "other site's key", "own key")
Row = tuple[str, str, str, str, str, str]

OPEN: Final[Row] = ("in",) * 6
NOTHING: Final[Row] = ("nothing",) * 6
REFUSED: Final[Row] = ("refused",) * 6
KEY: Final[Row] = ("no key", "no key", "no key", "no key", "in", "in")
OWN: Final[Row] = ("no key", "no key", "no key", "no key", "nothing", "in")
SIGNED: Final[Row] = ("no key",) * 6
"""Neither a session nor an API key serves: the body must be signed with the site's secret."""
DESK: Final[Row] = ("sign in", "in", "in", "in", "sign in", "sign in")
DESK_LEAD: Final[Row] = ("sign in", "role", "in", "in", "sign in", "sign in")
DESK_ADMIN: Final[Row] = ("sign in", "role", "role", "in", "sign in", "sign in")
PK: Final = "<int(max=999999999999999999):"

ROUTES: Final[dict[str, Row]] = {
    # what anyone may see
    "GET /assets/<digest>/<name>": NOTHING,
    "GET /demo": NOTHING,
    "GET /demo/<slug>": NOTHING,
    "GET /demo/<slug>/static": NOTHING,
    "GET /docs": OPEN,
    "GET /embed.css": OPEN,
    "GET /embed.js": OPEN,
    "GET /healthz": OPEN,
    "GET /metrics": OPEN,
    "GET /openapi.json": OPEN,
    "GET /problems/<name>": NOTHING,
    "GET /readyz": OPEN,
    "GET /.well-known/replydesk.json": OPEN,
    "GET /$discovery/rest": OPEN,
    "GET /v1/sites/<slug:name>/published": OPEN,
    "GET /sites/<slug:site>/form": OPEN,
    "GET /sites/<slug:site>/reply": OPEN,
    "POST /sites/<slug:site>/reply": OPEN,
    # a commenter's own, by a signed address: a made-up one opens nothing for anybody
    "GET /r/<token>": NOTHING,
    "GET /r/<token>/state": NOTHING,
    "GET /r/<token>/status": NOTHING,
    "GET /r/<token>/yours": NOTHING,
    "POST /r/<token>/yours": NOTHING,
    "POST /r/<token>/appeal": NOTHING,
    # the API, by the site's key
    "POST /v1/comments": KEY,
    "GET /v1/comments": KEY,
    "POST /v1/comments/batch": KEY,
    "PATCH /v1/comments/batch": REFUSED,
    "PUT /v1/comments/batch": REFUSED,
    "TRACE /v1/comments/batch": REFUSED,
    "GET /v1/comments/<id:comment_id>": OWN,
    "DELETE /v1/comments/<id:comment_id>": OWN,
    "GET /v1/comments/<id:comment_id>/contact": OWN,
    "POST /v1/comments/<id:comment_id>/decision": OWN,
    "POST /v1/comments/<id:comment_id>/reports": OWN,
    "POST /v1/comments/<id:comment_id>/undo": OWN,
    "POST /v1/articles": KEY,
    "POST /v1/articles/move": OWN,
    "GET /v1/decisions": KEY,
    "POST /v1/erasures": KEY,
    "POST /v1/exports": KEY,
    "POST /v1/sites/<slug:name>/inbound": SIGNED,
    # other services' protocols, by either of the site's keys
    "POST /v1/moderations": KEY,
    **dict.fromkeys((f"{verb} /v1/moderations" for verb in ("DELETE", "GET", "PATCH", "PUT")), REFUSED),
    "POST /v1alpha1/comments:analyze": KEY,
    "POST /v1alpha1/comments:suggestscore": KEY,
    **dict.fromkeys(
        (
            f"{verb} /v1alpha1{rest}"
            for verb in ("DELETE", "GET", "PATCH", "POST", "PUT", "TRACE")
            for rest in ("", "/", "/<path:rest>")
        ),
        NOTHING,
    ),
    **dict.fromkeys(
        (f"{verb} /$discovery/rest" for verb in ("DELETE", "PATCH", "POST", "PUT", "TRACE")), NOTHING
    ),
    "POST /1.1/comment-check": KEY,
    "POST /1.1/deactivate": KEY,
    "POST /1.1/get-stats": KEY,
    "POST /1.1/get-subscription": KEY,
    "POST /1.1/submit-ham": KEY,
    "POST /1.1/submit-spam": KEY,
    "POST /1.1/verify-key": KEY,
    "GET /1.2/key-sites": KEY,
    "POST /1.2/key-sites": KEY,
    "GET /1.2/usage-limit": KEY,
    "POST /1.2/usage-limit": KEY,
    **dict.fromkeys(
        (
            f"{verb} /{version}/{rest}"
            for verb in ("DELETE", "GET", "PATCH", "POST", "PUT")
            for version in ("1.1", "1.2")
            for rest in ("", "<path:rest>")
        ),
        NOTHING,
    ),
    "POST /sites/<slug:name>/coral/events": REFUSED,
    "POST /sites/<slug:name>/coral/phase": REFUSED,
    # the desk, by a session
    "GET /desk/sign-in": OPEN,
    "GET /desk/sign-in/<token>": OPEN,
    "POST /desk/sign-in/<token>": REFUSED,
    "POST /desk/sign-out": DESK,
    "GET /desk": DESK,
    "GET /desk/article": DESK,
    "POST /desk/article": DESK,
    "POST /desk/article/move": DESK_LEAD,
    "POST /desk/article/open": DESK_LEAD,
    "GET /desk/help": DESK,
    "GET /desk/more": DESK,
    "GET /desk/overview": DESK,
    "GET /desk/overview/comments": DESK,
    "GET /desk/overview/export.<any(csv, json):form>": DESK_LEAD,
    "GET /desk/preferences": DESK,
    "POST /desk/preferences": DESK,
    "GET /desk/updates": DESK,
    "GET /desk/ranges": DESK,
    "POST /desk/ranges": DESK,
    "GET /desk/people": DESK_ADMIN,
    "POST /desk/people": DESK_ADMIN,
    "GET /desk/settings": DESK_LEAD,
    "GET /desk/settings/<slug:name>": DESK_LEAD,
    "POST /desk/settings/<slug:name>": DESK_LEAD,
    "POST /desk/settings/<slug:name>/consequences": DESK_LEAD,
    "POST /desk/settings/<slug:name>/words": DESK_LEAD,
    "POST /desk/settings/<slug:name>/sample": DESK_LEAD,
    "GET /desk/settings/<slug:name>/callbacks": DESK_LEAD,
    "POST /desk/settings/<slug:name>/callbacks/replay": DESK_LEAD,
    "GET /desk/settings/<slug:name>/keys": DESK_ADMIN,
    "POST /desk/settings/<slug:name>/keys": DESK_ADMIN,
    "GET /desk/search": DESK,
    "POST /desk/views": DESK,
    f"POST /desk/views/{PK}view_id>/drop": DESK,
    f"POST /desk/appeals/{PK}appeal_id>": DESK,
    f"POST /desk/appeals/{PK}appeal_id>/undo": DESK,
    f"GET /desk/comments/{PK}pk>": DESK,
    f"GET /desk/comments/{PK}pk>/author": DESK,
    f"POST /desk/comments/{PK}pk>/author": DESK,
    f"POST /desk/comments/{PK}pk>/author/held": DESK,
    f"POST /desk/comments/{PK}pk>/decision": DESK,
    f"POST /desk/comments/{PK}pk>/reveal": DESK,
    f"POST /desk/comments/{PK}pk>/undo": DESK,
    f"GET /desk/comments/{PK}pk>/duplicates": DESK,
    f"POST /desk/comments/{PK}pk>/duplicates": DESK,
    f"GET /desk/bulk/{PK}bulk_decision_id>": DESK,
    f"POST /desk/bulk/{PK}bulk_decision_id>/undo": DESK,
    "POST /desk/selected": DESK,
}
