"""The desk behind a real server."""

from __future__ import annotations

from dataclasses import dataclass

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect

from service import usecases
from service.domain.comment import Comment
from service.domain.site import Site
from service.domain.status import Status
from service.usecases.moderators import invite
from tests.web.pages.installation import Small


@dataclass
class Desk:
    small: Small
    url: str

    def sign_in(
        self, context: BrowserContext, name: str = "Mara", path: str = "", role: str = "moderator"
    ) -> Page:
        """Sign in as a person does, and go to a page of the desk."""
        page = context.new_page()
        page.goto(invite(self.small.context, name, role)[1])
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


@dataclass
class Demo(Desk):
    site: Site

    @property
    def article(self) -> str:
        return f"{self.url}/demo/the-bridge"

    def type_in(self, page: Page, comment: str = "Hooray for the bridge!", name: str = "Ada") -> None:
        page.get_by_label("Comment").fill(comment)
        page.get_by_label("Name").fill(name)
        page.get_by_label("Email").fill("ada@example.org")


def in_focus(page: Page) -> int:
    return int((page.locator("article.now").get_attribute("id") or "c0")[1:])


def look_at(page: Page, language: str = "en") -> None:
    """Check the page that is open: its language, that nothing is wider than the window, and what axe can see."""
    assert page.locator("html").get_attribute("lang") == language
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), page.url
    found = Axe().run(page)
    assert found.violations_count == 0, f"{page.url}: {found.generate_report()}"
