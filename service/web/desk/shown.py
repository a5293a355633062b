"""What a moderator is shown of a comment: the text with its carrying spans marked, scores, grounds, ages in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Final

from service.moderation.comment import Comment, Status
from service.moderation.verdict import LABELS, Action, Decision, Span, Verdict, Who
from service.ports import Site, Tx

SPANS_SHOWN: Final = 200
STRENGTHS: Final = (0.25, 0.75, 1.5)  # log-odds at which a mark grows darker
NOTABLE: Final = 0.2  # a score from which its bar is shown unfolded
LONG_TEXT: Final = 1_500  # characters from which a text scrolls in a box of its own
DONE: Final = {
    Action.APPROVE: "Approved",
    Action.REJECT: "Rejected",
    Action.SPAM: "Marked as spam",
    Action.HOLD: "Held",
    Action.RESTORE: "Restored",
    Action.WITHDRAW: "Withdrawn",
    Action.ERASE: "Erased",
}


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of the text under one mark: `strength` 0 is unmarked, 4 the darkest."""

    text: str
    strength: int = 0
    label: str = ""
    weight: float = 0.0


@dataclass(frozen=True, slots=True)
class Bar:
    """One score: a label in words, its probability, and whether the verdict rests on it."""

    label: str
    score: float
    crossed: bool

    @property
    def told(self) -> bool:
        """Whether it is worth a look at once; the rest is folded away."""
        return self.crossed or self.score >= NOTABLE


@dataclass(frozen=True, slots=True)
class Card:
    """A comment as the desk shows it; never with an address, an author key or a client."""

    pk: int
    revision: int
    status: Status
    site: Site
    comment: Comment
    pieces: tuple[Piece, ...]
    bars: tuple[Bar, ...]
    age: str
    late: bool
    standing: Decision | None

    @property
    def verdict(self) -> Verdict | None:
        """The machine's verdict, if there is one."""
        return self.comment.verdict

    @property
    def article(self) -> str:
        """The article's title, or its address without the scheme where no title is known."""
        return self.comment.article.title or self.comment.article.url.partition("://")[2]

    @property
    def is_long(self) -> bool:
        """Whether the text needs a box that scrolls."""
        return len(self.comment.body) > LONG_TEXT

    @property
    def decided(self) -> bool:
        """Whether a decision must be named to be overruled."""
        return self.status not in (Status.HELD, Status.PENDING)


def card(tx: Tx, comment: Comment, sites: dict[int, Site], now: datetime) -> Card:
    """Put together what is shown of one comment."""
    verdict, site = comment.verdict, sites[comment.site_id]
    deadline = timedelta(seconds=site.policy.outage_after_seconds)
    return Card(
        pk=comment.pk,
        revision=comment.revision,
        status=comment.status,
        site=site,
        comment=comment,
        pieces=marked(comment.body, verdict.spans if verdict else ()),
        bars=bars(verdict) if verdict else (),
        age=age(comment.received_at, now),
        late=comment.status is Status.PENDING and now - comment.received_at > deadline,
        standing=tx.decision(comment.decision_id) if comment.decision_id else None,
    )


def bars(verdict: Verdict) -> tuple[Bar, ...]:
    """Return the scores in the labels' fixed order, so that the eye finds each in its place."""
    grounds = {reason.label for reason in verdict.reasons}
    return tuple(
        Bar(label.replace("_", " "), verdict.scores[label], label in grounds)
        for label in LABELS
        if label in verdict.scores
    )


def marked(text: str, spans: Sequence[Span]) -> tuple[Piece, ...]:
    """Cut `text` at the spans' ends; where spans overlap, the heaviest marks. Spans that lower a score mark nothing."""
    heavy = sorted((span for span in spans if span.weight > 0), key=lambda span: -span.weight)[:SPANS_SHOWN]
    ends = {0, len(text)} | {min(max(end, 0), len(text)) for span in heavy for end in (span.begin, span.end)}
    cuts = sorted(ends)
    return tuple(_piece(text[begin:end], begin, end, heavy) for begin, end in pairwise(cuts))


def _piece(text: str, begin: int, end: int, heaviest_first: Sequence[Span]) -> Piece:
    for span in heaviest_first:
        if span.begin <= begin and end <= span.end:
            strength = 1 + sum(span.weight >= step for step in STRENGTHS)
            return Piece(text, strength, span.label.replace("_", " "), span.weight)
    return Piece(text)


def age(then: datetime, now: datetime) -> str:
    """Say how long ago `then` was, in the largest unit that fits."""
    seconds = max(0, int((now - then).total_seconds()))
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size:
            count = seconds // size
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "just now"


def clock_time(moment: datetime) -> str:
    """Write a moment for people, in UTC, as 22 November 2026, 19:05 UTC."""
    utc = moment.astimezone(UTC)
    return f"{utc.day} {utc:%B %Y, %H:%M} UTC"


def decider(decision: Decision) -> str:
    """Name the hand that decided."""
    if decision.who_kind is Who.MODERATOR:
        return decision.who
    return "the classifier and the site’s policy" if decision.who_kind is Who.MACHINE else "the site"
