"""What readers see is what counts: by the reply form, the site's lists and limits, and the desk's search."""

import pytest

from service.domain.status import Status
from tests.web.pages.installation import build_small
from tests.web.pages.reply import URL, fill, post


@pytest.fixture
def small(store, tmp_path):
    made = build_small(tmp_path, store)
    made.tune(spam_words="zorbocoin, 傻逼", reject_words="चोर", link_limit="1")
    return made


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
        ("你是个大傻逼吧", Status.SPAM),
        ("वह चोर है", Status.REJECTED),
        ("हमें चार नई बसें मिलीं", Status.APPROVED),
        ("https://courier.example/a https://www.courier.example/b http://a.example", Status.APPROVED),
        ("https://a.example https://b.example", Status.HELD),
    ],
)
def test_lists_and_limits_meet_what_is_seen(small, text, status):
    assert written(small, comment=text).status is status
    by_name = written(small, name=text[:190], comment=f"A fine bridge, {text[:3]}")
    assert by_name.status is (status if status in (Status.SPAM, Status.REJECTED) else Status.APPROVED)


def test_a_site_may_count_links_to_itself(small):
    text = "https://courier.example/a https://courier.example/b"
    assert written(small, comment=text).status is Status.APPROVED
    small.tune(own_links="counted")
    assert written(small, comment=f"Again: {text}").status is Status.HELD


def test_who_posts_twice_by_the_form_is_told(small):
    text = "The bridge is open, and the ferry is gone."
    assert post(small, comment=text).status == 303
    small.clock.pass_seconds(3600)
    again = post(small, comment=text)
    assert (again.status, len(small.comments())) == (409, 1)
    assert "You have posted this comment before" in again.text
    assert small.comments()[0].id not in again.text
    assert post(small, comment=text, email="bo@mail.example").status == 303
    assert post(small, comment=f"{text} At last.").status == 303
    refused = [post(small, comment="I like zorbocoin").status for _ in range(2)]
    assert (refused, len(small.comments())) == ([303, 409], 4)


def test_a_short_word_may_be_written_again_later(small):
    for outcome in (303, 409):
        assert post(small, comment="Goal!").status == outcome
    small.clock.pass_seconds(180)
    assert post(small, comment="Goal!").status == 303


def test_who_knows_anothers_address_and_text_learns_nothing(small):
    """Neither the receipt, nor that the address goes with the text."""
    text = "The bridge is open, and the ferry is gone."
    first = post(small, comment=text)
    browser = small.browser()
    browser.client.environ_base["REMOTE_ADDR"] = "198.51.100.9"
    other = browser.post(URL, fill(browser.get(URL), comment=text, name="Mallory"))
    assert other.status == 303
    assert other.headers["Location"] != first.headers["Location"]
