"""What the desk shows of a comment: its text with the explaining spans marked, its scores, its context."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from itertools import pairwise
from typing import Final

from service.domain.author_status import AuthorStatusEntry
from service.domain.comment import Comment
from service.domain.desk_records import Appeal, Claim, History, Matter, Report
from service.domain.duplicates import DuplicateCluster
from service.domain.refusal_reasons import RefusalReason, reasons
from service.domain.retention import deletes_at
from service.domain.revisions import refusal_of
from service.domain.severity import is_at_risk, is_severe, leading
from service.domain.site import Site
from service.domain.status import FINAL, Status
from service.domain.verdict import LABELS, Decision, Span, Verdict, Who
from service.storage import Tx
from service.web.desk.pages import found
from service.web.desk.words import age
from service.web.reach import context

SPANS_SHOWN: Final = 200
SPANS_LISTED: Final = 6
"""The heaviest are also listed with their weights, and can be reached by Tab."""
REFUSED: Final = (Status.REJECTED, Status.SPAM)
STRENGTHS: Final = (0.25, 0.75, 1.5)  # log-odds at which a mark grows darker
NOTABLE: Final = 0.2  # a score from which its bar is shown unfolded
LONG_TEXT: Final = 1_500  # characters from which a text scrolls in a box of its own


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of the text under one mark: `strength` 0 is unmarked, 4 the darkest.

    `rule` names the rule that marked it; its weight means nothing then.
    """

    text: str
    strength: int = 0
    label: str = ""
    weight: float = 0.0
    rule: str | None = None


@dataclass(frozen=True, slots=True)
class Bar:
    """One score: its label, its probability, and whether the verdict rests on it."""

    label: str
    score: float
    crossed: bool

    @property
    def is_notable(self) -> bool:
        return self.crossed or self.score >= NOTABLE


@dataclass(frozen=True)
class Card:
    """A comment with its context; never with an address, an author key or a client."""

    site: Site
    comment: Comment
    now: datetime
    decision: Decision | None = None
    earlier: Decision | None = None
    """The decision by which a person refused an earlier text of the comment."""
    parent: Comment | None = None
    history: History = field(default_factory=History)
    author_status: AuthorStatusEntry | None = None
    matters: Mapping[Matter, int] = field(default_factory=dict)
    reports: Sequence[Report] = ()
    appeals: Sequence[Appeal] = ()
    claim: Claim | None = None
    cluster: DuplicateCluster | None = None
    copies: int = 0
    """How many other held comments are copies of this one."""
    note: str | None = None

    @property
    def pk(self) -> int:
        return self.comment.pk

    @property
    def status(self) -> Status:
        return self.comment.status

    @property
    def verdict(self) -> Verdict | None:
        return self.comment.verdict

    @property
    def written_at(self) -> datetime:
        """When it was written, as far as that is possible: not after it came in."""
        return min(self.comment.submitted_at, self.comment.received_at)

    @property
    def age(self) -> str:
        return age(self.written_at, self.now)

    @property
    def is_late(self) -> bool:
        """Whether it got no score in the site's time."""
        limit = timedelta(seconds=self.site.policy.outage_after_seconds)
        return self.status is Status.PENDING and self.now - self.comment.received_at > limit

    @property
    def deletes_at(self) -> datetime | None:
        return deletes_at(self.comment, self.site.options, self.decision)

    @property
    def article(self) -> str:
        """The article's title, or its address without the scheme where no title is known."""
        return self.comment.article.title or self.comment.article.url.partition("://")[2]

    @property
    def is_long(self) -> bool:
        return len(self.comment.body) > LONG_TEXT

    @property
    def is_final(self) -> bool:
        return self.status in FINAL

    @property
    def is_severe(self) -> bool:
        """Whether its words are blurred until somebody asks; never where a person has decided on this text."""
        return is_severe(self.verdict) and not (
            self.decision is not None
            and self.decision.who_kind is Who.MODERATOR
            and self.decision.revision == self.comment.revision
        )

    @property
    def is_at_risk(self) -> bool:
        return is_at_risk(self.verdict)

    @property
    def can_be_picked(self) -> bool:
        """Whether it can be decided with others from a list: an appeal wants an answer of its own."""
        return not (self.is_final or self.open_appeal)

    @property
    def is_decided(self) -> bool:
        """Whether a decision must be named to be overruled."""
        return self.status not in (Status.HELD, Status.PENDING)

    @property
    def is_set_aside(self) -> bool:
        return Matter.ASIDE in self.matters

    @property
    def set_aside_by(self) -> Decision | None:
        """The decision by which a person set this text aside; what set aside an earlier one is `earlier`."""
        is_persons = self.decision is not None and self.decision.who_kind is not Who.MACHINE
        return self.decision if self.is_set_aside and is_persons else None

    @property
    def reported(self) -> int:
        """How many readers reported it since somebody looked."""
        return self.matters.get(Matter.REPORTED, 0)

    @property
    def open_appeal(self) -> Appeal | None:
        return next((one for one in self.appeals if one.answered_at is None), None)

    @property
    def score(self) -> Bar | None:
        """The score that leads the verdict."""
        led = leading(self.verdict) if self.verdict else None
        return Bar(led.label, led.score, crossed=True) if led and led.label else None

    @property
    def reasons(self) -> tuple[RefusalReason, ...]:
        return reasons(self.site.options.reasons)

    @cached_property
    def bars(self) -> tuple[Bar, ...]:
        """The scores in the labels' fixed order, so that the eye finds each in its place."""
        if self.verdict is None:
            return ()
        scores, grounds = self.verdict.scores, {reason.label for reason in self.verdict.reasons}
        return tuple(Bar(label, scores[label], label in grounds) for label in LABELS if label in scores)

    @cached_property
    def pieces(self) -> tuple[Piece, ...]:
        return marked(self.comment.body, self.verdict.spans if self.verdict else ())

    @cached_property
    def weights(self) -> tuple[Piece, ...]:
        """The pieces that weigh most, heaviest first."""
        marks = [piece for piece in self.pieces if piece.strength]
        return tuple(sorted(marks, key=lambda piece: -piece.weight)[:SPANS_LISTED])


def find_card(tx: Tx, pk: int) -> Card:
    """Return the card of a comment; NotFound when there is none of that number."""
    (card,) = cards(tx, [found(tx.comments.by_pk(pk))])
    return card


def cards(tx: Tx, comments: Sequence[Comment], claims: Sequence[Claim] | None = None) -> list[Card]:
    """Put together what is shown of comments, in one query for each kind of context, and for claims not given."""
    now = context().deps.clock()
    sites = {site.id: site for site in tx.sites.all()}
    claimed = {claim.comment_pk: claim for claim in (tx.queue.claims(now) if claims is None else claims)}
    pks = [one.pk for one in comments]
    matters = tx.cases.open_matters(pks)
    clusters = tx.clusters.of_comments([one.pk for one in comments if one.status is Status.HELD])
    sizes = tx.clusters.sizes({cluster.id for cluster in clusters.values()})
    reports = tx.cases.reports_of([pk for pk, raised in matters.items() if Matter.REPORTED in raised])
    refused = {one.pk for one in comments if one.status in REFUSED}
    appeals = tx.appeals.of_comments(
        refused | {pk for pk, raised in matters.items() if Matter.ASIDE in raised}
    )
    noted = [
        one.decision_id for one in comments if one.decision_id and (one.pk in matters or one.pk in refused)
    ]
    notes = tx.decisions.notes(noted)
    earlier = {one.pk: refusal.decision for one in comments if (refusal := refusal_of(one))}
    decisions = tx.decisions.by_ids(
        {*(one.decision_id for one in comments if one.decision_id), *earlier.values()}
    )
    parents, histories, author_statuses = _conversations(tx, comments, now)
    return [
        Card(
            site=sites[one.site_id],
            comment=one,
            now=now,
            decision=decisions.get(one.decision_id or 0),
            earlier=decisions.get(earlier.get(one.pk, 0)),
            parent=parents.get((one.site_id, one.parent_id or "")),
            history=histories.get((one.site_id, one.author_key or ""), History()),
            author_status=author_statuses.get((one.site_id, one.author_key or "")),
            matters=matters.get(one.pk, {}),
            reports=reports.get(one.pk, ()),
            appeals=appeals.get(one.pk, ()),
            claim=claimed.get(one.pk),
            cluster=(cluster := clusters.get(one.pk)),
            copies=max(sizes.get(cluster.id, 0) - 1, 0) if cluster else 0,
            note=notes.get(one.decision_id or 0),
        )
        for one in comments
    ]


Key = tuple[int, str]


def _conversations(
    tx: Tx, comments: Sequence[Comment], now: datetime
) -> tuple[dict[Key, Comment], dict[Key, History], dict[Key, AuthorStatusEntry]]:
    """Return what each site knows of the comments' parents and authors, by site and id or author key."""
    parents: dict[Key, Comment] = {}
    histories: dict[Key, History] = {}
    statuses: dict[Key, AuthorStatusEntry] = {}
    for site in {one.site_id for one in comments}:
        own = [one for one in comments if one.site_id == site]
        keys = {one.author_key for one in own if one.author_key}
        named = tx.comments.by_ids(site, {one.parent_id for one in own if one.parent_id})
        parents |= {(site, name): parent for name, parent in named.items()}
        histories |= {(site, key): history for key, history in tx.authors.histories(site, keys).items()}
        statuses |= {(site, key): status for key, status in tx.authors.statuses(site, keys, now).items()}
    return parents, histories, statuses


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
    """Join neighbours under one mark: fewer places to stop at for the eye and for Tab."""
    joined: list[Piece] = []
    for piece in pieces:
        last = joined[-1] if joined else None
        if last and (last.strength, last.label, last.weight) == (piece.strength, piece.label, piece.weight):
            joined[-1] = replace(last, text=last.text + piece.text)
        else:
            joined.append(piece)
    return tuple(joined)
