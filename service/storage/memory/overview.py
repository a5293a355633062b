"""The double's overview, counted by hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta

from service.domain.comment import Comment
from service.domain.consequences import Past
from service.domain.overview import Judged, Place, Tally
from service.domain.status import Status
from service.domain.surge import USUAL_HOURS, Surge, is_surge
from service.domain.verdict import Action, Decision, Who
from service.ports.overview import Hand
from service.storage.memory.articles import ArticlesPart
from service.storage.overview import JUDGED_LIMIT, PAST_LIMIT, PLACES, WAITS_LIMIT

JUDGEMENTS = (Action.APPROVE, Action.REJECT, Action.SPAM)


class OverviewPart(ArticlesPart):
    """The verbs of the overview."""

    def tally(self, site_id: int | None, since: datetime, until: datetime) -> Tally:
        comments = self._state.comments
        of_site = [one for one in comments.values() if site_id in (None, one.site_id)]
        came = [one for one in of_site if since <= one.received_at < until]
        made = sorted(
            (
                one
                for one in self._state.decisions.values()
                if site_id in (None, one.site_id)
                and since <= one.created_at < until
                and one.undone_at is None
            ),
            key=lambda decision: -decision.id,
        )
        by_people = [
            one for one in made if one.who_kind is Who.MODERATOR and one.action is not Action.RESTORE
        ]
        waiting = min(
            (one for one in of_site if one.status is Status.HELD), key=lambda one: one.pk, default=None
        )
        people = Counter(one.who for one in by_people)
        return Tally(
            since=since,
            until=until,
            arrived=len(came),
            by_status=Counter(one.status for one in came),
            decided=Counter((one.who_kind, one.action) for one in made),
            by_person=dict(sorted(people.items(), key=lambda item: (-item[1], item[0]))[:100]),
            waited_seconds=[
                max((one.created_at - comments[one.comment_pk].received_at).total_seconds(), 0.0)
                for one in by_people
                if one.replaces is None
            ][:WAITS_LIMIT],
            judged=self._judged(made)[:JUDGED_LIMIT],
            by_site=self._by_site(came),
            by_article=self._by_article(came),
            oldest_waiting=waiting.received_at if waiting else None,
            oldest_waiting_pk=waiting.pk if waiting else None,
        )

    def _judged(self, made: Iterable[Decision]) -> list[Judged]:
        found = []
        for one in made:
            comment = self._state.comments[one.comment_pk]
            if (
                one.who_kind is not Who.MACHINE
                and one.action in JUDGEMENTS
                and comment.decision_id == one.id
                and comment.verdict is not None
            ):
                found.append(Judged(comment.verdict.scores, comment.verdict.action, one.action, comment.pk))
        return found

    def _by_site(self, came: list[Comment]) -> list[Place]:
        sites = self._state.sites
        return [
            Place(
                sites[site_id].name,
                sites[site_id].name,
                sites[site_id].url,
                count,
                _held(came, site_id=site_id),
            )
            for site_id, count in sorted(
                Counter(one.site_id for one in came).items(), key=lambda item: (-item[1], item[0])
            )[:PLACES]
        ]

    def _by_article(self, came: list[Comment]) -> list[Place]:
        counted = Counter((one.site_id, one.article.identity) for one in came)
        order = {key: number for number, key in enumerate(self._state.articles)}
        ranked = sorted(counted.items(), key=lambda item: (-item[1], order[item[0]]))
        return [
            Place(
                self._state.sites[key[0]].name,
                self._state.articles[key].title or self._state.articles[key].url,
                self._state.articles[key].url,
                count,
                sum(one.status is Status.HELD for one in came if (one.site_id, one.article.identity) == key),
            )
            for key, count in ranked[:PLACES]
        ]

    def arrivals(
        self,
        site_id: int | None,
        since: datetime,
        until: datetime,
        status: Status | None,
        article_url: str | None,
        before: int | None,
        limit: int,
    ) -> list[Comment]:
        found = [
            one
            for one in sorted(self._state.comments.values(), key=lambda comment: -comment.pk)
            if site_id in (None, one.site_id)
            and since <= one.received_at < until
            and status in (None, one.status)
            and self._leads_to(one, article_url)
            and (before is None or one.pk < before)
        ]
        return found[: max(1, min(limit, PAST_LIMIT))]

    def decided_in(
        self,
        site_id: int | None,
        since: datetime,
        until: datetime,
        hand: Hand,
        before: int | None,
        limit: int,
    ) -> list[tuple[int, Comment]]:
        found = [
            (one.id, self._state.comments[one.comment_pk])
            for one in sorted(self._state.decisions.values(), key=lambda decision: -decision.id)
            if site_id in (None, one.site_id)
            and since <= one.created_at < until
            and one.undone_at is None
            and hand.who_kind in (None, one.who_kind)
            and hand.who in (None, one.who)
            and (one.action is not Action.RESTORE if hand.action is None else one.action is hand.action)
            and (before is None or one.id < before)
        ]
        return found[: max(1, min(limit, PAST_LIMIT))]

    def surges(self, site_id: int | None, now: datetime) -> list[Surge]:
        hour_ago = now - timedelta(hours=1)
        day_before = hour_ago - timedelta(hours=USUAL_HOURS)
        comments = [one for one in self._state.comments.values() if site_id in (None, one.site_id)]
        lately = Counter(
            (one.site_id, one.article.identity) for one in comments if hour_ago <= one.received_at <= now
        )
        before = Counter(
            (one.site_id, one.article.identity)
            for one in comments
            if day_before <= one.received_at < hour_ago
        )
        return [
            self._surge(key, count, before[key] / USUAL_HOURS)
            for key, count in lately.most_common()
            if is_surge(count, before[key] / USUAL_HOURS)
        ][:PLACES]

    def _surge(self, key: tuple[int, str], count: int, usual: float) -> Surge:
        article = self._state.articles[key]
        return Surge(key[0], article.title or article.url, article.url, count, usual)

    def scored_lately(self, site_id: int, limit: int) -> list[Past]:
        newest = sorted(
            (one for one in self._state.comments.values() if one.site_id == site_id and one.verdict),
            key=lambda comment: -comment.pk,
        )[: max(1, min(limit, PAST_LIMIT))]
        said = {
            (one.comment_pk, one.revision): one.action
            for one in self._state.labels
            if one.retracted_at is None and one.who_kind is not Who.READER
        }
        judged = [said.get((one.pk, one.revision)) for one in newest]
        return [
            Past(one, None if action is Action.HOLD else action)
            for one, action in zip(newest, judged, strict=True)
        ]


def _held(came: list[Comment], site_id: int) -> int:
    return sum(one.status is Status.HELD for one in came if one.site_id == site_id)
