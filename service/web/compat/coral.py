"""Coral's moderation phase and webhooks: a comment is judged before it has an id, and joined once it has one."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from flask import Blueprint, Response, request

from service.compat.coral import events, phase, signature
from service.compat.coral.events import FetchedComment
from service.compat.service import UNNAMED, text_submission
from service.compat.time_limit import TimeLimit
from service.domain.clean_text import is_blank
from service.domain.comment import Comment, Source, Submission
from service.domain.markup import plain_text
from service.domain.site import Site
from service.domain.verdict import OUTCOME, Assessment, Reason, Verdict
from service.privacy.keys import CORAL, open_option
from service.privacy.masking import page_url
from service.scoring import Reading
from service.scoring.scorer import NoModel
from service.web.api import strict_json
from service.web.api.gate import SINGLE_LIMIT, bounded_body, reply
from service.web.compat.gate import AWAY, NOT_STORED, answer_errors, bad_key, compat, named_site
from service.web.rates import charge
from service.webhooks.url_guard import Allow, resolved

ASKING_SECONDS: Final = 4.0
WHO: Final = "coral"
ACTION_OF: Final = {status: action for action, status in OUTCOME.items()}

asking = TimeLimit(ASKING_SECONDS, places=4)


blueprint = Blueprint("coral", __name__, url_prefix="/sites/<slug:name>/coral")
answer_errors(
    blueprint,
    lambda problem: reply({"error": problem.sentence}, problem.kind.status, problem.headers),
)


@blueprint.post("/phase")
def moderate(name: str) -> Response:
    """Judge a comment that is being written, in Coral's words."""
    site = named_site(name)
    asked = phase.read(_signed(site))
    charge(site, Source.COMPAT)
    text = _read(asked.body)
    if is_blank(text):
        return reply({})  # a picture alone: nothing to read, no opinion
    verbs, mode = compat().verbs, site.options.compat_mode
    reading = verbs.reading(site, text)
    assessed = _assessed(reading, explain=mode == "queue", needed=mode == "score")
    kept = _keep(site, asked, text, assessed) if mode == "queue" else None
    verdict = (_that_counts(kept) if kept else None) or verbs.verdict(site, reading, assessed)
    response = reply(phase.answer(verdict, decides=mode != "score"))
    if mode == "queue" and kept is None:
        response.headers[NOT_STORED] = AWAY
    return response


@blueprint.post("/events")
def hear(name: str) -> Response:
    """Join a webhook's comment to what the phase stored of it, take in what it missed, learn what Coral decided."""
    site = named_site(name)
    event = events.read(_signed(site))
    options = site.options
    if event.comment_id is None or options.compat_mode != "queue":
        return reply({"joined": False})
    if not options.coral_url or not options.coral_token:
        return reply({"joined": False, "why": "set coral_url and coral_token: a webhook holds no text"})
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
    return reply({"joined": joined})


def _judged(url: str, allow: Allow) -> str:
    """Return the address at which Coral is asked, judged as a callback's is. Raises CoralSilent."""
    try:
        address = resolved(url, allow)
    except (OSError, UnicodeError):
        address = None
    if address is None:
        raise events.CoralSilent()
    return address


def _signed(site: Site) -> object:
    """Return the body's JSON value once its signature holds over the raw bytes."""
    raw = bounded_body(SINGLE_LIMIT)
    keyring = compat().context.keyring
    secrets = [open_option(keyring, site.name, CORAL, one) for one in site.options.coral_secrets]
    if not signature.is_signed(secrets, request.headers.get(signature.HEADER, ""), raw):
        raise bad_key("The signature is not one of this site's Coral secrets over these bytes.")
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
    submission = text_submission(
        site,
        text,
        _page(asked.story_url),
        _reader(asked.author_id),
        parent_id=_parent(asked.parent_id),
        idempotency_key=phase.key_of(asked.story_id, asked.author_id, text),
    )
    return compat().verbs.try_submit_scored(site, submission, assessed)


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
    return text_submission(
        site,
        _read(fetched.body),
        _page(fetched.story_url),
        _reader(fetched.author_id),
        id=f"coral:{fetched.id}",
        parent_id=_parent(fetched.parent_id),
        signals={"origin": fetched.origin()},
    )


def _key(fetched: FetchedComment) -> str:
    return phase.key_of(fetched.story_id, fetched.author_id, _read(fetched.body))


def _read(body: str) -> str:
    """Return the text of a body that is plain or HTML, as the phase's format and Coral's API give it."""
    return plain_text(phase.typed_as_text(body))


def _reader(author_id: str) -> str:
    """Name the author by the beginning of Coral's id: enough to tell two readers of a thread apart."""
    return f"reader {author_id[:8]}" if author_id else UNNAMED


def _parent(parent_id: str | None) -> str | None:
    return f"coral:{parent_id}" if parent_id and events.is_id(parent_id) else None


def _page(url: str) -> str | None:
    try:
        return page_url(url)
    except ValueError:
        return None
