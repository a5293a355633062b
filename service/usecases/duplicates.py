"""Put each scored comment into the duplicate cluster it belongs to, and apply the decision made on that cluster."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import structlog

from service.domain.duplicates import (
    SAME,
    DuplicateCluster,
    Signature,
    covered,
    held_beside,
    likeness,
    nearest,
)
from service.domain.quotations import (
    REMARK,
    REMARK_SEEN,
    add_sentences,
    adds_remark,
    own_words,
    says_the_same,
)
from service.domain.site import Site
from service.domain.verdict import Action, Verdict
from service.scoring import Signer
from service.storage import Tx

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A scored comment to compare with the clusters of its site, with its text, signature and automatic verdict."""

    pk: int
    site: Site
    signature: Signature | None
    verdict: Verdict
    body: str
    website: str | None
    is_trusted: bool
    """By a trusted author or the site's staff: it joins no cluster, whoever copies it."""


@dataclass(slots=True)
class Assignments:
    """Verdicts in the order of the candidates, and the memberships to store once their comments have moved."""

    verdicts: list[Verdict] = field(default_factory=list)
    joined: dict[int, int] = field(default_factory=dict)
    """Cluster id by comment pk; a new cluster has a negative id until it is stored."""
    begun: dict[int, tuple[Site, Signature]] = field(default_factory=dict)
    covered_by: dict[int, int] = field(default_factory=dict)
    """By comment pk the id of the bulk decision that covered the comment."""


def sign_each(
    signer: Signer, candidates: Sequence[Candidate], sites_with_decisions: Collection[int]
) -> list[Candidate]:
    """Give a signature to those that are to be held, and to all of a site with a decision that covers new copies.

    Others are compared with nothing, and signing costs as much as a fast score.
    """
    wanted = [
        n
        for n, one in enumerate(candidates)
        if one.signature is None
        and one.site.options.duplicate_hours
        and not one.is_trusted
        and (one.verdict.action is Action.HOLD or one.site.id in sites_with_decisions)
    ]
    signed = list(candidates)
    try:
        signatures = signer([_read_text(candidates[n]) for n in wanted]) if wanted else []
        for n, signature in zip(wanted, signatures, strict=True):
            signed[n] = replace(candidates[n], signature=signature)
    except Exception as failure:  # noqa: BLE001  # what cannot be compared is decided by itself
        log.warning("score.unsigned", comments=len(wanted), error=type(failure).__name__)
    return signed


def _read_text(one: Candidate) -> str:
    """Return the text as the classifier read it through its disguise, or as it stands: with its quotation marks."""
    reads_as = one.verdict.reads_as
    return reads_as if reads_as and own_words(one.body) == one.body else one.body


def assign(tx: Tx, candidates: Sequence[Candidate], now: datetime) -> Assignments:
    """Find each candidate's cluster among those of its site and the new ones of this batch; store nothing yet."""
    assignments = Assignments()
    near = _near(tx, candidates, now)
    texts = _Texts(tx)
    for candidate in candidates:
        signature, hours = candidate.signature, candidate.site.options.duplicate_hours
        if signature is None or not hours or candidate.is_trusted:
            assignments.verdicts.append(candidate.verdict)
            continue
        known = near[candidate.site.id]
        alike = nearest(signature, {one.id: one for band in signature.bands for one in known[band]}.values())
        cluster = next((one for one in alike if not texts.differ(candidate, one, REMARK_SEEN)), None)
        verdict = candidate.verdict
        if cluster and (given := _given(tx, candidate, cluster, texts, now)):
            verdict = given
            if given.action is not Action.HOLD and cluster.bulk_decision_id is not None:
                assignments.covered_by[candidate.pk] = cluster.bulk_decision_id
        if verdict.action is Action.HOLD:
            if cluster is None:
                cluster = DuplicateCluster(
                    -1 - len(assignments.begun), candidate.site.id, signature.entries, now
                )
                assignments.begun[cluster.id] = (candidate.site, signature)
                texts.first[cluster.id] = candidate.body
                for band in signature.bands:
                    known[band].append(cluster)
            assignments.joined[candidate.pk] = cluster.id
        assignments.verdicts.append(verdict)
    return assignments


@dataclass(slots=True)
class _Texts:
    """The first text of each cluster, read when it is needed."""

    tx: Tx
    first: dict[int, str | None] = field(default_factory=dict)

    def of(self, cluster: DuplicateCluster) -> str | None:
        if cluster.id not in self.first:
            self.first[cluster.id] = self.tx.clusters.first_text(cluster)
        return self.first[cluster.id]

    def are_same(self, candidate: Candidate, cluster: DuplicateCluster) -> bool:
        """Say whether the candidate says what the cluster does, and nothing else."""
        text = self.of(cluster)
        return text is not None and candidate.website is None and says_the_same(candidate.body, text)

    def both_add(self, candidate: Candidate, cluster: DuplicateCluster) -> bool:
        """Say whether candidate and cluster each say a sentence, however short, that the other does not."""
        text = self.of(cluster)
        return text is not None and add_sentences(candidate.body, text)

    def differ(self, candidate: Candidate, cluster: DuplicateCluster, least: int) -> bool:
        """Say whether the candidate, or the cluster, adds a remark of that many letters."""
        text = self.of(cluster)
        if text is None:
            return (
                candidate.signature is None or likeness(candidate.signature.entries, cluster.entries) < SAME
            )
        return adds_remark(candidate.body, text, least)


def _given(
    tx: Tx, candidate: Candidate, cluster: DuplicateCluster, texts: _Texts, now: datetime
) -> Verdict | None:
    """Return the verdict that the cluster's decision gives a copy; None where the comment adds a remark of its own.

    An approval publishes unseen, so it is for what was seen: a word more, or a website, and a person looks. A person
    looks, too, where each adds a short sentence to what they share: which of the two was refused, nobody said.
    """
    given = covered(candidate.verdict, cluster) if cluster.stands(now) else None
    if given is None or texts.differ(candidate, cluster, REMARK):
        return None
    if given.action is Action.APPROVE and not texts.are_same(candidate, cluster):
        return None
    if not _is_kept(tx, cluster):
        return None
    if given.action is not Action.APPROVE and texts.both_add(candidate, cluster):
        return held_beside(candidate.verdict, cluster)
    return given


def _is_kept(tx: Tx, cluster: DuplicateCluster) -> bool:
    """Tell whether the cluster's decision is not undone, and lock it: an undo would miss what is covered after it."""
    bulk_decision = (
        tx.bulk_decisions.get(cluster.bulk_decision_id, lock=True)
        if cluster.bulk_decision_id is not None
        else None
    )
    return cluster.bulk_decision_id is None or (bulk_decision is not None and bulk_decision.undone_at is None)


def _near(
    tx: Tx, candidates: Sequence[Candidate], now: datetime
) -> Mapping[int, defaultdict[int, list[DuplicateCluster]]]:
    """Ask once per site for the clusters that share a band with any of its candidates."""
    bands: dict[int, set[int]] = defaultdict(set)
    hours: dict[int, float] = {}
    for one in candidates:
        if one.signature is not None and one.site.options.duplicate_hours:
            bands[one.site.id].update(one.signature.bands)
            hours[one.site.id] = one.site.options.duplicate_hours
    near: dict[int, defaultdict[int, list[DuplicateCluster]]] = defaultdict(lambda: defaultdict(list))
    for site_id, wanted in sorted(bands.items()):
        since = now - timedelta(hours=hours[site_id])
        for band, clusters in tx.clusters.near(site_id, wanted, since).items():
            near[site_id][band].extend(clusters)
    return near


def store_memberships(tx: Tx, assignments: Assignments, moved: Collection[int], now: datetime) -> None:
    """Store the new clusters and memberships of the comments that moved."""
    joined = {pk: cluster_id for pk, cluster_id in assignments.joined.items() if pk in moved}
    begun = sorted((cluster_id for cluster_id in set(joined.values()) if cluster_id < 0), reverse=True)
    numbers: dict[int, int] = {}
    for site_id in sorted({assignments.begun[cluster_id][0].id for cluster_id in begun}):
        of_site = [cluster_id for cluster_id in begun if assignments.begun[cluster_id][0].id == site_id]
        clusters = tx.clusters.add(site_id, [assignments.begun[cluster_id][1] for cluster_id in of_site], now)
        numbers |= {cluster_id: cluster.id for cluster_id, cluster in zip(of_site, clusters, strict=True)}
    tx.clusters.join([(pk, numbers.get(cluster_id, cluster_id)) for pk, cluster_id in joined.items()])


def store_covered(tx: Tx, assignments: Assignments, decided: Mapping[int, int]) -> None:
    """Add covered decisions to the bulk decision that covered them; `decided` maps comment pk to decision id."""
    covering: dict[int, list[int]] = defaultdict(list)
    for pk, bulk_decision_id in assignments.covered_by.items():
        if pk in decided:
            covering[bulk_decision_id].append(decided[pk])
    for bulk_decision_id, decision_ids in sorted(covering.items()):
        tx.bulk_decisions.add_members(bulk_decision_id, decision_ids)
