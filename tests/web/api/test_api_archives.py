"""Archives that move in: nothing private becomes public by it, nothing is lost, and threads read by their dates."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest

from service.cli.importing import BESIDES
from service.domain.comment import ARCHIVED_LIMIT
from service.domain.verdict import Action
from service.importers.jsonl import LineFault, import_lines
from service.importers.wordpress import import_export
from service.usecases.moderators import invite
from tests.factories import ADDRESS, NOON, ON_SQLITE
from tests.web.api.caller import ARTICLE, Newsroom, submission
from tests.wxr import HEAD, TAIL, comment, head, item

OLD = "2012-05-04 03:02:01"


class Archive:
    """The courier, and the files that are brought in to it."""

    def __init__(self, newsroom: Newsroom) -> None:
        self.newsroom = newsroom
        self.faults: list[LineFault] = []

    def wordpress(self, *items: bytes, begin: bytes = HEAD) -> dict[str, int]:
        """Import an export of these articles and return what was counted."""
        return self._run(import_export, begin + b"".join(items) + TAIL)

    def lines(self, *lines: dict[str, Any]) -> dict[str, int]:
        return self._run(import_lines, b"".join(json.dumps(one).encode() + b"\n" for one in lines))

    def _run(self, bring: Callable[..., Any], raw: bytes) -> dict[str, int]:
        counts: Counter[str] = Counter()
        for done in bring(self.newsroom.context, self.newsroom.courier.site, io.BytesIO(raw)):
            counts += done.counts
            self.faults += done.faults
        return dict(counts)

    def approve(self) -> None:
        """Approve what waits for the scorer or a person."""
        for status in ("pending", "held"):
            rows = self.newsroom.get(f"/v1/comments?status={status}&limit=200").json
            assert rows is not None
            for row in rows["comments"]:
                replaces = {"replaces": row["decision"]} if row["decision"] else {}
                assert self.newsroom.decide("approve", row["id"], **replaces).status_code == 200

    def published(self, url: str = ARTICLE) -> list[dict[str, Any]]:
        answer = self.newsroom.call(
            "GET", f"/v1/sites/courier/published?article_url={quote(url, safe='')}", None
        )
        assert answer.json is not None, answer.text
        return list(answer.json["comments"])

    def ids(self, url: str = ARTICLE) -> list[str]:
        return [one["id"] for one in self.published(url)]

    def desk(self, url: str = ARTICLE) -> str:
        browser = self.newsroom.client
        _, link = invite(self.newsroom.context, "Mara", "lead")
        browser.post(link.removeprefix(self.newsroom.context.settings.public_url))
        return browser.get(f"/desk/article?site=courier&url={quote(url, safe='')}").text


@pytest.fixture
def archive(real_newsroom: Newsroom) -> Archive:
    """An archive that moves in, on each real store."""
    return Archive(real_newsroom)


# -- what is a reader's comment ----------------------------------------------------------------------------------------


@ON_SQLITE
@pytest.mark.parametrize(
    "kind",
    [
        "note",
        "order_note",
        "pingback",
        "trackback",
        "webmention",
        "like",
        "action_log",
        "review_reply",
        "NOTE",
        "x",
    ],
)
def test_what_no_reader_wrote_is_left_out(archive: Archive, kind: str) -> None:
    found = [comment(1), comment(2, "Fine.", kind=""), comment(3, "Call her first!", kind=kind)]
    assert archive.wordpress(item(*found, comment(4, "I see.", parent=3))) == {"imported": 3, "left_out": 1}
    assert archive.ids() == ["wp-1", "wp-2", "wp-4"]
    assert [one.get("parent_hidden") for one in archive.published()] == [None, None, True]
    assert "Call her" not in archive.desk()


@ON_SQLITE
@pytest.mark.parametrize(
    "said",
    [
        *(
            {"status": one}
            for one in ("private", "draft", "future", "pending", "trash", "inherit", "members-only")
        ),
        {"status": "publish", "password": "sesame"},
        {"status": "private", "password": "sesame"},
    ],
)
def test_comments_of_what_is_not_public_are_kept_and_not_shown(
    archive: Archive, said: dict[str, str]
) -> None:
    found = [comment(1, "Among us."), comment(2, "Waiting.", state="0")]
    counts = archive.wordpress(item(*found, **said))  # type: ignore[arg-type]
    assert counts == {"imported": 2, "not_shown": 2}
    assert archive.published() == []
    assert archive.newsroom.get("/v1/comments/wp-1").json["status"] == "approved"  # type: ignore[index]
    form = archive.newsroom.client.get(f"/sites/courier/reply?article_url={ARTICLE}&parent_id=wp-1").text
    assert "Replying to" not in form
    assert "Among us." in archive.desk()
    assert "is not shown to readers" in archive.desk()
    assert archive.wordpress(item(*found, **said)) == {"replayed": 2, "not_shown": 2}  # type: ignore[arg-type]
    # what is said live under it is live
    archive.newsroom.post(submission(id="live", body="Hello.", parent_id="wp-1"))
    archive.newsroom.settle("live", toxicity=0.1)
    assert [(one["id"], one["parent_id"]) for one in archive.published()] == [("live", None)]
    archive.newsroom.call("POST", "/v1/articles", json={"url": ARTICLE, "private": False})
    assert archive.ids() == ["wp-1", "live"]


@pytest.mark.parametrize("path", ["/v1/comments", "/v1/comments/batch"])
def test_an_edit_shows_no_comment_of_what_is_not_public(archive: Archive, path: str) -> None:
    archive.wordpress(item(comment(1, "Among us."), status="private"))
    for url, shown in ((ARTICLE, []), (f"{ARTICLE}-2", ["wp-1"])):
        edited = submission(id="wp-1", body=f"Corrected under {url}.", article={"url": url})
        sent = [edited] if path.endswith("batch") else edited
        assert archive.newsroom.call("POST", path, json=sent).status_code in (200, 202)
        archive.approve()
        assert archive.ids(url) == shown


def test_an_article_that_is_published_since_is_shown_by_its_next_export(archive: Archive) -> None:
    private, public = (item(comment(1), status=status) for status in ("private", "publish"))
    archive.wordpress(private)
    assert archive.ids() == []
    assert archive.wordpress(public) == {"replayed": 1}
    assert archive.ids() == ["wp-1"]
    archive.wordpress(private)
    assert archive.ids() == []
    archive.newsroom.call("POST", "/v1/articles", json={"url": ARTICLE, "private": False})
    archive.wordpress(private)
    assert archive.ids() == ["wp-1"]


def test_a_draft_without_an_address_is_kept(archive: Archive) -> None:
    assert archive.wordpress(item(comment(1), link="", status="draft", post_id=77)) == {
        "imported": 1,
        "not_shown": 1,
    }
    assert archive.newsroom.comment("wp-1").article.url == "https://courier.example/?p=77"


# -- two blogs ---------------------------------------------------------------------------------------------------------

BLOGS = {
    "by their addresses": (
        (head("https://courier.example/sport"), "https://courier.example/sport/a"),
        (head("https://courier.example/culture"), "https://courier.example/culture/a"),
    ),
    "by their hosts": ((HEAD, "https://sport.example/a"), (HEAD, "https://culture.example/a")),
    "by host, on one address": (
        (head("https://sport.example"), "https://courier.example/a"),
        (head("https://culture.example"), "https://courier.example/a"),
    ),
    "by nothing but date and article": (
        (HEAD, "https://courier.example/a"),
        (HEAD, "https://courier.example/b"),
    ),
}


@pytest.mark.parametrize("kind", BLOGS)
def test_comments_of_two_blogs_are_all_kept(archive: Archive, kind: str) -> None:
    (one, first), (other, second) = BLOGS[kind]
    mine = item(comment(7, "First."), comment(8, "To the first.", parent=7), link=first)
    theirs = item(
        comment(7, "Second.", written=OLD),
        comment(8, "To the second.", parent=7, written=OLD),
        comment(9, "A third.", parent=8, written=OLD),
        link=second,
    )
    assert archive.wordpress(mine, begin=one) == {"imported": 2}
    assert archive.wordpress(theirs, begin=other) == {"imported": 3}
    for _ in range(2):
        assert archive.wordpress(mine, begin=one) == {"replayed": 2}
        assert archive.wordpress(theirs, begin=other) == {"replayed": 3}
    shown = {row["body"]: row for url in {first, second} for row in archive.published(url)}
    assert set(shown) == {"First.", "To the first.", "Second.", "To the second.", "A third."}
    assert shown["First."]["id"] == "wp-7"
    assert shown["To the first."]["parent_id"] == "wp-7"
    assert shown["To the second."]["parent_id"] == shown["Second."]["id"] != "wp-7"
    assert shown["A third."]["parent_id"] == shown["To the second."]["id"]
    edited = item(comment(7, "First, edited."), link=first)
    assert archive.wordpress(edited, begin=one) == {"revised": 1}


def test_the_comment_that_every_blog_begins_with_makes_no_two_the_same(archive: Archive) -> None:
    welcome = "Hi, this is a comment. To get started, please visit the Comments screen."
    blogs = [f"https://courier.example/{name}" for name in ("sport", "politics")]
    for year, blog in enumerate(blogs, 2012):
        found = [
            comment(n, text, written=f"{year}-01-0{n} 10:00:00") for n, text in ((1, welcome), (2, blog))
        ]
        archive.wordpress(item(*found, link=f"{blog}/hello"), begin=head(blog))
    for year, blog in enumerate(blogs, 2012):
        answer = comment(3, "An answer.", parent=2, written=f"{year}-01-03 10:00:00")
        late = item(answer, link=f"{blog}/hello")
        assert archive.wordpress(late, begin=head(blog)) == {"imported": 1}
        _, second, third = archive.published(f"{blog}/hello")
        assert third["parent_id"] == second["id"]


def test_a_blog_that_moved_is_the_same_blog(archive: Archive) -> None:
    old, new = head("http://old.example"), head("https://courier.example")
    found = [comment(7, "First."), comment(8, "Second.", parent=7)]
    archive.wordpress(item(*found, link="http://old.example/a"), begin=old)
    again = item(*found, comment(9, "Third.", parent=8), link="https://courier.example/a")
    assert archive.wordpress(again, begin=new) == {"replayed": 2, "imported": 1}
    assert archive.ids("https://courier.example/a") == ["wp-7", "wp-8", "wp-9"]
    assert archive.ids("http://old.example/a") == []


@ON_SQLITE
@pytest.mark.parametrize(
    ("written", "read"),
    [
        (b"caf\x96 here", "caf\ufffd here"),
        (b"caf\xc3", "caf\ufffd"),
        (b"a \xf0\x9f\x98 b", "a \ufffd b"),
        (b"half \\ud83d here", "half \ufffd here"),
        (b"nul\\u0000 here", "nul here"),
        (b"raw \x1b control", "raw  control"),
        (b"two \x96 and \\udc00\\ud800", "two \ufffd and \ufffd\ufffd"),
    ],
)
def test_one_bad_character_costs_no_line(archive: Archive, written: bytes, read: str) -> None:
    lines = [json.dumps(submission(id=f"n{n}", body=f"Number {n}.")).encode() for n in range(5)]
    lines[2] = lines[2].replace(b"Number 2.", written)
    raw = b"\n".join(lines)
    assert archive._run(import_lines, raw) == {"imported": 5, "repaired": 1}
    assert [(one.line, one.field) for one in archive.faults] == [(3, "character")]
    assert archive.newsroom.comment("n2").body == read
    assert archive._run(import_lines, raw) == {"replayed": 5, "repaired": 1}
    assert archive.newsroom.count() == 5


ELSEWHERE = {"url": f"{ARTICLE}-2"}
ZOE = {"name": "Zoe", "email": "zoe@mail.example"}


@pytest.mark.parametrize(
    "other",
    [
        {"author": ZOE, "submitted_at": "2013-01-01T00:00:00Z", "article": ELSEWHERE},
        {"author": ZOE, "submitted_at": "2013-01-01T00:00:00Z"},
        {"author": ZOE, "submitted_at": None, "article": ELSEWHERE},
    ],
)
def test_two_archives_with_the_same_ids_are_told_apart(archive: Archive, other: dict[str, Any]) -> None:
    """A line with the id of somebody else's comment, of another time or page, is refused and named."""
    first = submission(id="7", body="The first archive's.", submitted_at="2012-05-04T03:02:01Z")
    assert archive.lines(first) == {"imported": 1}
    assert archive.lines(first | other | {"body": "The other archive's."}) == {"refused": 1}
    (fault,) = archive.faults
    assert (fault.line, fault.field) == (1, "id")
    assert "another comment" in fault.message
    assert archive.newsroom.comment("7").body == "The first archive's."


@pytest.mark.parametrize(
    "corrected",
    [
        {"author": ZOE},
        {"author": ZOE, "article": ELSEWHERE},
        {"author": {**ZOE, "name": "Ada"}, "submitted_at": "2013-01-01T00:00:00Z"},
        {"author": {"name": "Ada L.", "email": ADDRESS}, "submitted_at": None, "article": ELSEWHERE},
        {"submitted_at": "2013-01-01T00:00:00Z", "article": ELSEWHERE},
    ],
)
def test_a_corrected_archive_revises(archive: Archive, corrected: dict[str, Any]) -> None:
    """Who wrote it, or when, tells that it is the same comment; all else may be put right."""
    first = submission(id="7", body="As it was.", submitted_at="2012-05-04T03:02:01Z")
    assert archive.lines(first) == {"imported": 1}
    assert archive.lines(first | corrected | {"body": "As it is."}) == {"revised": 1}


def test_a_public_article_opens_no_private_one_of_its_address(archive: Archive) -> None:
    private = item(comment(1, "Among us."), status="private", post_id=1)
    public = item(comment(2, "For all."), status="publish", post_id=2, link=f"{ARTICLE}/")
    for items in ((private, public), (public, private)):
        archive.wordpress(*items)
        assert archive.published() == []


def test_the_mark_of_a_sections_end_costs_no_comment(archive: Archive) -> None:
    found = [comment(1), comment(2, "if (a[b[0]]>1) see ]]> there"), comment(3, "Fine.")]
    assert archive.wordpress(item(*found)) == {"imported": 3}
    assert "see" in archive.newsroom.comment("wp-2").body
    assert archive.newsroom.comment("wp-3").body == "Fine."


def test_what_was_imported_before_blogs_were_told_apart_is_not_overwritten(archive: Archive) -> None:
    archive.lines(submission(id="wp-7", body="First.", submitted_at="2011-01-01T00:00:00Z"))
    assert archive.wordpress(item(comment(7, "Second."), link=f"{ARTICLE}-2")) == {"imported": 1}
    assert archive.newsroom.comment("wp-7").body == "First."


def test_an_article_that_was_corrected_in_the_blog_is_corrected_here(archive: Archive) -> None:
    wrong = item(comment(1), comment(2, "Yes.", parent=1), link=f"{ARTICLE}-draft", title="The brigde")
    right = item(comment(1), comment(2, "Yes.", parent=1), published="2026-10-30 09:00:00")
    archive.wordpress(wrong)
    assert archive.wordpress(right) == {"replayed": 2}
    assert (archive.ids(), archive.ids(f"{ARTICLE}-draft")) == (["wp-1", "wp-2"], [])
    assert archive.wordpress(right) == {"replayed": 2}
    shown = archive.newsroom.get("/v1/comments/wp-2").json
    assert shown is not None
    assert shown["article"] == {"url": ARTICLE, "title": "The bridge", "published_at": "2026-10-30T09:00:00Z"}


# -- a bad character ---------------------------------------------------------------------------------------------------


def test_one_bad_byte_costs_one_character(archive: Archive) -> None:
    found = [comment(n, f"Text {n}.\n") for n in range(1, 601)]
    broken = item(*found).replace(b"Text 300.", b"Text \x96 300.")
    assert archive.wordpress(broken) == {"imported": 600, "repaired": 1}
    assert archive.newsroom.comment("wp-300").body == "Text \ufffd 300.\n"
    assert [fault.line for fault in archive.faults] == [301]
    assert archive.wordpress(broken) == {"replayed": 600, "repaired": 1}


# -- threads by date and parentage -------------------------------------------------------------------------------------


def by_lines(archive: Archive) -> None:
    """Bring comments of 2012 in as lines, an answer before what it answers."""
    old = {"submitted_at": "2012-05-04T03:02:01Z"}
    archive.lines(
        submission(id="old-2", body="An old answer.", parent_id="old-1", submitted_at="2012-05-05T00:00:00Z"),
        submission(id="old-1", body="An old one.", **old),
    )


def by_wordpress(archive: Archive) -> None:
    found = [
        comment(2, "An old answer.", parent=1, written="2012-05-05 00:00:00"),
        comment(1, "An old one.", written=OLD),
    ]
    archive.wordpress(item(*found, link=ARTICLE))


@pytest.mark.parametrize("bring", [by_lines, by_wordpress])
def test_an_archive_stands_before_todays_comments(archive: Archive, bring: Callable[[Archive], None]) -> None:
    archive.newsroom.post(submission(id="today", body="A new one."))
    bring(archive)
    archive.approve()
    shown = archive.published()
    assert [one["body"] for one in shown] == ["An old one.", "An old answer.", "A new one."]
    assert shown[1]["parent_id"] == shown[0]["id"]
    page = archive.desk()
    places = [page.index(one["body"]) for one in shown]
    assert places == sorted(places)
    assert page.count("4 May 2012") == 1
    assert page.count("just now") == 1
    assert page.count("card row depth1") == 1


def test_a_line_without_a_date_is_as_old_as_its_article(archive: Archive) -> None:
    article = {"url": ARTICLE, "published_at": OLD.replace(" ", "T") + "Z"}
    archive.newsroom.post(submission(id="today", body="A new one.", article=article))
    archive.lines(
        submission(id="old", article=article), submission(id="today", body="Edited.", article=article)
    )
    assert archive.newsroom.comment("old").submitted_at.year == 2012
    assert archive.newsroom.comment("today").submitted_at == NOON
    archive.approve()
    assert archive.ids() == ["old", "today"]


@pytest.mark.parametrize("state", ["1", "0", "trash"])
def test_the_desk_finds_what_came_from_a_blog(archive: Archive, state: str) -> None:
    """An archive that no scorer reads is searched like everything else, and so is a corrected export of it."""
    archive.wordpress(item(comment(1, "Die Straße am Fluss", state=state)))
    archive.wordpress(item(comment(1, "Die Brücke am Fluss", state=state)))
    with archive.newsroom.context.deps.store.read() as tx:
        assert [one.id for one in tx.search.find(["BRUCKE"], None, None, 9)] == ["wp-1"]
        assert tx.search.find(["STRASSE"], None, None, 9) == []


def test_a_date_that_only_the_blog_knew_counts(archive: Archive) -> None:
    local = comment(1, written="0000-00-00 00:00:00").replace(
        "<wp:comment_content>", f"<wp:comment_date><![CDATA[{OLD}]]></wp:comment_date><wp:comment_content>"
    )
    archive.wordpress(item(local))
    assert archive.published()[0]["submitted_at"] == "2012-05-04T03:02:01Z"


def test_a_parent_that_is_refused_is_not_named(archive: Archive) -> None:
    archive.newsroom.post(submission(id="rude", body="A rude one."))
    archive.newsroom.post(submission(id="answer", body="An answer.", parent_id="rude"))
    archive.newsroom.post(submission(id="orphan", body="Another.", parent_id="never-there"))
    archive.newsroom.post(submission(id="below", body="Below.", parent_id="answer"))
    for name in ("answer", "orphan", "below"):
        archive.newsroom.settle(name, toxicity=0.1)
    archive.newsroom.settle("rude", toxicity=0.999)
    path = f"/v1/sites/courier/published?article_url={ARTICLE}"
    for query in ("", "&limit=1"):
        text = archive.newsroom.call("GET", path + query, None).text
        assert "rude" not in text
        assert "never-there" not in text
    shown = {one["id"]: one for one in archive.published()}
    assert {name: one.get("parent_hidden") for name, one in shown.items()} == {
        "answer": True,
        "orphan": True,
        "below": None,
    }
    assert shown["below"]["parent_id"] == "answer"
    archive.newsroom.review(
        Action.APPROVE, "rude", 0.0, replaces=archive.newsroom.comment("rude").decision_id
    )
    again = {one["id"]: one for one in archive.published()}
    assert again["answer"]["parent_id"] == "rude"
    assert "parent_hidden" not in again["answer"]


def test_a_parent_on_another_page_is_no_secret(archive: Archive) -> None:
    by_lines(archive)
    archive.approve()
    path = f"/v1/sites/courier/published?article_url={ARTICLE}&limit=1"
    first = archive.newsroom.call("GET", path, None).json
    assert first is not None
    second = archive.newsroom.call("GET", f"{path}&after={first['next']}", None).json
    assert second is not None
    assert second["comments"][0]["parent_id"] == "old-1"


def test_a_parent_under_another_article_is_not_here(archive: Archive) -> None:
    archive.newsroom.post(submission(id="there", body="There.", article={"url": f"{ARTICLE}-2"}))
    archive.newsroom.post(submission(id="here", body="Here.", parent_id="there"))
    archive.approve()
    (shown,) = archive.published()
    assert (shown["parent_id"], shown["parent_hidden"]) == (None, True)


# -- long comments -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("length", [20_001, 24_000, 65_536])
def test_a_long_comment_of_an_archive_is_kept(archive: Archive, length: int) -> None:
    text = ("word " * length)[: length - 1] + "!"
    assert archive.wordpress(item(comment(1, text), comment(2, "Yes.", parent=1))) == {"imported": 2}
    assert archive.newsroom.comment("wp-1").body == text
    assert [one["parent_id"] for one in archive.published()] == [None, "wp-1"]
    assert archive.lines(submission(id="long", body=text)) == {"imported": 1}
    assert archive.newsroom.comment("long").body == text


@pytest.mark.parametrize("letter", ["ß", "橋", "😀"])
def test_a_long_comment_is_kept_in_whatever_letters(archive: Archive, letter: str) -> None:
    assert archive.lines(submission(id="long", body=letter * ARCHIVED_LIMIT)) == {"imported": 1}
    assert archive.newsroom.comment("long").body == letter * ARCHIVED_LIMIT


def test_what_no_archive_can_hold_is_cut_with_a_mark(archive: Archive) -> None:
    text = "word " * 20_000
    assert archive.wordpress(item(comment(1, text))) == {"imported": 1}
    assert archive.lines(submission(id="long", body=text)) == {"imported": 1}
    for name in ("wp-1", "long"):
        stored = archive.newsroom.comment(name)
        assert (len(stored.body), stored.body[-4:]) == (ARCHIVED_LIMIT, " […]"[-4:])
        assert stored.signals["cut"] is True
    archive.newsroom.settle("long", toxicity=0.1)
    assert archive.newsroom.comment("long").status == "held"
    assert archive.wordpress(item(comment(1, text))) == {"replayed": 1}


def test_a_comment_beyond_all_bounds_ends_no_import(archive: Archive) -> None:
    long = "x" * 1_200_000
    noted = (
        f"<wp:commentmeta><wp:meta_key>x</wp:meta_key><wp:meta_value>{long}</wp:meta_value></wp:commentmeta>"
    )
    found = [comment(1, long), comment(2, parent=1, extra=noted), comment(3, parent=2)]
    assert archive.wordpress(item(*found)) == {"imported": 3}
    first, *answers = archive.published()
    assert len(first["body"]) == ARCHIVED_LIMIT
    assert [one["parent_id"] for one in answers] == ["wp-1", "wp-2"]


def test_live_comments_keep_their_bound(archive: Archive) -> None:
    assert archive.newsroom.post(submission(body="x" * 24_000)).status_code == 422


def test_the_counts_beside_the_outcomes_are_named() -> None:
    assert BESIDES == ("left_out", "not_shown", "repaired")
    assert ADDRESS


def test_an_import_that_is_run_again_moves_nothing_back(archive: Archive) -> None:
    one = item(comment(1), link=f"{ARTICLE}-1", status="private")
    two = item(comment(2, "Two."), link=f"{ARTICLE}-2", status="publish", title="The tunnel")
    live = item(comment(3, "Three."), link=f"{ARTICLE}-live", title="Live")
    archive.wordpress(one, two, live)
    for asked in (
        {"url": f"{ARTICLE}-1", "to": f"{ARTICLE}-2"},
        {"url": f"{ARTICLE}-live", "to": f"{ARTICLE}-live-2012", "redirect": False},
    ):
        assert archive.newsroom.call("POST", "/v1/articles/move", json=asked).status_code == 200
    for _ in range(2):
        assert archive.wordpress(one, two, live) == {"replayed": 3, "not_shown": 1}
        assert archive.ids(f"{ARTICLE}-2") == []  # one of the two was private
        assert archive.ids(f"{ARTICLE}-live") == []
        assert archive.ids(f"{ARTICLE}-live-2012") == ["wp-3"]
        assert archive.newsroom.comment("wp-1").article.title == "The tunnel"
