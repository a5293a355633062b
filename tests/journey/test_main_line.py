"""The main job in the running installation: from the reply form to a decision, to the page, and back to the site."""

import json

import pytest

from tests.processes import until
from tests.receivers import receiver

pytestmark = pytest.mark.journey


def test_a_comment_goes_from_the_form_to_a_decision_and_back_to_the_site(installation, contexts):
    with receiver() as site:
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
        page.goto(f"{installation.url}/desk?site=demo")
        page.locator("#cards").get_by_text("A hedgehog crossed it").wait_for()
        assert "bo.winter" not in page.content()
        page.get_by_role("button", name="Approve the comment by Bo").click()

        until(lambda: any(b"comment.approved" in one.body for one in site.got), 30)
        page.goto(f"{installation.url}/demo/the-bridge")
        page.get_by_text("A hedgehog crossed it").wait_for()
        page.goto(receipt)
        assert "published" in page.inner_text("main").lower()

        assert [one.verified(secret)["type"] for one in site.got] == ["comment.held", "comment.approved"]
        assert all(b"bo.winter" not in one.body for one in site.got)
