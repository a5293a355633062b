"""The main job in the running installation: from the reply form to a decision, to the page, and back to the site."""

import json

import pytest
from standardwebhooks import Webhook

from tests.journey.installation import Installation, Receiver
from tests.processes import until

pytestmark = pytest.mark.journey


@pytest.fixture(scope="module")
def installation(tmp_path_factory):
    with Installation(tmp_path_factory.mktemp("main") / "home") as running:
        yield running


def test_a_comment_goes_from_the_form_to_a_decision_and_back_to_the_site(installation, contexts):
    with Receiver() as site:
        page = contexts().new_page()
        installation.run("site", "set", "demo", f"callback_url={site.url}", "hold_words=hedgehog")
        secret = json.loads((installation.home / "demo-site.json").read_text())["webhook_secret"]

        page.goto(f"{installation.url}/demo/the-bridge")
        page.get_by_label("Comment").fill("A hedgehog crossed it before the mayor did.")
        page.get_by_label("Name").fill("Bo")
        page.get_by_label("Email").fill("bo.winter@mail.example")
        page.get_by_role("button", name="Post comment").click()
        page.wait_for_url("**/r/*")
        receipt = page.url

        until(lambda: installation.run("comments", "--site", "demo", "--status", "held", "--json").strip())
        page.goto(installation.json("moderator", "add", "Chi")["sign_in_url"])
        page.get_by_role("button").first.click()
        page.goto(f"{installation.url}/desk")
        page.locator("#cards").get_by_text("A hedgehog crossed it").wait_for()
        assert "bo.winter" not in page.content()
        page.get_by_role("button", name="Approve the comment by Bo").click()

        until(lambda: any(b"comment.approved" in body for _, body in site.received), 30)
        page.goto(f"{installation.url}/demo/the-bridge")
        page.get_by_text("A hedgehog crossed it").wait_for()
        page.goto(receipt)
        assert "published" in page.inner_text("main").lower()

        types = [Webhook(secret).verify(body, headers)["type"] for headers, body in site.received]
        assert types == ["comment.held", "comment.approved"]
        assert all(b"bo.winter" not in body for _, body in site.received)


def test_a_clear_comment_is_published_without_anyone(installation, contexts):
    page = contexts().new_page()
    page.goto(f"{installation.url}/demo/the-bridge")
    page.get_by_label("Comment").fill(
        "I walked over the bridge this morning and the view of the river is lovely."
    )
    page.get_by_label("Name").fill("Dee")
    page.get_by_label("Email").fill("dee@mail.example")
    page.wait_for_timeout(2500)  # a person needs longer than the least time the form allows
    page.get_by_role("button", name="Post comment").click()
    page.wait_for_url("**/r/*")
    article = f"/v1/sites/demo/published?article_url={installation.url}/demo/the-bridge"
    until(lambda: b"the view of the river" in installation.call("GET", article).body)
    page.goto(f"{installation.url}/demo/the-bridge")
    page.get_by_text("the view of the river").wait_for()
