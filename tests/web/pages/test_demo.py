"""The demo paper: articles with the form inside and the published comments under them, on the demo site alone."""

import pytest

from service.domain.comment import Article
from service.domain.verdict import Action
from service.usecases.sites import enrol_site
from service.web.threads import threaded
from tests.factories import NOON, draft, move


@pytest.fixture
def demo(small):
    """The demo site, as a first start makes it."""
    return enrol_site(small.context, "demo", small.context.settings.public_url, title="The Demo Courier").site


def words(tree):
    return [said.text for said in tree.all("p", class_="words")]


def under(small):
    return Article(f"{small.context.settings.public_url}/demo/the-bridge")


def test_there_is_a_demo_where_there_is_its_site(small):
    for path in ("/demo", "/demo/", "/demo/the-bridge"):
        assert small.browser().get(path).status == 404
    enrol_site(small.context, "demo", small.context.settings.public_url)
    for path in ("/demo", "/demo/"):
        links = small.browser().get(path).tree.one("main").all("a")
        assert [small.browser().get(link.attributes["href"]).status for link in links] == [200, 200]
    assert small.browser().get("/demo/nothing").status == 404


def test_a_comment_posted_in_the_article_appears_under_it_once_approved(small, demo):
    browser = small.browser()
    form = browser.get("/demo/the-bridge").tree.one("form", id="reply-form")
    typed = {"comment": "Hooray!", "name": "Ada", "email": "ada@example.org"}
    small.clock.pass_seconds(9)
    assert browser.send(form, typed).status == 303
    (comment,) = small.comments("demo")
    assert comment.article.title == "The bridge opens"
    assert "Hooray!" not in browser.get("/demo/the-bridge").text
    small.settle(comment)
    assert "Hooray!" in browser.get("/demo/the-bridge").text


def test_answers_stand_under_what_they_answer(small, demo):
    first = small.approved(demo, article=under(small), author_name="Ada", body="First.")
    small.approved(demo, article=under(small), author_name="Bo", body="Second.")
    small.approved(demo, article=under(small), author_name="Chi", body="To the first.", parent_id=first.id)
    page = small.browser().get("/demo/the-bridge")
    assert words(page.tree) == ["First.", "To the first.", "Second."]
    assert page.tree.one("li", class_="said deep1").one("h3").text == "Chi"
    (answer, *_) = page.tree.all("a", class_="answer")
    asked = small.browser().get(answer.attributes["href"].partition("#")[0])
    assert "Replying to Ada." in asked.text


def test_a_thread_shows_every_comment_once_whatever_its_parents(small, demo):
    made = [
        small.approved(demo, id=name, article=under(small), parent_id=parent, body=name)
        for name, parent in [("a", "gone"), ("b", "c"), ("c", "b"), ("d", "d"), ("e", "a")]
    ]
    deep = [
        small.approved(demo, id=f"x{n}", article=under(small), parent_id=f"x{n - 1}", body=f"x{n}")
        for n in range(60)
    ]
    said = threaded(made + deep, lambda comment: comment)
    assert sorted(one.one.id for one in said) == sorted(one.id for one in made + deep)
    assert max(one.depth for one in said) == 3
    assert [one.one.id for one in said[:2]] == ["a", "e"]


def test_a_long_thread_goes_on_on_a_further_page(small, demo):
    names = [f"c-{n}" for n in range(1_001)]
    drafts = [draft(name, article=under(small), body=name) for name in names]
    with small.deps.store.write() as tx:
        added = tx.comments.add(demo.id, drafts, NOON)
        tx.comments.move([move(added[name], Action.APPROVE) for name in names])
    first = small.browser().get("/demo/the-bridge").tree
    assert words(first) == names[:1_000]
    onward = first.one("a", class_="more")
    second = small.browser().get(onward.attributes["href"].partition("#")[0]).tree
    assert words(second) == names[1_000:]
    assert second.one("a", class_="more").attributes["href"].startswith("/demo/the-bridge#")
    assert small.browser().get("/demo/the-bridge?after=junk").status == 200


def test_comments_are_text_and_their_writers_website_lends_no_weight(small, demo):
    hostile = {"author_name": "<b>Ada</b>", "body": "<img src=x onerror=alert(1)>"}
    small.approved(demo, article=under(small), website="https://ada.example/", **hostile)
    tree = small.browser().get("/demo/the-bridge").tree
    assert tree.one("li", class_="said deep0").one("h3").text == "<b>Ada</b>"
    assert words(tree) == ["<img src=x onerror=alert(1)>"]
    link = tree.one("a", href="https://ada.example/")
    assert {"nofollow", "ugc", "noopener"} <= set(link.attributes["rel"].split())
