"""With which effort a comment is scored, and which of those that were scored fast are worth a full score."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from service.domain.comment import Comment
from service.domain.policy import Cut, Policy
from service.domain.verdict import Action, Effort, Verdict

SIGNAL: Final = "effort"
FAST_WANTED: Final[Mapping[str, object]] = {SIGNAL: Effort.FAST.value}
"""The signal of a comment whose sender asked for a fast score."""

NEAR: Final = 1.0
"""Log-odds. A fast score that is as close as this to a limit (0.06 to 0.32 around 0.15) may lie on its other side."""
LEAST: Final = 1e-6
"""Probabilities nearer to 0 or 1 count as this far from it, so that each has its log-odds."""


def next_effort(current: Effort, oldest_seconds: float, fast_after: float) -> Effort:
    """Return the effort to score with now, by the age of the oldest comment that waits for its first score.

    Fast from above `fast_after` seconds, full again from below half of it, and between the two as before: so it does
    not swing to and fro. With a `fast_after` of 0 it is always full.
    """
    if not fast_after or oldest_seconds < fast_after / 2:
        return Effort.FULL
    return Effort.FAST if oldest_seconds > fast_after else current


def effort_of(comment: Comment, current: Effort) -> Effort:
    """Return the effort to score this comment with: fast where its sender asked for it, else the current one."""
    return Effort.FAST if comment.signals.get(SIGNAL) == Effort.FAST else current


def deserves_full(verdict: Verdict, policy: Policy) -> bool:
    """Whether a verdict on a fast score is worth a full one: it holds, or a score is near a limit of the policy."""
    if verdict.effort is not Effort.FAST:
        return False
    return verdict.action is Action.HOLD or any(
        _is_near(score, cut) for label, score in verdict.scores.items() if (cut := policy.cuts.get(label))
    )


def _is_near(score: float, cut: Cut) -> bool:
    limits = (cut.approve, cut.hold, cut.reject, cut.spam)
    return any(abs(_log_odds(score) - _log_odds(at)) <= NEAR for at in limits if at is not None)


def _log_odds(probability: float) -> float:
    bounded = min(max(probability, LEAST), 1 - LEAST)
    return math.log(bounded / (1 - bounded))
