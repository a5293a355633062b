"""What is not words is seen however it is written: links, domains, endings that spam lives on."""

from __future__ import annotations

import pytest

from classifier.signals import NAMES, measure
from classifier.text import fold


def measured(text: str) -> dict[str, float]:
    """The signals of one text that are not nought, by name."""
    row = measure([text], fold([text]))[0].tolist()
    return {name: value for name, value in zip(NAMES, row, strict=True) if value}


@pytest.mark.parametrize(
    "link",
    [
        "www.spam-site.com",
        "WWW.SPAM-SITE.COM",
        "Www.spam-site.com/x",
        "HTTP://SPAM-SITE.COM",
        "Http://spam-site.com",
    ],
)
def test_a_link_is_seen_in_any_letters(link: str) -> None:
    """A link counts as one, small or large its letters, and not as a bare domain too."""
    found = measured(f"Nice article, see {link} for more")
    assert found["links"] == 0.5
    assert "bare_domain" not in found


@pytest.mark.parametrize(
    "domain", ["spam-site.com", "SPAM-SITE.COM", "Spam-Site.com", "SPAM.XYZ", "spam.xyz"]
)
def test_a_bare_domain_is_seen_in_any_letters(domain: str) -> None:
    """A domain without a scheme is seen, and so is an ending that mostly spam has."""
    found = measured(f"Nice article, see {domain} for more")
    assert found["bare_domain"] == 1
    assert ("spam_domain" in found) == domain.lower().endswith(".xyz")


def test_a_shortener_is_seen_in_any_letters() -> None:
    """A shortener is one with a scheme and without, small or large."""
    for link in ("https://bit.ly/x", "HTTPS://BIT.LY/X", "tinyurl.com/x", "TINYURL.COM/X"):
        assert measured(f"see {link}")["shortener"] == 1


@pytest.mark.parametrize(
    "text",
    [
        "I was there.Me too, and my wife.",
        "No link here. None at all",
        "The end.Top story tomorrow",
        "e.g. this",
    ],
)
def test_a_missing_space_is_no_domain(text: str) -> None:
    """A sentence that begins right after a full stop is no domain."""
    assert not measured(text).keys() & {"links", "bare_domain", "shortener", "spam_domain"}


def test_a_word_about_links_hides_no_domain() -> None:
    """A text that names http without a link is still searched for domains."""
    assert measured("no http needed: spam-site.com")["bare_domain"] == 1
