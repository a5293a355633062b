"""Reading a batch: scores and spans, and whatever one text does to the classifier, the others are read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

import structlog

from service.domain.comment import Comment
from service.domain.policy import Cut, Policy
from service.domain.verdict import Effort
from service.scoring import Reading, Scorer
from service.scoring.scorer import NoModel
from service.usecases import Scored

log = structlog.get_logger(__name__)


def assess(
    scorer: Scorer,
    comments: Sequence[Comment],
    effort_for: Callable[[Comment], Effort],
    policies: Mapping[int, Policy],
) -> list[Scored]:
    """Score a batch, each comment with its effort, in order, with spans for those that may not simply be approved.

    What fails is tried again text by text, at last without spans; a text that fails alone is left out.
    """
    groups: dict[Effort, list[Comment]] = defaultdict(list)
    for one in comments:
        groups[effort_for(one)].append(one)
    found = [
        scored for effort, group in groups.items() for scored in _assess(scorer, group, effort, policies)
    ]
    by_pk = {scored.comment.pk: scored for scored in found}
    return [by_pk[one.pk] for one in comments if one.pk in by_pk]


def _assess(
    scorer: Scorer, comments: Sequence[Comment], effort: Effort, policies: Mapping[int, Policy]
) -> list[Scored]:
    readings = [_reading(one) for one in comments]

    def explain(number: int, scores: Mapping[str, float]) -> bool:
        return _is_doubtful(scores, policies.get(comments[number].site_id))

    try:
        assessed = scorer.score(readings, explain, effort)
        return [Scored(one, assessment) for one, assessment in zip(comments, assessed, strict=True)]
    except NoModel:
        return [Scored(one, None) for one in comments]
    except Exception as failure:  # noqa: BLE001  # whatever a text can do to the classifier must not stop the others
        if len(comments) > 1:
            return [scored for one in comments for scored in _assess(scorer, [one], effort, policies)]
        return _without_spans(scorer, comments[0], effort, failure)


def _without_spans(scorer: Scorer, comment: Comment, effort: Effort, failure: Exception) -> list[Scored]:
    """Score a text that failed once more, unexplained: what cannot be explained is decided without spans."""
    try:
        (assessment,) = scorer.score([_reading(comment)], explain=False, effort=effort)
    except Exception:  # noqa: BLE001  # likewise
        # the message may quote the text, so its type alone is logged
        log.warning(
            "score.failed", comment=comment.pk, attempt=comment.attempts, error=type(failure).__name__
        )
        return []
    log.warning("score.unexplained", comment=comment.pk, error=type(failure).__name__)
    return [Scored(comment, assessment)]


def _is_doubtful(scores: Mapping[str, float], policy: Policy | None) -> bool:
    """Say whether a score reaches the lowest of its label's cuts."""
    if policy is None:
        return False
    return any(
        score >= min(at for at in (cut.approve, cut.hold, cut.reject, cut.spam) if at is not None)
        for label, score in scores.items()
        if (cut := policy.cuts.get(label)) is not None and cut != Cut()
    )


def _reading(comment: Comment) -> Reading:
    return Reading(comment.body, comment.author_name, comment.website)
