"""Archives that move in: nothing private becomes public by it, nothing is lost, and threads read by their dates."""

import json

import pytest

from service.domain.comment import ARCHIVED_LIMIT
from service.importers.jsonl import import_lines
from tests.factories import ADDRESS, ON_SQLITE
from tests.web.api.caller import ARTICLE, ENTRIES, submission
from tests.wxr import HEAD, comment, head, item, made

OLD = "2012-05-04 03:02:01"


@pytest.fixture
def newsroom(real_newsroom):
    """The courier, into which archives move, on each store."""
    return real_newsroom


# -- what is a reader's comment ----------------------------------------------------------------------------------------


NOT_READERS = (
    "note",
    "order_note",
    "pingback",
    "trackback",
    "webmention",
    "like",
    "action_log",
    "review_reply",
    "x",
)


@ON_SQLITE
def test_what_no_reader_wrote_is_left_out(newsroom):
    kinds = [comment(n, "Call her first!", kind=kind) for n, kind in enumerate((*NOT_READERS, "NOTE"), 10)]
    found = [comment(1), comment(2, "Fine.", kind=""), *kinds, comment(4, "I see.", parent=10)]
    assert newsroom.import_wordpress(item(*found)) == {"imported": 3, "left_out": len(kinds)}
    assert newsroom.published_ids() == ["wp-1", "wp-2", "wp-4"]
    assert [one.get("parent_hidden") for one in newsroom.published()] == [None, None, True]
    assert "Call her" not in newsroom.thread_on_desk()


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
def test_comments_of_what_is_not_public_are_kept_and_not_shown(newsroom, said):
    found = [comment(1, "Among us."), comment(2, "Waiting.", state="0")]
    counts = newsroom.import_wordpress(item(*found, **said))
    assert counts == {"imported": 2, "not_shown": 2}
    assert newsroom.published() == []
    assert newsroom.get("/v1/comments/wp-1").json["status"] == "approved"
    form = newsroom.client.get(f"/sites/courier/reply?article_url={ARTICLE}&parent_id=wp-1").text
    assert "Replying to" not in form
    assert "Among us." in newsroom.thread_on_desk()
    assert "is not shown to readers" in newsroom.thread_on_desk()
    assert newsroom.import_wordpress(item(*found, **said)) == {"replayed": 2, "not_shown": 2}
    # what is said live under it is live
    newsroom.post(submission(id="live", body="Hello.", parent_id="wp-1"))
    newsroom.settle("live", toxicity=0.1)
    assert [(one["id"], one["parent_id"]) for one in newsroom.published()] == [("live", None)]
    newsroom.call("POST", "/v1/articles", json={"url": ARTICLE, "private": False})
    assert newsroom.published_ids() == ["wp-1", "live"]


@pytest.mark.parametrize("path", ["/v1/comments", "/v1/comments/batch"])
def test_an_edit_shows_no_comment_of_what_is_not_public(newsroom, path):
    newsroom.import_wordpress(item(comment(1, "Among us."), status="private"))
    for url, shown in ((ARTICLE, []), (f"{ARTICLE}-2", ["wp-1"])):
        edited = submission(id="wp-1", body=f"Corrected under {url}.", article={"url": url})
        sent = [edited] if path.endswith("batch") else edited
        assert newsroom.call("POST", path, json=sent).status_code in (200, 202)
        newsroom.approve_all()
        assert newsroom.published_ids(url) == shown


def test_a_draft_without_an_address_is_kept(newsroom):
    draft = item(comment(1), link="", status="draft", post_id=77)
    assert newsroom.import_wordpress(draft) == {"imported": 1, "not_shown": 1}
    assert newsroom.comment("wp-1").article.url == "https://courier.example/?p=77"


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
    "by date and article": ((HEAD, "https://courier.example/a"), (HEAD, "https://courier.example/b")),
}


@pytest.mark.parametrize("kind", BLOGS)
def test_comments_of_two_blogs_are_all_kept(newsroom, kind):
    (one, first), (other, second) = BLOGS[kind]
    mine = item(comment(7, "First."), comment(8, "To the first.", parent=7), link=first)
    theirs = item(
        comment(7, "Second.", written=OLD),
        comment(8, "To the second.", parent=7, written=OLD),
        comment(9, "A third.", parent=8, written=OLD),
        link=second,
    )
    assert newsroom.import_wordpress(mine, begin=one) == {"imported": 2}
    assert newsroom.import_wordpress(theirs, begin=other) == {"imported": 3}
    for _ in range(2):
        assert newsroom.import_wordpress(mine, begin=one) == {"replayed": 2}
        assert newsroom.import_wordpress(theirs, begin=other) == {"replayed": 3}
    shown = {row["body"]: row for url in {first, second} for row in newsroom.published(url)}
    assert set(shown) == {"First.", "To the first.", "Second.", "To the second.", "A third."}
    assert shown["First."]["id"] == "wp-7"
    assert shown["To the first."]["parent_id"] == "wp-7"
    assert shown["To the second."]["parent_id"] == shown["Second."]["id"] != "wp-7"
    assert shown["A third."]["parent_id"] == shown["To the second."]["id"]
    edited = item(comment(7, "First, edited."), link=first)
    assert newsroom.import_wordpress(edited, begin=one) == {"revised": 1}


def test_a_blog_that_moved_is_the_same_blog(newsroom):
    old, new = head("http://old.example"), head("https://courier.example")
    found = [comment(7, "First."), comment(8, "Second.", parent=7)]
    newsroom.import_wordpress(item(*found, link="http://old.example/a"), begin=old)
    again = item(*found, comment(9, "Third.", parent=8), link="https://courier.example/a")
    assert newsroom.import_wordpress(again, begin=new) == {"replayed": 2, "imported": 1}
    assert newsroom.published_ids("https://courier.example/a") == ["wp-7", "wp-8", "wp-9"]
    assert newsroom.published_ids("http://old.example/a") == []


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
def test_one_bad_character_costs_no_line(newsroom, written, read):
    lines = [json.dumps(submission(id=f"n{n}", body=f"Number {n}.")).encode() for n in range(5)]
    lines[2] = lines[2].replace(b"Number 2.", written)
    raw = b"\n".join(lines)
    assert newsroom.import_raw(import_lines, raw) == {"imported": 5, "repaired": 1}
    assert [(one.line, one.field) for one in newsroom.import_faults] == [(3, "character")]
    assert newsroom.comment("n2").body == read
    assert newsroom.import_raw(import_lines, raw) == {"replayed": 5, "repaired": 1}
    assert newsroom.count() == 5


ADA, SOME = {"name": "Ada", "email": ADDRESS}, {"ip": "192.0.2.7", "user_agent": "Firefox"}
BAD_VALUES = {
    "author.website": ("nope", "http://", "", "https://x y.example", 7, {}),
    "author.email": ("", "nobody", "a@b@c", 7, []),
    "author.staff": ("yes", 1),
    "client.ip": ("unknown", "", "1.2.3", "fe80::1%eth0", 7),
    "client.user_agent": (7, ["x"]),
    "client": ("unknown", 7),
    "article.title": (7, {}),
    "article.published_at": ("yesterday", "2012-05-04 03:02:01", "", 0),
    "submitted_at": ("", "04.05.2012", "2012-02-31T00:00:00Z", 1_336_100_521),
    "parent_id": ("", "a b", 7),
}


def line_with(name, field, value):
    """A line that is good but for one field."""
    given = submission(id=name, submitted_at="2012-05-04T03:02:01Z", author=ADA, client=SOME)
    part, _, last = field.rpartition(".")
    return {**given, part: {**given[part], last: value}} if part else {**given, last: value}


@ON_SQLITE
@pytest.mark.parametrize("field", BAD_VALUES)
def test_a_bad_optional_value_costs_no_line(newsroom, field):
    lines = [line_with(f"n{n}", field, value) for n, value in enumerate(BAD_VALUES[field])]
    answer = submission(id="answer", parent_id="n0", body="An answer.")
    for outcome in ("imported", "replayed"):
        assert newsroom.import_lines(answer, *lines) == {outcome: len(lines) + 1, "repaired": len(lines)}
        named = [(one.line, one.field, "is left out" in one.message) for one in newsroom.import_faults]
        assert named == [(n + 2, field, True) for n in range(len(lines))]
        assert "nobody" not in repr(newsroom.import_faults)
    stored, good = newsroom.comment("n0"), newsroom.comment("answer")
    assert (stored.author_name, stored.body, good.parent_id) == ("Ada", submission()["body"], "n0")
    assert (stored.author_key is None) == (field == "author.email")
    newsroom.approve_all()
    assert len(newsroom.published()) == len(lines) + 1


@ON_SQLITE
def test_all_that_was_left_out_of_a_line_is_named(newsroom):
    author = {"name": "Ada\0", "email": "nobody", "website": "nope"}
    bad = submission(author=author, client={"ip": "unknown"}, submitted_at="then")
    assert newsroom.import_lines(bad) == {"imported": 1, "repaired": 1}
    named = [one.field for one in newsroom.import_faults]
    assert sorted(named) == ["author.email", "author.website", "character", "client.ip", "submitted_at"]
    refused = bad | {"id": "c-2", "body": " "}
    assert newsroom.import_lines(refused, bad | {"id": "c 3"}) == {"refused": 2}
    for entry in ("api", "batch", "inbound"):
        assert "client.ip" in ENTRIES[entry](newsroom, submission(client={"ip": "unknown"}))


@ON_SQLITE
@pytest.mark.parametrize(
    ("good", "bad", "field"),
    [
        ("https://ada.example", "nope", "author.website"),
        ("ada@mail.example", "nobody", "author.email"),
        ("192.0.2.7", "unknown", "client.ip"),
        ("2026-11-01 10:00:00", "yesterday", "submitted_at"),
        ("2026-10-31 09:00:00", "yesterday", "article.published_at"),
        ("<wp:comment_parent>1<", "<wp:comment_parent>one two<", "parent_id"),
    ],
)
def test_a_bad_optional_value_of_an_export_is_left_out_and_named(newsroom, good, bad, field):
    broken = item(comment(1, parent=1)).replace(good.encode(), bad.encode())
    for outcome in ("imported", "replayed"):
        assert newsroom.import_wordpress(broken) == {outcome: 1, "repaired": 1}
        assert [(one.field, "is left out" in one.message) for one in newsroom.import_faults] == [
            (field, True)
        ]


ELSEWHERE = {"article": {"url": f"{ARTICLE}-2"}}
LATER, UNDATED = {"submitted_at": "2013-01-01T00:00:00Z"}, {"submitted_at": None}
ZOE = {"author": {"name": "Zoe", "email": "zoe@mail.example"}}
NAMESAKE = {"author": {"name": "Ada", "email": "zoe@mail.example"}}
RENAMED = {"author": {"name": "Ada L.", "email": ADDRESS}}
SHORT, LONG = {"body": "Well said!"}, {"body": "Nobody asked those who cross it every morning."}


@ON_SQLITE
@pytest.mark.parametrize(
    ("other", "outcome"),
    [
        (ZOE | LATER | ELSEWHERE, "refused"),
        (ZOE | LATER, "refused"),
        (ZOE | UNDATED | ELSEWHERE, "refused"),
        (ZOE | ELSEWHERE, "refused"),
        (LATER | ELSEWHERE, "refused"),
        (UNDATED | ELSEWHERE, "refused"),
        (NAMESAKE | LATER | ELSEWHERE, "refused"),
        (SHORT | LATER | ELSEWHERE, "refused"),
        (ZOE | SHORT | LATER | ELSEWHERE, "refused"),
        (ZOE | LONG | LATER | ELSEWHERE, "refused"),
        (ZOE, "revised"),
        (ELSEWHERE, "revised"),
        (LATER, "revised"),
        (UNDATED, "revised"),
        (NAMESAKE | LATER, "refused"),
        (RENAMED | LATER, "revised"),
        (RENAMED | ELSEWHERE, "revised"),
        (ZOE | LONG | ELSEWHERE, "revised"),
        (ZOE | LONG | LATER, "revised"),
        (SHORT | ELSEWHERE, "replayed"),
        (SHORT | UNDATED | ELSEWHERE, "replayed"),
        (LONG | LATER | ELSEWHERE, "replayed"),
    ],
)
@pytest.mark.parametrize("at_once", [False, True])
def test_a_line_is_the_comment_with_which_it_has_two_things_in_common(newsroom, other, outcome, at_once):
    """Of author, article, moment and text. Any other line with that id is of another archive, and refused."""
    first = submission(id="7", submitted_at="2012-05-04T03:02:01Z", body=other.get("body", "As it was."))
    second = {"body": "As it is."} | other
    if at_once:
        counts = newsroom.import_lines(first, first | second)
    else:
        assert newsroom.import_lines(first) == {"imported": 1}
        counts = {"imported": 1} | newsroom.import_lines(first | second)
    assert counts == {"imported": 1, outcome: 1}
    refused = [(one.field, "another comment" in one.message) for one in newsroom.import_faults]
    assert refused == ([("id", True)] if outcome == "refused" else [])
    stored = newsroom.comment("7")
    assert stored.body == (first["body"] if outcome == "refused" else second["body"])
    is_moved = outcome != "refused" and "article" in other
    assert stored.article.url == (f"{ARTICLE}-2" if is_moved else ARTICLE)


def test_a_public_article_opens_no_private_one_of_its_address(newsroom):
    private = item(comment(1, "Among us."), status="private", post_id=1)
    public = item(comment(2, "For all."), status="publish", post_id=2, link=f"{ARTICLE}/")
    for items in ((private, public), (public, private)):
        newsroom.import_wordpress(*items)
        assert newsroom.published() == []


def test_the_mark_of_a_sections_end_costs_no_comment(newsroom):
    found = [comment(1), comment(2, "if (a[b[0]]>1) see ]]> there"), comment(3, "Fine.")]
    assert newsroom.import_wordpress(item(*found)) == {"imported": 3}
    assert "see" in newsroom.comment("wp-2").body
    assert newsroom.comment("wp-3").body == "Fine."


def test_what_was_imported_before_blogs_were_told_apart_is_not_overwritten(newsroom):
    newsroom.import_lines(submission(id="wp-7", body="First.", submitted_at="2011-01-01T00:00:00Z"))
    assert newsroom.import_wordpress(item(comment(7, "Second."), link=f"{ARTICLE}-2")) == {"imported": 1}
    assert newsroom.comment("wp-7").body == "First."


def test_an_article_that_was_corrected_in_the_blog_is_corrected_here(newsroom):
    wrong = item(comment(1), comment(2, "Yes.", parent=1), link=f"{ARTICLE}-draft", title="The brigde")
    right = item(comment(1), comment(2, "Yes.", parent=1), published="2026-10-30 09:00:00")
    newsroom.import_wordpress(wrong)
    assert newsroom.import_wordpress(right) == {"replayed": 2}
    assert (newsroom.published_ids(), newsroom.published_ids(f"{ARTICLE}-draft")) == (["wp-1", "wp-2"], [])
    assert newsroom.import_wordpress(right) == {"replayed": 2}
    shown = newsroom.get("/v1/comments/wp-2").json
    assert shown["article"] == {"url": ARTICLE, "title": "The bridge", "published_at": "2026-10-30T09:00:00Z"}


# -- exports of several days -------------------------------------------------------------------------------------------

OPEN = {"title": "Mistyped", "status": "publish", "body": "As it was.", "state": "1"}
SHUT = {"title": "Right", "status": "private", "body": "As it is.", "state": "0"}
MOVED = OPEN | {"title": "Moved", "link": f"{ARTICLE}-2"}


def export_of(newsroom, day, title, status, body, state, link=ARTICLE):
    """Import what the blog said on a day, 0 for none: the first comment in two wordings, and another."""
    found = comment(1, body, state=state), comment(2, "Another.", state=state)
    begin = made(day) if day else HEAD
    return newsroom.import_wordpress(item(*found, title=title, status=status, link=link), begin=begin)


def told(newsroom):
    one = newsroom.comment("wp-1")
    shown = sorted({*newsroom.published_ids(), *newsroom.published_ids(f"{ARTICLE}-2")})
    return one.article.title, one.article.url, one.article.private, one.body, str(one.status), shown


@pytest.mark.parametrize(
    "exports",
    [
        [(9, SHUT), (2, OPEN)],
        [(2, OPEN), (9, SHUT), (2, OPEN)],
        [(2, OPEN), (9, SHUT), (3, OPEN | {"title": "Another"}), (2, OPEN)],
        [(2, MOVED), (9, SHUT), (2, MOVED)],
        [(2, OPEN), (9, SHUT), (20, SHUT), (12, OPEN | {"title": "Another"})],
        [(2, OPEN), (0, OPEN | {"title": "Undated"}), (9, SHUT), (2, OPEN)],
        [(9, SHUT), (0, SHUT | {"title": "Undated"}), (2, OPEN), (0, SHUT)],
        [(9, OPEN | {"body": "As it is."}), (2, SHUT)],
        [(9, OPEN | {"body": "As it is."}), (2, SHUT | {"link": f"{ARTICLE}-2"})],
        [(9, MOVED | {"body": "As it is."}), (2, OPEN)],
    ],
)
def test_an_older_export_takes_nothing_back(newsroom, exports):
    """The newest one alone says the same."""
    for day, said in exports:
        export_of(newsroom, day, **said)
    shown = told(newsroom)
    newest = dict(max(exports, key=lambda one: one[0])[1])
    assert (shown[0], shown[1]) == (newest["title"], newest.get("link", ARTICLE))
    assert (shown[2], shown[3]) == (newest["status"] == "private", newest["body"])
    assert (shown[4] == "approved", shown[5]) == (newest["state"] == "1", [] if newest is SHUT else shown[5])
    assert shown[5] == (["wp-1", "wp-2"] if newest["status"] == "publish" else [])


def test_an_older_export_brings_what_is_not_here(newsroom):
    export_of(newsroom, 9, **SHUT)
    old = item(comment(3, "Older."), title="Mistyped", status="publish")
    assert newsroom.import_wordpress(old, begin=made(2)) == {"imported": 1}
    assert (newsroom.comment("wp-3").article.title, newsroom.published()) == ("Right", [])


@pytest.mark.parametrize("date", ["31 Dec 2099 10:00:00 +0000", "yesterday", "32 Nov 2026", "9" * 5000, ""])
def test_an_export_of_no_day_that_was_shuts_out_no_later_one(newsroom, date):
    begin = made(1).replace(b"01 Nov 2026 10:00:00 +0000", date.encode())
    newsroom.import_wordpress(item(comment(1), status="publish"), begin=begin)
    newsroom.clock.pass_seconds(7 * 86_400)
    newsroom.import_wordpress(item(comment(1), status="private"), begin=made(28))
    assert newsroom.published() == []


def test_a_comment_beyond_all_bounds_ends_no_import(newsroom):
    long = "x" * 1_200_000
    value = f"<wp:meta_key>x</wp:meta_key><wp:meta_value>{long}</wp:meta_value>"
    noted = f"<wp:commentmeta>{value}</wp:commentmeta>"
    found = [comment(1, long), comment(2, parent=1, extra=noted), comment(3, parent=2)]
    assert newsroom.import_wordpress(item(*found)) == {"imported": 3}
    first, *answers = newsroom.published()
    assert len(first["body"]) == ARCHIVED_LIMIT
    assert [one["parent_id"] for one in answers] == ["wp-1", "wp-2"]
