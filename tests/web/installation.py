"""The service over a store, as the tests of the web application have it in hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Flask

from service import usecases
from service.context import AppContext, Dependencies
from service.domain.comment import Comment
from service.domain.events import Delivery
from service.domain.site import Site
from service.domain.verdict import LABELS, Action, Assessment
from service.storage import Tx
from service.usecases import Scored
from service.usecases.sites import tune_site
from tests.factories import SetClock

Rows = TypeVar("Rows")


@dataclass
class Installation:
    context: AppContext
    app: Flask
    clock: SetClock

    @property
    def deps(self) -> Dependencies:
        return self.context.deps

    def rows(self, ask: Callable[[Tx], Rows]) -> Rows:
        """Return what `ask` reads in one transaction."""
        with self.deps.store.read() as tx:
            return ask(tx)

    def site(self, name: str = "courier") -> Site:
        found = self.rows(lambda tx: tx.sites.get(name))
        assert found is not None
        return found

    def comments(self, site: str = "courier") -> list[Comment]:
        """The comments of a site, oldest first."""
        pk = self.site(site).id
        return list(self.rows(lambda tx: tx.comments.page(pk, limit=200, oldest_first=True)).comments)

    def labels(self, pk: int) -> list[tuple[Action, str]]:
        """The judgements of a comment that stand, and whose they are."""
        found = self.rows(lambda tx: tx.labels.of_comment(pk))
        return [(one.action, one.who) for one in found if one.retracted_at is None]

    def feed(self) -> list[Action]:
        """What the courier was told, in order."""
        found = self.rows(lambda tx: tx.decisions.feed(self.site().id, 0, 999))
        return [decision.action for decision, _ in found]

    def callbacks(self) -> list[Delivery]:
        return self.rows(lambda tx: tx.deliveries.page(self.site().id, None, 999))

    def score(self, comment: Comment, scores: Mapping[str, float] | None = None, **more: Any) -> set[int]:
        """Let the model decide a comment: by these scores, and next to nothing for every other label."""
        given = dict.fromkeys(LABELS, 0.01) | dict(scores or {})
        said = Assessment(given, "made-up-1", language="en", **more)
        return usecases.record_scores(self.deps, [Scored(comment, said)])

    def tune(self, **terms: str) -> None:
        """Set options and policy of the courier; the process knows them at once."""
        tune_site(self.context, "courier", terms)
        self.forget()

    def forget(self) -> None:
        """Let the two seconds pass for which the process remembers keys and sites."""
        for name in ("api", "compat"):
            here = self.app.extensions[f"replydesk.{name}"]
            here.by_key.forget()
            here.by_name.forget()

    def publish(self, after_seconds: float = 0.0) -> int:
        """Publish what is due by then."""
        self.clock.pass_seconds(after_seconds)
        return usecases.publish_due(self.deps)
