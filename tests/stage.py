"""An installation over any store, without web and worker, and short words for what happens to its comments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from service.context import Dependencies
from service.domain.comment import Article, Comment, Placed, Source, Submission
from service.domain.errors import ReplydeskError
from service.domain.events import Delivery
from service.domain.policy_terms import change
from service.domain.site import Site
from service.domain.verdict import LABELS, Action, Assessment, Decision, Who
from service.messaging.dispatcher import RecordingDispatcher
from service.privacy.keys import Keyring
from service.privacy.sanitizer import Sanitizer
from service.privacy.sealing import Address
from service.storage import Store
from service.usecases import Judgement, Scored, record_scores, review, submit, undo
from tests.factories import SetClock, courier

KEYRING = Keyring(bytes(range(32)))
ARTICLE = Article("https://courier.example/bridge")


def submission(name: str | None = "c-1", body: str = "The bridge is open.", **changes: Any) -> Submission:
    """A comment by Ada as the API takes it."""
    email = Address.parse("ada@example.org")
    return replace(Submission(ARTICLE, "Ada", body, Source.API, id=name, email=email), **changes)


def assessed(**scores: float) -> Assessment:
    """An assessment with these scores; labels not named score nothing."""
    return Assessment(scores=dict.fromkeys(LABELS, 0.0) | scores, model="made-up-1")


@dataclass(slots=True)
class Stage:
    deps: Dependencies
    clock: SetClock
    dispatcher: RecordingDispatcher
    site: Site

    @classmethod
    def over(cls, store: Store, **site: Any) -> Stage:
        """Put an installation over the store, with the courier in it."""
        clock, dispatcher = SetClock(), RecordingDispatcher()
        with store.write() as tx:
            made = tx.sites.add(courier(**site))
        return cls(Dependencies(store=store, dispatcher=dispatcher, clock=clock), clock, dispatcher, made)

    def tune(self, terms: Mapping[str, object]) -> None:
        """Change the site's policy."""
        self.site = replace(self.site, policy=change(self.site.policy, terms, self.site.policy.version + 1))
        with self.deps.store.write() as tx:
            tx.sites.save(self.site)

    def submit(self, *given: Submission, site: Site | None = None) -> list[Placed | ReplydeskError]:
        return submit(self.deps, Sanitizer(KEYRING), site or self.site, given)

    def accept(self, name: str | None = "c-1", **changes: Any) -> Comment:
        (placed,) = self.submit(submission(name, **changes))
        return placed.comment

    def post(self, *texts: str, **changes: Any) -> list[Comment]:
        """Accept a live comment without an address for each text; ids are c-0, c-1 and so on, by text."""
        given = [
            replace(
                Submission(ARTICLE, "Ada", text, Source.API, id=f"c-{n}", signals={}, live=True), **changes
            )
            for n, text in enumerate(texts)
        ]
        return [one.comment for one in self.submit(*given) if isinstance(one, Placed)]

    def score(self, comment: Comment, **scores: float) -> Comment:
        """Let the model decide it by these scores."""
        record_scores(self.deps, [Scored(comment, assessed(**scores))])
        return self.look(comment.id)

    def decide(self, name: str, action: Action, delay: float = 0.0, **seen: Any) -> Decision:
        """Let a moderator decide it; the decision is published `delay` seconds later."""
        return review(self.deps, self.site, name, Judgement(action, Who.MODERATOR, "Mo", **seen), delay)

    def undo(self, name: str, decision_id: int | None = None) -> Comment:
        return undo(self.deps, self.site, name, Who.MODERATOR, "Mo", decision_id)

    def look(self, name: str = "c-0") -> Comment:
        with self.deps.store.read() as tx:
            found = tx.comments.get(self.site.id, name)
        assert found is not None
        return found

    def statuses(self, count: int) -> list[str]:
        return [str(self.look(f"c-{n}").status) for n in range(count)]

    def mail(self) -> list[Delivery]:
        with self.deps.store.read() as tx:
            return tx.deliveries.page(self.site.id, None, 100)

    def told(self) -> list[str]:
        """What callbacks say, in order: approved, held, restored and so on."""
        return [one.type.removeprefix("comment.") for one in self.mail()]

    def feed(self) -> list[tuple[int | None, str]]:
        """Number and action of each decision that is published."""
        with self.deps.store.read() as tx:
            return [(one.seq, str(one.action)) for one, _ in tx.decisions.feed(self.site.id, 0, 1000)]

    def published(self) -> list[str]:
        with self.deps.store.read() as tx:
            return [one.body for one in tx.comments.published(self.site.id, ARTICLE.url)]

    def labels(self, name: str = "c-1") -> list[tuple[Action, bool]]:
        """Each judgement that can be learned from, and whether it stands."""
        pk = self.look(name).pk
        with self.deps.store.read() as tx:
            return [(one.action, one.retracted_at is None) for one in tx.labels.of_comment(pk)]

    def enqueued(self) -> list[str]:
        """The names of the tasks that were enqueued since this was asked last."""
        names = [name for name, _ in self.dispatcher.enqueued]
        self.dispatcher.enqueued.clear()
        return names
