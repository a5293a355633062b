"""Threads of archives by date and parentage, and comments longer than live ones may be."""

import pytest

from service.domain.comment import ARCHIVED_LIMIT
from service.domain.verdict import Action
from tests.factories import ADDRESS, NOON
from tests.web.api.caller import ARTICLE, ENTRIES, faults, problem, submission
from tests.wxr import comment, item

OLD = "2012-05-04 03:02:01"


@pytest.fixture
def newsroom(real_newsroom):
    """The courier, into which archives move, on each store."""
    return real_newsroom


def by_lines(newsroom):
    """Bring comments of 2012 in as lines, an answer before what it answers."""
    old = {"submitted_at": "2012-05-04T03:02:01Z"}
    newsroom.import_lines(
        submission(id="old-2", body="An old answer.", parent_id="old-1", submitted_at="2012-05-05T00:00:00Z"),
        submission(id="old-1", body="An old one.", **old),
    )


def by_wordpress(newsroom):
    found = [
        comment(2, "An old answer.", parent=1, written="2012-05-05 00:00:00"),
        comment(1, "An old one.", written=OLD),
    ]
    newsroom.import_wordpress(item(*found, link=ARTICLE))


@pytest.mark.parametrize("bring", [by_lines, by_wordpress])
def test_an_archive_stands_before_todays_comments(newsroom, bring):
    newsroom.post(submission(id="today", body="A new one."))
    bring(newsroom)
    newsroom.approve_all()
    shown = newsroom.published()
    assert [one["body"] for one in shown] == ["An old one.", "An old answer.", "A new one."]
    assert shown[1]["parent_id"] == shown[0]["id"]
    page = newsroom.thread_on_desk()
    places = [page.index(one["body"]) for one in shown]
    assert places == sorted(places)
    assert page.count("4 May 2012") == 1
    assert page.count("just now") == 1
    assert page.count("card row depth1") == 1


def test_a_line_without_a_date_is_as_old_as_its_article(newsroom):
    article = {"url": ARTICLE, "published_at": OLD.replace(" ", "T") + "Z"}
    newsroom.post(submission(id="today", body="A new one.", article=article))
    today = submission(id="today", body="Edited.", article=article)
    newsroom.import_lines(submission(id="old", article=article), today)
    assert newsroom.comment("old").submitted_at.year == 2012
    assert newsroom.comment("today").submitted_at == NOON
    newsroom.approve_all()
    assert newsroom.published_ids() == ["old", "today"]


@pytest.mark.parametrize("entry", ENTRIES)
def test_a_repetition_that_knows_parent_and_date_is_believed(newsroom, entry):
    for name in ("old-1", "old-2"):
        newsroom.import_lines(submission(id=name))
    told = submission(id="old-2", parent_id="old-1", submitted_at="2012-05-04T03:02:01Z")
    assert ENTRIES[entry](newsroom, told) == {}
    later = submission(id="old-2", parent_id=None, submitted_at="2026-11-22T11:00:00Z")
    assert ENTRIES[entry](newsroom, later) == {}
    stored = newsroom.comment("old-2")
    assert (stored.parent_id, stored.submitted_at.year, stored.revision) == ("old-1", 2012, 1)


def test_an_export_replaces_no_parent_that_the_site_named(newsroom):
    author = {"name": "Ada", "website": "https://ada.example", "email": "ada@mail.example"}
    newsroom.post(submission(id="wp-8", parent_id="own-7", author=author, body="Good."))
    newsroom.import_wordpress(item(comment(8, parent=7), link=ARTICLE))
    stored = newsroom.comment("wp-8")
    assert (stored.parent_id, stored.revision, stored.submitted_at.day) == ("own-7", 1, 1)


@pytest.mark.parametrize("entry", ENTRIES)
def test_an_edit_that_names_no_parent_stays_below_it(newsroom, entry):
    newsroom.post(submission(id="one", body="A question?"))
    newsroom.post(submission(id="two", body="An anser.", parent_id="one"))
    assert ENTRIES[entry](newsroom, submission(id="two", body="An answer.")) == {}
    newsroom.approve_all()
    assert [(one["body"], one["parent_id"]) for one in newsroom.published()] == [
        ("A question?", None),
        ("An answer.", "one"),
    ]


@pytest.mark.parametrize("state", ["1", "0", "trash"])
def test_the_desk_finds_what_came_from_a_blog(newsroom, state):
    """An archive that no scorer reads is searched like everything else, and so is a corrected export of it."""
    newsroom.import_wordpress(item(comment(1, "Die Straße am Fluss", state=state)))
    newsroom.import_wordpress(item(comment(1, "Die Brücke am Fluss", state=state)))
    for asked, ids in (("BRUCKE", ["wp-1"]), ("STRASSE", [])):
        found = newsroom.rows(lambda tx, asked=asked: tx.search.find([asked], None, None, 9))
        assert [one.id for one in found] == ids


def test_a_parent_that_is_refused_is_not_named(newsroom):
    newsroom.post(submission(id="rude", body="A rude one."))
    newsroom.post(submission(id="answer", body="An answer.", parent_id="rude"))
    newsroom.post(submission(id="orphan", body="Another.", parent_id="never-there"))
    newsroom.post(submission(id="below", body="Below.", parent_id="answer"))
    for name in ("answer", "orphan", "below"):
        newsroom.settle(name, toxicity=0.1)
    newsroom.settle("rude", toxicity=0.999)
    path = f"/v1/sites/courier/published?article_url={ARTICLE}"
    for query in ("", "&limit=1"):
        text = newsroom.call("GET", path + query, None).text
        assert "rude" not in text
        assert "never-there" not in text
    shown = {one["id"]: one for one in newsroom.published()}
    assert {name: one.get("parent_hidden") for name, one in shown.items()} == {
        "answer": True,
        "orphan": True,
        "below": None,
    }
    assert shown["below"]["parent_id"] == "answer"
    newsroom.review(Action.APPROVE, "rude", 0.0, replaces=newsroom.comment("rude").decision_id)
    again = {one["id"]: one for one in newsroom.published()}
    assert again["answer"]["parent_id"] == "rude"
    assert "parent_hidden" not in again["answer"]


def test_a_parent_on_another_page_is_shown_and_under_another_article_hidden(newsroom):
    by_lines(newsroom)
    newsroom.post(submission(id="there", body="There.", article={"url": f"{ARTICLE}-2"}))
    newsroom.post(submission(id="here", body="Here.", parent_id="there"))
    newsroom.approve_all()
    path = f"/v1/sites/courier/published?article_url={ARTICLE}&limit=1"
    first = newsroom.call("GET", path, None).json
    second = newsroom.call("GET", f"{path}&after={first['next']}", None).json
    assert second["comments"][0]["parent_id"] == "old-1"
    here = newsroom.published()[-1]
    assert (here["id"], here["parent_id"], here["parent_hidden"]) == ("here", None, True)


def test_a_long_comment_of_an_archive_is_kept(newsroom):
    long = [("word " * length)[: length - 1] + "!" for length in (20_001, 24_000, ARCHIVED_LIMIT)]
    for n, text in enumerate([*long, *(letter * ARCHIVED_LIMIT for letter in "ß橋😀")], 1):
        assert newsroom.import_lines(submission(id=f"long-{n}", body=text)) == {"imported": 1}
        assert newsroom.comment(f"long-{n}").body == text
        found = [comment(n, text), comment(100 + n, "Yes.", parent=n)]
        assert newsroom.import_wordpress(item(*found, link=f"{ARTICLE}-{n}")) == {"imported": 2}
        assert newsroom.comment(f"wp-{n}").body == text
        assert [one["parent_id"] for one in newsroom.published(f"{ARTICLE}-{n}")] == [None, f"wp-{n}"]


def test_what_no_archive_can_hold_is_cut_with_a_mark(newsroom):
    text = "word " * 20_000
    assert newsroom.import_wordpress(item(comment(1, text))) == {"imported": 1}
    assert newsroom.import_lines(submission(id="long", body=text)) == {"imported": 1}
    for name in ("wp-1", "long"):
        stored = newsroom.comment(name)
        assert (len(stored.body), stored.body[-4:], stored.signals["cut"]) == (ARCHIVED_LIMIT, " […]", True)
    newsroom.settle("long", toxicity=0.1)
    assert newsroom.comment("long").status == "held"
    assert newsroom.import_wordpress(item(comment(1, text))) == {"replayed": 1}


def test_an_import_that_is_run_again_moves_nothing_back(newsroom):
    one = item(comment(1), link=f"{ARTICLE}-1", status="private")
    two = item(comment(2, "Two."), link=f"{ARTICLE}-2", status="publish", title="The tunnel")
    live = item(comment(3, "Three."), link=f"{ARTICLE}-live", title="Live")
    newsroom.import_wordpress(one, two, live)
    for asked in (
        {"url": f"{ARTICLE}-1", "to": f"{ARTICLE}-2"},
        {"url": f"{ARTICLE}-live", "to": f"{ARTICLE}-live-2012", "redirect": False},
    ):
        assert newsroom.call("POST", "/v1/articles/move", json=asked).status_code == 200
    for _ in range(2):
        assert newsroom.import_wordpress(one, two, live) == {"replayed": 3, "not_shown": 1}
        assert newsroom.published_ids(f"{ARTICLE}-2") == []  # one of the two was private
        assert newsroom.published_ids(f"{ARTICLE}-live") == []
        assert newsroom.published_ids(f"{ARTICLE}-live-2012") == ["wp-3"]
        assert newsroom.comment("wp-1").article.title == "The tunnel"


def test_a_line_of_an_archive_is_cut_where_it_is_too_long(newsroom):
    given = submission(
        article={"url": ARTICLE, "title": "T" * 501},
        author={"name": "A" * 201, "email": ADDRESS},
        client={"user_agent": "U" * 1_001, "referrer": f"https://courier.example/{'r' * 1_001}"},
    )
    assert newsroom.import_lines(given, submission(id="c-2", parent_id="c-1")) == {"imported": 2}
    kept = newsroom.comment()
    assert (kept.author_name, kept.article.title) == ("A" * 200, "T" * 500)
    assert len(faults(problem(newsroom.post(submission(**given | {"id": "c-3"})), 422, "validation"))) == 4


@pytest.mark.parametrize("wrong", [7, None, [], {"name": 7}])
def test_what_is_no_author_is_still_refused(newsroom, wrong):
    assert newsroom.import_lines(submission(author=wrong)) == {"refused": 1}
