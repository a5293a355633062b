"""Folding: put each scored comment into the wave it is a copy of, and let a decision that stands over it speak."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from service.moderation.quotations import REMARK, REMARK_SEEN, adds_remark
from service.moderation.verdict import Action, Verdict
from service.moderation.waves import Signature, Wave, covered, nearest
from service.ports import Site, Tx


@dataclass(frozen=True, slots=True)
class Candidate:
    """A scored comment on its way into a wave: its pk, its text and that one's signature, and the machine's verdict."""

    pk: int
    site: Site
    signature: Signature | None
    verdict: Verdict
    body: str
    is_trusted: bool
    """By a trusted author or the site's staff: it is in no wave, whoever copies it."""


@dataclass(slots=True)
class Folds:
    """What folding found: verdicts in the order of the candidates, and what is to be noted once they have moved."""

    verdicts: list[Verdict] = field(default_factory=list)
    joined: dict[int, int] = field(default_factory=dict)
    """By comment, the wave it belongs to; one that begins here has a negative number until it is stored."""
    begun: dict[int, tuple[Site, Signature]] = field(default_factory=dict)
    covered_by: dict[int, int] = field(default_factory=dict)
    """By comment, the bundle whose decision covered it."""


def fold(tx: Tx, candidates: Sequence[Candidate], now: datetime) -> Folds:
    """Find each candidate's wave among those of its site and those that begin in this batch; nothing is stored yet."""
    folds = Folds()
    near = _near(tx, candidates, now)
    texts = _Texts(tx)
    for candidate in candidates:
        signature, hours = candidate.signature, candidate.site.options.fold_hours
        if signature is None or not hours or candidate.is_trusted:
            folds.verdicts.append(candidate.verdict)
            continue
        known = near[candidate.site.id]
        alike = nearest(signature, {one.id: one for band in signature.bands for one in known[band]}.values())
        wave = next((one for one in alike if not texts.differ(candidate, one, REMARK_SEEN)), None)
        verdict = candidate.verdict
        if wave and (given := _given(tx, candidate, wave, texts, now)):
            verdict = given
            if wave.bundle_id is not None:
                folds.covered_by[candidate.pk] = wave.bundle_id
        if verdict.action is Action.HOLD:
            if wave is None:
                wave = Wave(-1 - len(folds.begun), candidate.site.id, signature.entries, now)
                folds.begun[wave.id] = (candidate.site, signature)
                texts.first[wave.id] = candidate.body
                for band in signature.bands:
                    known[band].append(wave)
            folds.joined[candidate.pk] = wave.id
        folds.verdicts.append(verdict)
    return folds


@dataclass(slots=True)
class _Texts:
    """The first text of each wave, read when it is asked for."""

    tx: Tx
    first: dict[int, str | None] = field(default_factory=dict)

    def differ(self, candidate: Candidate, wave: Wave, least: int) -> bool:
        """Whether the candidate, or the wave, has a remark of its own of that many letters."""
        if wave.id not in self.first:
            self.first[wave.id] = self.tx.first_text(wave.id)
        text = self.first[wave.id]
        return text is not None and adds_remark(candidate.body, text, least)


def _given(tx: Tx, candidate: Candidate, wave: Wave, texts: _Texts, now: datetime) -> Verdict | None:
    """Return the verdict that the decision over the wave gives a copy; None for what has a remark of its own."""
    given = covered(candidate.verdict, wave) if wave.stands(now) else None
    if given is None or texts.differ(candidate, wave, REMARK):
        return None
    return given if _is_kept(tx, wave) else None


def _is_kept(tx: Tx, wave: Wave) -> bool:
    """Whether the decision over the wave is not undone, which waits then: an undo would not find what it misses."""
    bundle = tx.bundle(wave.bundle_id, lock=True) if wave.bundle_id is not None else None
    return wave.bundle_id is None or (bundle is not None and bundle.undone_at is None)


def _near(
    tx: Tx, candidates: Sequence[Candidate], now: datetime
) -> Mapping[int, defaultdict[int, list[Wave]]]:
    """Ask once per site for the waves that share a band with any of its candidates."""
    bands: dict[int, set[int]] = defaultdict(set)
    hours: dict[int, float] = {}
    for one in candidates:
        if one.signature is not None and one.site.options.fold_hours:
            bands[one.site.id].update(one.signature.bands)
            hours[one.site.id] = one.site.options.fold_hours
    near: dict[int, defaultdict[int, list[Wave]]] = defaultdict(lambda: defaultdict(list))
    for site_id, wanted in sorted(bands.items()):
        since = now - timedelta(hours=hours[site_id])
        for band, waves in tx.waves_near(site_id, wanted, since).items():
            near[site_id][band].extend(waves)
    return near


def note_folds(tx: Tx, folds: Folds, moved: Collection[int], now: datetime) -> None:
    """Store the waves that began and who joined which, for the comments that moved."""
    joined = {pk: wave_id for pk, wave_id in folds.joined.items() if pk in moved}
    begun = sorted((wave_id for wave_id in set(joined.values()) if wave_id < 0), reverse=True)
    numbers: dict[int, int] = {}
    for site_id in sorted({folds.begun[wave_id][0].id for wave_id in begun}):
        of_site = [wave_id for wave_id in begun if folds.begun[wave_id][0].id == site_id]
        waves = tx.add_waves(site_id, [folds.begun[wave_id][1] for wave_id in of_site], now)
        numbers |= {wave_id: wave.id for wave_id, wave in zip(of_site, waves, strict=True)}
    tx.join_waves([(pk, numbers.get(wave_id, wave_id)) for pk, wave_id in joined.items()])


def note_covered(tx: Tx, folds: Folds, decided: Mapping[int, int]) -> None:
    """Put the decisions that a standing one covered into its bundle; `decided` gives them by comment."""
    covering: dict[int, list[int]] = defaultdict(list)
    for pk, bundle_id in folds.covered_by.items():
        if pk in decided:
            covering[bundle_id].append(decided[pk])
    for bundle_id, decision_ids in sorted(covering.items()):
        tx.add_to_bundle(bundle_id, decision_ids)
