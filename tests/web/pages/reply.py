"""What a reader does with the reply form."""

from __future__ import annotations

from urllib.parse import quote

from tests.factories import ADDRESS
from tests.web.pages.browser import Element, Page
from tests.web.pages.installation import Small

BRIDGE = "https://courier.example/bridge"
URL = f"/sites/courier/reply?article_url={quote(BRIDGE, safe='')}"
TYPED = {"comment": "A fine bridge.", "name": "Ada", "email": ADDRESS, "website": ""}


def form_of(page: Page) -> Element:
    return page.tree.one("form", id="reply-form")


def fill(page: Page, **typed: str) -> dict[str, str]:
    return form_of(page).fields() | TYPED | typed


def post(small: Small, **typed: str) -> Page:
    """Open the form, take a little time, fill it in and send it."""
    browser = small.browser()
    page = browser.get(URL)
    small.clock.pass_seconds(9)
    return browser.post(URL, fill(page, **typed))
