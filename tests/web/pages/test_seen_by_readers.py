"""What readers see is what counts: by the reply form, the site's lists and limits, and the desk's search."""

from urllib.parse import quote

import pytest

from service.domain.status import Status
from service.usecases.sites import tune_site
from tests.factories import ADDRESS
from tests.web.pages.installation import build_small

BRIDGE = "https://courier.example/bridge"
URL = f"/sites/courier/reply?article_url={quote(BRIDGE, safe='')}"


@pytest.fixture
def small(store, tmp_path):
    made = build_small(tmp_path, store)
    tune_site(
        made.context,
        "courier",
        {"spam_words": "zorbocoin, 傻逼", "reject_words": "चोर, isis, بومة", "link_limit": "1"},
    )
    return made


def post(small, **typed):
    """Open the form, take a little time, fill it in and send it."""
    browser = small.browser()
    told = browser.get(URL).tree.one("form", id="reply-form").fields()
    small.clock.pass_seconds(9)
    return browser.post(
        URL, told | {"comment": "A fine bridge.", "name": "Ada", "email": ADDRESS, "website": ""} | typed
    )


def written(small, **typed):
    """A comment by the form, decided by a classifier that finds nothing against it."""
    assert post(small, **typed).status == 303
    return small.settle(small.comments()[-1])


def test_the_form_refuses_what_nobody_can_see(small):
    for unseen in ("\u3164", "\u2800", "\u200b", "\u00ad\u2060", "\ufeff", "\u202e", "\u0301"):
        nameless, wordless = post(small, name=unseen), post(small, comment=unseen)
        assert (nameless.status, wordless.status) == (422, 422), ascii(unseen)
        assert "Give your name, or the name you write under." in nameless.text
        assert "Write your comment." in wordless.text
    assert small.comments() == []


def test_the_form_takes_out_what_spoils_a_page(small):
    comment = written(small, name="Ada\u2028\u202eadmin\x07", comment="One\x0bTwo \u202eeert\u202c")
    assert (comment.author_name, comment.body) == ("Ada admin", "One\nTwo eert")


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("I like zorbo\u200dcoin", Status.SPAM),
        ("I like z.o.r.b.o.c.o.i.n", Status.SPAM),
        ("I like zörbocöin", Status.SPAM),
        ("I like ZORBOCOİN", Status.SPAM),
        ("I like zorbocoin1", Status.SPAM),
        ("I like zоrbосоin", Status.SPAM),
        ("你是个大傻逼吧", Status.SPAM),
        ("ب\u064fو\u0652مـــة", Status.REJECTED),
        ("वह चोर है", Status.REJECTED),
        ("isis", Status.REJECTED),
        ("हमें चार नई बसें मिलीं", Status.APPROVED),
        ("well played Iceland! 🇮🇸🇮🇸", Status.APPROVED),
        ("I like zorbocoins", Status.APPROVED),
        ("Awww. So cute. Awww. I love it. Awww.", Status.APPROVED),
        ("https://web.archive.org/web/2020/https://news.example/a", Status.APPROVED),
        ("https://courier.example/a https://www.courier.example/b http://a.example", Status.APPROVED),
        ("https://a.example https://b.example", Status.HELD),
        ("https://courier.example.evil.example https://evilcourier.example", Status.HELD),
    ],
)
def test_lists_and_limits_meet_what_is_seen(small, text, status):
    assert written(small, comment=text).status is status
    by_name = written(small, name=text[:190], comment=f"A fine bridge, {text[:3]}")
    assert by_name.status is (status if status in (Status.SPAM, Status.REJECTED) else Status.APPROVED)


def test_a_site_may_count_links_to_itself(small):
    text = "https://courier.example/a https://courier.example/b"
    assert written(small, comment=text).status is Status.APPROVED
    tune_site(small.context, "courier", {"own_links": "counted"})
    assert written(small, comment=f"Again: {text}").status is Status.HELD


def test_the_desk_finds_what_is_asked_for_in_other_words(small):
    browser = small.signed_in()
    for text, asked in (
        ("Die Straße ist frei.", "STRASSE"),
        ("Fußball in İstanbul", "fussball istanbul"),
        ("この橋は古い", "橋"),
        ("이 바보야", "바보"),
        ("U\u0308bergänge", "Übergänge"),
        ("यह हिन्दी है", "हिन्दी"),
    ):
        comment = written(small, comment=text)
        assert f'id="c{comment.pk}"' in browser.get(f"/desk/search?q={quote(asked)}").html or (
            f"/comments/{comment.pk}" in browser.get(f"/desk/search?q={quote(asked)}").html
        ), asked


def test_who_posts_twice_by_the_form_is_told(small):
    first = post(small)
    small.clock.pass_seconds(3600)
    second = post(small)
    assert len(small.comments()) == 1
    place = second.headers["Location"]
    assert place == f"{first.headers['Location']}?again=yes"
    assert "You have posted this comment before." in small.browser().get(place).text
    assert "You have posted" not in small.browser().get(first.headers["Location"]).text
    assert post(small, email="bo@mail.example").status == 303
    assert post(small, comment="Another text.").status == 303
    assert len(small.comments()) == 3


def test_a_refused_comment_is_not_posted_anew(small):
    comment = written(small, comment="I like zorbocoin")
    again = post(small, comment="I like zorbocoin")
    assert small.comments() == [small.again(comment)]
    assert "again=yes" in again.headers["Location"]
