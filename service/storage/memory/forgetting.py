"""The double's forgetting: a person, a period, a site."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime

from service.domain.author_status import AuthorStatus
from service.domain.comment import Client, Comment
from service.domain.status import Status
from service.domain.verdict import Action, Who
from service.ports.privacy import Erasure
from service.storage.memory.decisions import DecisionsPart
from service.storage.memory.desk import DeskPart
from service.storage.memory.state import as_stored
from service.storage.reading import PAGE_LIMIT

TEXTS_GO = frozenset({Status.REJECTED, Status.SPAM, Status.WITHDRAWN})


class ErasingPart(DeskPart, DecisionsPart):
    """The verbs by which a person is forgotten."""

    def written_by(
        self,
        site_id: int,
        author_keys: Collection[str],
        limit: int,
        after: int = 0,
        lock: bool = False,  # noqa: ARG002 - a writer is alone here
    ) -> list[Comment]:
        found = [
            self._whole(one)
            for pk, one in sorted(self._state.comments.items())
            if one.site_id == site_id and one.author_key in author_keys and pk > after
        ]
        return found[: max(1, min(limit, PAGE_LIMIT))]

    def superseded(self, pk: int) -> list[Comment]:
        old = sorted(revision for of_pk, revision in self._state.revisions if of_pk == pk)
        return [found for revision in old if (found := self.revision_body(pk, revision))]

    def empty(self, pks: Collection[int], shown: Collection[int] = ()) -> Mapping[str, int]:
        if not pks:
            return {}
        taken = {
            "comments": len(pks),
            "contacts": sum(self._change().boxes.pop(pk, None) is not None for pk in pks),
            "originals": self._drop_originals_of(pks),
            "idempotency_keys": self._drop_keys_of(pks),
            "notes": self._drop_notes_of(pks),
            "labels": self._drop_labels_of(pks),
            "revisions": 0,
            "deliveries": self._empty_deliveries_of(pks),
            "reports": sum(key[0] in pks for key in self._state.reports),
            "appeals": sum(one.comment_pk in pks for one in self._state.appeals.values()),
        }
        self.forget_texts(pks)
        for pk in pks:
            self.close_matters({pk: None}, as_stored(self._state.comments[pk].received_at))
            self._state.claims.pop(pk, None)
            self._state.cluster_members.pop(pk, None)
            self._state.leases.pop(pk, None)
            taken["revisions"] += self._empty_comment(pk, pk in shown)
        return taken

    def _empty_comment(self, pk: int, shown: bool) -> int:
        """Empty the comment and its older texts, but for what readers see; return how many older texts went."""
        one = self._state.comments[pk]
        seen = one.published_revision if shown else None
        old = [key for key in self._state.revisions if key[0] == pk]
        for key in old:
            if key[1] == seen:
                self._state.revisions[key] = _nobodys(self._state.revisions[key])
            else:
                del self._state.revisions[key]
        self._state.comments[pk] = replace(
            _nobodys(one),
            status=Status.ERASED,
            rescore=False,
            body=one.body if seen == one.revision else "",
            published_revision=seen,
            client=Client(),
            signals={},
        )
        for decision in self.decisions_of(pk):
            if decision.who_kind is not Who.MACHINE and decision.action is not Action.ERASE:
                self._state.decisions[decision.id] = replace(decision, reason=None)
        return sum(key[1] != seen for key in old)

    def _drop_originals_of(self, pks: Collection[int]) -> int:
        mine = [key for key in self._state.originals if key[0] in pks]
        return sum(len(self._state.originals.pop(key)) for key in mine)

    def _drop_keys_of(self, pks: Collection[int]) -> int:
        mine = [name for name, key in self._state.keys.items() if key.comment_pk in pks]
        for name in mine:
            del self._state.keys[name], self._state.keys_at[name]
        return len(mine)

    def _drop_notes_of(self, pks: Collection[int]) -> int:
        of_these = {one.id for one in self._state.decisions.values() if one.comment_pk in pks}
        return sum(self._state.notes.pop(one, None) is not None for one in of_these)

    def _drop_labels_of(self, pks: Collection[int]) -> int:
        labels = self._state.labels
        kept = [label for label in labels if label.comment_pk not in pks]
        dropped = len(labels) - len(kept)
        labels[:] = kept
        return dropped

    def _empty_deliveries_of(self, pks: Collection[int]) -> int:
        mine = [one for one in self._state.deliveries.values() if one.comment_pk in pks]
        for one in mine:
            state = "dropped" if one.state in ("waiting", "dead") else one.state
            self._state.deliveries[one.id] = replace(one, payload=b"", state=state)
        return sum(len(one.payload) > 0 for one in mine)

    def forget_author(self, site_id: int, author_keys: Collection[str]) -> Mapping[str, int]:
        if not author_keys:
            return {}
        gone = {"standings": 0, "bans_kept": 0, "deliveries": 0, "originals": 0, "revisions": 0}
        for key, entry in list(self._change().author_statuses.items()):
            if entry.site_id == site_id and entry.author_key in author_keys:
                if entry.status is AuthorStatus.BANNED:
                    self._state.author_statuses[key] = replace(entry, reason=None)
                    gone["bans_kept"] += 1
                else:
                    del self._state.author_statuses[key]
                    gone["standings"] += 1
        for place, old in list(self._state.revisions.items()):
            if old.site_id == site_id and old.author_key in author_keys:
                del self._state.revisions[place]
                gone["revisions"] += 1
                gone["originals"] += len(self._state.originals.pop(place, {}))
                gone["deliveries"] += self._empty_deliveries_at(*place)
                comment = self._state.comments[place[0]]
                if comment.published_revision == place[1]:
                    self._state.comments[place[0]] = replace(comment, published_revision=None)
        return gone

    def _empty_deliveries_at(self, pk: int, revision: int) -> int:
        of_it = {one.id for one in self.decisions_of(pk) if one.revision == revision}
        mine = [one for one in self._state.deliveries.values() if one.decision_id in of_it and one.payload]
        for one in mine:
            state = "dropped" if one.state in ("waiting", "dead") else one.state
            self._state.deliveries[one.id] = replace(one, payload=b"", state=state)
        return len(mine)

    def add_erasure(self, erasure: Erasure) -> None:
        self._change().erasures[erasure.id] = replace(erasure, created_at=as_stored(erasure.created_at))

    def erasure(self, erasure_id: str) -> Erasure | None:
        return self._state.erasures.get(erasure_id)

    def erasures_unpurged(self) -> int:
        return sum(one.purged_at is None for one in self._state.erasures.values())

    def mark_purged(self, made_before: datetime, now: datetime) -> int:
        erasures = self._change().erasures
        marked = [one for one in erasures.values() if one.purged_at is None and one.created_at < made_before]
        for one in marked:
            erasures[one.id] = replace(one, purged_at=as_stored(now))
        return len(marked)

    def remove_site(self, site_id: int) -> Mapping[str, int]:
        state = self._change()
        pks = {one.pk for one in state.comments.values() if one.site_id == site_id}
        taken = dict(self.empty(pks))
        for pk in pks:
            del state.comments[pk]
        state.pks = {name: pk for name, pk in state.pks.items() if pk not in pks}
        state.decisions = {pk: one for pk, one in state.decisions.items() if one.site_id != site_id}
        state.deliveries = {pk: one for pk, one in state.deliveries.items() if one.site_id != site_id}
        state.erasures = {pk: one for pk, one in state.erasures.items() if one.site_id != site_id}
        state.policies = {place: one for place, one in state.policies.items() if place[0] != site_id}
        state.articles = {place: one for place, one in state.articles.items() if place[0] != site_id}
        state.moved = {place: key for place, key in state.moved.items() if place[0] != site_id}
        state.api_keys = {name: key for name, key in state.api_keys.items() if key.site_id != site_id}
        taken["sites"] = int(state.sites.pop(site_id, None) is not None)
        state.counters.pop(site_id, None)
        return taken

    def remove_moderator(self, moderator_id: int) -> None:
        state = self._change()
        for given in (state.sessions, state.sign_ins):
            for token in [token for token, one in given.items() if one.moderator_id == moderator_id]:
                del given[token]
        state.claims = {pk: one for pk, one in state.claims.items() if one[0] != moderator_id}
        state.views = {number: one for number, one in state.views.items() if one[0] != moderator_id}
        state.moderators.pop(moderator_id, None)


class RetainingPart(ErasingPart):
    """The verbs by which a period is forgotten."""

    def expired(self, site_id: int, status: Status, before: datetime, limit: int) -> list[int]:
        if not self._writes:
            raise RuntimeError("this transaction only reads; open it with write()")
        found = [
            one.pk
            for one in self._state.comments.values()
            if (one.site_id, one.status) == (site_id, status)
            and status in TEXTS_GO
            and self._settled_at(one) < before
        ]
        return sorted(found)[:limit]

    def _settled_at(self, one: Comment) -> datetime:
        current = self.decision(one.decision_id) if one.decision_id else None
        return current.effective_at if current else one.decided_at or one.received_at

    def drop_clients(self, site_id: int, before: datetime, limit: int) -> int:
        old = [
            one
            for one in self._change().comments.values()
            if one.site_id == site_id and one.client != Client() and one.received_at < before
        ][:limit]
        for one in old:
            self._state.comments[one.pk] = replace(one, client=Client())
        return len(old)

    def drop_originals(self, site_id: int, before: datetime, limit: int) -> int:
        comments = self._state.comments
        old = [
            (place, field)
            for place, fields in sorted(self._change().originals.items())
            for field in fields
            if comments[place[0]].site_id == site_id and comments[place[0]].received_at < before
        ][:limit]
        for place, field in old:
            kept = {name: text for name, text in self._state.originals[place].items() if name != field}
            self._state.originals[place] = kept
            if not kept:
                del self._state.originals[place]
        return len(old)

    def drop_deliveries(self, site_id: int, before: datetime, limit: int, waiting: bool = False) -> int:
        old = [
            one.id
            for one in self._change().deliveries.values()
            if one.site_id == site_id and (one.state == "waiting") is waiting and one.created_at < before
        ][:limit]
        for pk in old:
            del self._state.deliveries[pk]
        return len(old)


def _nobodys(one: Comment) -> Comment:
    return replace(one, author_name="", website=None, author_key=None, content_hash="", verdict=None)
