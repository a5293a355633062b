"""Article addresses: what counts as one page, and what is no address."""

import pytest

from service.domain.comment import URL_LIMIT, normalise_url

SAME = [
    ("HTTPS://News.Example/a", "https://news.example/a"),
    ("https://news.example:443/a", "https://news.example/a"),
    ("http://news.example:80/a", "http://news.example/a"),
    ("http://news.example:443/a", "http://news.example:443/a"),
    ("https://news.example:8443/a", "https://news.example:8443/a"),
    ("https://news.example", "https://news.example/"),
    ("https://news.example/a#comments", "https://news.example/a"),
    ("https://editor:secret@news.example/a", "https://news.example/a"),
    ("https://news.example/a?utm_source=x&id=7&fbclid=y", "https://news.example/a?id=7"),
    ("https://news.example/a?UTM_Campaign=x", "https://news.example/a"),
    ("https://news.example/a?id=7&q=a%20b", "https://news.example/a?id=7&q=a%20b"),
    ("https://news.example/a?id=7&q=a%20b&gclid=1", "https://news.example/a?id=7&q=a%20b"),
    ("https://news.example/a?flag&utm_id=1", "https://news.example/a?flag"),
    ("https://news.example/a?utm_id=1&t=12:30", "https://news.example/a?t=12:30"),
    ("https://news.example/a?id=a/b&utm_id=1", "https://news.example/a?id=a/b"),
    ("https://news.example/a?name=caf%e9&utm_id=1", "https://news.example/a?name=caf%e9"),
    ("https://news.example/a?a[]=1&utm_id=1&a[]=2", "https://news.example/a?a[]=1&a[]=2"),
    ("https://news.example/a?q=a+b%2C&srsltid=x&&c", "https://news.example/a?q=a+b%2C&&c"),
    ("https://news.example/a?%75tm_source=x&e==", "https://news.example/a?e=="),
    ("https://news.example/a?utm_source", "https://news.example/a"),
    ("https://münchen.example/a", "https://xn--mnchen-3ya.example/a"),
    ("https://XN--MNCHEN-3YA.example/a", "https://xn--mnchen-3ya.example/a"),
    ("https://m%C3%BCnchen.example/a", "https://xn--mnchen-3ya.example/a"),
    ("https://news.example./a", "https://news.example/a"),
    ("https://[2001:db8:0:0::1]/a", "https://[2001:db8::1]/a"),
    ("https://[2001:DB8::1]/a", "https://[2001:db8::1]/a"),
    ("https://[2001:db8::1]:8443/a", "https://[2001:db8::1]:8443/a"),
    ("https://news.example/A/b", "https://news.example/A/b"),
    ("https://news.example/straße?q=ü", "https://news.example/straße?q=ü"),
]


@pytest.mark.parametrize(("given", "normal"), SAME)
def test_equal_pages_compare_equal(given, normal):
    """Scheme, host, default port, fragment, user part and tracking make no other page; everything else does."""
    assert normalise_url(given) == normal


@pytest.mark.parametrize(("given", "normal"), SAME)
def test_a_normal_address_stays_as_it_is(given, normal):
    assert normalise_url(normal) == normal


@pytest.mark.parametrize(
    "given",
    [
        "",
        "news.example/a",
        "//news.example/a",
        "ftp://news.example/a",
        "javascript:alert(1)",
        "https://",
        "https:///a",
        "https://news.example:99999/a",
        "https://news.example:port/a",
        "https://[::1/a",
        "https://news.example/a b",
        "https://news.example/a\n",
        "https://news.example/\x00",
        "https://news.example/\x7f",
        "mailto:ada@example.org",
        "https://news.example/" + "a" * URL_LIMIT,
        "https://news.example/" + "橋" * 700,
        "https://" + "ü" * 300 + ".example/",
    ],
)
def test_what_is_no_page_is_refused(given):
    """Anything but an absolute http or https URL of bounded length with a host raises ValueError, and nothing else."""
    with pytest.raises(ValueError, match="must"):
        normalise_url(given)


def test_many_parameters_take_linear_time():
    query = "&".join(["utm_a=1"] * 200)
    assert normalise_url(f"https://news.example/?{query}") == "https://news.example/"


@pytest.mark.parametrize(
    "url", ["http://\xa0", "https://a\u2003b.example/x", "https://a\uff0fb.example", "http://\uff03"]
)
def test_a_host_that_becomes_something_else_in_ascii_is_refused(url):
    with pytest.raises(ValueError, match="absolute http or https URL"):
        normalise_url(url)
