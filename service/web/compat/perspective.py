"""Perspective's protocol, commentanalyzer v1alpha1: scores in its shape, scored in this process."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from importlib import resources
from itertools import accumulate
from typing import Final
from urllib.parse import urlsplit

from flask import Blueprint, Response, request

from service.compat.coral.phase import alias_of, typed_as_text
from service.compat.perspective.attributes import JUDGED, LABEL_OF, primary, unknown, unserved
from service.compat.perspective.scale import Scale, mapped, shipped, shipped_for
from service.compat.service import text_submission
from service.domain.comment import Source, Submission
from service.domain.markup import plain_text
from service.domain.sentences import sentences
from service.domain.site import Site
from service.domain.text import as_seen
from service.domain.verdict import Action, Assessment
from service.web.api.gate import SINGLE_LIMIT, bearer_key, bounded_body
from service.web.compat import google, perspective_calls
from service.web.compat.gate import AWAY, NOT_STORED, answer_errors, compat, moderation, site_of
from service.web.compat.perspective_calls import (
    PROBABILITY,
    Analyze,
    AttributeParameters,
    Call,
    Suggest,
    TextEntry,
)
from service.web.rates import charge
from service.web.reach import public_url

EVERY_METHOD: Final = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]
FOREIGN: Final = "language"
ID_LETTERS: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:-")
COMMENT: Final = "comment:"  # how Coral's tokens begin
SUGGESTER: Final = "perspective"

blueprint = Blueprint("perspective", __name__)
blueprint.register_error_handler(google.GoogleError, google.refused)
answer_errors(blueprint, google.refuse)


@blueprint.post("/v1alpha1/comments:analyze", provide_automatic_options=False)
def analyze() -> Response:
    """Score a text now."""
    site = site_of(_key())
    charge(site, Source.COMPAT)
    call = perspective_calls.analyze(bounded_body(SINGLE_LIMIT))
    verbs = compat().verbs
    places = sentences(call.text) if call.span_annotations else []
    pieces = [call.text, *(call.text[begin:end] for begin, end in places)]
    readings = [verbs.reading(site, piece) for piece in pieces]
    queued = site.options.compat_mode == "queue" and not call.do_not_store
    # the desk shows why, so what is queued is explained; everything else is read in one matrix
    assessed = (
        verbs.score(readings[:1], True) + verbs.score(readings[1:]) if queued else verbs.score(readings)
    )
    _refuse_unknown(call.requested_attributes, assessed[0])
    languages = _languages(call, assessed[0])
    answered: dict[str, object] = {
        "attributeScores": _attribute_scores(site, call, assessed, places),
        "languages": call.languages or languages,
        "detectedLanguages": languages,
    }
    if call.client_token:
        answered["clientToken"] = call.client_token
    headers = {
        "X-Replydesk-Scores": f"{_scale_name(site, call.requested_attributes)}; model={assessed[0].model}"
    }
    kept = verbs.try_submit_scored(site, _submission(site, call), assessed[0]) if queued else None
    if queued and kept is None:
        headers[NOT_STORED] = AWAY
    if site.options.compat_mode != "score":
        known = kept.verdict if kept else None
        answered["moderation"] = moderation(known or verbs.verdict(site, readings[0], assessed[0]))
    response = google.answer(answered)
    response.headers.extend(headers)
    return response


@blueprint.post("/v1alpha1/comments:suggestscore", provide_automatic_options=False)
def suggestscore() -> Response:
    """Keep what the site says the scores should be, as a label."""
    site = site_of(_key())
    charge(site, Source.COMPAT)
    call = _as_read(perspective_calls.suggest(bounded_body(SINGLE_LIMIT)))
    verbs = compat().verbs
    (assessed,) = verbs.score([verbs.reading(site, call.text)])
    _refuse_unknown(call.scores, assessed)
    submission = _submission(site, call)
    verbs.record_feedback(site, submission, _action(call), SUGGESTER, known_as=_known_as(call))
    answered: dict[str, object] = {"detectedLanguages": [assessed.language] if assessed.language else []}
    if call.languages:
        answered["requestedLanguages"] = call.languages
    if call.client_token:
        answered["clientToken"] = call.client_token
    return google.answer(answered)


@blueprint.get("/$discovery/rest", provide_automatic_options=False)
def discovery() -> Response:
    """Describe the API as Google's client libraries read it; its addresses are this host's own."""
    version = request.args.get("version", "v1alpha1")
    if version != "v1alpha1":
        raise google.GoogleError("NOT_FOUND", "Discovery document not found; the version is v1alpha1.")
    root = _root_url()
    return google.answer({**_discovery_document(), "rootUrl": root, "baseUrl": root})


@blueprint.route("/$discovery/rest", methods=EVERY_METHOD[1:], provide_automatic_options=False)
@blueprint.route("/v1alpha1", methods=EVERY_METHOD, provide_automatic_options=False)
@blueprint.route("/v1alpha1/", methods=EVERY_METHOD, provide_automatic_options=False)
@blueprint.route("/v1alpha1/<path:rest>", methods=EVERY_METHOD, provide_automatic_options=False)
def elsewhere(rest: str = "") -> Response:  # noqa: ARG001  # the route's own
    """Say in Google's form that there is no such call."""
    raise google.GoogleError("NOT_FOUND", "There is no such method: analyze and suggestscore are POST.")


def _key() -> str | None:
    """Return the key from the query or its header; a Bearer key counts too."""
    return request.args.get("key") or request.headers.get("X-Goog-Api-Key") or bearer_key()


@lru_cache(maxsize=1)
def _discovery_document() -> dict[str, object]:
    """Return the document by which Google's client libraries make their methods, but for our address."""
    text = resources.files("service.web.compat").joinpath("discovery.json").read_text("utf-8")
    found: dict[str, object] = json.loads(text)
    return found


def _root_url() -> str:
    """Return the address that the client reached us by; the public one where it is the same host, for its scheme."""
    public = public_url()
    return f"{public}/" if request.host == urlsplit(public).netloc else request.root_url


# -- languages ---------------------------------------------------------------------------------------------------------


def _languages(call: Analyze, assessed: Assessment) -> list[str]:
    """Return the detected languages, or refuse: what was asked for, or found, must be one that every attribute has."""
    if call.languages:
        _refuse_unserved(call, call.languages, "requestedLanguages")
        return [assessed.language] if assessed.language else [primary(call.languages[0])]
    detected = assessed.language or _fallback(call.text)
    if detected is None:
        raise google.own_error("Unable to detect language", "LANGUAGE_DETECTION_FAILED")
    _refuse_unserved(call, (detected,), "detectedLanguages")
    return [detected]


def _refuse_unknown(attributes: Iterable[str], assessed: Assessment) -> None:
    """Refuse an attribute that the model of this installation does not give."""
    if name := unknown(attributes, assessed.scores):
        raise perspective_calls.unknown_attribute(name)


def _fallback(text: str) -> str | None:
    """Take a text whose words are in no language we can tell for English, and one without words for none at all."""
    return "en" if any(letter.isalpha() for letter in text) else None


def _refuse_unserved(call: Analyze, languages: Sequence[str], said_as: str) -> None:
    for name in call.requested_attributes:
        missing = unserved(name, languages)
        if missing:
            error: dict[str, object] = {"attribute": name, said_as: missing}
            raise google.own_error(
                f"Attribute {name} does not support request languages: {', '.join(missing)}",
                "LANGUAGE_NOT_SUPPORTED_BY_ATTRIBUTE",
                languageNotSupportedByAttributeError=error,
            )


# -- scores ------------------------------------------------------------------------------------------------------------


def _attribute_scores(
    site: Site, call: Analyze, assessed: Sequence[Assessment], places: Sequence[tuple[int, int]]
) -> dict[str, object]:
    scale = _scale(site)
    units = _utf16(call.text, places)
    return {
        name: _scores_of(name, wanted, scale, assessed[0], list(zip(units, assessed[1:], strict=True)))
        for name, wanted in call.requested_attributes.items()
    }


def _scores_of(
    name: str,
    wanted: AttributeParameters,
    scale: Scale,
    whole: Assessment,
    pieces: Sequence[tuple[tuple[int, int], Assessment]],
) -> dict[str, object]:
    least = wanted.score_threshold if wanted.score_threshold is not None else -1.0
    made: dict[str, object] = {}
    if pieces:
        made["spanScores"] = [
            {"begin": begin, "end": end, "score": _score(value)}
            for (begin, end), one in pieces
            if (value := _value(name, scale, one)) >= least
        ]
    summary = _value(name, scale, whole)
    if summary >= least:
        made["summaryScore"] = _score(summary)
    return made


def _value(attribute: str, scale: Scale, assessed: Assessment) -> float:
    value = assessed.scores[LABEL_OF[attribute]]
    knots = scale.get(attribute)
    return round(mapped(knots, value) if knots else value, 7)


def _score(value: float) -> dict[str, object]:
    return {"value": value, "type": PROBABILITY}


def _scale(site: Site) -> Scale:
    """Return the map that the site chose for its scores; an empty one leaves them as they are."""
    if site.options.perspective_map == "shipped":
        return shipped()
    if site.options.perspective_map == "own":
        return site.options.perspective_knots or {}
    return {}


def _scale_name(site: Site, wanted: Collection[str]) -> str:
    """Say what the values are: `type` is PROBABILITY in every answer, for clients take no other.

    An attribute that the map does not have stays as it is, and is named.
    """
    scale = _scale(site)
    plain = [name for name in wanted if name not in scale]
    if len(plain) == len(wanted):
        return "calibrated"
    name = "own" if site.options.perspective_map == "own" else shipped_for()
    return f"perspective-like; map={name}" + (f"; calibrated={','.join(plain)}" if plain else "")


def _utf16(text: str, places: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the places in UTF-16 units: what lies beyond the first plane counts two."""
    counted = list(accumulate((2 if letter > "\uffff" else 1 for letter in text), initial=0))
    return [(counted[begin], counted[end]) for begin, end in places]


# -- modes -------------------------------------------------------------------------------------------------------------


def _submission(site: Site, call: Call) -> Submission:
    """Make a comment of a text that came without author or page; a client token that can be an id is one."""
    token = call.client_token
    own_id = token if 0 < len(token) <= 128 and set(token) <= ID_LETTERS else None
    return text_submission(site, call.text, id=own_id, idempotency_key=None if own_id else _text_key(call))


def _as_read(call: Suggest) -> Suggest:
    """Return the call with the text that readers see: Coral sends its HTML, with tags or without, as it is."""
    if not call.client_token.startswith(COMMENT):
        return call
    text = plain_text(typed_as_text(call.text)).strip() or call.text
    return call.model_copy(update={"comment": TextEntry(text=text)})


def _text_key(call: Call) -> str:
    """Name a text that has no id by what it says; the sanitizer digests the name under a key."""
    return "perspective:" + hashlib.sha256(as_seen(call.text).encode()).hexdigest()


def _known_as(call: Call) -> list[str]:
    """Return the names under which analyze, or Coral's phase, may have stored the same comment."""
    token = call.client_token
    return [_text_key(call), *([alias_of(token.removeprefix(COMMENT))] if token.startswith(COMMENT) else [])]


def _action(call: Suggest) -> Action:
    """Return what the suggested scores come to: at a half or above the text should have been refused."""
    high: Mapping[str, bool] = {
        name: (1 - value if JUDGED.get(name) else value) >= 0.5 for name, value in call.scores.items()
    }
    if not any(high.values()):
        return Action.APPROVE
    return Action.SPAM if all(name == "SPAM" for name, is_high in high.items() if is_high) else Action.REJECT
