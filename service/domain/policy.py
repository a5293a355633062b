"""A site's policy, and `decide`, which makes the automatic verdict; it reads no clock and no database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from service.domain.author_status import AuthorStatus, lifts
from service.domain.facts import Facts
from service.domain.personal_data import SAID, Find, find_personal_data
from service.domain.threats import find_threats
from service.domain.verdict import GRAVITY, SELF_HARM, Action, Assessment, Reason, Span, Verdict
from service.domain.word_list import NO_WORDS, WordList

_DOUBTS = {
    "language": "The text is in a language the classifier was not trained for.",
    "few_known_features": "The classifier knows too little of this text to judge it.",
}


@dataclass(frozen=True, slots=True)
class Cut:
    """Where one label's probability changes the verdict; None means never.

    `approve` is the highest score that counts as fine; between it and `hold` lies doubt, which waits unseen under
    pre-moderation and is published under post-moderation. From `hold` up a person looks; from `reject` or `spam` up
    a comment is rejected automatically.
    """

    approve: float | None = None
    hold: float | None = None
    reject: float | None = None
    spam: float | None = None


SHIPPED_CUTS: Mapping[str, Cut] = {
    "toxicity": Cut(hold=0.70),
    "severe_toxicity": Cut(hold=0.50),
    "obscene": Cut(hold=0.90),
    "threat": Cut(hold=0.07),
    "insult": Cut(hold=0.30),
    "identity_attack": Cut(hold=0.60),
    "spam": Cut(hold=0.50, spam=0.985),
    "self_harm": Cut(hold=0.10),
    "sexual": Cut(hold=0.60),
    "personal_info": Cut(hold=0.03),
    "refuse": Cut(hold=0.50),
}
"""What a new site begins with, and the only place that says so. Nothing but spam is refused without a person.

`replydesk classifier limits` proposes limits for a model (docs/model/limits.md). These are near them and set by hand,
so that they hold at most 12 % of the harmless written comments; `python -m tools.evidence.newsroom` counts it.
"""


@dataclass(frozen=True, slots=True)
class Policy:
    """Everything a site can set about its verdicts; a change makes a new `version`, stored with each verdict."""

    version: int = 1
    moderation: str = "pre"
    cuts: Mapping[str, Cut] = field(default_factory=lambda: dict(SHIPPED_CUTS))
    link_limit: int | None = 2
    hold_first_time: bool = False
    min_fill_seconds: float = 2.0
    hold_threats: bool = True
    """Whether words of plain violence hold a comment, whatever the classifier says of it."""
    hold_personal_data: bool = True
    """Whether a private address, number plate, contact or identity number does."""
    hold_words: WordList = NO_WORDS
    reject_words: WordList = NO_WORDS
    spam_words: WordList = NO_WORDS
    close_after_days: int | None = None
    outage: str = "hold"
    outage_after_seconds: int = 300


def decide(assessment: Assessment | None, facts: Facts, policy: Policy) -> Verdict:
    """Return the verdict of `policy` on one comment. Pure: the same input gives the same verdict, always."""
    finds = _finds(assessment, facts, policy)
    grounds = _with_author_status(_grounds(assessment, facts, policy, finds), facts.author_status)
    ordered = sorted(grounds or [_CLEAR], key=_weight, reverse=True)
    return Verdict(
        action=ordered[0][0],
        reasons=tuple(reason for _, reason in ordered),
        scores=dict(assessment.scores) if assessment else {},
        spans=(*(assessment.spans if assessment else ()), *_marks(finds, facts)),
        reads_as=assessment.reads_as if assessment else None,
        language=assessment.language if assessment else None,
        model=assessment.model if assessment else None,
        policy=policy.version,
        effort=assessment.effort if assessment else None,
    )


Ground = tuple[Action, Reason]
AT_RISK = "at_risk"
"""The code of the ground that holds a comment whose writer may be at risk."""
PHRASE, PERSONAL_DATA = "phrase", "personal_data"
"""The codes of the grounds that rules give, and the names of the rules on spans."""
CLOSED = "closed"
"""The code of the ground that refuses what came after its article's closing date."""
FOR_A_PERSON = ("threat", "sexual", "personal_info")
"""Labels whose comments a person sees, whatever other labels score; so does a writer at risk."""
_CLEAR: Ground = (Action.APPROVE, Reason("clear", "No rule or score triggered."))
_OF_STATUS: Mapping[AuthorStatus, Ground] = {
    AuthorStatus.WATCHED: (Action.HOLD, Reason("watched", "A moderator looks at this author first.")),
    AuthorStatus.BANNED: (Action.REJECT, Reason("banned", "This author is banned here.")),
}
_RULE_OF = {"threat": PHRASE, "personal_info": PERSONAL_DATA}
_MARK_WEIGHT = 1.0
_MARKS_LIMIT = 50


def _weight(ground: Ground) -> int:
    """Rank a ground: a writer at risk comes before every refusal, so that a person looks."""
    action, reason = ground
    return len(GRAVITY) if reason.code == AT_RISK else GRAVITY[action]


def _grounds(
    assessment: Assessment | None, facts: Facts, policy: Policy, finds: Sequence[Find]
) -> list[Ground]:
    grounds = _from_words(facts, assessment, policy) + _from_circumstances(facts, policy) + _from_finds(finds)
    if assessment is None:
        return grounds + [_without_score(facts, policy)]
    if not assessment.confident:
        code = assessment.doubt or "doubt"
        grounds.append(
            (Action.HOLD, Reason(code, _DOUBTS.get(code, "The classifier is not sure of this text.")))
        )
    return _for_a_person(grounds + _from_scores(assessment, policy), finds)


def _for_a_person(grounds: list[Ground], finds: Sequence[Find]) -> list[Ground]:
    """Let a person decide where a score alone would refuse what also threatens, harasses or tells private data.

    What the site refuses by its own words, bans or closing dates, or by a limit of that very label, stays refused. A
    phone number or email address does not count here: in spam it is the sender's own.
    """
    by_rule = any(one.what != "contact" for one in finds)
    by_score = any(
        reason.code in ("score", "doubtful") and reason.label in FOR_A_PERSON for _, reason in grounds
    )
    if not by_rule and not by_score:
        return grounds
    return [
        (Action.HOLD, reason)
        if reason.code == "score" and reason.label not in FOR_A_PERSON and action is not Action.APPROVE
        else (action, reason)
        for action, reason in grounds
    ]


def _finds(assessment: Assessment | None, facts: Facts, policy: Policy) -> list[Find]:
    """Look for plain violence, also in what a disguised text reads as, and for personal data."""
    found: list[Find] = []
    if policy.hold_threats:
        found += find_threats(facts.body)
        if not found and assessment is not None and assessment.reads_as:
            found += (replace(one, begin=0, end=0) for one in find_threats(assessment.reads_as))
    if policy.hold_personal_data:
        found += find_personal_data(facts.body)
    return found


def _from_finds(finds: Sequence[Find]) -> list[Ground]:
    """Hold for what rules found; they refuse nothing."""
    grounds: list[Ground] = []
    if any(one.label == "threat" for one in finds):
        grounds.append((Action.HOLD, Reason(PHRASE, "It contains words of plain violence.", "threat")))
    if seen := {one.what for one in finds if one.label == "personal_info"}:
        found = ", ".join(words for what, words in SAID.items() if what in seen)
        detail = f"It seems to tell personal data: {found}."
        grounds.append((Action.HOLD, Reason(PERSONAL_DATA, detail, "personal_info")))
    return grounds


def _marks(finds: Sequence[Find], facts: Facts) -> list[Span]:
    marked = {(one.begin, one.end, one.label) for one in finds if one.begin < one.end <= len(facts.body)}
    return [Span(*one, _MARK_WEIGHT, _RULE_OF[one[2]]) for one in sorted(marked)[:_MARKS_LIMIT]]


def _with_author_status(grounds: list[Ground], author_status: AuthorStatus | None) -> list[Ground]:
    """Apply the author's status: trust skips uncertain holds, the others add a ground of their own."""
    if author_status is AuthorStatus.TRUSTED:
        kept = [(a, r) for a, r in grounds if a is not Action.HOLD or not lifts(r.code, r.label)]
        trusted = Reason("trusted", "A moderator trusts this author.")
        return kept if len(kept) == len(grounds) else [*kept, (Action.APPROVE, trusted)]
    added = _OF_STATUS.get(author_status) if author_status else None
    return [*grounds, added] if added else grounds


def _from_scores(assessment: Assessment, policy: Policy) -> list[Ground]:
    found: list[Ground] = []
    for label, score in sorted(assessment.scores.items(), key=lambda item: -item[1]):
        cut = policy.cuts.get(label)
        ground = _crossed(label, score, cut, policy.moderation) if cut else None
        if ground:
            found.append(_gently(ground))
    return found


def _gently(ground: Ground) -> Ground:
    """Let a person decide about a writer who may be at risk, and say it so."""
    action, reason = ground
    if reason.label != SELF_HARM or action is Action.APPROVE:
        return ground
    return Action.HOLD, Reason(
        AT_RISK, f"The writer may be at risk: {reason.detail.removeprefix('Held: ')}", SELF_HARM
    )


def _crossed(label: str, score: float, cut: Cut, moderation: str) -> Ground | None:
    """Return the gravest cut that `score` reaches."""
    said = f"{label.replace('_', ' ')} {score:.2f}"
    for action, done, at in (
        (Action.SPAM, "Spam", cut.spam),
        (Action.REJECT, "Rejected", cut.reject),
        (Action.HOLD, "Held", cut.hold),
    ):
        if at is not None and score >= at:
            return action, Reason("score", f"{done}: {said} (limit {at:.2f})", label)
    if cut.approve is not None and score > cut.approve:
        if moderation == "post":
            return Action.APPROVE, Reason(
                "post_moderation", f"Published, to be reviewed: {said} (limit {cut.approve:.2f})", label
            )
        return Action.HOLD, Reason("doubtful", f"Held: {said} (limit {cut.approve:.2f})", label)
    return None


def _without_score(facts: Facts, policy: Policy) -> Ground:
    """No score is never a free pass, unless the site's own outage policy says so."""
    if facts.exhausted:
        return Action.HOLD, Reason("unscorable", f"Scoring failed {facts.attempts} times, so a person looks.")
    if facts.late and policy.outage == "publish":
        return Action.APPROVE, Reason(
            "outage_published", "No score came in time; the site publishes in that case."
        )
    if facts.late and policy.outage == "hold_links" and facts.links == 0 and not facts.website:
        return Action.APPROVE, Reason(
            "outage_published", "No score came in time; no links, so the site publishes."
        )
    return Action.HOLD, Reason("unscored", "There is no score for this text, so a person looks.")


def _from_words(facts: Facts, assessment: Assessment | None, policy: Policy) -> list[Ground]:
    texts = [facts.author_name, facts.website or "", facts.body]
    if assessment and assessment.reads_as:
        texts.append(assessment.reads_as)
    found: list[Ground] = []
    for action, words in (
        (Action.SPAM, policy.spam_words),
        (Action.REJECT, policy.reject_words),
        (Action.HOLD, policy.hold_words),
    ):
        entry = words.first_in(texts)
        if entry:
            found.append((action, Reason("word", f"It contains “{entry}” from the site's {action} list.")))
    return found


def _from_circumstances(facts: Facts, policy: Policy) -> list[Ground]:
    filled_fast = facts.fill_seconds is not None and facts.fill_seconds < policy.min_fill_seconds
    many_links = policy.link_limit is not None and facts.links > policy.link_limit
    grounds = (
        (
            facts.came_late(policy.close_after_days),
            CLOSED,
            f"Comments closed {policy.close_after_days} days after publication.",
        ),
        (
            facts.refused_revision is not None,
            "earlier_decision",
            f"A person refused revision {facts.refused_revision}; a person looks at the new text.",
        ),
        (facts.article_held, "article", "A moderator looks at everything under this article."),
        (facts.honeypot, "honeypot", "A field that people do not see was filled in."),
        (facts.cut, "cut", "The text was too long to be read whole, so a person looks."),
        (filled_fast, "filled_fast", f"The form was filled in {facts.fill_seconds or 0.0:.1f} s."),
        (many_links, "links", f"{facts.links} links; the site allows {policy.link_limit}."),
        (
            policy.hold_first_time and not (facts.known_author or facts.approved_earlier),
            "first_time",
            "This author has no approved comment here yet.",
        ),
    )
    return [
        (Action.REJECT if code == CLOSED else Action.HOLD, Reason(code, said))
        for applies, code, said in grounds
        if applies
    ]


def was_closed(verdict: Verdict | None) -> bool:
    """Whether a verdict refused a comment because it came too late."""
    return verdict is not None and any(reason.code == CLOSED for reason in verdict.reasons)
