"""With which effort a comment is scored, and which of those that were scored fast are worth a full score."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from service.moderation.comment import Comment
from service.moderation.verdict import Effort

SIGNAL: Final = "effort"
FAST_WANTED: Final[Mapping[str, object]] = {SIGNAL: Effort.FAST.value}
"""The signal of a comment whose sender asked for a fast score."""


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
