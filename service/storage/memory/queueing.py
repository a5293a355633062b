"""The double's queues: what is held and what matters beside it, in order, filtered, and assigned to whom."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from service.domain.addresses import article_keys
from service.domain.comment import Comment
from service.domain.desk import Claim, Cursor, Matter, Queued, Sort, Wanted
from service.domain.leading import Leading, is_at_risk, leading
from service.domain.status import Status
from service.domain.verdict import SELF_HARM
from service.storage.memory.comments import ScoringPart
from service.storage.memory.state import as_stored
from service.storage.queueing import LANGUAGES_SHOWN


class QueuePart(ScoringPart):
    """The verbs of queues and claims."""

    def queue(self, wanted: Wanted, moderator_id: int, now: datetime, limit: int) -> list[Queued]:
        queue = self._of_kind(wanted)
        taken = self._taken(moderator_id, now)
        left_out = taken | self._copies(taken) | self._hidden_copies(queue) | set(wanted.without)
        found = [
            ((not is_at_risk(comment.verdict), *_order(wanted.sort, comment)), comment)
            for comment in queue
            if comment.pk not in left_out
        ]
        found.sort(key=lambda pair: pair[0])
        if (after := wanted.after) is not None:
            rank = -(after.rank or 0.0) if wanted.sort is not Sort.AGE else 0.0
            at_risk = after.at_risk or wanted.label == SELF_HARM
            found = [pair for pair in found if pair[0] > (not at_risk, rank, after.pk)]
        return [
            Queued(comment, Cursor(comment.pk, None if wanted.sort is Sort.AGE else -rank, not is_other))
            for (is_other, rank, _), comment in found[:limit]
        ]

    def _hidden_copies(self, queue: list[Comment]) -> set[int]:
        """Return the copies hidden by an older one of their cluster in the queue; at risk, only by one at risk."""
        at_risk = [one for one in queue if is_at_risk(one.verdict)]
        whole = self._with_older_copy(queue)
        return self._with_older_copy(at_risk) | (whole - {one.pk for one in at_risk})

    def _with_older_copy(self, queue: list[Comment]) -> set[int]:
        members = self._state.cluster_members
        first: dict[int, int] = {}
        clusters = [(one.pk, members[one.pk]) for one in queue if one.pk in members]
        for pk, cluster_id in sorted(clusters):
            first.setdefault(cluster_id, pk)
        return {pk for pk, cluster_id in clusters if first[cluster_id] != pk}

    def _of_kind(self, wanted: Wanted) -> list[Comment]:
        wanted = self._led_on(wanted)
        aside = {key[0] for key in self._state.matters if key[1] is Matter.ASIDE}
        return [
            self._whole(one)
            for one in self._state.comments.values()
            if one.status is Status.HELD and one.pk not in aside and matches(wanted, one)
        ]

    def _led_on(self, wanted: Wanted) -> Wanted:
        """Follow an address whose thread was moved."""
        sites = [wanted.site_id] if wanted.site_id else list(self._state.sites)
        there = [found for site_id in sites if (found := self.article(site_id, wanted.article_url or ""))]
        return replace(wanted, article_url=there[0].url) if there else wanted

    def _taken(self, moderator_id: int, now: datetime) -> set[int]:
        claims = self._state.claims.items()
        return {pk for pk, (who, until) in claims if who != moderator_id and until > now}

    def _copies(self, pks: set[int]) -> set[int]:
        """Return every member of a cluster that one of these held comments is in."""
        members = self._state.cluster_members
        held = (pk for pk in pks if self._state.comments[pk].status is Status.HELD)
        clusters = {members[pk] for pk in held if pk in members}
        return {pk for pk, cluster_id in members.items() if cluster_id in clusters}

    def matters(
        self, kind: Matter, wanted: Wanted, moderator_id: int, now: datetime, limit: int
    ) -> list[Queued]:
        taken = self._taken(moderator_id, now)
        found = [
            (matter.id, self._whole(self._state.comments[pk]))
            for (pk, of_kind), matter in self._state.matters.items()
            if of_kind is kind and pk not in taken
        ]
        return [queued for _, queued in in_order(found, wanted)][:limit]

    def arrived(self, wanted: Wanted, since_pk: int, limit: int) -> int:
        held = replace(wanted, after=None, without=())
        state = self._state
        every = [one for one in state.comments.values() if one.status is Status.HELD and one.pk > since_pk]
        aside_too = [one for one in every if matches(held, one)]
        return min(limit, len(aside_too))

    def newest_held(self) -> int:
        held = (one.pk for one in self._state.comments.values() if one.status is Status.HELD)
        return max(held, default=0)

    def queue_counts(self, limit: int) -> dict[str, int]:
        kinds = [kind for _, kind in self._state.matters]
        counts = {
            "held": len(self._of_kind(Wanted())),
            "reported": kinds.count(Matter.REPORTED),
            "aside": kinds.count(Matter.ASIDE),
            "appeals": sum(one.answered_at is None for one in self._state.appeals.values()),
        }
        return {name: min(limit, number) for name, number in counts.items()}

    def languages(self) -> list[str]:
        held = (one for one in self._state.comments.values() if one.status is Status.HELD)
        return sorted({language for one in held if (language := _language(one))})[:LANGUAGES_SHOWN]

    def claim(self, moderator_id: int, pks: Sequence[int], now: datetime, until: datetime) -> set[int]:
        state, mine = self._change(), set()
        for pk in pks:
            who, ends = state.claims.get(pk, (moderator_id, now))
            if pk in state.comments and (who == moderator_id or ends <= now):
                state.claims[pk] = (moderator_id, as_stored(until))
                mine.add(pk)
        return mine

    def release_claims(self, moderator_id: int, pks: Sequence[int] | None = None) -> None:
        state = self._change()
        for pk, (who, _) in list(state.claims.items()):
            if who == moderator_id and (pks is None or pk in pks):
                del state.claims[pk]

    def claims(self, now: datetime) -> list[Claim]:
        names = {one.id: one.name for one in self._state.moderators.values()}
        found = [
            Claim(pk, who, names.get(who, ""), until)
            for pk, (who, until) in self._state.claims.items()
            if until > now and self._waits(pk)
        ]
        return sorted(found, key=lambda claim: (claim.moderator, claim.comment_pk))

    def _waits(self, pk: int) -> bool:
        return (
            self._state.comments[pk].status in (Status.PENDING, Status.HELD)
            or any(key[0] == pk for key in self._state.matters)
            or any(one.comment_pk == pk and one.answered_at is None for one in self._state.appeals.values())
        )


def _led(comment: Comment) -> Leading:
    return leading(comment.verdict) if comment.verdict else Leading(None, 0.0, 1.0)


def _language(comment: Comment) -> str | None:
    return comment.verdict.language if comment.verdict else None


def in_order(found: Iterable[tuple[int, Comment]], wanted: Wanted) -> list[tuple[int, Queued]]:
    """Filter and sort comments of a queue, each with the number that decides where ranks are alike."""
    after = (-(wanted.after.rank or 0.0), wanted.after.pk) if wanted.after else None
    ranked = [
        ((_order(wanted.sort, comment)[0], key), comment)
        for key, comment in found
        if matches(wanted, comment) and comment.pk not in wanted.without
    ]
    ranked.sort(key=lambda pair: pair[0])
    return [
        (order[1], Queued(comment, Cursor(order[1], None if wanted.sort is Sort.AGE else -order[0])))
        for order, comment in ranked
        if after is None or order > after
    ]


def _order(sort: Sort, comment: Comment) -> tuple[float, int]:
    led = _led(comment)
    rank = {Sort.AGE: 0.0, Sort.SCORE: -led.score, Sort.DOUBT: -led.doubt}[sort]
    return rank, comment.pk


def matches(wanted: Wanted, comment: Comment) -> bool:
    """Whether the comment passes the filters."""
    return (
        wanted.site_id in (None, comment.site_id)
        and (wanted.article_url is None or comment.article.identity in article_keys(wanted.article_url))
        and wanted.label in (None, _led(comment).label)
        and wanted.language in (None, _language(comment))
    )
