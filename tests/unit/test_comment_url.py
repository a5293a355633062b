"""Article addresses as they are stored: normalised, rid of tracking and of email addresses, or refused."""

import pytest

from service.domain.comment import URL_LIMIT, normalise_url
from service.privacy.masking import page_url

NORMAL = [
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
    ("https://news.example/a?id=7&q=a%20b&gclid=1", "https://news.example/a?id=7&q=a%20b"),
    ("https://news.example/a?flag&utm_id=1", "https://news.example/a?flag"),
    ("https://news.example/a?utm_id=1&t=12:30", "https://news.example/a?t=12:30"),
    ("https://news.example/a?id=a/b&utm_id=1", "https://news.example/a?id=a/b"),
    ("https://news.example/a?name=caf%e9&utm_id=1", "https://news.example/a?name=caf%e9"),
    ("https://news.example/a?a[]=1&utm_id=1&a[]=2", "https://news.example/a?a[]=1&a[]=2"),
    ("https://news.example/a?q=a+b%2C&srsltid=x&&c", "https://news.example/a?q=a+b%2C&&c"),
    ("https://news.example/a?%75tm_source=x&e==", "https://news.example/a?e=="),
    ("https://news.example/a?utm_source", "https://news.example/a"),
    ("https://news.example/?" + "&".join(["utm_a=1"] * 200), "https://news.example/"),
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
PAGE = "https://courier.example/a"
IN_A_QUERY = """
mail=ada@mail.example mail=ada%40mail.example mail=ada%2540mail.example mail=ada%252540mail.example
mail=%61%64%61%40%6D%61%69%6C.example mail=ada%EF%BC%A0mail.example mail=ada+news@mail.example
mail=ada.q+at+mail+dot+example mail=ada%20(at)%20mail.example mail=mailto:ada@mail.example
mail=Ada%20%3Cada@mail.example%3E mail=%22ada%20q%22@mail.example mail=https://x.example/?u=ada%40mail.example
mail=x%26u%3Dada%40mail.example ada@mail.example ada@mail.example=1 u=@ada@mail.example utm_source=ada@mail.example
mail=ada%26commat;mail.example
"""


@pytest.mark.parametrize(("given", "normal"), NORMAL)
def test_an_address_has_one_normal_form_which_stays(given, normal):
    assert normalise_url(given) == normalise_url(normal) == normal


MALFORMED = """
news.example/a //news.example/a ftp://news.example/a javascript:alert(1) mailto:ada@example.org https:// https:///a
https://news.example:99999/a https://news.example:port/a https://[::1/a https://a\uff0fb.example http://\uff03
"""
NO_PAGES = [
    *MALFORMED.split(),
    "",
    "https://news.example/a b",
    "https://news.example/a\n",
    "https://news.example/\x00",
    "https://news.example/\x7f",
    "https://news.example/" + "a" * URL_LIMIT,
    "https://news.example/" + "橋" * 700,
    "https://" + "ü" * 300 + ".example/",
    "http://\xa0",
    "https://a\u2003b.example/x",
]


@pytest.mark.parametrize("given", NO_PAGES)
def test_what_is_no_page_is_a_value_error_and_nothing_else(given):
    with pytest.raises(ValueError, match="must"):
        normalise_url(given)


@pytest.mark.parametrize("query", IN_A_QUERY.split())
def test_a_parameter_that_holds_an_email_address_is_dropped(query):
    assert page_url(f"{PAGE}?{query}") == PAGE
    assert page_url(f"{PAGE}?id=7&{query}&q=a%20b") in (f"{PAGE}?id=7&q=a%20b", f"{PAGE}?id=7&q=a+b")


@pytest.mark.parametrize("query", ["a=ada@mail.example&b=1", "b=1&utm_id=2&a=x%40y.example", "b=1"])
def test_looking_up_twice_finds_the_same_page(query):
    assert page_url(page_url(f"{PAGE}?{query}")) == page_url(f"{PAGE}?{query}") == f"{PAGE}?b=1"


def test_fragment_user_part_and_a_query_with_a_split_email_address_go():
    assert page_url("https://ada@courier.example/a#ada@mail.example") == PAGE
    assert page_url(f"{PAGE}?id=7&mail=ada&commat;mail.example") == PAGE


WITH_EMAIL = """
https://courier.example/ada@mail.example https://courier.example/ada%40mail.example/comments
https://courier.example/u/ada%2540mail.example?id=7 https://courier.example/ada.q%20at%20mail%20dot%20example
https://courier.example/ada＠mail.example https://courier.example/;ada@mail.example https://ada%40mail.example/a
"""


@pytest.mark.parametrize("url", WITH_EMAIL.split())
def test_an_email_address_in_host_or_path_is_refused_and_not_quoted(url):
    with pytest.raises(ValueError, match=r"^must not contain an email address$"):
        page_url(url)


@pytest.mark.parametrize(
    "url",
    [
        PAGE,
        "https://courier.example/@ada/why-bridges",
        "https://courier.example/img/logo@2x.png",
        "https://courier.example/2026/look-at-example.com",
        "https://courier.example/a?q=50%25+at+noon&flag&x=%40ada",
        "https://courier.example/stra%C3%9Fe?q=%C3%BC",
        "https://courier.example/a?cb=1700000000&phone=%2B491701234567",
    ],
)
def test_what_holds_no_email_address_stays_byte_for_byte(url):
    assert page_url(url) == url
