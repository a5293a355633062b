"""A small installation for the pages' tests: a store on SQLite, a clock that is set, two sites and whoever signs in."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from flask import Flask

import service.web
from service import usecases
from service.context import AppContext
from service.domain.comment import Article, Comment, Source, Submission
from service.domain.site import Site
from service.domain.verdict import LABELS, Action, Assessment, Effort, Span, Who
from service.privacy.sealing import Address
from service.storage import Store
from service.usecases import Judgement, Scored
from service.usecases.moderators import invite
from service.usecases.sites import enrol_site
from tests.factories import ADDRESS, SetClock, app_over, context_over, sqlite_store
from tests.web.pages.browser import Browser

WEB = Path(service.web.__file__).parent

PO = WEB / "translations" / "de" / "LC_MESSAGES" / "messages.po"


@dataclass
class Small:
    """The service, what it serves, and the story that tests tell with it."""

    context: AppContext
    app: Flask
    clock: SetClock
    courier: Site
    herald: Site

    def browser(self) -> Browser:
        return Browser(self.app.test_client())

    def signed_in(self, name: str = "Mara", role: str = "moderator") -> Browser:
        _, url = invite(self.context, name, role)
        browser = self.browser()
        assert browser.post(url.removeprefix(self.context.settings.public_url)).status == 303
        return browser

    def submit(self, site: Site | None = None, **changes: Any) -> Comment:
        """A comment by Ada under the courier's bridge, not yet scored."""
        written: dict[str, Any] = {
            "article": Article("https://courier.example/bridge", "The bridge opens"),
            "author_name": "Ada",
            "email": Address.parse(ADDRESS),
            "body": "The new bridge saves me twenty minutes every morning.",
            "source": Source.API,
            "id": f"t-{next(_numbers)}",
        }
        submission = Submission(**{**written, **changes})
        (placed,) = usecases.submit(
            self.context.deps, self.context.sanitizer, site or self.courier, [submission]
        )
        return placed.comment

    def settle(
        self,
        comment: Comment,
        scores: Mapping[str, float] | None = None,
        spans: tuple[Span, ...] = (),
        effort: Effort = Effort.FULL,
    ) -> Comment:
        given = dict.fromkeys(LABELS, 0.01) | dict(scores or {})
        assessment = Assessment(given, "made-up-1", spans=spans, language="en", effort=effort)
        assert usecases.record_scores(self.context.deps, [Scored(comment, assessment)]) == {comment.pk}
        return self.again(comment)

    def approved(self, site: Site | None = None, **changes: Any) -> Comment:
        return self.settle(self.submit(site, **changes))

    def held(self, site: Site | None = None, **changes: Any) -> Comment:
        spans = changes.pop("spans", (Span(4, 14, "insult", 1.9),))
        return self.settle(self.submit(site, **changes), {"toxicity": 0.7, "insult": 0.85}, spans)

    def judge(self, comment: Comment, action: Action, who: str = "Bo the other", delay: float = 0.0) -> None:
        judgement = Judgement(action, Who.MODERATOR, who, comment.revision)
        usecases.review(self.context.deps, self.courier, comment.id, judgement, delay)

    def again(self, comment: Comment) -> Comment:
        with self.context.deps.store.read() as tx:
            found = tx.comments.by_pk(comment.pk)
        assert found is not None
        return found

    def comments(self) -> list[Comment]:
        with self.context.deps.store.read() as tx:
            return list(tx.comments.page(self.courier.id, oldest_first=True).comments)


def build_small(home: Path, store: Store | None = None, **env: str) -> Small:
    """Put a small installation together; without a store it has an empty one on SQLite; `env` are more settings."""
    clock = SetClock()
    context = context_over(store or sqlite_store(), home, clock, **env)
    courier = enrol_site(context, "courier", "https://courier.example", title="The Courier").site
    herald = enrol_site(context, "herald", "https://herald.example").site
    return Small(context, app_over(context, testing=True), clock, courier, herald)


_numbers = itertools.count()


def catalog() -> Catalog:
    with PO.open("rb") as file:
        return read_po(file, locale="de")
