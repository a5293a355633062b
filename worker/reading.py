"""Reading a batch: scores, spans and signatures, and whatever one text does to the classifier, the others are read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

import structlog

from service.actions import Scored
from service.moderation.comment import Comment
from service.moderation.policy import Cut, Policy
from service.moderation.quotations import own_words
from service.moderation.verdict import Effort
from service.ports import Reading, Scorer, Signer
from service.reader import NoModel

log = structlog.get_logger(__name__)


def assess(
    scorer: Scorer, comments: Sequence[Comment], effort_for: Callable[[Comment], Effort]
) -> list[Scored]:
    """Score a batch, each comment with its effort, in order.

    What fails is tried again text by text; a text that fails alone is left out.
    """
    groups: dict[Effort, list[Comment]] = defaultdict(list)
    for one in comments:
        groups[effort_for(one)].append(one)
    found = [scored for effort, group in groups.items() for scored in _assess(scorer, group, effort)]
    by_pk = {scored.comment.pk: scored for scored in found}
    return [by_pk[one.pk] for one in comments if one.pk in by_pk]


def _assess(scorer: Scorer, comments: Sequence[Comment], effort: Effort) -> list[Scored]:
    try:
        assessed = scorer.score([_reading(one) for one in comments], explain=False, effort=effort)
        return [Scored(one, assessment) for one, assessment in zip(comments, assessed, strict=True)]
    except NoModel:
        return [Scored(one, None) for one in comments]
    except Exception as failure:  # noqa: BLE001  # whatever a text can do to the classifier must not stop the others
        if len(comments) > 1:
            return [scored for one in comments for scored in _assess(scorer, [one], effort)]
        (poison,) = comments
        # the message may quote the text, so its type alone is logged
        log.warning("score.failed", comment=poison.pk, attempt=poison.attempts, error=type(failure).__name__)
        return []


def explain(scorer: Scorer, scored: Sequence[Scored], policies: Mapping[int, Policy]) -> list[Scored]:
    """Give spans to those that their site will not simply approve, by scoring these few a second time.

    What cannot be explained is decided without spans.
    """
    explained = list(scored)
    doubtful: dict[Effort, list[int]] = defaultdict(list)
    for n, one in enumerate(scored):
        if one.assessment and _is_doubtful(one, policies.get(one.comment.site_id)):
            doubtful[one.assessment.effort].append(n)
    for effort, places in doubtful.items():
        try:
            again = scorer.score([_reading(scored[n].comment) for n in places], explain=True, effort=effort)
            for n, assessment in zip(places, again, strict=True):
                explained[n] = replace(scored[n], assessment=assessment)
        except Exception as failure:  # noqa: BLE001  # likewise
            log.warning("score.unexplained", comments=len(places), error=type(failure).__name__)
    return explained


def sign(
    signer: Signer, scored: Sequence[Scored], policies: Mapping[int, Policy], always: Collection[int]
) -> list[Scored]:
    """Give a signature to those that may be held, and to every arrival on a site with a decided cluster."""
    wanted = [
        n
        for n, one in enumerate(scored)
        if one.comment.site_id in always
        or one.assessment is None
        or not one.assessment.confident
        or _is_doubtful(one, policies.get(one.comment.site_id))
    ]
    signed = list(scored)
    try:
        signatures = signer([_read_text(scored[n]) for n in wanted]) if wanted else []
        for n, signature in zip(wanted, signatures, strict=True):
            signed[n] = replace(scored[n], signature=signature)
    except Exception as failure:  # noqa: BLE001  # likewise: what cannot be compared is decided by itself
        log.warning("score.unsigned", comments=len(wanted), error=type(failure).__name__)
    return signed


def _read_text(one: Scored) -> str:
    """Return the text as the classifier read it through its disguise, or as it stands: with its quotation marks."""
    reads_as, body = one.assessment.reads_as if one.assessment else None, one.comment.body
    return reads_as if reads_as and own_words(body) == body else body


def _is_doubtful(one: Scored, policy: Policy | None) -> bool:
    """Whether a score reaches the lowest of its label's cuts."""
    if one.assessment is None or policy is None:
        return False
    return any(
        score >= min(at for at in (cut.approve, cut.hold, cut.reject, cut.spam) if at is not None)
        for label, score in one.assessment.scores.items()
        if (cut := policy.cuts.get(label)) is not None and cut != Cut()
    )


def _reading(comment: Comment) -> Reading:
    return Reading(comment.body, comment.author_name, comment.website)
