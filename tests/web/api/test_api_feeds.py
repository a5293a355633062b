"""Feeds: every decision in order, none skipped; and to readers the published comments, and nothing else."""

from urllib.parse import quote

import pytest

from service.domain.comment import Article
from service.domain.verdict import Action
from tests.factories import ADDRESS, NOON, draft, move
from tests.web.api.caller import ARTICLE, faults, problem, submission

PUBLISHED = f"/v1/sites/courier/published?article_url={ARTICLE}"
STRANGE = [
    ("after=x", "after", "whole"),
    ("after=-1", "after", "whole"),
    ("limit=0", "limit", "too_small"),
    ("limit=1001", "limit", "too_large"),
]


def published(newsroom, path=PUBLISHED, **more):
    """Ask for the published comments as a reader's browser does."""
    return newsroom.call("GET", path, None, **more)


def test_decisions_come_in_order_and_once(newsroom):
    for n in range(5):
        newsroom.post(submission(id=f"c-{n}"))
        newsroom.settle(f"c-{n}")
    seen, query = [], "?limit=2"
    while True:
        feed = newsroom.get(f"/v1/decisions{query}").json
        seen += [(one["sequence"], one["comment"]["id"]) for one in feed["decisions"]]
        query = f"?limit=2&after={feed['next']}"
        if not feed["more"]:
            break
    assert seen == [(n + 1, f"c-{n}") for n in range(5)]
    assert newsroom.get("/v1/decisions?after=17").json == {"decisions": [], "next": "17", "more": False}
    other = newsroom.call("GET", "/v1/decisions", newsroom.herald.key)
    assert other.json == {"decisions": [], "next": "0", "more": False}


def test_published_shows_approved_comments_alone(newsroom):
    for n, toxicity in enumerate((0.1, 0.7, 0.999)):
        newsroom.post(submission(id=f"c-{n}"))
        newsroom.settle(f"c-{n}", toxicity)
    newsroom.post(submission(id="c-pending"))
    answer = published(newsroom)
    assert [comment["id"] for comment in answer.json["comments"]] == ["c-0"]
    assert set(answer.json["comments"][0]) == {"id", "parent_id", "name", "website", "body", "submitted_at"}
    assert ADDRESS not in answer.text


def test_published_is_for_browsers_and_caches(newsroom):
    newsroom.post()
    newsroom.settle(toxicity=0.1)
    answer = published(newsroom)
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "public" in answer.headers["Cache-Control"]
    again = published(newsroom, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    newsroom.call("DELETE", "/v1/comments/c-1")
    changed = published(newsroom, headers={"If-None-Match": answer.headers["ETag"]})
    assert (changed.status_code, changed.json["comments"]) == (200, [])


def test_published_reaches_the_newest_of_a_long_thread(newsroom):
    names = [f"c-{n}" for n in range(1_001)]
    drafts = [draft(name, article=Article(ARTICLE)) for name in names]
    with newsroom.deps.store.write() as tx:
        added = tx.comments.add(newsroom.courier.site.id, drafts, NOON)
        tx.comments.move([move(added[name], Action.APPROVE) for name in names])
    for limit, pages in (("", 2), ("&limit=400", 3), ("&limit=1000", 2)):
        seen = []
        query = limit
        for page in range(pages):
            answer = published(newsroom, PUBLISHED + query).json
            assert answer["complete"] is (page == pages - 1) is (answer["next"] is None)
            seen += [one["id"] for one in answer["comments"]]
            query = f"{limit}&after={answer['next']}"
        assert seen == names


@pytest.mark.parametrize(
    "url",
    [
        "https://courier.example/bridge",
        "https://courier.example/bridge?mail=ada@mail.example",
        "https://courier.example/bridge?mail=bo%40mail.example",
    ],
)
def test_a_readers_address_in_an_articles_address_makes_no_other_page(newsroom, url):
    newsroom.post(submission(article={"url": "https://courier.example/bridge?mail=ada%40mail.example"}))
    newsroom.settle(toxicity=0.1)
    listed = newsroom.get(f"/v1/comments?article={quote(url, safe='')}").json
    (page,) = listed["comments"]
    assert page["article"]["url"] == "https://courier.example/bridge"
    found = published(newsroom, f"/v1/sites/courier/published?article_url={quote(url, safe='')}").json
    assert found["article_url"] == "https://courier.example/bridge"
    assert len(found["comments"]) == 1


@pytest.mark.parametrize(
    ("path", "field", "code"),
    [
        *((f"/v1/decisions?{query}", *told) for query, *told in STRANGE),
        *((f"{PUBLISHED}&{query}", *told) for query, *told in STRANGE),
        ("/v1/decisions?cursor=1", "cursor", "unknown"),
        (f"{PUBLISHED}&limit=", "limit", "whole"),
        ("/v1/sites/courier/published", "article_url", "missing"),
        ("/v1/sites/courier/published?article_url=", "article_url", "url"),
        ("/v1/sites/courier/published?article_url=ftp://x", "article_url", "url"),
        (
            "/v1/sites/courier/published?article_url=https://courier.example/ada%2540mail.example",
            "article_url",
            "url",
        ),
    ],
)
def test_a_strange_question_is_refused(newsroom, path, field, code):
    assert faults(problem(newsroom.get(path), 422, "validation")) == {field: code}


def test_published_of_nobody_is_not_found(newsroom):
    problem(published(newsroom, PUBLISHED.replace("courier", "nobody", 1)), 404, "not-found")
