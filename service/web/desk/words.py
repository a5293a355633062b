"""The desk's words in the moderator's language: queues, labels, states, acts, ages, grounds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final

from babel import Locale, UnknownLocaleError
from flask_babel import format_datetime

from service.domain.author_status import AuthorStatus
from service.domain.refusal_reasons import RefusalReason, reason_named
from service.domain.site import Site
from service.domain.status import Status
from service.domain.verdict import Action, Decision, Reason, Verdict, Who
from service.web.speech import gettext, language, ngettext
from service.web.speech import lazy_gettext as _l

QUEUE_WORDS: Final = {
    "held": _l("Held"),
    "late": _l("Late"),
    "reported": _l("Reported"),
    "aside": _l("Set aside"),
    "appeals": _l("Appeals"),
    "published": _l("Published"),
    "decided": _l("Decided"),
}
LABEL_WORDS: Final = {
    "toxicity": _l("toxicity"),
    "severe_toxicity": _l("severe toxicity"),
    "obscene": _l("obscene"),
    "threat": _l("threat"),
    "insult": _l("insult"),
    "identity_attack": _l("identity attack"),
    "spam": _l("spam"),
    "self_harm": _l("self-harm"),
    "sexual": _l("sexual"),
    "personal_info": _l("personal data"),
    "refuse": _l("to be refused"),
}
STATUS_WORDS: Final = {
    Status.PENDING: _l("pending"),
    Status.APPROVED: _l("approved"),
    Status.REJECTED: _l("rejected"),
    Status.SPAM: _l("spam"),
    Status.HELD: _l("held"),
    Status.WITHDRAWN: _l("withdrawn"),
    Status.ERASED: _l("erased"),
}
DONE: Final = {
    Action.APPROVE: _l("Approved"),
    Action.REJECT: _l("Rejected"),
    Action.SPAM: _l("Marked as spam"),
    Action.HOLD: _l("Set aside"),
    Action.RESTORE: _l("Restored"),
    Action.WITHDRAW: _l("Withdrawn"),
    Action.ERASE: _l("Erased"),
}
SORT_WORDS: Final = {
    "age": _l("oldest first"),
    "score": _l("highest score first"),
    "doubt": _l("most uncertain first"),
}
AUTHOR_STATUS_WORDS: Final = {
    AuthorStatus.TRUSTED: _l("trusted"),
    AuthorStatus.WATCHED: _l("always reviewed"),
    AuthorStatus.BANNED: _l("banned"),
}
SHIPPED_REASONS: Final = (
    _l("Off topic"),
    _l("Insults somebody"),
    _l("Attacks people for who they are"),
    _l("Claims without a source"),
    _l("Names a private person"),
    _l("Advertising"),
)
"""The titles of the reasons that a site begins with; what a site writes itself is shown as it is written."""
GROUND_WORDS: Final = {
    "score": _l("A score reached the site's limit."),
    "at_risk": _l("The writer may be at risk."),
    "phrase": _l("It contains words of plain violence."),
    "personal_data": _l("It seems to tell personal data."),
    "language": _l("The text is in a language the classifier was not trained for."),
    "few_known_features": _l("The classifier knows too little of this text to judge it."),
    "doubt": _l("The classifier is not sure of this text."),
    "rescored": _l("It was published on a fast score; scored in full, a person looks at it."),
    "unscorable": _l("Scoring failed several times, so a person looks."),
    "unscored": _l("There is no score for this text, so a person looks."),
    "word": _l("It contains a word from the site's list."),
    "closed": _l("Comments on this article had closed."),
    "earlier_decision": _l("A person refused an earlier text of this comment."),
    "article": _l("A moderator looks at everything under this article."),
    "honeypot": _l("A field that people do not see was filled in."),
    "filled_fast": _l("The form was filled in faster than people write."),
    "links": _l("It has more links than the site allows."),
    "first_time": _l("This author has no approved comment here yet."),
    "watched": _l("A moderator looks at this author first."),
    "banned": _l("This author is banned here."),
    "trusted": _l("A moderator trusts this author."),
    "clear": _l("No rule or score triggered."),
}


def age(then: datetime, now: datetime) -> str:
    """Say how long ago `then` was, in the largest unit that fits; what is older than a year has its day."""
    seconds = max(0, int((now - then).total_seconds()))
    if seconds >= 365 * 86_400:
        return day(then)
    if seconds >= 86_400:
        return ngettext("%(num)d day ago", "%(num)d days ago", seconds // 86_400)
    if seconds >= 3_600:
        return ngettext("%(num)d hour ago", "%(num)d hours ago", seconds // 3_600)
    if seconds >= 60:
        return ngettext("%(num)d minute ago", "%(num)d minutes ago", seconds // 60)
    return gettext("just now")


def ahead(then: datetime, now: datetime) -> str:
    """Say how long until `then`, in days or hours, rounded up."""
    seconds = max(0, int((then - now).total_seconds()))
    if seconds >= 86_400:
        return ngettext("in %(num)d day", "in %(num)d days", -(-seconds // 86_400))
    return ngettext("in %(num)d hour", "in %(num)d hours", max(1, -(-seconds // 3_600)))


def day(moment: datetime) -> str:
    """Write a day for people, as 22 November 2026."""
    return str(format_datetime(moment.astimezone(UTC), gettext("d MMMM y"), rebase=False))


def clock_time(moment: datetime) -> str:
    """Write a moment for people, in UTC, as 22 November 2026, 19:05 UTC."""
    return f"{day(moment)}, {moment.astimezone(UTC):%H:%M} UTC"


def decider(decision: Decision) -> str:
    """Name who decided."""
    if decision.who_kind is Who.MODERATOR:
        return decision.who
    if decision.who_kind is Who.MACHINE:
        return gettext("the classifier and the site’s policy")
    if decision.who_kind is Who.AUTHOR:
        return gettext("the commenter")
    return gettext("the site")


def titled(reason: RefusalReason) -> str:
    """Return a reason's title; a shipped one in the language of this request."""
    return gettext(reason.title)


def decided_because(code: str, site: Site) -> str:
    """Say why a decision was made: the title of the site's reason, or the policy's ground."""
    given = reason_named(site.options.reasons, code)
    return titled(given) if given else str(GROUND_WORDS.get(code, code))


def ground(reason: Reason, verdict: Verdict) -> str:
    """Say a ground; in other languages than the one it was stored in, from its code and the score."""
    if language() == "en":
        return reason.detail
    score = verdict.scores.get(reason.label or "")
    if reason.code in ("score", "doubtful", "post_moderation") and score is not None:
        return gettext(
            "%(action)s: %(label)s %(score).2f (limit reached)",
            action=action_words(verdict.action),
            label=LABEL_WORDS.get(reason.label or "", reason.label),
            score=score,
        )
    return str(GROUND_WORDS.get(reason.code, reason.detail))


def action_words(action: Action) -> str:
    """Say an action as a state of comments: a hold by the policy is no setting aside."""
    return gettext("Held") if action is Action.HOLD else str(DONE[action])


def language_name(code: str) -> str:
    """Name a text's language in the language of this request; an unknown code names itself."""
    try:
        return str(Locale.parse(code).get_language_name(language()) or code)
    except (UnknownLocaleError, ValueError):
        return code


def label_options(labels: Iterable[str]) -> list[tuple[str, str]]:
    """Return the labels with their words, to choose one from."""
    return [(label, str(LABEL_WORDS[label])) for label in labels]


_TABLES: Final[Mapping[str, Mapping[Any, object]]] = {
    "queue_words": QUEUE_WORDS,
    "label_words": LABEL_WORDS,
    "status_words": STATUS_WORDS,
    "done_words": DONE,
    "sort_words": SORT_WORDS,
    "author_status_words": AUTHOR_STATUS_WORDS,
}
_VERBS: Final[Mapping[str, object]] = {
    "action_words": action_words,
    "decider": decider,
    "clock_time": clock_time,
    "day": day,
    "ahead": ahead,
    "ground": ground,
    "label_options": label_options,
    "language_name": language_name,
    "titled": titled,
    "decided_because": decided_because,
}


@cache
def words_in(_language: str) -> Mapping[str, object]:
    """Return what every template may say, looked up once for the language of this request, which is `_language`."""
    spoken = {name: {key: str(word) for key, word in table.items()} for name, table in _TABLES.items()}
    return {**spoken, **_VERBS}
