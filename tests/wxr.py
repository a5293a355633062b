"""Pieces of WordPress exports, for the tests that bring one in."""

from __future__ import annotations

HEAD = (
    b'<?xml version="1.0" encoding="UTF-8" ?>\n<rss version="2.0" xmlns:wp="http://wordpress.org/export/1.2/"'
    b' xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>Courier</title>'
)
TAIL = b"</channel></rss>"


def head(blog: str) -> bytes:
    return (
        HEAD
        + f"<wp:base_site_url>{blog}</wp:base_site_url><wp:base_blog_url>{blog}</wp:base_blog_url>".encode()
    )


def made(day: int) -> bytes:
    """The beginning of an export that was made on this day of November 2026."""
    return HEAD + f"<pubDate>{day:02} Nov 2026 10:00:00 +0000</pubDate>".encode()


def comment(
    number: int,
    content: str = "Good.",
    parent: int = 0,
    state: str = "1",
    extra: str = "",
    kind: str = "comment",
    written: str = "2026-11-01 10:00:00",
) -> str:
    return (
        f"<wp:comment><wp:comment_id>{number}</wp:comment_id>"
        f"<wp:comment_author><![CDATA[Ada]]></wp:comment_author>"
        f"<wp:comment_author_email><![CDATA[ada@mail.example]]></wp:comment_author_email>"
        f"<wp:comment_author_url>https://ada.example</wp:comment_author_url>"
        f"<wp:comment_author_IP><![CDATA[192.0.2.7]]></wp:comment_author_IP>"
        f"<wp:comment_date_gmt><![CDATA[{written}]]></wp:comment_date_gmt>"
        f"<wp:comment_content><![CDATA[{content}]]></wp:comment_content>"
        f"<wp:comment_approved><![CDATA[{state}]]></wp:comment_approved>"
        f"<wp:comment_type><![CDATA[{kind}]]></wp:comment_type>"
        f"<wp:comment_parent>{parent}</wp:comment_parent>{extra}</wp:comment>"
    )


def item(
    *comments: str,
    link: str = "https://courier.example/bridge",
    title: str = "The bridge",
    published: str = "2026-10-31 09:00:00",
    status: str | None = None,
    password: str | None = None,
    post_id: int | None = None,
) -> bytes:
    """One article with its comments; what is None is left out."""
    more = "".join(
        f"<wp:{name}><![CDATA[{value}]]></wp:{name}>"
        for name, value in (("status", status), ("post_password", password), ("post_id", post_id))
        if value is not None
    )
    return (
        f"<item><title><![CDATA[{title}]]></title><link>{link}</link>"
        f"<content:encoded><![CDATA[{'An article. ' * 10}]]></content:encoded>"
        f"<wp:post_date_gmt><![CDATA[{published}]]></wp:post_date_gmt>{more}{''.join(comments)}</item>"
    ).encode()
