"""The demo site that a first start makes: a site, a moderator, and the links and the curl to try them with."""

from __future__ import annotations

import json
import os
import shlex
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path

from service.config import Settings
from service.context import AppContext, build_context
from service.usecases.moderators import invite
from service.usecases.sites import Enrolment, enrol_site

SITE = "demo"
MODERATOR = "Mo"
ARTICLE = "/demo/the-bridge"


@dataclass(frozen=True, slots=True)
class Summary:
    """What a start prints: links, a sign-in link that works once, and a curl that works when pasted."""

    article_url: str
    desk_url: str
    sign_in_url: str = field(repr=False)
    docs_url: str
    secrets_file: Path | None
    """Where the demo site's keys lie; None when the file is not there any more."""
    curl: str = field(repr=False)
    contact_key: str | None = field(default=None, repr=False)
    """The private key that opens readers' addresses, at the one moment it is known: on the first start."""


def prepare(settings: Settings) -> Summary:
    """Make the demo site and its moderator unless they are there, and say how to reach them."""
    context = build_context(settings)
    try:
        enrolled = _ensure_site(context)
        _, sign_in_url = invite(context, MODERATOR, "admin")
    finally:
        context.close()
    url = settings.public_url
    return Summary(
        article_url=url + ARTICLE,
        desk_url=f"{url}/desk",
        sign_in_url=sign_in_url,
        docs_url=f"{url}/docs",
        secrets_file=file if (file := _secrets_file(settings)).exists() else None,
        curl=_curl(settings),
        contact_key=enrolled.contact_private_key if enrolled else None,
    )


def _ensure_site(context: AppContext) -> Enrolment | None:
    """Enrol the demo site once; later, only follow the public URL if it changed."""
    url = context.settings.public_url
    with context.deps.store.write() as tx:
        site = tx.sites.get(SITE)
        if site and site.url != url:
            tx.sites.save(replace(site, url=url))
    if site:
        return None
    # kept before it is committed: a kill in between leaves a file without a site, which the next start replaces
    return enrol_site(
        context, SITE, url, title="The Demo Courier", keep=lambda made: _keep(context.settings, made)
    )


def _keep(settings: Settings, enrolment: Enrolment) -> None:
    """Leave the demo site's secrets in a file that its owner alone reads, but not the key to the boxes beside it."""
    kept = {name: value for name, value in enrolment.shown().items() if name != "contact_private_key"}
    target = _secrets_file(settings)
    handle, draft = tempfile.mkstemp(dir=target.parent, prefix=".demo-site")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(kept, file, indent=2)
        file.write("\n")
    Path(draft).replace(target)


def _secrets_file(settings: Settings) -> Path:
    return settings.home / "demo-site.json"


def _curl(settings: Settings) -> str:
    """Write a curl that posts a comment and waits for its verdict."""
    body = {
        "article": {"url": settings.public_url + ARTICLE, "title": "The bridge opens"},
        "author": {"name": "Ada", "email": "ada@example.org"},
        "body": "Finally! My way to work is half an hour shorter now.",
    }
    return " ".join(
        (
            f"curl -s {shlex.quote(settings.public_url + '/v1/comments')}",
            f"-H 'Authorization: Bearer {_kept_key(settings)}'",
            "-H 'Content-Type: application/json' -H 'Prefer: wait=10'",
            f"-d {shlex.quote(json.dumps(body))}",
        )
    )


def _kept_key(settings: Settings) -> str:
    try:
        kept = json.loads(_secrets_file(settings).read_text(encoding="utf-8"))
        return str(kept["key"])
    except (OSError, ValueError, KeyError):
        return "KEY"  # the owner moved the file away; `replydesk site rotate demo key` makes another
