"""The double's waves, and what was decided together in it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from service.moderation.comment import FINAL, Comment, Status
from service.moderation.verdict import Action
from service.moderation.waves import Signature, Wave
from service.ports.waves import Bundle
from service.storage.memory.state import Part, as_stored
from service.storage.waves import BAND_LIMIT


class WavesPart(Part):
    """The verbs about waves and bundles."""

    def waves_near(self, site_id: int, bands: Collection[int], since: datetime) -> dict[int, list[Wave]]:
        near: dict[int, list[Wave]] = defaultdict(list)
        for band, wave_id in sorted(self._state.wave_bands):
            wave = self._state.waves[wave_id]
            fresh = wave.begun_at >= since or (wave.stands_until is not None and wave.stands_until >= since)
            if band in bands and wave.site_id == site_id and fresh and len(near[band]) < BAND_LIMIT:
                near[band].append(wave)
        return {band: found for band, found in near.items() if found}

    def add_waves(self, site_id: int, signatures: Sequence[Signature], now: datetime) -> list[Wave]:
        state = self._change()
        made = [
            Wave(state.next("wave"), site_id, signature.entries, as_stored(now)) for signature in signatures
        ]
        for wave, signature in zip(made, signatures, strict=True):
            state.waves[wave.id] = wave
            state.wave_bands.update((band, wave.id) for band in signature.bands)
        return made

    def join_waves(self, members: Sequence[tuple[int, int]]) -> None:
        self._change().wave_members.update(members)

    def leave_waves(self, site_id: int, author_key: str) -> None:
        members = self._change().wave_members
        for pk in list(members):
            one = self._state.comments[pk]
            if (one.site_id, one.author_key, one.status) == (site_id, author_key, Status.HELD):
                del members[pk]

    def waves_of(self, comment_pks: Collection[int]) -> dict[int, Wave]:
        members = self._state.wave_members
        return {pk: self._state.waves[members[pk]] for pk in comment_pks if pk in members}

    def wave_sizes(self, wave_ids: Collection[int]) -> dict[int, int]:
        sizes = {wave_id: len(self._held(wave_id)) for wave_id in wave_ids}
        return {wave_id: size for wave_id, size in sizes.items() if size}

    def held_in_wave(self, wave_id: int, after: int, limit: int) -> list[Comment]:
        return [comment for comment in self._held(wave_id) if comment.pk > after][:limit]

    def first_text(self, wave_id: int) -> str | None:
        members = (pk for pk, its in sorted(self._state.wave_members.items()) if its == wave_id)
        found = (self._state.comments[pk] for pk in members if pk in self._state.comments)
        return next((one.body for one in found if one.status is not Status.ERASED), None)

    def _held(self, wave_id: int) -> list[Comment]:
        members = (pk for pk, its_wave in sorted(self._state.wave_members.items()) if its_wave == wave_id)
        found = (self._state.comments[pk] for pk in members if pk in self._state.comments)
        return [comment for comment in found if comment.status is Status.HELD]

    def decide_wave(self, wave_id: int, bundle: Bundle, until: datetime, replaces: int | None = None) -> bool:
        waves = self._change().waves
        if wave_id not in waves or waves[wave_id].bundle_id != replaces:
            return False
        waves[wave_id] = replace(
            waves[wave_id],
            action=bundle.action,
            decided_by=bundle.who,
            stands_until=as_stored(until),
            bundle_id=bundle.id,
        )
        return True

    def undecide_waves(self, bundle_id: int) -> None:
        waves = self._change().waves
        for wave in [one for one in waves.values() if one.bundle_id == bundle_id]:
            waves[wave.id] = replace(wave, action=None, decided_by=None, stands_until=None, bundle_id=None)

    def sites_with_waves_decided(self, now: datetime) -> set[int]:
        return {
            wave.site_id
            for wave in self._state.waves.values()
            if wave.stands_until is not None and wave.stands_until > now
        }

    def prune_waves(self, before: datetime, limit: int) -> int:
        state = self._change()
        over = sorted(
            (wave.begun_at, wave.id)
            for wave in state.waves.values()
            if wave.begun_at < before
            and not self._held(wave.id)
            and (wave.stands_until is None or wave.stands_until < before)
        )
        gone = {wave_id for _, wave_id in over[:limit]}
        state.waves = {wave_id: wave for wave_id, wave in state.waves.items() if wave_id not in gone}
        state.wave_bands = {pair for pair in state.wave_bands if pair[1] not in gone}
        state.wave_members = {pk: its for pk, its in state.wave_members.items() if its not in gone}
        return len(gone)

    def add_bundle(self, who: str, action: Action, what: str, now: datetime) -> Bundle:
        state = self._change()
        made = Bundle(state.next("bundle"), who, action, what, as_stored(now))
        state.bundles[made.id] = made
        return made

    def add_to_bundle(self, bundle_id: int, decision_ids: Sequence[int]) -> None:
        self._change().bundled.update((decision_id, bundle_id) for decision_id in decision_ids)

    def bundle(self, bundle_id: int, lock: bool = False) -> Bundle | None:  # noqa: ARG002 - a writer is alone here
        return self._state.bundles.get(bundle_id)

    def bundled(self, bundle_id: int, after: int, limit: int) -> list[tuple[int, Comment]]:
        found = (
            (decision_id, self._state.comments.get(self._state.decisions[decision_id].comment_pk))
            for decision_id, its in sorted(self._state.bundled.items())
            if its == bundle_id and decision_id > after
        )
        return [(decision_id, comment) for decision_id, comment in found if comment is not None][:limit]

    def bundle_stands(self, bundle_id: int) -> bool:
        every = self.bundled(bundle_id, 0, len(self._state.bundled))
        return any(one.decision_id == decision_id and one.status not in FINAL for decision_id, one in every)

    def bundles_lately(self, limit: int, before: int | None = None) -> list[tuple[Bundle, datetime | None]]:
        standing = {
            one.bundle_id: one.stands_until
            for one in sorted(self._state.waves.values(), key=lambda wave: wave.stands_until or wave.begun_at)
            if one.stands_until is not None
        }
        newest_first = (one for _, one in sorted(self._state.bundles.items(), reverse=True))
        left = [one for one in newest_first if one.undone_at is None and (before is None or one.id < before)]
        return [(one, standing.get(one.id)) for one in left[:limit]]

    def bundle_sizes(self, bundle_ids: Collection[int]) -> dict[int, int]:
        return dict(Counter(its for its in self._state.bundled.values() if its in set(bundle_ids)))

    def bundles_of(self, decision_ids: Collection[int]) -> dict[int, int]:
        return {one: self._state.bundled[one] for one in decision_ids if one in self._state.bundled}

    def end_bundle(self, bundle_id: int, now: datetime) -> bool:
        bundle = self._change().bundles.get(bundle_id)
        if bundle is None or bundle.undone_at is not None:
            return False
        self._state.bundles[bundle_id] = replace(bundle, undone_at=as_stored(now))
        return True
