"""The receipt: what a commenter is told, when, and that it shows no address and leaks nowhere."""

import pytest

from service import usecases
from service.domain.status import Status
from service.domain.verdict import Action, Who
from service.privacy.signatures import receipt_token
from service.usecases import Judgement
from service.usecases.sites import tune_site
from service.web.reply.words import BY_LABEL
from tests.factories import ADDRESS


def receipt(small, comment, more=""):
    token = receipt_token(small.context.keyring, small.courier.name, comment.id)
    return small.browser().get(f"/r/{token}{more}")


def refuse_from(small, label, score):
    """Let the courier refuse by itself from that score for that label on."""
    tune_site(small.context, "courier", {f"{label}.reject": str(score)})


def test_a_fresh_comment_is_being_checked_and_the_page_looks_again(small):
    page = receipt(small, small.submit())
    assert "Your comment has arrived" in page.text
    assert page.tree.one("noscript").one("meta").attributes["http-equiv"] == "refresh"
    assert page.tree.one("div", id="state").attributes["hx-trigger"] == "every 3s"


def test_a_held_comment_waits_for_a_person(small):
    assert "A moderator will read your comment" in receipt(small, small.held()).text


def test_a_published_comment_leads_to_the_article(small):
    page = receipt(small, small.approved())
    assert "Your comment is published" in page.text
    assert page.tree.all("a", href="https://courier.example/bridge")
    assert not page.tree.all("noscript")


@pytest.mark.parametrize(("label", "score"), [("toxicity", 0.99), ("spam", 0.99)])
def test_a_machines_refusal_is_explained_by_its_label(small, label, score):
    refuse_from(small, label, 0.9)
    page = receipt(small, small.settle(small.submit(), {label: score}))
    assert "Your comment was not published" in page.text
    assert f"because {BY_LABEL[label]}." in page.text


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


def test_a_withdrawn_comment_says_so(small):
    comment = small.approved()
    usecases.withdraw(small.context.deps, small.courier, comment.id, "courier")
    assert "The site has withdrawn it." in receipt(small, comment).text


def test_a_decision_shows_only_once_it_is_published(small):
    comment = small.held()
    small.judge(comment, Action.APPROVE, delay=5.0)
    assert small.again(comment).status is Status.APPROVED
    assert "A moderator will read your comment" in receipt(small, comment).text
    small.clock.pass_seconds(5)
    usecases.publish_due(small.context.deps)
    assert "Your comment is published" in receipt(small, comment).text


def test_an_overruled_refusal_keeps_its_words_until_the_new_one_leaves(small):
    refuse_from(small, "toxicity", 0.9)
    comment = small.settle(small.submit(), {"toxicity": 0.99})
    with small.context.deps.store.read() as tx:
        current = tx.decisions.get(small.again(comment).decision_id or 0)
    judgement = usecases.Judgement(Action.APPROVE, Who.MODERATOR, "Mara", 1, current.id)
    usecases.review(small.context.deps, small.courier, comment.id, judgement, 5.0)
    assert "it reads as hostile towards others" in receipt(small, comment).text


def test_a_refusal_that_stands_again_keeps_its_reason(small):
    comment, deps = small.held(), small.context.deps
    refusal = Judgement(Action.REJECT, Who.MODERATOR, "Bea", 1, reason="insult")
    usecases.review(deps, small.courier, comment.id, refusal)
    first = receipt(small, comment).tree.one("div", id="state").text
    assert "it insults somebody" in first
    approval = Judgement(Action.APPROVE, Who.MODERATOR, "Lea", 1, small.again(comment).decision_id)
    usecases.review(deps, small.courier, comment.id, approval)
    usecases.undo(deps, small.courier, comment.id, Who.MODERATOR, "Lea")
    assert "it insults somebody" in receipt(small, comment).text


def test_a_machines_refusal_that_stands_again_keeps_its_label(small):
    refuse_from(small, "toxicity", 0.9)
    comment, deps = small.settle(small.submit(), {"toxicity": 0.99}), small.context.deps
    approval = Judgement(Action.APPROVE, Who.MODERATOR, "Lea", 1, small.again(comment).decision_id)
    usecases.review(deps, small.courier, comment.id, approval)
    usecases.undo(deps, small.courier, comment.id, Who.MODERATOR, "Lea")
    assert f"because {BY_LABEL['toxicity']}." in receipt(small, comment).text


def test_the_poll_answers_nothing_new_with_nothing(small):
    comment = small.submit()
    assert receipt(small, comment, "/state?seen=pending").status == 204
    small.settle(comment)
    fresh = receipt(small, comment, "/state?seen=pending")
    assert fresh.status == 200
    assert fresh.html.startswith('<div id="state"')


def test_the_receipt_is_kept_private(small):
    headers = receipt(small, small.submit()).headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Robots-Tag"] == "noindex, nofollow"


def test_the_receipt_shows_no_address(small):
    comment = small.approved(body=f"Reach me at {ADDRESS}.")
    page = receipt(small, comment)
    assert "canary" not in page.html
    assert comment.author_key
    assert comment.author_key not in page.html


@pytest.mark.parametrize(
    "token", ["x", "A" * 3000, "%00", "é", "..", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"]
)
@pytest.mark.parametrize("more", ["", "/state?seen=pending"])
def test_a_token_that_was_not_given_out_finds_nothing(small, token, more):
    assert small.browser().get(f"/r/{token}{more}").status == 404


def test_a_receipt_of_one_site_never_opens_another_sites_comment(small):
    comment = small.submit()
    token = receipt_token(small.context.keyring, small.herald.name, comment.id)
    assert small.browser().get(f"/r/{token}").status == 404


def test_a_receipt_speaks_as_the_browser_asks(small):
    comment = small.held(body="Der Artikel ist albern.")
    with small.context.deps.store.read() as tx:
        site = tx.sites.by_id(comment.site_id)
    assert site
    judgement = Judgement(Action.REJECT, Who.MODERATOR, "Bo", comment.revision, reason="off_topic")
    usecases.review(small.context.deps, site, comment.id, judgement, 0.0)
    path = f"/r/{receipt_token(small.context.keyring, site.name, comment.id)}"
    page = small.browser().get(path, Accept_Language="de-CH,de;q=0.9,en;q=0.5")
    assert page.tree.one("html").attributes["lang"] == "de"
    assert "Dein Kommentar wurde nicht veröffentlicht" in page.text
    assert "Er wurde nicht veröffentlicht: er handelt nicht vom Artikel." in page.text
    assert "Der Artikel ist albern." in page.text
    for path_in_german in (f"{path}/yours", "/r/cut-short"):
        other = small.browser().get(path_in_german, Accept_Language="de")
        assert other.tree.one("html").attributes["lang"] == "de"
    assert "because it is not about the article" in small.browser().get(path, Accept_Language="fr").text
