"""What the commenter is told: each state and each reason in words that neither lecture nor teach how to slip by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from service.moderation.comment import Comment, Status
from service.moderation.reasons import reason_named
from service.moderation.verdict import Action, Decision, Who
from service.ports import Site

BY_LABEL: Final = {
    "toxicity": "it reads as hostile towards others",
    "severe_toxicity": "it reads as very hostile towards others",
    "obscene": "it contains obscene language",
    "threat": "it reads as a threat",
    "insult": "it reads as an insult",
    "identity_attack": "it attacks people for who they are",
    "spam": "it reads as advertising",
}
BY_CODE: Final = {
    "word": "it contains wording that this site does not publish",
    "closed": "comments on this article had closed",
    "banned": "this site takes no comments from you at present",
}
BY_ACTION: Final = {
    Action.REJECT: "a moderator found that it does not fit this site’s rules",
    Action.SPAM: "a moderator found that it is advertising",
}
OTHERWISE: Final = "it does not fit this site’s rules"


@dataclass(frozen=True, slots=True)
class Told:
    """One state of a comment for its author: a heading, a sentence, and after how many seconds to look again."""

    state: str
    title: str
    text: str
    look_again: int | None = None


def told(comment: Comment, status: Status, decision: Decision | None, site: Site | None = None) -> Told:
    """Say how `comment` stands; `status` and `decision` are the ones that have left the house."""
    if status in (Status.REJECTED, Status.SPAM):
        because = why(comment, decision, site)
        return Told(str(status), "Your comment was not published", f"It was not published because {because}.")
    if status is Status.ERASED and comment.published_revision is not None:
        return KEPT_WITHOUT_AUTHOR
    return STATES[status]


def why(comment: Comment, decision: Decision | None, site: Site | None = None) -> str:
    """Return the ground as the end of a sentence that begins with "because"."""
    if decision is None:
        return OTHERWISE
    if decision.who_kind is not Who.MACHINE:
        given = reason_named(site.options.reasons, decision.reason) if site else None
        if given:
            return given.text
        return BY_ACTION.get(decision.action, OTHERWISE)
    if decision.reason == "score":
        reasons = comment.verdict.reasons if comment.verdict else ()
        label = next((reason.label for reason in reasons if reason.code == "score"), None)
        return BY_LABEL.get(label or "", OTHERWISE)
    return BY_CODE.get(decision.reason or "", OTHERWISE)


STATES: Final = {
    Status.PENDING: Told(
        "pending",
        "Your comment has arrived",
        "It is being checked, which takes a few seconds. This page looks again by itself.",
        look_again=3,
    ),
    Status.HELD: Told(
        "held",
        "A moderator will read your comment",
        "It is not published yet. This page shows what was decided; you may close it and come back.",
        look_again=15,
    ),
    Status.APPROVED: Told(
        "published", "Your comment is published", "Readers can see it under the article.", look_again=None
    ),
    Status.WITHDRAWN: Told("withdrawn", "Your comment was taken down", "The site has withdrawn it."),
    Status.ERASED: Told(
        "erased", "Your comment was erased", "Its text, your name and your address are gone from here."
    ),
}
KEPT_WITHOUT_AUTHOR: Final = Told(
    "erased",
    "Your name was taken off your comment",
    "Readers go on seeing its text under the article, without your name; your address is gone from here.",
)
"""What is said where the site keeps published texts when a person is erased."""
