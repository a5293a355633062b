"""The Akismet API: `/1.1/*` and `/1.2/*`, for clients that change nothing but an address.

A call is answered in one bare word with status 200, for clients give up on any other. What broke on our side is said
with 503 and a sentence that is neither "true" nor "false", so that no client takes it for a clean bill.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Final
from urllib.parse import urlsplit

from flask import Blueprint, Response, request

from service.compat.akismet import RECHECK_SECONDS, AkismetComment, Answer, answer_of, judged, read_comment
from service.compat.service import Known
from service.domain.comment import Source
from service.domain.revisions import refusal_of
from service.domain.site import Site
from service.domain.status import Status
from service.domain.verdict import OUTCOME, Action, Verdict
from service.scoring import Reading
from service.web.compat.form_fields import read_form
from service.web.compat.gate import NoKey, answer_errors, compat, site_of
from service.web.problems import Problem
from service.web.rates import charge

blueprint = Blueprint("akismet", __name__)

CONTENT_TYPE: Final = "text/plain; charset=utf-8"
THANKS: Final = "Thanks for making the web a better place."
LABEL: Final = re.compile(r"[a-z0-9]{12}")
KEY_FIRST: Final = ("key", "api_key")
API_KEY_FIRST: Final = ("api_key", "key")
"""WordPress asks about a new key in `key` and appends the one it has stored as `api_key`."""
WHO: Final = "akismet"
REFUSED: Final = (Status.SPAM, Status.REJECTED)


class Missing(Problem):
    """A required field is not there, or says nothing."""

    def __init__(self, field: str) -> None:
        super().__init__("validation", f"Missing required field: {field}.")
        self.help_text = f'Empty "{field}" value'


# -- what every call needs ---------------------------------------------------------------------------------------------


def say(word: str, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return the bare word; clients compare the whole body."""
    common = {"X-akismet-server": "replydesk", "Cache-Control": "no-store"}
    return Response(word, status, content_type=CONTENT_TYPE, headers=common | dict(headers or {}))


def debug(help_text: str) -> dict[str, str]:
    """Return the header in which this protocol has people look for what went wrong."""
    return {"X-akismet-debug-help": " ".join(help_text.split()).encode("ascii", "replace").decode()[:400]}


def key_in(fields: Mapping[str, str], order: Sequence[str] = API_KEY_FIRST) -> str:
    """Return the key: a field of body or query, else the first label of the Host."""
    for name in order:
        if fields.get(name, "").strip():
            return fields[name]
    return _host_label()


def _host_label() -> str:
    """Return what may be a key before our own name, or in a name of three labels and more; nothing to trust."""
    host = request.host.rpartition(":")[0] if ":" in request.host else request.host
    label, _, rest = host.lower().partition(".")
    is_ours = rest == urlsplit(compat().context.settings.public_url).hostname
    return label if LABEL.fullmatch(label) and (is_ours or "." in rest) else ""


def required(fields: Mapping[str, str], *names: str) -> None:
    """Raise Missing for the first field that is not there, or is empty where that says nothing."""
    for name in names:
        if name not in fields or (name != "user_ip" and not fields[name].strip()):
            raise Missing(name)


# -- the calls ---------------------------------------------------------------------------------------------------------


@blueprint.post("/1.1/comment-check")
def comment_check() -> Response:
    """Say whether a comment is spam, by the site's own policy; what waits for a person is to be asked about again."""
    fields = read_form()
    site = site_of(key_in(fields))
    required(fields, "blog", "user_ip")  # Coral sends an empty IP, which is an unknown one
    charge(site, Source.COMPAT)
    one = read_comment(fields)
    if not one.is_recheck:
        one = replace(
            one, guid=None
        )  # a new comment is none of those that we know, whatever it says of itself
    if one.is_spam_by_name:
        return _said(site, one, answer_of(site, Status.SPAM, discard=one.is_test and one.wants_discard))
    if one.is_administrator:
        return _said(site, one, answer_of(site, Status.APPROVED))
    reading = compat().verbs.reading(site, one.text, one.name, one.website, one.address)
    was = _known(site, one) if one.text and not one.is_test else None
    if was is not None and (was.status in REFUSED or was.says(reading.text)):
        return _said(site, one, answer_of(site, was.status, at_risk=was.at_risk))
    if site.options.compat_mode == "queue" and one.text and not one.is_test:
        return _queued(site, one, reading, was)
    (assessment,) = compat().verbs.score([reading])
    return _said(site, one, _of_text(site, was, compat().verbs.verdict(site, reading, assessment, one.facts)))


def _known(site: Site, one: AkismetComment) -> Known | None:
    """Return the comment as it is known here; one that is not asked about again, only where a person decided it."""
    if one.is_recheck:
        return compat().verbs.known(site, _id(site, one))
    if site.options.compat_mode == "queue":
        return None  # it is found when it is stored
    with suppress(Exception):  # while the store is away the text is judged as it stands
        was = compat().verbs.known(site, _id(site, one))
        return was if was is not None and was.by_person else None
    return None


def _queued(site: Site, one: AkismetComment, reading: Reading, was: Known | None) -> Response:
    """Put the comment on the desk, or find it there; when the store is away, spam is refused and nothing else said."""
    verbs, comment_id = compat().verbs, _id(site, one)
    submission = one.submission(comment_id)  # of other text than before it is the comment's next revision
    (assessment,) = verbs.score([reading], explain=True)
    try:
        comment = verbs.submit_scored(site, submission, assessment)
    except Exception:
        answer = judged(site, verbs.verdict(site, reading, assessment, one.facts))
        if answer.status in REFUSED:
            return _said(site, one, answer)
        raise
    if was is not None and comment.body != reading.text:
        return _said(site, one, _of_text(site, was, verbs.verdict(site, reading, assessment, one.facts)))
    is_new = refusal_of(comment) is None
    if is_new and comment.verdict and OUTCOME[comment.verdict.action] is comment.status:
        return _said(site, one, judged(site, comment.verdict))
    now = verbs.known(site, comment_id)
    status, at_risk = (now.status, now.at_risk) if now else (Status.HELD, False)
    return _said(site, one, answer_of(site, status, at_risk=at_risk))


def _of_text(site: Site, was: Known | None, verdict: Verdict) -> Answer:
    """Say what the policy makes of a text; where a comment that is known by another text waits, it waits too."""
    answer = judged(site, verdict)
    waits = was is not None and was.status is not Status.APPROVED and answer.status is Status.APPROVED
    return answer_of(site, Status.HELD) if waits else answer


def _id(site: Site, one: AkismetComment) -> str:
    """Return the comment's id: what the client was told before, else one made of what the comment says."""
    return one.guid or compat().context.sanitizer.id_of(site, one.key)


def _said(site: Site, one: AkismetComment, answer: Answer) -> Response:
    compat().tally.count(site, "spam" if answer.is_spam else "ham")
    headers = {
        "X-akismet-guid": _id(site, one),
        "X-replydesk-verdict": str(answer.status),
    }
    if answer.discard:
        headers["X-akismet-pro-tip"] = "discard"
    if answer.recheck:
        headers["X-akismet-recheck-after"] = str(RECHECK_SECONDS)
    return say(answer.word, headers=headers)


@blueprint.post("/1.1/submit-spam")
def submit_spam() -> Response:
    """Learn of spam that was missed."""
    return _learned(Action.SPAM, "missed_spam")


@blueprint.post("/1.1/submit-ham")
def submit_ham() -> Response:
    """Learn of a comment that was no spam."""
    return _learned(Action.APPROVE, "false_positives")


def _learned(action: Action, what: str) -> Response:
    """Keep the site's judgement once, however often it is sent."""
    fields = read_form()
    site = site_of(key_in(fields))
    required(fields, "blog", "user_ip")
    charge(site, Source.COMPAT)
    one = read_comment(fields)
    if not one.text or one.is_test:
        return say(THANKS)
    learned = compat().verbs.record_feedback(
        site, one.submission(_id(site, one)), action, WHO, known_as=[one.key]
    )
    if learned is not None and learned.is_new:
        compat().tally.count(site, what)
    return say(THANKS)


# -- what goes wrong ---------------------------------------------------------------------------------------------------


def refused(problem: Problem) -> Response:
    """Say what went wrong where the protocol has clients look: in the debug header, with a body that is no verdict."""
    word = help_text = problem.sentence
    if problem.kind.name == "unauthorized":
        word = "invalid"
        help_text = 'Empty "key" value' if isinstance(problem, NoKey) else BAD_KEY
    elif isinstance(problem, Missing):
        help_text = problem.help_text
        word = "invalid" if request.path.endswith("verify-key") else word
    response = say(" ".join(word.split()), STATUS.get(problem.kind.status, 200), debug(help_text))
    response.headers.extend(problem.headers)
    return response


BAD_KEY: Final = "The API key is not one of ours, or it has ended."
STATUS: Final = {404: 404, 405: 404, 413: 413, 429: 429, 500: 500, 503: 503}
"""Where clients are told by the status; all else is 200, for they give up on any other."""
answer_errors(blueprint, refused)
