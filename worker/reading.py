"""Reading a batch: scores, spans and signatures, and whatever one text does to the classifier, the others are read."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import structlog

from service.actions import Scored
from service.moderation.comment import Comment
from service.moderation.policy import Cut, Policy
from service.moderation.quotations import own_words
from service.ports import Reading, Scorer, Signer
from service.reader import NoModel

log = structlog.get_logger(__name__)


def assess(scorer: Scorer, comments: Sequence[Comment]) -> list[Scored]:
    """Score a batch. One that fails is tried again text by text; a text that fails alone is left out."""
    if not comments:
        return []
    try:
        assessed = scorer.score([_reading(one) for one in comments], explain=False)
        return [Scored(one, assessment) for one, assessment in zip(comments, assessed, strict=True)]
    except NoModel:
        return [Scored(one, None) for one in comments]
    except Exception as failure:  # noqa: BLE001  # whatever a text can do to the classifier must not stop the others
        if len(comments) > 1:
            return [scored for one in comments for scored in assess(scorer, [one])]
        (poison,) = comments
        # the message may quote the text, so its type alone is logged
        log.warning("score.failed", comment=poison.pk, attempt=poison.attempts, error=type(failure).__name__)
        return []


def explain(scorer: Scorer, scored: Sequence[Scored], policies: Mapping[int, Policy]) -> list[Scored]:
    """Give spans to those that their site will not simply approve: explaining one costs as much as scoring thirty.

    What cannot be explained is decided without spans.
    """
    doubtful = [n for n, one in enumerate(scored) if _is_doubtful(one, policies.get(one.comment.site_id))]
    explained = list(scored)
    try:
        again = (
            scorer.score([_reading(scored[n].comment) for n in doubtful], explain=True) if doubtful else []
        )
        for n, assessment in zip(doubtful, again, strict=True):
            explained[n] = replace(scored[n], assessment=assessment)
    except Exception as failure:  # noqa: BLE001  # likewise
        log.warning("score.unexplained", comments=len(doubtful), error=type(failure).__name__)
    return explained


def sign(
    signer: Signer, scored: Sequence[Scored], policies: Mapping[int, Policy], always: Collection[int]
) -> list[Scored]:
    """Give a signature to those that may be held, and to every arrival where a decision stands over a wave."""
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
