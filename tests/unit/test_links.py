"""Counting links: each once, however it is written, and none to the site itself."""

import pytest

from service.domain.links import count_links, own_hosts

ARCHIVED = "https://web.archive.org/web/2020/https://news.example/a"


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("No link here, not even a dot.com.", 0),
        ("See https://a.example/x.", 1),
        ("HTTP://A.EXAMPLE and www.b.example", 2),
        ("http://www.a.example", 1),
        ("hxxp://a.example hxxps://b.example ftp://c.example", 3),
        ('<a href="https://a.example">a</a>', 1),
        ("<a href=https://a.example>a</a>", 1),
        ("[url=https://a.example]a[/url]", 1),
        ("[url]www.a.example[/url]", 1),
        ("[url]https://www.a.example[/url] [url=www.b.example]b[/url]", 2),
        ("https://a.examplehttps://b.example", 2),
        ("https://a.example\nhttps://b.example\thttps://c.example", 3),
        ("Awww. So cute. Awww. I love it. Awww.", 0),  # reported
        (f"{ARCHIVED} and {ARCHIVED}", 2),  # reported
        ("www. www.! www", 0),
        ("Awwwwww.cute", 0),
        ("Ewww.gross.stuff but www.gross.example", 1),
        ("https://x.example/?u=https%3A%2F%2Fy.example&v=http://z.example", 1),
        ("https://translate.example/http://www.a.example", 1),
        ("https://a.example/www.b.example", 1),
        ("http://", 0),
        ("http:// and https://, you know", 0),
        ("https:/a.example", 1),
        ("https:\\\\a.example", 1),
        ("HTTPS：//a.example", 1),
        ("ht\u200btp://a.example", 1),
        ("(https://a.example), <https://b.example>; 'https://c.example'", 3),
        ("[https://a.example](https://a.example)", 1),
        ("[here](https://a.example) and [there](//b.example)", 2),
        ("[a](/own/page) <a href='/own'>own</a> <a href='#top'>top</a> <a href=mailto:x>x</a>", 0),
        ('<a href="https://a.example">https://a.example</a>', 1),
        ('<a class=x href = "//a.example">www.a.example</a> www.b.example', 2),
        ("<a href=https://a.example>not closed www.b.example", 2),
        ("[url=https://a.example]https://a.example[/url]", 1),
        ("[url=a.example]a[/url] [url]b.example[/url] [url]b[/url]", 2),
        ("[URL='https://a.example']www.a.example[/URL]", 1),
        ("www.bücher.example http://münchen.example http://例え.テスト", 3),
        ("https://user:word@a.example:8080/x", 1),
        ("ftp://a.example ftps://b.example", 2),
        ("https://a.example.", 1),
        ("it is on http://localhost/x", 1),
        ("⟦handle⟧ https://a.example/⟦email⟧", 1),
        ("http://[2001:db8::1]/x https://[::1]:8080/ http://ada@[2001:db8::2]", 3),
        ("https://a.example,https://b.example;https://c.example/—https://d.example", 4),
        ("https://a.example/?u=https://b.example,c", 1),
        ("www.a.example,www.b.example;www.c.example/x、www.d.example", 4),
        ("https://a.example,www.b.example", 2),
        ("https://a.example。http://b.example/。www.c.example", 3),
        ("https://a.example/?u=www.b.example", 1),
        ("見てwww.a.example見て", 1),
        ("http://192.0.2.1/x http://3221225985/", 2),
        ("http://[", 0),
        ("3 < 4 and www.a.example > www.b.example", 2),
    ],
)
def test_each_link_that_a_browser_follows_is_counted_once(text, count):
    assert count_links(text) == count


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("https://news.example/a", 0),
        ("http://www.news.example/a www.news.example", 0),
        ("https://blog.news.example:8443/a", 0),
        ("https://NEWS.EXAMPLE./a", 0),
        ("[url=news.example]a[/url]", 0),
        ("https://xn--mnchen-3ya.example/a http://münchen.example/a http://MÜNCHEN.example", 0),
        ("https://news.example.evil.example/a", 1),
        ("https://evilnews.example/a", 1),
        ("https://news.example@evil.example/a", 1),
        ("https://evil.example/https://news.example/", 1),
        ("https://evil.example\\@news.example/", 1),
        ("https://news.example:443@evil.example/", 1),
        ("https://news.example。evil.example/", 1),
        ("https://news.example%2eevil.example/", 1),
        ("https://news。example/a", 0),
        ("https://news.example。次のページ", 0),
        ("https://nеws.example/a", 1),
        ("https://ne\u200bws.example/a", 0),
        ("[https://news.example](https://evil.example)", 1),
        ('<a href="https://evil.example">https://news.example</a>', 1),
        ("https://xn--\u0131 https://xn--a", 2),
    ],
)
def test_links_to_the_site_itself_are_free(text, count):
    own = own_hosts("https://www.news.example/", "https://münchen.example/a", None)
    assert count_links(text, own) == count


def test_a_site_is_known_by_either_spelling_of_its_name():
    assert (
        own_hosts("https://xn--mnchen-3ya.example")
        == own_hosts("https://www.münchen.example/x")
        == {"münchen.example"}
    )
