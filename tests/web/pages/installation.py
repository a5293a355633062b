"""A small installation for the pages' tests: a store on SQLite, a clock that is set, two sites and whoever signs in."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

import service.web
from service import usecases
from service.domain.comment import Article, Comment, Source, Submission
from service.domain.site import Site
from service.domain.verdict import Action, Span, Who
from service.privacy.sealing import Address
from service.privacy.signatures import receipt_token
from service.storage import Store
from service.usecases import Judgement
from service.usecases.moderators import invite
from service.usecases.sites import enrol_site
from tests.factories import ADDRESS, SetClock, app_over, context_over, sqlite_store
from tests.web.installation import Installation
from tests.web.pages.browser import Browser

WEB = Path(service.web.__file__).parent

PO = WEB / "translations" / "de" / "LC_MESSAGES" / "messages.po"


@dataclass
class Small(Installation):
    """The small installation, and the story that tests tell with it."""

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
        (placed,) = usecases.submit(self.deps, self.context.sanitizer, site or self.courier, [submission])
        return placed.comment

    def settle(self, comment: Comment, scores: Mapping[str, float] | None = None, **more: Any) -> Comment:
        assert self.score(comment, scores, **more) == {comment.pk}
        return self.again(comment)

    def approved(self, site: Site | None = None, **changes: Any) -> Comment:
        return self.settle(self.submit(site, **changes))

    def held(self, site: Site | None = None, **changes: Any) -> Comment:
        spans = changes.pop("spans", (Span(4, 14, "insult", 1.9),))
        return self.settle(self.submit(site, **changes), {"toxicity": 0.7, "insult": 0.85}, spans=spans)

    def judge(
        self, comment: Comment, action: Action, who: str = "Bo the other", delay: float = 0.0, **given: Any
    ) -> None:
        judgement = Judgement(action, Who.MODERATOR, who, comment.revision, **given)
        usecases.review(self.deps, self.courier, comment.id, judgement, delay)

    def overrule(self, comment: Comment, action: Action, who: str, delay: float = 0.0) -> None:
        self.judge(comment, action, who, delay, replaces=self.again(comment).decision_id)

    def undo(self, comment: Comment, who: str) -> Comment:
        return usecases.undo(self.deps, self.courier, comment.id, Who.MODERATOR, who)

    def receipt(self, comment: Comment, site: Site | None = None) -> str:
        """The path of the page that tells its writer what became of it."""
        return f"/r/{receipt_token(self.context.keyring, (site or self.courier).name, comment.id)}"

    def again(self, comment: Comment) -> Comment:
        found = self.rows(lambda tx: tx.comments.by_pk(comment.pk))
        assert found is not None
        return found


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
