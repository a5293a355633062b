"""The double's way to carry over to a new master key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from service.ports.rekeying import SealedOriginal
from service.storage.memory.state import Part


class RekeyingPart(Part):
    """The verbs about older keys."""

    def refingerprint(self, old: str, new: str) -> bool:
        keys = self._change().api_keys
        if old not in keys:
            return False
        keys[new] = keys.pop(old)
        return True

    def known_authors(self, site_id: int, author_keys: Iterable[str]) -> set[str]:
        wrote = {one.author_key for one in self._state.comments.values() if one.site_id == site_id}
        set_author_status = {key for site, key in self._state.author_statuses if site == site_id}
        return {key for key in author_keys if key in wrote or key in set_author_status}

    def rekey_authors(self, site_id: int, keys: Mapping[str, str]) -> int:
        state, changed = self._change(), 0
        for pk, comment in list(state.comments.items()):
            new = keys.get(comment.author_key or "")
            if comment.site_id == site_id and new is not None:
                state.comments[pk] = replace(comment, author_key=new)
                changed += 1
        for at, revision in list(state.revisions.items()):
            new = keys.get(revision.author_key or "")
            if revision.site_id == site_id and new is not None:
                state.revisions[at] = replace(revision, author_key=new)
                changed += 1
        for old, present in keys.items():
            entry = state.author_statuses.get((site_id, old))
            if entry is not None and (site_id, present) not in state.author_statuses:
                del state.author_statuses[site_id, old]
                state.author_statuses[site_id, present] = replace(entry, author_key=present)
                changed += 1
        return changed

    def originals_by_version(self) -> dict[int, int]:
        counts: dict[int, int] = {}
        for fields in self._state.originals.values():
            for ciphertext in fields.values():
                counts[ciphertext[0]] = counts.get(ciphertext[0], 0) + 1
        return counts

    def originals_sealed_otherwise(self, version: int, after: int, limit: int) -> list[SealedOriginal]:
        found: list[SealedOriginal] = []
        for (pk, revision), fields in sorted(self._state.originals.items()):
            if pk <= after or (len({one.comment_pk for one in found} | {pk}) > limit):
                continue
            site = self._state.sites[self._state.comments[pk].site_id].name
            found += [
                SealedOriginal(pk, revision, name, site, ciphertext)
                for name, ciphertext in sorted(fields.items())
                if ciphertext[0] != version
            ]
        return found

    def reseal(self, pairs: Sequence[tuple[SealedOriginal, SealedOriginal]]) -> int:
        state, count = self._change(), 0
        for seen, anew in pairs:
            at = seen.comment_pk, seen.revision
            fields = state.originals.get(at, {})
            if fields.get(seen.field) == seen.ciphertext:
                state.originals[at] = {**fields, seen.field: anew.ciphertext}
                count += 1
        return count
