"""Comments are picked from any list and decided in one act, which one undo takes back."""

import pytest

from service import usecases
from service.domain.status import Status
from service.domain.verdict import Action
from tests.web.pages.desk import appealed, follow, undo_form


def lists(comment):
    """The lists of the desk that show the comment."""
    return {
        "search": "/desk/search?q=bridge",
        "article": f"/desk/article?site=courier&url={comment.article.url}",
        "author": f"/desk/comments/{comment.pk}/author",
        "drill-down": "/desk/overview/comments?days=1",
    }


def pick(browser, path, *comments, action="reject"):
    """Check these comments on the list at `path` and press a button of its form."""
    page = browser.get(path)
    values = [one.attributes["value"] for one in page.tree.all("input", name="comment")]
    chosen = [one for one in values if int(one.partition(".")[0]) in [each.pk for each in comments]]
    assert len(chosen) == len(comments)
    form = page.tree.one("form", id="selection")
    return browser.send(form, {"action": action, "comment": chosen})


@pytest.mark.parametrize("where", ["search", "article", "author", "drill-down"])
def test_comments_picked_from_a_list_are_decided_and_put_back_at_once(small, where):
    held, approved, other = small.held(), small.approved(), small.approved()
    browser, path = small.signed_in(), lists(held)[where]
    page = follow(browser, pick(browser, path, held, approved))
    assert "Rejected: 2 comments." in page.text
    stands = [small.again(one).status for one in (held, approved, other)]
    assert stands == [Status.REJECTED, Status.REJECTED, Status.APPROVED]
    assert page.tree.one("form", id="selection")
    page = follow(browser, browser.send(undo_form(page.tree.one("div", class_="notice"))))
    assert "All of it was undone." in page.text
    assert [small.again(one).status for one in (held, approved)] == [Status.HELD, Status.APPROVED]
    assert page.tree.one("form", id="selection")


def test_who_acted_first_has_won(small):
    held, approved = small.held(), small.approved()
    browser = small.signed_in()
    page = browser.get("/desk/search?q=bridge")
    values = [one.attributes["value"] for one in page.tree.all("input", name="comment")]
    small.judge(held, Action.APPROVE, "Noor")
    answer = browser.send(page.tree.one("form", id="selection"), {"action": "spam", "comment": values})
    assert "Marked as spam: 1 comment." in follow(browser, answer).text
    assert [small.again(one).status for one in (held, approved)] == [Status.APPROVED, Status.SPAM]


def test_what_is_final_or_appealed_cannot_be_picked(small):
    _, pk = appealed(small)
    withdrawn = small.approved()
    usecases.withdraw(small.deps, small.courier, withdrawn.id, "courier")
    browser = small.signed_in()
    page = browser.get(f"/desk/article?site=courier&url={withdrawn.article.url}")
    assert not page.tree.all("input", name="comment")
    form = {"action": "approve", "comment": [f"{pk}.1.1", f"{withdrawn.pk}.1.", "999.1.", "x", "1"]}
    answer = browser.post(
        "/desk/selected", form | {"csrf": page.tree.all("input", name="csrf")[0].attributes["value"]}
    )
    assert (answer.status, answer.headers["Location"]) == (303, "/desk")
    assert small.again(withdrawn).status is Status.WITHDRAWN


@pytest.mark.parametrize(
    "back",
    ["https://evil.example/", "//evil.example/desk/", "/desk/\\evil", "/desk/é", "/elsewhere", "/desk/\n"],
)
def test_a_forged_way_back_leads_to_the_desk(small, back):
    held, browser = small.held(), small.signed_in()
    form = browser.get("/desk/search?q=bridge").tree.one("form", id="selection")
    answer = browser.send(form, {"action": "reject", "comment": [f"{held.pk}.1."], "back": back})
    assert answer.headers["Location"].startswith("/desk?bulk=")
