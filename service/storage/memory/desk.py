"""The double's desk: lanes, claims, matters, appeals, authors, words and views."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from service.moderation.comment import Comment, Status
from service.moderation.desk import Appeal, Claim, Cursor, History, Matter, Queued, Report, Sort, View, Wanted
from service.moderation.leading import Leading, leading
from service.moderation.standing import AuthorStanding
from service.storage.authoring import VIEWS_KEPT
from service.storage.memory.comments import ScoringPart
from service.storage.memory.state import OpenMatter, as_stored
from service.storage.queueing import LANGUAGES_SHOWN


class QueuePart(ScoringPart):
    """The verbs of lanes and claims."""

    def queue(self, wanted: Wanted, moderator_id: int, now: datetime, limit: int) -> list[Queued]:
        taken = self._taken(moderator_id, now)
        found = [
            (_order(wanted.sort, comment), comment)
            for comment in self._of_kind(wanted)
            if comment.pk not in taken and comment.pk not in wanted.without and not self._folded(comment.pk)
        ]
        found.sort(key=lambda pair: pair[0])
        if wanted.after is not None:
            rank = -(wanted.after.rank or 0.0) if wanted.sort is not Sort.AGE else 0.0
            found = [pair for pair in found if pair[0] > (rank, wanted.after.pk)]
        return [
            Queued(comment, Cursor(comment.pk, None if wanted.sort is Sort.AGE else -order[0]))
            for order, comment in found[:limit]
        ]

    def _folded(self, pk: int) -> bool:
        members = self._state.wave_members
        return any(
            other < pk and wave_id == members.get(pk) and self._state.comments[other].status is Status.HELD
            for other, wave_id in members.items()
        )

    def _of_kind(self, wanted: Wanted) -> list[Comment]:
        aside = {key[0] for key in self._state.matters if key[1] is Matter.ASIDE}
        return [
            self._whole(one)
            for one in self._state.comments.values()
            if one.status is Status.HELD and one.pk not in aside and matches(wanted, one)
        ]

    def _taken(self, moderator_id: int, now: datetime) -> set[int]:
        claims = self._state.claims.items()
        return {pk for pk, (who, until) in claims if who != moderator_id and until > now}

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

    def lane_counts(self, limit: int) -> dict[str, int]:
        kinds = [kind for _, kind in self._state.matters]
        counts = {
            "held": sum(one.status is Status.HELD for one in self._state.comments.values()),
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
            if until > now
        ]
        return sorted(found, key=lambda claim: (claim.moderator, claim.comment_pk))


class CasesPart(QueuePart):
    """The verbs about reports, matters and appeals."""

    def add_report(self, report: Report) -> bool:
        key = (report.comment_pk, report.by)
        if key in self._state.reports:
            return False
        self._change().reports[key] = replace(report, created_at=as_stored(report.created_at))
        return True

    def reports(self, comment_pk: int, limit: int = 20) -> list[Report]:
        found = [one for (pk, _), one in self._state.reports.items() if pk == comment_pk]
        found.sort(key=lambda one: one.by)
        return sorted(found, key=lambda one: one.created_at, reverse=True)[:limit]

    def reports_about(self, comment_pks: Collection[int], limit: int = 20) -> dict[int, list[Report]]:
        return {pk: found for pk in comment_pks if (found := self.reports(pk, limit))}

    def open_matter(
        self, kind: Matter, comment: Comment, now: datetime, opened_by: int | None = None
    ) -> None:
        state = self._change()
        known = state.matters.get((comment.pk, kind))
        made = known or OpenMatter(state.next("matter"), as_stored(now), opened_by)
        state.matters[comment.pk, kind] = replace(made, raised=made.raised + 1)

    def open_matters(self, comment_pks: Collection[int]) -> dict[int, dict[Matter, int]]:
        found: dict[int, dict[Matter, int]] = {}
        for (pk, kind), matter in self._state.matters.items():
            if pk in comment_pks:
                found.setdefault(pk, {})[kind] = matter.raised
        return found

    def close_matters(self, comment_pk: int, closed_by: int | None, now: datetime) -> int:  # noqa: ARG002 - kept by tables
        state = self._change()
        mine = [key for key in state.matters if key[0] == comment_pk]
        for key in mine:
            matter = state.matters.pop(key)
            if closed_by is not None:
                state.closed.setdefault(closed_by, {})[key] = matter
        return len(mine)

    def undo_matters(self, decision_id: int) -> None:
        state = self._change()
        for key, matter in list(state.matters.items()):
            if matter.opened_by == decision_id:
                del state.matters[key]
        state.matters.update(state.closed.pop(decision_id, {}))

    def add_appeal(self, appeal: Appeal) -> Appeal | None:
        if any(one.decision_id == appeal.decision_id for one in self._state.appeals.values()):
            return None
        made = replace(appeal, id=self._change().next("appeal"), opened_at=as_stored(appeal.opened_at))
        self._state.appeals[made.id] = made
        return made

    def appeal(self, appeal_id: int, lock: bool = False) -> Appeal | None:  # noqa: ARG002 - a writer is alone here
        return self._state.appeals.get(appeal_id)

    def appeals_about(self, comment_pks: Collection[int]) -> dict[int, list[Appeal]]:
        return {pk: found for pk in comment_pks if (found := self.appeals_of(pk))}

    def appeals_of(self, comment_pk: int) -> list[Appeal]:
        return [one for _, one in sorted(self._state.appeals.items()) if one.comment_pk == comment_pk]

    def appeals_open(self, wanted: Wanted, limit: int) -> list[tuple[Appeal, Queued]]:
        found = [
            (pk, self._whole(self._state.comments[one.comment_pk]))
            for pk, one in self._state.appeals.items()
            if one.answered_at is None
        ]
        return [(self._state.appeals[pk], queued) for pk, queued in in_order(found, wanted)][:limit]

    def answer_appeal(
        self, appeal_id: int, who: str, answer: str, reversed_by: int | None, now: datetime
    ) -> bool:
        known = self._change().appeals.get(appeal_id)
        if known is None or known.answered_at is not None:
            return False
        self._state.appeals[appeal_id] = replace(
            known, answered_at=as_stored(now), answered_by=who, answer=answer, reversed_by=reversed_by
        )
        return True

    def reopen_appeal(self, reversed_by: int, stands: int | None = None) -> None:
        appeals = self._change().appeals
        for pk, one in appeals.items():
            if one.reversed_by == reversed_by:
                appeals[pk] = _unanswered(replace(one, decision_id=stands or one.decision_id))

    def take_answer_back(self, appeal_id: int) -> bool:
        known = self._change().appeals.get(appeal_id)
        if known is None or known.answered_at is None or known.reversed_by is not None:
            return False
        self._state.appeals[appeal_id] = _unanswered(known)
        return True


class DeskPart(CasesPart):
    """The verbs about authors, words and views."""

    def histories(self, site_id: int, author_keys: Iterable[str]) -> dict[str, History]:
        found: dict[str, History] = {}
        for key in set(author_keys):
            theirs = self._by(site_id, key)
            counts: dict[Status, int] = {}
            for one in theirs:
                counts[one.status] = counts.get(one.status, 0) + 1
            if theirs:
                found[key] = History(counts, min(theirs, key=lambda one: one.pk).received_at)
        return found

    def _by(self, site_id: int, author_key: str) -> list[Comment]:
        every = self._state.comments.values()
        return [one for one in every if (one.site_id, one.author_key) == (site_id, author_key)]

    def by_author(self, site_id: int, author_key: str, before: int | None, limit: int) -> list[Comment]:
        theirs = [one for one in self._by(site_id, author_key) if before is None or one.pk < before]
        theirs.sort(key=lambda one: -one.pk)
        return [self._whole(one) for one in theirs[:limit]]

    def named(self, site_id: int, ids: Iterable[str]) -> dict[str, Comment]:
        found = ((one, self.comment(site_id, one)) for one in set(ids))
        return {name: comment for name, comment in found if comment}

    def stand(self, standing: AuthorStanding) -> AuthorStanding:
        self.end_standing(standing.site_id, standing.author_key, standing.created_at)
        made = replace(
            standing,
            id=self._change().next("standing"),
            created_at=as_stored(standing.created_at),
            until=as_stored(standing.until) if standing.until else None,
        )
        self._state.standings[standing.site_id, standing.author_key] = made
        return made

    def end_standing(self, site_id: int, author_key: str, now: datetime) -> bool:  # noqa: ARG002 - kept by tables
        return self._change().standings.pop((site_id, author_key), None) is not None

    def standings(self, site_id: int, author_keys: Iterable[str], now: datetime) -> dict[str, AuthorStanding]:
        found = ((key, self._state.standings.get((site_id, key))) for key in set(author_keys))
        return {key: one for key, one in found if one is not None and one.holds(now)}

    def index_texts(self, pks: Collection[int]) -> None:
        for pk in pks:
            comment = self._change().comments.get(pk)
            if comment and comment.status is not Status.ERASED:
                self._state.words[pk] = frozenset(_words(f"{comment.author_name} {comment.body}"))

    def forget_texts(self, pks: Collection[int]) -> None:
        state = self._change()
        for pk in pks:
            state.words.pop(pk, None)
        state.reports = {key: one for key, one in state.reports.items() if key[0] not in pks}
        state.appeals = {key: one for key, one in state.appeals.items() if one.comment_pk not in pks}

    def rebuild_search(self) -> None:
        self._change()

    def search(
        self, words: Sequence[str], site_id: int | None, before: int | None, limit: int
    ) -> list[Comment]:
        asked = {word for given in words for word in _words(given)}
        found = [
            self._whole(self._state.comments[pk])
            for pk, known in sorted(self._state.words.items(), reverse=True)
            if asked
            and asked <= known
            and site_id in (None, self._state.comments[pk].site_id)
            and (before is None or pk < before)
        ]
        return found[:limit]

    def add_view(self, moderator_id: int, name: str, query: str, now: datetime) -> None:  # noqa: ARG002 - kept by tables
        state = self._change()
        same = [pk for pk, (who, view) in state.views.items() if (who, view.name) == (moderator_id, name)]
        pk = same[0] if same else state.next("view")
        state.views[pk] = (moderator_id, View(pk, name, query))
        mine = sorted((pk for pk, (who, _) in state.views.items() if who == moderator_id), reverse=True)
        for old in mine[VIEWS_KEPT:]:
            del state.views[old]

    def views(self, moderator_id: int) -> list[View]:
        mine = (view for who, view in self._state.views.values() if who == moderator_id)
        return sorted(mine, key=lambda view: view.name)

    def drop_view(self, moderator_id: int, view_id: int) -> None:
        if self._change().views.get(view_id, (None, None))[0] == moderator_id:
            del self._state.views[view_id]


def _unanswered(appeal: Appeal) -> Appeal:
    return replace(appeal, answered_at=None, answered_by=None, answer=None, reversed_by=None)


def _led(comment: Comment) -> Leading:
    return leading(comment.verdict) if comment.verdict else Leading(None, 0.0, 1.0)


def _language(comment: Comment) -> str | None:
    return comment.verdict.language if comment.verdict else None


def in_order(found: Iterable[tuple[int, Comment]], wanted: Wanted) -> list[tuple[int, Queued]]:
    """Filter and sort comments of a lane, each with the number that decides where ranks are alike."""
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
    """Whether the comment passes the filters of the wish."""
    return (
        wanted.site_id in (None, comment.site_id)
        and wanted.article_url in (None, comment.article.url)
        and wanted.label in (None, _led(comment).label)
        and wanted.language in (None, _language(comment))
    )


def _words(text: str) -> list[str]:
    return "".join(char if char.isalnum() else " " for char in text.casefold()).split()
