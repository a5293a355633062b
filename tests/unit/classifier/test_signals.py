"""What is not words is seen however it is written: links, domains, endings that spam lives on."""

import pytest

from classifier import Signals
from classifier.signals import NAMES, TextSignals
from classifier.text import fold


def measured(text, known=None):
    """The signals of one text that are not nought, by name."""
    batch = fold(["Some other text!", text])
    batch.known = [Signals(website="http://x.example"), known or Signals()]
    row = TextSignals(scale=1.0).transform(batch)[1].tolist()
    return {name: value for name, value in zip(NAMES, row, strict=True) if value}


LINKS = "www.spam-site.com WWW.SPAM-SITE.COM Www.spam-site.com/x HTTP://SPAM-SITE.COM Http://spam-site.com"
DOMAINS = "spam-site.com SPAM-SITE.COM Spam-Site.com SPAM.XYZ spam.xyz"
SHORTENERS = "https://bit.ly/x HTTPS://BIT.LY/X tinyurl.com/x TINYURL.COM/X"
NO_DOMAINS = [
    "I was there.Me too, and my wife.",
    "No link here. None at all",
    "The end.Top story tomorrow",
    "e.g. this",
]


@pytest.mark.parametrize("link", LINKS.split())
def test_a_link_is_seen_in_any_letters(link):
    found = measured(f"Nice article, see {link} for more")
    assert found["links"] == 0.5
    assert "bare_domain" not in found


@pytest.mark.parametrize("domain", DOMAINS.split())
def test_a_bare_domain_is_seen_in_any_letters(domain):
    found = measured(f"Nice article, no http needed: see {domain} for more")
    assert found["bare_domain"] == 1
    assert ("spam_domain" in found) == domain.lower().endswith(".xyz")


def test_a_shortener_is_seen_and_a_missing_space_is_no_domain():
    assert {measured(f"see {link}")["shortener"] for link in SHORTENERS.split()} == {1}
    for text in NO_DOMAINS:
        assert not measured(text).keys() & {"links", "bare_domain", "shortener", "spam_domain"}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("write to ⟦email⟧", {"contact"}),
        ("only $5 or 5 usd", {"money"}),
        ("<a href='x'>here</a>", {"markup"}),
        ("STOP THIS NOW, PLEASE", {"capitals", "shouting"}),
        ("no!! really?", {"exclamation", "question"}),
        ("call 555 123 456 now", {"digits"}),
        ("lovely 😀😀", {"emoji"}),
        ("haaaaaaaa", {"repetition"}),
        ("a " * 500, {"long", "repetition"}),
        ("a\u200bb \u202ec", {"invisible"}),
        ("ｗｉｄｅ", {"fancy"}),
        ("e\u0301\u0302", {"marks"}),
    ],
)
def test_each_signal_has_its_cause(text, names):
    found = measured(text)
    assert names <= found.keys()
    assert all(0 < value <= 3 for value in found.values())
    plain = measured("The new bridge opens on Monday and the old one stays for bicycles.")
    assert plain.keys() <= {"long", "capitals", "repetition"}


def test_what_the_form_says_is_measured():
    assert not measured("hello", Signals(author_name="Jane Doe")).keys() & {"website", "name_is_keyword"}
    assert measured("hello", Signals(website="http://x.example"))["website"] == 1
    for name in ("Cheap SEO", "http://x.example"):
        assert measured("hello", Signals(author_name=name))["name_is_keyword"] == 1


def test_signals_are_scaled_so_that_none_outweighs_the_words():
    batch = fold(["WHAT IS THIS?"])
    assert (TextSignals(scale=0.5).transform(batch) * 2 == TextSignals(scale=1.0).transform(batch)).all()
