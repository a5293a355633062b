"""Coral's moderation phase and webhooks: a comment is judged before it has an id, and joined once it has one."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Final

import structlog
from flask import Blueprint, Response, request

from service.compat.coral import events, phase, signature
from service.compat.coral.bodies import typed_as_text
from service.compat.coral.events import FetchedComment
from service.compat.time_limit import TimeLimit
from service.domain.clean_text import is_blank
from service.domain.comment import BODY_LIMIT, Article, Comment, Source, Submission
from service.domain.errors import ReplydeskError
from service.domain.markup import plain_text
from service.domain.site import Site
from service.domain.verdict import OUTCOME, Assessment, Reason, Verdict
from service.privacy.keys import CORAL, open_option
from service.privacy.masking import page_url
from service.scoring import Reading
from service.scoring.scorer import NoModel
from service.web.api import strict_json
from service.web.compat.gate import BadKey, compat, named_site, raw_body
from service.web.compat.refusing import Refusal, register
from service.web.rates import charge
from service.webhooks.url_guard import Allow, resolved

STATUS: Final = {
    "no_key": 401,
    "bad_key": 401,
    "malformed": 400,
    "invalid": 422,
    "too_large": 413,
    "too_many": 429,
    "no_route": 404,
    "unavailable": 503,
    "broken": 500,
}
ASKING_SECONDS: Final = 4.0
ID_LETTERS: Final = events.ID_LETTERS
WHO: Final = "coral"
ACTION_OF: Final = {status: action for action, status in OUTCOME.items()}
NOT_STORED: Final = "X-Replydesk-Not-Stored"

log = structlog.get_logger(__name__)
asking = TimeLimit(ASKING_SECONDS, places=4)


class NoSuchSite(ReplydeskError):
    """There is no site of this name."""


def _refuse(refusal: Refusal) -> Response:
    response = _json({"error": refusal.detail}, STATUS[refusal.kind])
    response.headers.extend(refusal.headers)
    return response


blueprint = Blueprint("coral", __name__, url_prefix="/sites/<slug:name>/coral")
register(blueprint, _refuse)
blueprint.register_error_handler(events.CoralSilent, lambda error: _json({"error": error.detail}, 503))
blueprint.register_error_handler(NoSuchSite, lambda error: _json({"error": error.detail}, 404))


@blueprint.post("/phase")
def moderate(name: str) -> Response:
    """Judge a comment that is being written, in Coral's words."""
    site = _site(name)
    asked = phase.read(_signed(site))
    charge(site, Source.COMPAT)
    text = _read(asked.body)
    if is_blank(text):
        return _json({})  # a picture alone: nothing to read, no opinion
    verbs, mode = compat().verbs, site.options.compat_mode
    reading = verbs.reading(site, text)
    assessed = _assessed(reading, explain=mode == "queue", needed=mode == "score")
    kept = _keep(site, asked, text, assessed) if mode == "queue" else None
    verdict = (_that_counts(kept) if kept else None) or verbs.verdict(site, reading, assessed)
    response = _json(phase.answer(verdict, decides=mode != "score"))
    if mode == "queue" and kept is None:
        response.headers[NOT_STORED] = "the store is away"
    return response


@blueprint.post("/events")
def hear(name: str) -> Response:
    """Join a webhook's comment to what the phase stored of it, take in what it missed, learn what Coral decided."""
    site = _site(name)
    event = events.read(_signed(site))
    options = site.options
    if event.comment_id is None or options.compat_mode != "queue":
        return _json({"joined": False})
    if not options.coral_url or not options.coral_token:
        return _json({"joined": False, "why": "set coral_url and coral_token: a webhook holds no text"})
    url, token = (
        options.coral_url,
        open_option(compat().context.keyring, site.name, CORAL, options.coral_token),
    )
    comment_id, allow = event.comment_id, Allow.parse(",".join(compat().context.settings.callback_allow))
    fetched = asking.ask(lambda: events.ask(url, _judged(url, allow), token, comment_id))
    joined = _join(site, fetched)
    if event.type == events.LEFT_QUEUE and fetched.judged is not None:
        known_as = [_key(fetched), phase.alias_of(fetched.id)]
        compat().verbs.record_feedback(site, _later(site, fetched), fetched.judged, WHO, known_as=known_as)
    return _json({"joined": joined})


def _judged(url: str, allow: Allow) -> str:
    """Return the address at which Coral is asked, judged as a callback's is. Raises CoralSilent."""
    try:
        address = resolved(url, allow)
    except (OSError, UnicodeError):
        address = None
    if address is None:
        raise events.CoralSilent()
    return address


def _site(name: str) -> Site:
    site = named_site(name)
    if site is None:
        raise NoSuchSite()
    return site


def _signed(site: Site) -> object:
    """Return the body's JSON value once its signature holds over the raw bytes."""
    raw = raw_body()
    keyring = compat().context.keyring
    secrets = [open_option(keyring, site.name, CORAL, one) for one in site.options.coral_secrets]
    if not signature.is_signed(secrets, request.headers.get(signature.HEADER, ""), raw):
        raise BadKey("The signature is not one of this site's Coral secrets over these bytes.")
    value, flawed = strict_json.read(raw)
    return None if flawed else value


def _assessed(reading: Reading, explain: bool, needed: bool) -> Assessment | None:
    """Score now. Without a model the policy speaks, which holds; where only a score is asked for, there is none."""
    try:
        return compat().verbs.score([reading], explain)[0]
    except NoModel:
        if needed:
            raise
        return None


def _keep(site: Site, asked: phase.Asked, text: str, assessed: Assessment | None) -> Comment | None:
    """Store it; None when the store is away: Coral is answered all the same, and holds what it is told."""
    submission = Submission(
        article=Article(_page(asked.story_url) or site.url),
        author_name=_reader(asked.author_id),
        body=text[:BODY_LIMIT].replace("\0", "\ufffd"),
        source=Source.COMPAT,
        parent_id=_parent(asked.parent_id),
        idempotency_key=phase.key_of(asked.story_id, asked.author_id, text),
    )
    try:
        return compat().verbs.submit_scored(site, submission, assessed)
    except Exception as failure:  # noqa: BLE001  # whatever the store died of
        log.warning("compat.not_stored", error=type(failure).__name__)
        return None


def _that_counts(comment: Comment) -> Verdict | None:
    """Return the verdict on a comment; that of a person who decided it, where the same text came before."""
    verdict, decided = comment.verdict, ACTION_OF.get(comment.status)
    if verdict is None or decided is None or verdict.action is decided:
        return verdict
    return replace(verdict, action=decided, reasons=(Reason("decided", "A person decided this comment."),))


def _join(site: Site, fetched: FetchedComment) -> bool:
    """Join, or take in what no phase brought: written before the switch, or while the phase was away."""
    verbs = compat().verbs
    if verbs.add_alias(site, _key(fetched), phase.alias_of(fetched.id), fetched.origin()):
        return True
    if not is_blank(_read(fetched.body)) and fetched.judged is None:
        verbs.submit(site, _later(site, fetched))
    return False


def _later(site: Site, fetched: FetchedComment) -> Submission:
    return Submission(
        article=Article(_page(fetched.story_url) or site.url),
        author_name=_reader(fetched.author_id),
        body=_read(fetched.body)[:BODY_LIMIT].replace("\0", "\ufffd"),
        source=Source.COMPAT,
        id=f"coral:{fetched.id}",
        parent_id=_parent(fetched.parent_id),
        signals={"origin": fetched.origin()},
    )


def _key(fetched: FetchedComment) -> str:
    return phase.key_of(fetched.story_id, fetched.author_id, _read(fetched.body))


def _read(body: str) -> str:
    """Return the text of a body that is plain or HTML, as the phase's format and Coral's API give it."""
    return plain_text(typed_as_text(body))


def _reader(author_id: str) -> str:
    """Name the author by the beginning of Coral's id: enough to tell two readers of a thread apart."""
    return f"reader {author_id[:8]}" if author_id else "(no name)"


def _parent(parent_id: str | None) -> str | None:
    return f"coral:{parent_id}" if parent_id and events.is_id(parent_id) else None


def _page(url: str) -> str | None:
    try:
        return page_url(url)
    except ValueError:
        return None


def _json(members: object, status: int = 200) -> Response:
    text = json.dumps(members, separators=(",", ":"))
    return Response(text, status, content_type="application/json", headers={"Cache-Control": "no-store"})
