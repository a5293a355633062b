"""Reading a WordPress export: what it says, WordPress' quirks, and files that mean harm."""

import io
import tracemalloc

import pytest

from service.domain.errors import Invalid
from service.importers.wxr import read_export
from tests.wxr import HEAD, TAIL, comment, item


def exported(*items):
    return list(read_export(io.BytesIO(HEAD + b"".join(items) + TAIL)))


def test_a_comment_is_read_with_its_article():
    first, second = exported(item(comment(4), comment(5, parent=4, state="0")))
    assert (first.number, first.name, first.email) == ("4", "Ada", "ada@mail.example")
    assert (first.link, first.title) == ("https://courier.example/bridge", "The bridge")
    assert (first.published, first.written) == ("2026-10-31 09:00:00", "2026-11-01 10:00:00")
    assert (first.state, first.kind, first.content) == ("1", "comment", "Good.")
    assert (second.parent, second.state) == ("4", "0")
    assert "ada@" not in repr(first)
    assert "Good" not in repr(first)


def test_cut_cdata_is_joined():
    (one,) = exported(item(comment(1, "a ]]]]><![CDATA[> b")))
    assert one.content == "a ]]> b"


@pytest.mark.parametrize("end", ["", "\x00\n", "\n\x1a"])
def test_a_control_character_is_dropped_wherever_it_is_and_its_line_named(end):
    found = [comment(1, "a\x0bb\x00c\td\x7f"), comment(2, "\x08"), comment(3, "Fine.\t")]
    raw, repaired = HEAD + item("\n\x00".join(found)) + TAIL + end.encode(), []
    told = [one.content for one in read_export(io.BytesIO(raw), None, repaired)]
    assert told == ["abc\td\x7f", "", "Fine.\t"]
    assert repaired == [2, 3, 4, *([4 + end.index("\x1a")] if "\x1a" in end else [])]


def test_a_title_of_the_site_is_not_the_articles():
    (first, second) = exported(item(comment(1)), b"<item>" + comment(2).encode() + b"</item>")
    assert (first.link, second.link, second.title) == ("https://courier.example/bridge", "", "")


BAD = {
    "a byte of another encoding": (b"one \x96 two", "one \ufffd two"),
    "half a pictograph": (b"one \xf0\x9f\x98 two", "one \ufffd two"),
    "a letter cut by its column's width": (b"Gr\xc3", "Gr\ufffd"),
    "a character that XML has not": (b"one \xef\xbf\xbf two", "one \ufffd two"),
    "a reference to none": (b"]]>one &#x1F; two<![CDATA[", "one \ufffd two"),
    "a reference to half a pair": (b"]]>one &#xD83D; two<![CDATA[", "one \ufffd two"),
}


@pytest.mark.parametrize("kind", BAD)
@pytest.mark.parametrize("field", ["content", "author", "title"])
def test_a_bad_character_costs_no_comment(kind, field):
    raw, read = BAD[kind]
    found = [comment(n, f"Text {n}.\n") for n in range(1, 301)]
    file = HEAD + item(*found[:149]) + item(*found[149:]) + TAIL
    place = {"content": b"Text 150.", "author": b"<![CDATA[Ada]]>", "title": b"<![CDATA[The bridge]]>"}[field]
    new = raw if field == "content" else b"<![CDATA[" + raw + b"]]>"
    before = b"<wp:comment_id>149<" if field == "title" else b"<wp:comment_id>150<"
    at = file.index(place, file.index(before))
    repaired = []
    broken = file[:at] + new + file[at + len(place) :]
    read_ones = list(read_export(io.BytesIO(broken), None, repaired))
    assert len(read_ones) == 300
    there = {"content": read_ones[149].content, "author": read_ones[149].name, "title": read_ones[149].title}
    assert there[field].strip() == read
    assert repaired == [broken[:at].count(b"\n") + 1]


def test_a_file_is_read_in_the_encoding_that_it_declares():
    file = (HEAD + item(comment(1, "Fähre – 橋")) + TAIL).decode()
    encodings = dict.fromkeys(("UTF-8", "no-such-encoding", "rot13", "idna"), "utf-8") | {"utf-16": "utf-16"}
    for name, encoding in encodings.items():
        raw, repaired = file.replace('encoding="UTF-8"', f'encoding="{name}"').encode(encoding), []
        (one,) = read_export(io.BytesIO(raw), None, repaired)
        assert (one.content, repaired) == ("Fähre – 橋", [])
    windows = file.replace("UTF-8", "windows-1252").replace("橋", "").encode("windows-1252")
    (one,) = read_export(io.BytesIO(windows))
    assert one.content == "Fähre – "


def test_a_reference_over_two_pieces_is_read():
    one = item(comment(1, "x"), title="]]>Tom &#38; Jerry &#x1f600; &#31;<![CDATA[")
    file = HEAD + b" " * (64 * 1024 - len(HEAD) - one.index(b"&#")) + one + TAIL
    for shift in range(-8, 40):
        repaired = []
        moved = file.replace(b" " * 100, b" " * (100 - shift), 1)
        (read,) = read_export(io.BytesIO(moved), None, repaired)
        assert read.title == "Tom & Jerry 😀 \ufffd"
        assert repaired == [2]


def test_an_article_of_many_comments_may_be_private_to_its_last_line():
    many = [comment(n, f"{n} " + "x" * 500_000) for n in range(1, 11)]
    for status in ("private", "publish"):
        file = item(*many).replace(b"</item>", f"<wp:status>{status}</wp:status></item>".encode())
        told = exported(file)
        assert (len(told), told[0].is_private, told[-1].is_private) == (10, True, status == "private")


def test_html_in_place_of_xml_costs_no_comment():
    written = {
        "A&nbsp;B &eacute;": "A\xa0B é",
        "Q & A &amp; B": "Q & A & B",
        "AT&T; &LT; &#233;": "AT&T; < é",
        "&": "&",
    }
    for raw, read in written.items():
        file = item(comment(1, f"{raw} <b>")).replace(b"<![CDATA[The bridge]]>", raw.encode())
        file = HEAD + file + item(comment(2), link="https://courier.example/?a=1&b=2&copy=3") + TAIL
        mended = []
        for first in range(1, 40, 4):  # wherever the file is cut for reading
            pieces = HEAD + b" " * (64 * 1024 - len(HEAD) - first) + file[len(HEAD) :]
            one, other = read_export(io.BytesIO(pieces), None, mended)
            assert (one.title, one.content) == (read, f"{raw} <b>")
            assert other.link == "https://courier.example/?a=1&b=2&copy=3"
        assert mended == []


PUBLIC = [{}, {"status": "publish"}, {"status": "publish", "password": ""}]
STATUSES = "private draft future pending trash inherit auto-draft wc-completed Private"
PRIVATE = [{"status": "publish", "password": "x"}, *({"status": status} for status in STATUSES.split())]


@pytest.mark.parametrize("said", [*PUBLIC, *PRIVATE])
def test_only_what_is_published_is_public_wherever_the_export_says_so(said):
    names = {"password": "post_password", "status": "status"}
    told = "".join(f"<wp:{names[name]}>{value}</wp:{names[name]}>" for name, value in said.items())
    after = item(comment(1)).replace(b"</item>", told.encode() + b"</item>")
    assert [one.is_private for one in exported(item(comment(1), **said), after)] == [said in PRIVATE] * 2


@pytest.mark.parametrize(
    ("post_type", "path", "is_private"),
    [
        ("", "bridge", False),
        ("post", "?p=5", False),
        ("page", "about", False),
        ("story", "story/bridge", False),
        ("shop_order", "bridge", True),
        ("nav_menu_item", "bridge", True),
        ("wp_block", "bridge", True),
        ("ticket", "?post_type=ticket&amp;p=5", True),
    ],
)
def test_a_type_that_no_reader_sees_is_private(post_type, path, is_private):
    told = f"<wp:status>publish</wp:status><wp:post_type>{post_type}</wp:post_type></item>"
    raw = item(comment(1), link=f"https://courier.example/{path}").replace(b"</item>", told.encode())
    assert [one.is_private for one in exported(raw)] == [is_private]


def test_the_blog_is_read():
    told = b"<link>https://a.example</link><wp:base_site_url>https://b.example</wp:base_site_url>"
    (one,) = read_export(io.BytesIO(HEAD + told + item(comment(1)) + TAIL))
    assert (one.blog, one.link) == ("https://b.example", "https://courier.example/bridge")


def test_what_was_read_before_the_file_broke_is_handed_over():
    found = read_export(io.BytesIO(HEAD + item(comment(1), comment(2)) + item(comment(3))[:-7] + b"<wp:comm"))
    assert [next(found).number for _ in range(3)] == ["1", "2", "3"]
    with pytest.raises(Invalid):
        next(found)


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (b"", "no element"),
        (b"{}", "not well-formed"),
        (b"<html></html>", "no WordPress export"),
        (HEAD, "no element|unclosed"),
        (b'<!DOCTYPE rss [<!ENTITY a "ha">]><rss>&a;</rss>', "document type"),
        (b'<!DOCTYPE rss SYSTEM "file:///etc/passwd"><rss/>', "document type"),
        (b"<rss>" + b"<a>" * 100, "nested"),
        (HEAD + b"\xff\xfe" + TAIL, "not well-formed"),
    ],
)
def test_a_file_that_is_none_is_refused(file, said):
    with pytest.raises(Invalid) as refused:
        list(read_export(io.BytesIO(file)))
    (fault,) = refused.value.faults
    assert fault.field.startswith("line ")
    assert any(part in fault.message for part in said.split("|"))


def test_memory_stays_the_same_however_long_the_file_is():
    one = item(*(comment(n, "Good. " * 200) for n in range(20)))
    body = HEAD + one * 200 + TAIL
    tracemalloc.start()
    try:
        count = sum(1 for _ in read_export(io.BytesIO(body)))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == 4_000
    assert peak < 2_000_000
