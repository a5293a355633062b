"""record_scores: decide what was scored by its site's policy and send it on its way."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from service.context import Dependencies
from service.domain.article_surges import is_held
from service.domain.author_status import AuthorStatus
from service.domain.comment import STAFF, Comment
from service.domain.duplicates import Signature
from service.domain.effort import deserves_full
from service.domain.facts import Facts, facts_of, free_hosts
from service.domain.policy import decide
from service.domain.site import Site
from service.domain.status import Status
from service.domain.verdict import Assessment, Decision, Verdict, Who
from service.messaging.tasks import DELIVER
from service.scoring import Signer, no_signatures
from service.storage import Tx
from service.storage.records import Move
from service.usecases.duplicates import Candidate, assign, sign_each, store_covered, store_memberships
from service.usecases.publish import publish_decisions
from service.usecases.transitions import move_to, new_decision


@dataclass(frozen=True, slots=True)
class Scored:
    """A leased comment with what the classifier said; None when there is no score, and then why."""

    comment: Comment
    assessment: Assessment | None
    exhausted: bool = False
    late: bool = False
    signature: Signature | None = None
    """For comparison with other texts, where it is known already."""


@dataclass(frozen=True, slots=True)
class Case:
    """A scored comment, its site, what is known of it besides its score, and the verdict of the site's policy."""

    scored: Scored
    site: Site
    facts: Facts
    verdict: Verdict

    def candidate(self, verdict: Verdict) -> Candidate:
        """Return the case as one that may be a copy, with this verdict. Staff and trusted authors copy nobody."""
        comment = self.scored.comment
        is_trusted = self.facts.author_status is AuthorStatus.TRUSTED or comment.signals.get(STAFF) is True
        return Candidate(
            comment.pk,
            self.site,
            self.scored.signature,
            verdict,
            comment.body,
            comment.website,
            is_trusted,
        )


def record_scores(deps: Dependencies, scored: Sequence[Scored], signer: Signer = no_signatures) -> set[int]:
    """Decide scored comments by their site's policy and send each on its way in one transaction; return which moved.

    Only pending comments in the revision that was scored move; who acted first has won, and the rest are left alone.
    """
    pending = [one for one in scored if one.comment.status is Status.PENDING]
    if not pending:
        return set()
    now = deps.clock()
    # decided before the transaction that writes: on SQLite whoever accepts comments waits for that one
    with deps.store.read() as tx:
        cases = cases_of(tx, pending, now)
        covering = tx.clusters.sites_with_decisions(now)
    candidates = sign_each(signer, [case.candidate(case.verdict) for case in cases], covering)
    with deps.store.write() as tx:
        ids = tx.decisions.new_ids(len(cases))
        assignments = assign(tx, candidates, now)
        decided = [
            automatic_decision(
                replace(case.scored.comment, verdict=verdict),
                decision_id,
                now,
                rescore=_is_rescored(case, verdict),
            )
            for case, decision_id, verdict in zip(cases, ids, assignments.verdicts, strict=True)
        ]
        moved = tx.comments.move([move for move, _, _ in decided])
        tx.search.index(moved)
        published = [(comment, decision) for move, comment, decision in decided if move.pk in moved]
        store_memberships(tx, assignments, moved, now)
        called_back = publish_decisions(
            tx, {case.site.id: case.site for case in cases}, published, fresh=True
        )
        store_covered(tx, assignments, {comment.pk: decision.id for comment, decision in published})
    if called_back:
        deps.dispatcher.enqueue(DELIVER)
    return {comment.pk for comment, _ in published}


def cases_of(tx: Tx, scored: Sequence[Scored], now: datetime) -> list[Case]:
    """Decide each scored comment by its site's policy; what has no site any more is left out."""
    sites = {site_id: tx.sites.by_id(site_id) for site_id in {one.comment.site_id for one in scored}}
    known = _known_authors(tx, scored, sites)
    author_statuses = _author_statuses(tx, scored, now)
    cases = []
    for one in scored:
        site = sites[one.comment.site_id]
        if site is not None:
            facts = _facts(one, site, known, author_statuses, now)
            cases.append(Case(one, site, facts, decide(one.assessment, facts, site.policy)))
    return cases


def _known_authors(tx: Tx, scored: Sequence[Scored], sites: dict[int, Site | None]) -> set[tuple[int, str]]:
    """Look up approved authors, but only for sites whose policy asks."""
    asked: dict[int, set[str]] = defaultdict(set)
    for one in scored:
        site = sites[one.comment.site_id]
        if site and site.policy.hold_first_time and one.comment.author_key:
            asked[site.id].add(one.comment.author_key)
    return {
        (site_id, key) for site_id, keys in asked.items() for key in tx.authors.with_approved(site_id, keys)
    }


def _author_statuses(tx: Tx, scored: Sequence[Scored], now: datetime) -> dict[tuple[int, str], AuthorStatus]:
    """Look up where the authors stand, one question for each site in the batch."""
    asked: dict[int, set[str]] = defaultdict(set)
    for one in scored:
        if one.comment.author_key:
            asked[one.comment.site_id].add(one.comment.author_key)
    return {
        (site_id, key): entry.status
        for site_id, keys in asked.items()
        for key, entry in tx.authors.statuses(site_id, keys, now).items()
    }


def _facts(
    one: Scored,
    site: Site,
    known: set[tuple[int, str]],
    author_statuses: Mapping[tuple[int, str], AuthorStatus],
    now: datetime,
) -> Facts:
    comment = one.comment
    return facts_of(
        comment,
        free_hosts(site.options, site.url, comment.article.url),
        known_author=not site.policy.hold_first_time or (site.id, comment.author_key or "") in known,
        exhausted=one.exhausted,
        late=one.late,
        author_status=author_statuses.get((site.id, comment.author_key or "")),
        article_held=is_held(site.options.held_articles, comment.article.url, now),
    )


def automatic_decision(
    comment: Comment, decision_id: int, now: datetime, *, rescore: bool = False
) -> tuple[Move, Comment, Decision]:
    """Return the decision that the comment's verdict makes, and the move that carries it out."""
    verdict = comment.verdict
    if verdict is None:
        raise ValueError("an automatic decision takes a verdict")
    who, ground = verdict.model or "policy", verdict.reasons[0].code
    decision = new_decision(decision_id, comment, verdict.action, Who.MACHINE, who, now, reason=ground)
    return replace(move_to(comment, decision, now), verdict=verdict, rescore=rescore), comment, decision


def _is_rescored(case: Case, verdict: Verdict) -> bool:
    """Whether a full score is worth its time; not where a decision that stands over its copies has decided it."""
    return verdict is case.verdict and deserves_full(verdict, case.site.policy)
