"""The desk behind a real server."""

from __future__ import annotations

from dataclasses import dataclass

from playwright.sync_api import BrowserContext, Page, expect

from service import usecases
from service.domain.comment import Comment
from service.domain.status import Status
from service.usecases.moderators import invite
from tests.web.pages.installation import Small


@dataclass
class Desk:
    small: Small
    url: str

    def sign_in(self, context: BrowserContext, name: str = "Mara", path: str = "") -> Page:
        """Sign in as a person does, and go to a page of the desk."""
        page = context.new_page()
        page.goto(invite(self.small.context, name)[1])
        page.locator("form button").click()
        expect(page).to_have_url(f"{self.url}/desk")
        page.wait_for_load_state()  # a key pressed before the scripts have run is nobody's
        if path:
            page.goto(self.url + path)
        return page

    def publish_due(self) -> None:
        self.small.clock.pass_seconds(6)
        usecases.publish_due(self.small.context.deps)

    def status(self, comment: Comment) -> Status:
        return self.small.again(comment).status


def in_focus(page: Page) -> int:
    return int((page.locator("article.now").get_attribute("id") or "c0")[1:])
