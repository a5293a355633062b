"""One article, one thread: through every source, under every spelling; described, corrected and moved by its site."""

from urllib.parse import quote, urlencode

import pytest

from service.compat import akismet
from service.domain.comment import Article
from service.domain.errors import Invalid
from service.domain.verdict import Action
from service.privacy.masking import page_url
from service.usecases.articles import watch_article
from tests.factories import ADDRESS
from tests.web.api.caller import ARTICLE, ENTRIES, faults, problem, submission
from tests.wxr import comment, item

SPELLINGS = {
    "RFC 3986 and NFC": [
        "https://courier.example/caf%C3%A9",
        "https://courier.example/caf%c3%a9",
        "https://courier.example/café",
        "https://courier.example/cafe\u0301",
        "https://courier.example/%63af%C3%A9",
        "https://courier.example/x/../café",
    ],
    "one host": [
        "https://münchen.example/a",
        "https://xn--mnchen-3ya.example/a",
        "https://MÜNCHEN.example:443/a",
        "https://m%C3%BCnchen.example./a",
    ],
    "scheme, www, slash": [
        "https://courier.example/a",
        "http://courier.example/a",
        "https://www.courier.example/a/",
        "http://www.courier.example:80/a",
    ],
    "tracking behind a flag": ["https://courier.example/?print", "https://courier.example/?print&gclid=x"],
}


def bring(newsroom, source, name, url):
    assert ENTRIES[source](newsroom, submission(id=name, article={"url": url})) == {}


def by_form(newsroom, name, url):
    """Ask for the embedded form's ticket and send the form."""
    query = urlencode({"article_url": url})
    given = newsroom.client.get(f"/sites/courier/form?{query}")
    newsroom.clock.pass_seconds(9)
    typed = {"ticket": given.json["ticket"], "comment": f"By form: {name}.", "name": "Ada", "email": ADDRESS}
    assert newsroom.client.post(f"/sites/courier/reply?{query}", data=typed).status_code == 303


@pytest.mark.parametrize("kind", SPELLINGS)
def test_one_article_whatever_its_spelling_and_its_source(real_newsroom, kind):
    newsroom, spellings = real_newsroom, SPELLINGS[kind]
    if kind == "one host":
        newsroom.tune(url="https://münchen.example")
    for n, url in enumerate(spellings):
        for source in ENTRIES:
            bring(newsroom, source, f"{source}-{n}", url)
        by_form(newsroom, f"form-{n}", url)
        newsroom.import_wordpress(item(comment(n + 1, f"Number {n}."), link=url.replace("&", "&amp;")))
    newsroom.approve_all()
    count = len(spellings) * (len(ENTRIES) + 2)
    browser = newsroom.signed_in()
    for url in spellings:
        asked = quote(url, safe="")
        assert len(newsroom.published(url)) == count
        assert len(newsroom.get(f"/v1/comments?article={asked}&limit=200").json["comments"]) == count
        page = browser.get(f"/desk/article?site=courier&url={asked}").text
        assert page.count('class="card row') == count
        found = browser.get(f"/desk/search?q={asked}")
        assert (found.status_code, "/desk/article?" in found.headers["Location"]) == (303, True)
        form = browser.get(f"/sites/courier/reply?article_url={asked}&parent_id=api-0").text
        assert "Replying to" in form


def test_a_site_may_keep_spellings_apart(newsroom):
    one, other = "https://courier.example/a", "http://www.courier.example/a/"
    newsroom.tune(articles_apart="scheme,www,slash")
    for name, url in (("c-1", one), ("c-2", other)):
        bring(newsroom, "api", name, url)
    newsroom.approve_all()
    assert newsroom.published_ids(one) == ["c-1"]
    assert newsroom.published_ids(other) == ["c-2"]
    newsroom.tune(articles_apart="")
    assert len(newsroom.published(one)) == len(newsroom.published(other)) == 2
    with pytest.raises(Invalid) as refused:
        newsroom.tune(articles_apart="query")
    (fault,) = refused.value.faults
    assert (fault.field, fault.message) == ("articles_apart", "must be some of scheme, www, slash, or empty")


@pytest.mark.parametrize("kind", SPELLINGS)
def test_a_compat_api_knows_the_article_in_every_spelling(kind):
    keys = set()
    for url in SPELLINGS[kind]:
        given = {"blog": "https://courier.example", "permalink": url, "comment_content": "Fine."}
        told = akismet.read_comment(given)
        keys |= {told.submission("ak-1").article.identity, Article(page_url(url)).identity}
    assert len(keys) == 1


# -- the site's latest word --------------------------------------------------------------------------------------------


def test_a_wrong_date_closes_an_article_until_it_is_corrected(newsroom):
    newsroom.tune(close_after_days="30")
    wrong = {"url": ARTICLE, "title": "The brigde", "published_at": "2016-11-20T09:00:00Z"}
    right = wrong | {"title": "The bridge", "published_at": "2026-11-20T09:00:00Z"}
    for n, article in enumerate((wrong, right, {"url": ARTICLE})):
        newsroom.post(submission(id=f"c-{n}", article=article))
        newsroom.settle(f"c-{n}", toxicity=0.1)
    assert [newsroom.comment(f"c-{n}").status for n in range(3)] == ["rejected", "approved", "approved"]
    assert newsroom.comment("c-0").article.title == "The bridge"
    said = {"url": f"{ARTICLE}/?utm_source=x", "published_at": "2016-11-20T09:00:00Z", "title": None}
    found = newsroom.call("POST", "/v1/articles", json=said).json
    assert found == said | {"url": ARTICLE, "private": False}
    masked = newsroom.call("POST", "/v1/articles", json={"url": ARTICLE, "title": f"Write to {ADDRESS}"})
    assert masked.json["title"] == "Write to ⟦email⟧"
    newsroom.post(submission(id="c-3", body="Too late.", article={"url": ARTICLE}))
    newsroom.settle("c-3", toxicity=0.1)
    assert newsroom.comment("c-3").status == "rejected"


@pytest.mark.parametrize("source", ENTRIES)
def test_the_same_comment_under_a_corrected_address_stands_there(newsroom, source):
    wrong, right = "https://courier.example/brigde", ARTICLE
    bring(newsroom, "api", "c-1", wrong)
    newsroom.post(submission(id="c-2", body="An answer.", parent_id="c-1", article={"url": wrong}))
    newsroom.post(submission(id="c-3", body="Another one.", article={"url": wrong}))
    newsroom.approve_all()
    ENTRIES[source](newsroom, submission(id="c-1", article={"url": right, "title": "The bridge"}))
    assert (newsroom.published_ids(right), newsroom.published_ids(wrong)) == (["c-1", "c-2"], ["c-3"])
    assert (newsroom.comment().revision, newsroom.comment().article.title) == (1, "The bridge")
    newsroom.post(submission(id="c-3", body="A corrected text.", article={"url": right}))
    newsroom.approve_all()
    assert newsroom.published_ids(right) == ["c-1", "c-2", "c-3"]


def test_a_thread_is_moved_by_the_api(newsroom):
    to = "https://courier.example/2026/bridge?id=7"
    bring(newsroom, "api", "c-1", ARTICLE)
    by_form(newsroom, "two", ARTICLE)
    newsroom.approve_all()
    asked = {"url": f"{ARTICLE}?utm_source=x", "to": f"{to}&gclid=1"}
    answer = newsroom.call("POST", "/v1/articles/move", json=asked)
    article = {"url": to, "title": None, "published_at": None, "private": False}
    assert answer.json == {"article": article, "moved": 2}
    by_form(newsroom, "three", ARTICLE)
    bring(newsroom, "api", "c-4", ARTICLE)
    newsroom.approve_all()
    assert len(newsroom.published(to)) == len(newsroom.published(ARTICLE)) == 4
    shown = newsroom.get("/v1/comments/c-1").json
    assert shown["article"]["url"] == to
    receipt = newsroom.client.get(shown["links"]["receipt"]).text
    assert f'href="{to}"' in receipt
    form = newsroom.client.get(f"/sites/courier/reply?article_url={ARTICLE}&parent_id=c-1").text
    assert "Replying to" in form


def move(newsroom, to, **more):
    asked = {"url": ARTICLE, "to": to, **more}
    assert newsroom.call("POST", "/v1/articles/move", json=asked).status_code == 200


def test_a_moved_thread_may_leave_its_address_free(newsroom):
    bring(newsroom, "api", "c-1", ARTICLE)
    move(newsroom, f"{ARTICLE}-2025", redirect=False)
    bring(newsroom, "api", "c-2", ARTICLE)
    newsroom.approve_all()
    assert (newsroom.published_ids(), newsroom.published_ids(f"{ARTICLE}-2025")) == (["c-2"], ["c-1"])


def test_what_waits_for_a_person_still_does_after_a_move(newsroom):
    newsroom.post()
    newsroom.settle()
    watch_article(newsroom.deps, "courier", "http://www.courier.example/bridge/", "Mara")
    move(newsroom, f"{ARTICLE}-2")
    newsroom.post(submission(id="c-2", body="A new one.", article={"url": f"{ARTICLE}-2"}))
    newsroom.settle("c-2", toxicity=0.1)
    assert [newsroom.comment(name).status for name in ("c-1", "c-2")] == ["held", "held"]
    newsroom.review(Action.APPROVE)


@pytest.mark.parametrize(
    ("path", "given", "field", "code"),
    [
        ("/v1/articles", {}, "url", "missing"),
        ("/v1/articles", {"url": "ftp://x"}, "url", "url"),
        ("/v1/articles", {"url": ARTICLE, "published_at": "yesterday"}, "published_at", "datetime"),
        ("/v1/articles", {"url": ARTICLE, "title": "x" * 501}, "title", "too_long"),
        ("/v1/articles", {"url": ARTICLE, "private": "yes"}, "private", "flag"),
        ("/v1/articles", {"url": ARTICLE, "body": "x"}, "body", "unknown"),
        ("/v1/articles/move", {"url": ARTICLE}, "to", "missing"),
        ("/v1/articles/move", {"url": ARTICLE, "to": "https://c.example/ada@mail.example"}, "to", "url"),
    ],
)
def test_faults_are_named(newsroom, path, given, field, code):
    assert faults(problem(newsroom.call("POST", path, json=given), 422, "validation")) == {field: code}
