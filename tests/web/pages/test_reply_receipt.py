"""The receipt: what a commenter is told, when, and that it shows no address and leaks nowhere."""

import pytest

from service import usecases
from service.domain.status import Status
from service.domain.verdict import Action
from service.web.reply.words import BY_LABEL
from tests.factories import ADDRESS


def receipt(small, comment, more=""):
    return small.browser().get(f"{small.receipt(comment)}{more}")


def refused_by_machine(small, label="toxicity"):
    """A comment that the courier refused by itself."""
    small.tune(**{f"{label}.reject": "0.9"})
    return small.settle(small.submit(), {label: 0.99})


def test_a_fresh_comment_is_being_checked_and_the_page_looks_again(small):
    page = receipt(small, small.submit())
    assert "Your comment has arrived" in page.text
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert page.tree.one("noscript").one("meta").attributes["http-equiv"] == "refresh"
    assert page.tree.one("div", id="state").attributes["hx-trigger"] == "load delay:1s, every 3s"


def test_a_decision_shows_only_once_it_is_published(small):
    comment = small.held(body=f"Reach me at {ADDRESS}.")
    small.judge(comment, Action.APPROVE, delay=5.0)
    assert small.again(comment).status is Status.APPROVED
    assert "A moderator will read your comment" in receipt(small, comment).text
    small.publish(5)
    page = receipt(small, comment)
    assert "Your comment is published" in page.text
    assert page.tree.all("a", href="https://courier.example/bridge")
    assert not page.tree.all("noscript")
    assert "canary" not in page.html
    assert small.again(comment).author_key not in page.html
    usecases.withdraw(small.deps, small.courier, comment.id, "courier")
    assert "The site has withdrawn it." in receipt(small, comment).text


@pytest.mark.parametrize("label", ["toxicity", "spam"])
def test_a_machines_refusal_keeps_its_words_until_another_decision_is_sent(small, label):
    comment, words = refused_by_machine(small, label), f"because {BY_LABEL[label]}."
    assert "Your comment was not published" in receipt(small, comment).text
    assert words in receipt(small, comment).text
    small.overrule(comment, Action.APPROVE, "Mara", 5.0)
    assert words in receipt(small, comment).text
    small.publish(5)
    assert words not in receipt(small, comment).text
    small.undo(comment, "Mara")
    assert words in receipt(small, comment).text


def test_a_refusal_that_stands_again_keeps_its_reason(small):
    comment = small.held()
    small.judge(comment, Action.REJECT, "Bea", reason="insult")
    assert "it insults somebody" in receipt(small, comment).tree.one("div", id="state").text
    small.overrule(comment, Action.APPROVE, "Lea")
    small.undo(comment, "Lea")
    assert "it insults somebody" in receipt(small, comment).text


@pytest.mark.parametrize(
    ("action", "words"),
    [
        (Action.REJECT, "a moderator found that it does not fit this site’s rules"),
        (Action.SPAM, "a moderator found that it is advertising"),
    ],
)
def test_a_moderators_refusal_is_explained(small, action, words):
    comment = small.held()
    small.judge(comment, action)
    page = receipt(small, comment)
    assert f"because {words}." in page.text
    assert "Bo the other" not in page.html


def test_the_poll_answers_nothing_new_with_nothing(small):
    comment = small.submit()
    assert receipt(small, comment, "/state?seen=pending").status == 204
    small.settle(comment)
    fresh = receipt(small, comment, "/state?seen=pending")
    assert fresh.status == 200
    assert fresh.html.startswith('<div id="state"')


def test_a_token_that_was_not_given_out_finds_nothing(small):
    tokens = ["x", "A" * 3000, "%00", "é", "..", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"]
    tokens.append(small.receipt(small.submit(), small.herald).removeprefix("/r/"))
    for token in tokens:
        for more in ("", "/state?seen=pending"):
            assert small.browser().get(f"/r/{token}{more}").status == 404


def test_a_receipt_speaks_as_the_browser_asks(small):
    comment = small.held(body="Der Artikel ist albern.")
    small.judge(comment, Action.REJECT, "Bo", reason="off_topic")
    path, browser = small.receipt(comment), small.browser()
    page = browser.get(path, Accept_Language="de-CH,de;q=0.9,en;q=0.5")
    assert "Dein Kommentar wurde nicht veröffentlicht" in page.text
    assert "Er wurde nicht veröffentlicht: er handelt nicht vom Artikel." in page.text
    assert "Der Artikel ist albern." in page.text
    for german in (path, f"{path}/yours", "/r/cut-short"):
        assert browser.get(german, Accept_Language="de").tree.one("html").attributes["lang"] == "de"
    assert "because it is not about the article" in browser.get(path, Accept_Language="fr").text
