"""What the commenter is told: each state and each reason in words that neither lecture nor teach how to slip by."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from service.domain.comment import Comment
from service.domain.refusal_reasons import reason_named
from service.domain.severity import is_at_risk
from service.domain.site import Site
from service.domain.status import Status
from service.domain.verdict import Action, Decision, Who
from service.web.speech import gettext
from service.web.speech import lazy_gettext as _l

BY_LABEL: Final = {
    "toxicity": _l("it reads as hostile towards others"),
    "severe_toxicity": _l("it reads as very hostile towards others"),
    "obscene": _l("it contains obscene language"),
    "threat": _l("it reads as a threat"),
    "insult": _l("it reads as an insult"),
    "identity_attack": _l("it attacks people for who they are"),
    "spam": _l("it reads as advertising"),
    "sexual": _l("it is sexual"),
    "personal_info": _l("it tells personal data of somebody"),
    "refuse": _l("it does not fit this site’s rules"),
}
BY_CODE: Final = {
    "word": _l("it contains wording that this site does not publish"),
    "closed": _l("comments on this article had closed"),
    "banned": _l("this site takes no comments from you at present"),
}
BY_ACTION: Final = {
    Action.REJECT: _l("a moderator found that it does not fit this site’s rules"),
    Action.SPAM: _l("a moderator found that it is advertising"),
}
SHIPPED_REASONS: Final = (
    _l("it is not about the article"),
    _l("it insults somebody instead of answering them"),
    _l("it states something about people without saying where it is known from"),
    _l("it tells something about a private person"),
    _l("it is advertising"),
)
"""Ends of the reasons that a site begins with; what a site writes itself is shown as it is written."""
OTHERWISE: Final = _l("it does not fit this site’s rules")


@dataclass(frozen=True, slots=True)
class StatusMessage:
    """One state of a comment for its author: a heading, a sentence, and after how many seconds to look again."""

    state: str
    title: object
    text: object
    look_again: int | None = None
    help_text: object = None
    """What somebody who may be at risk can do, of several lines perhaps; None for everybody else."""


def status_message(
    comment: Comment, status: Status, decision: Decision | None, site: Site | None = None
) -> StatusMessage:
    """Say how `comment` stands; `status` and `decision` are the ones that are known outside."""
    if is_at_risk(comment.verdict) and status in TO_ONE_AT_RISK:
        own = site.options.help_text if site else None
        return replace(TO_ONE_AT_RISK[status], help_text=own or HELP_TEXT)
    if status in (Status.REJECTED, Status.SPAM):
        because = why(comment, decision, site)
        said = gettext("It was not published because %(because)s.", because=because)
        return StatusMessage(str(status), gettext("Your comment was not published"), said)
    if status is Status.ERASED and comment.published_revision is not None:
        return KEPT_WITHOUT_AUTHOR
    return STATES[status]


def why(comment: Comment, decision: Decision | None, site: Site | None = None) -> str:
    """Return the ground as the end of a sentence that begins with "because"."""
    if decision is None:
        return str(OTHERWISE)
    if decision.who_kind is not Who.MACHINE:
        given = reason_named(site.options.reasons, decision.reason) if site else None
        if given:
            return gettext(given.text)
        return str(BY_ACTION.get(decision.action, OTHERWISE))
    if decision.reason == "score":
        reasons = comment.verdict.reasons if comment.verdict else ()
        label = next((reason.label for reason in reasons if reason.code == "score"), None)
        return str(BY_LABEL.get(label or "", OTHERWISE))
    return str(BY_CODE.get(decision.reason or "", OTHERWISE))


HELP_TEXT: Final = _l(
    "If you are thinking of hurting yourself or of ending your life, please do not stay alone with it. Talk to "
    "somebody you trust, to a doctor or to a crisis line where you live. If you are in danger now, call your local "
    "emergency number."
)
_NOT_PUBLISHED: Final = StatusMessage(
    "not_published",
    _l("Your comment was not published"),
    _l("Somebody has read it and decided not to publish it. That is no judgement of you."),
)
TO_ONE_AT_RISK: Final = {
    Status.HELD: StatusMessage(
        "held",
        _l("Somebody will read your comment"),
        _l("It is not published yet. This page shows what was decided; you may close it and come back."),
        look_again=15,
    ),
    Status.REJECTED: _NOT_PUBLISHED,
    Status.SPAM: _NOT_PUBLISHED,
}
"""What is said to a writer who may be at risk: neither a reason nor a refusal."""
STATES: Final = {
    Status.PENDING: StatusMessage(
        "pending",
        _l("Your comment has arrived"),
        _l("It is being checked. This page looks again by itself."),
        look_again=3,
    ),
    Status.HELD: StatusMessage(
        "held",
        _l("A moderator will read your comment"),
        _l("It is not published yet. This page shows what was decided; you may close it and come back."),
        look_again=15,
    ),
    Status.APPROVED: StatusMessage(
        "published",
        _l("Your comment is published"),
        _l("Readers can see it under the article."),
        look_again=None,
    ),
    Status.WITHDRAWN: StatusMessage(
        "withdrawn", _l("Your comment was taken down"), _l("The site has withdrawn it.")
    ),
    Status.ERASED: StatusMessage(
        "erased",
        _l("Your comment was erased"),
        _l("Its text, your name and your address are gone from here."),
    ),
}
KEPT_WITHOUT_AUTHOR: Final = StatusMessage(
    "erased",
    _l("Your name was taken off your comment"),
    _l("Readers go on seeing its text under the article, without your name; your address is gone from here."),
)
"""What is said where the site keeps published texts when a person is erased."""
