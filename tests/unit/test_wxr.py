"""Reading a WordPress export: what it says, WordPress' quirks, and files that mean harm."""

from __future__ import annotations

import io
import tracemalloc

import pytest

from service.moderation.errors import Invalid
from service.wxr import Exported, read_export

HEAD = (
    b'<?xml version="1.0" encoding="UTF-8" ?>\n<rss version="2.0" xmlns:wp="http://wordpress.org/export/1.2/"'
    b' xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>Courier</title>'
)
TAIL = b"</channel></rss>"


def comment(number: int, content: str = "Good.", parent: int = 0, state: str = "1", extra: str = "") -> str:
    """One comment as WordPress writes it."""
    return (
        f"<wp:comment><wp:comment_id>{number}</wp:comment_id>"
        f"<wp:comment_author><![CDATA[Ada]]></wp:comment_author>"
        f"<wp:comment_author_email><![CDATA[ada@mail.example]]></wp:comment_author_email>"
        f"<wp:comment_author_url>https://ada.example</wp:comment_author_url>"
        f"<wp:comment_author_IP><![CDATA[192.0.2.7]]></wp:comment_author_IP>"
        f"<wp:comment_date_gmt><![CDATA[2026-11-01 10:00:00]]></wp:comment_date_gmt>"
        f"<wp:comment_content><![CDATA[{content}]]></wp:comment_content>"
        f"<wp:comment_approved><![CDATA[{state}]]></wp:comment_approved>"
        f"<wp:comment_type><![CDATA[comment]]></wp:comment_type>"
        f"<wp:comment_parent>{parent}</wp:comment_parent>{extra}</wp:comment>"
    )


def item(*comments: str, link: str = "https://courier.example/bridge") -> bytes:
    """One article with its comments."""
    return (
        f"<item><title><![CDATA[The bridge]]></title><link>{link}</link>"
        f"<content:encoded><![CDATA[{'An article. ' * 10}]]></content:encoded>"
        f"<wp:post_date_gmt><![CDATA[2026-10-31 09:00:00]]></wp:post_date_gmt>{''.join(comments)}</item>"
    ).encode()


def exported(*items: bytes) -> list[Exported]:
    """The comments of an export of these articles."""
    return list(read_export(io.BytesIO(HEAD + b"".join(items) + TAIL)))


def test_a_comment_is_read_with_its_article() -> None:
    """Each comment comes with all its fields and the article above it, in the order of the file."""
    first, second = exported(item(comment(4), comment(5, parent=4, state="0")))
    assert (first.number, first.name, first.email) == ("4", "Ada", "ada@mail.example")
    assert (first.link, first.title) == ("https://courier.example/bridge", "The bridge")
    assert (first.published, first.written) == ("2026-10-31 09:00:00", "2026-11-01 10:00:00")
    assert (first.state, first.kind, first.content) == ("1", "comment", "Good.")
    assert (second.parent, second.state) == ("4", "0")


def test_what_it_read_is_never_printed() -> None:
    """The record of a comment shows no word of it."""
    (one,) = exported(item(comment(4, "A secret word.")))
    assert "ada@" not in repr(one)
    assert "secret" not in repr(one)


def test_cdata_that_was_cut_is_joined() -> None:
    """WordPress writes `]]>` in a text as two sections, and it comes back whole."""
    (one,) = exported(item(comment(1, "a ]]]]><![CDATA[> b")))
    assert one.content == "a ]]> b"


def test_control_characters_do_not_end_the_import() -> None:
    """Old databases hold characters that XML forbids; the text comes without them."""
    (one,) = exported(item(comment(1, "a\x0bb\x00c\td")))
    assert one.content == "abc\td"


def test_a_title_of_the_site_is_not_the_articles() -> None:
    """An article without a link has none, whatever stood before it."""
    (first, second) = exported(item(comment(1)), b"<item>" + comment(2).encode() + b"</item>")
    assert (first.link, second.link, second.title) == ("https://courier.example/bridge", "", "")


def test_the_id_that_our_plugin_noted_is_read() -> None:
    """Other meta fields, where addresses lie, are not kept."""
    meta = (
        "<wp:commentmeta><wp:meta_key><![CDATA[akismet_as_submitted]]></wp:meta_key>"
        "<wp:meta_value><![CDATA[ada@mail.example]]></wp:meta_value></wp:commentmeta>"
        "<wp:commentmeta><wp:meta_key><![CDATA[replydesk_id]]></wp:meta_key>"
        "<wp:meta_value><![CDATA[ak-1234]]></wp:meta_value></wp:commentmeta>"
    )
    (one,) = exported(item(comment(1, extra=meta)))
    assert one.known_as == "ak-1234"


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (b"", "no element"),
        (b"{}", "not well-formed"),
        (b"<html></html>", "no WordPress export"),
        (HEAD, "no element|unclosed"),
        (b'<!DOCTYPE rss [<!ENTITY a "ha">]><rss>&a;</rss>', "document type"),
        (b'<!DOCTYPE rss SYSTEM "file:///etc/passwd"><rss/>', "document type"),
        (HEAD + b"&unknown;" + TAIL, "undefined entity"),
        (b"<rss>" + b"<a>" * 100, "nested"),
        (HEAD + b"\xff\xfe" + TAIL, "not well-formed"),
        (HEAD + item(comment(1, "x" * 1_100_000)) + TAIL, "1048576 characters"),
    ],
)
def test_a_file_that_is_none_is_refused(file: bytes, said: str) -> None:
    """What is wrong is said with its line, and no entity is ever opened."""
    with pytest.raises(Invalid) as refused:
        list(read_export(io.BytesIO(file)))
    (fault,) = refused.value.faults
    assert fault.field.startswith("line ")
    assert any(part in fault.message for part in said.split("|"))


def test_memory_stays_the_same_however_long_the_file_is() -> None:
    """Twenty megabytes of articles and comments are read in two."""
    one = item(*(comment(n, "Good. " * 200) for n in range(20)))
    body = HEAD + one * 800 + TAIL
    tracemalloc.start()
    try:
        count = sum(1 for _ in read_export(io.BytesIO(body)))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == 16_000
    assert peak < 2_000_000
