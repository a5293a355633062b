"""What a moderator is shown of a comment: its text with the carrying spans marked, its scores, what is around it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from service.domain.author_status import AuthorStatusEntry
from service.domain.comment import Comment
from service.domain.desk import Appeal, Claim, History, Matter, Report
from service.domain.duplicates import DuplicateCluster
from service.domain.refusal_reasons import RefusalReason, reasons
from service.domain.retention import deletes_at
from service.domain.revisions import refusal_of
from service.domain.severity import is_at_risk, is_severe, leading
from service.domain.site import Site
from service.domain.status import FINAL, Status
from service.domain.verdict import LABELS, Decision, Span, Verdict
from service.storage import Tx
from service.web.desk.words import age

SPANS_SHOWN: Final = 200
SPANS_LISTED: Final = 6
"""The heaviest are also listed with their weights, and can be reached by Tab."""
REFUSED: Final = (Status.REJECTED, Status.SPAM)
STRENGTHS: Final = (0.25, 0.75, 1.5)  # log-odds at which a mark grows darker
NOTABLE: Final = 0.2  # a score from which its bar is shown unfolded
LONG_TEXT: Final = 1_500  # characters from which a text scrolls in a box of its own


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of the text under one mark: `strength` 0 is unmarked, 4 the darkest."""

    text: str
    strength: int = 0
    label: str = ""
    weight: float = 0.0
    rule: str | None = None
    """The rule that marked it; its weight is nothing to be shown then."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One score: its label, its probability, and whether the verdict rests on it."""

    label: str
    score: float
    crossed: bool

    @property
    def is_notable(self) -> bool:
        """Tell whether it is shown at once; the rest is collapsed."""
        return self.crossed or self.score >= NOTABLE


@dataclass(frozen=True, slots=True)
class Around:
    """The context of a comment: answered comment, author's history and status, matters, appeals, claim."""

    parent: Comment | None = None
    history: History = field(default_factory=History)
    author_status: AuthorStatusEntry | None = None
    matters: Mapping[Matter, int] | None = None
    reports: tuple[Report, ...] = ()
    appeals: tuple[Appeal, ...] = ()
    claim: Claim | None = None
    cluster: DuplicateCluster | None = None
    alike: int = 0
    """How many other held comments are copies of this one."""
    note: str | None = None
    """What who decided wrote for colleagues."""

    @property
    def appeal(self) -> Appeal | None:
        """The appeal that waits for its answer."""
        return next((one for one in self.appeals if one.answered_at is None), None)


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
    decision: Decision | None
    earlier: Decision | None
    """The decision by which a person refused an earlier text of the comment."""
    around: Around
    deletes_at: datetime | None
    now: datetime

    @property
    def written_at(self) -> datetime:
        """When it was written."""
        return written_at(self.comment)

    @property
    def verdict(self) -> Verdict | None:
        """The model's verdict, if there is one."""
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
    def is_final(self) -> bool:
        """Whether nothing can be decided any more."""
        return self.status in FINAL

    @property
    def is_severe(self) -> bool:
        """Whether its words are blurred until somebody asks."""
        return is_severe(self.verdict)

    @property
    def is_at_risk(self) -> bool:
        """Whether its writer may be at risk."""
        return is_at_risk(self.verdict)

    @property
    def decided(self) -> bool:
        """Whether a decision must be named to be overruled."""
        return self.status not in (Status.HELD, Status.PENDING)

    @property
    def score(self) -> Bar | None:
        """The score that leads the verdict."""
        if self.verdict is None:
            return None
        led = leading(self.verdict)
        return Bar(led.label, led.score, crossed=True) if led.label else None

    @property
    def reasons(self) -> tuple[RefusalReason, ...]:
        """The site's reasons for refusing a comment."""
        return reasons(self.site.options.reasons)

    @property
    def weights(self) -> tuple[Piece, ...]:
        """The pieces that weigh most, heaviest first."""
        marked_ones = [piece for piece in self.pieces if piece.strength]
        return tuple(sorted(marked_ones, key=lambda piece: -piece.weight)[:SPANS_LISTED])

    @property
    def has_aside(self) -> bool:
        """Whether a moderator set it aside."""
        return Matter.ASIDE in (self.around.matters or {})

    @property
    def has_reports(self) -> bool:
        """Whether readers reported it, and nobody has looked since."""
        return Matter.REPORTED in (self.around.matters or {})


def cards(
    tx: Tx,
    found: Sequence[Comment],
    sites: Mapping[int, Site],
    now: datetime,
    claims: Sequence[Claim] | None = None,
) -> tuple[Card, ...]:
    """Put together what is shown of comments, asking the store once for all of them, and for claims not given."""
    around = _around(tx, found, now, tx.queue.claims(now) if claims is None else claims)
    refusals = {one.pk: refusal.decision for one in found if (refusal := refusal_of(one))}
    decision = {one.pk: one.decision_id for one in found if one.decision_id}
    decisions = tx.decisions.by_ids({*decision.values(), *refusals.values()})
    return tuple(
        _card(
            one,
            sites[one.site_id],
            around[one.pk],
            decisions.get(decision.get(one.pk, 0)),
            decisions.get(refusals.get(one.pk, 0)),
            now,
        )
        for one in found
    )


def written_at(comment: Comment) -> datetime:
    """Return when a comment was written, as far as that can be: not after it came in."""
    return min(comment.submitted_at, comment.received_at)


def _card(
    comment: Comment,
    site: Site,
    around: Around,
    decision: Decision | None,
    earlier: Decision | None,
    now: datetime,
) -> Card:
    verdict = comment.verdict
    deadline = timedelta(seconds=site.policy.outage_after_seconds)
    return Card(
        pk=comment.pk,
        revision=comment.revision,
        status=comment.status,
        site=site,
        comment=comment,
        pieces=marked(comment.body, verdict.spans if verdict else ()),
        bars=bars(verdict) if verdict else (),
        age=age(written_at(comment), now),
        late=comment.status is Status.PENDING and now - comment.received_at > deadline,
        decision=decision,
        earlier=earlier,
        around=around,
        deletes_at=deletes_at(comment, site.options, decision),
        now=now,
    )


def _around(tx: Tx, found: Sequence[Comment], now: datetime, claimed: Sequence[Claim]) -> dict[int, Around]:
    matters = tx.cases.open_matters([one.pk for one in found])
    clusters = tx.clusters.of_comments([one.pk for one in found if one.status is Status.HELD])
    sizes = tx.clusters.sizes({cluster.id for cluster in clusters.values()})
    claims = {claim.comment_pk: claim for claim in claimed}
    notes = tx.decisions.notes(
        [one.decision_id for one in found if one.decision_id and (one.pk in matters or one.status in REFUSED)]
    )
    refused = {one.pk for one in found if one.status in REFUSED or Matter.ASIDE in matters.get(one.pk, {})}
    appeals = tx.appeals.of_comments(refused)
    reports = tx.cases.reports_of([pk for pk, raised in matters.items() if Matter.REPORTED in raised])
    of_site: dict[int, list[Comment]] = {}
    for one in found:
        of_site.setdefault(one.site_id, []).append(one)
    made: dict[int, Around] = {}
    for site_id, theirs in of_site.items():
        keys = {one.author_key for one in theirs if one.author_key}
        parents = tx.comments.by_ids(site_id, {one.parent_id for one in theirs if one.parent_id})
        histories = tx.authors.histories(site_id, keys)
        author_statuses = tx.authors.statuses(site_id, keys, now)
        for one in theirs:
            raised = matters.get(one.pk, {})
            made[one.pk] = Around(
                parent=parents.get(one.parent_id or ""),
                history=histories.get(one.author_key or "", History()),
                author_status=author_statuses.get(one.author_key or ""),
                matters=raised,
                reports=tuple(reports.get(one.pk, ())),
                appeals=tuple(appeals.get(one.pk, ())),
                claim=claims.get(one.pk),
                cluster=(cluster := clusters.get(one.pk)),
                alike=max(sizes.get(cluster.id, 0) - 1, 0) if cluster else 0,
                note=notes.get(one.decision_id or 0),
            )
    return made


def bars(verdict: Verdict) -> tuple[Bar, ...]:
    """Return the scores in the labels' fixed order, so that the eye finds each in its place."""
    grounds = {reason.label for reason in verdict.reasons}
    return tuple(
        Bar(label, verdict.scores[label], label in grounds) for label in LABELS if label in verdict.scores
    )


def marked(text: str, spans: Sequence[Span]) -> tuple[Piece, ...]:
    """Cut `text` at the spans' ends; where spans overlap, the heaviest marks. Spans that lower a score mark nothing."""
    heavy = sorted((span for span in spans if span.weight > 0), key=lambda span: -span.weight)[:SPANS_SHOWN]
    ends = {0, len(text)} | {min(max(end, 0), len(text)) for span in heavy for end in (span.begin, span.end)}
    cuts = sorted(ends)
    return _joined(_piece(text[begin:end], begin, end, heavy) for begin, end in pairwise(cuts))


def _piece(text: str, begin: int, end: int, heaviest_first: Sequence[Span]) -> Piece:
    for span in heaviest_first:
        if span.begin <= begin and end <= span.end:
            strength = 1 + sum(span.weight >= step for step in STRENGTHS)
            return Piece(text, strength, span.label, span.weight, span.rule)
    return Piece(text)


def _joined(pieces: Iterable[Piece]) -> tuple[Piece, ...]:
    """Put neighbours under one mark together: fewer places to stop at for the eye and for Tab."""
    found: list[Piece] = []
    for piece in pieces:
        last = found[-1] if found else None
        if last and (last.strength, last.label, last.weight) == (piece.strength, piece.label, piece.weight):
            found[-1] = replace(last, text=last.text + piece.text)
        else:
            found.append(piece)
    return tuple(found)
