"""The desk shows what a person decided about an earlier text of a comment beside the new one."""

import pytest

from service.domain.verdict import Action
from tests.web.pages.installation import build_small


@pytest.fixture
def small(store, tmp_path):
    return build_small(tmp_path, store)


@pytest.mark.parametrize("action", [Action.REJECT, Action.SPAM, Action.HOLD])
def test_the_earlier_decision_stands_beside_the_new_text(small, action):
    first = small.held(id="c-1")
    small.judge(first, action, "Lea")
    small.clock.pass_seconds(60)
    again = small.settle(small.submit(id="c-1", body="Thank you for the report, it was a good read."))
    browser = small.signed_in()
    said = {
        Action.REJECT: "Rejected by Lea",
        Action.SPAM: "Marked as spam by Lea",
        Action.HOLD: "Set aside by Lea",
    }
    queue = "/desk?queue=aside" if action is Action.HOLD else "/desk"
    for path in (queue, f"/desk/comments/{again.pk}"):
        words = " ".join(browser.get(path).text.split())
        assert f"Before the edit {said[action]}" in words, path
        assert "A person refused revision 1; a person looks at the new text." in words


def test_a_comment_without_such_a_past_shows_none(small):
    first = small.held(id="c-1")
    small.judge(first, Action.APPROVE, "Lea")
    again = small.held(id="c-1", body="Another insult.")
    assert "Before the edit" not in small.signed_in().get(f"/desk/comments/{again.pk}").text
