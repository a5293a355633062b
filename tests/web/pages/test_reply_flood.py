"""One network that floods the reply form keeps no other reader away."""

import pytest

from service.web import rates
from service.web.rate_limits import Limiter
from tests.web.pages.installation import build_small
from tests.web.pages.reply import URL, fill

FLOOD, READER, OTHER = "198.51.100.9", "203.0.113.5", "192.0.2.1"


def poster(small, **typed):
    """Post the form from an address; return the answer's status."""
    sent = fill(small.browser().get(URL), **typed)

    def post(ip, forwarded=None):
        browser = small.browser()
        browser.client.environ_base["REMOTE_ADDR"] = ip
        headers = {"X-Forwarded-For": forwarded} if forwarded else {}
        return browser.post(URL, sent, **headers).status

    return post


@pytest.fixture
def small(tmp_path):
    """An installation behind a proxy at 10.0.0.1, whose limits begin anew."""
    made = build_small(tmp_path, REPLYDESK_TRUSTED_PROXIES="10.0.0.1")
    made.app.extensions[rates.EXTENSION] = Limiter(None)
    return made


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"form_per_minute": "60"},
        {"form_per_minute": "6"},
        {"form_per_minute": "1", "form_per_network": "1"},
        {"form_per_minute": ""},
    ],
    ids=str,
)
def test_one_network_keeps_nobody_else_away(small, options):
    small.tune(**options)
    post = poster(small)
    flood = [post(FLOOD) for _ in range(40)]
    assert flood[:5] == [303] * 5
    assert flood.count(429) >= 10
    assert [post(READER) for _ in range(3)] == [303] * 3
    assert post(OTHER) == 303


def test_neighbours_in_a_network_share_its_rate(small):
    post = poster(small)
    assert 429 in [post(f"198.51.100.{n}") for n in range(1, 41)]
    assert post("::ffff:198.51.100.77") == 429
    assert 429 in [post(f"2001:db8:1:{n:x}::1") for n in range(40)]
    assert post("2001:db8:2::1") == 303


@pytest.mark.parametrize(
    ("proxy", "forwarded"),
    [("172.18.0.1", "192.0.2.{n}"), *(("10.0.0.1", nobody) for nobody in (None, "", "unknown", "_hidden"))],
)
def test_behind_a_proxy_without_a_name_or_names_the_sites_bound_holds_alone(small, proxy, forwarded):
    post = poster(small)
    told = [forwarded and forwarded.format(n=n) for n in range(40)]
    assert [post(proxy, one) for one in told] == [303] * 40


def test_two_readers_that_a_proxy_hides_are_not_taken_for_one(small):
    """Readers without a network are told apart by nothing else where no address is asked for."""
    small.tune(email_required="no")
    for peer, forwarded in (("172.18.0.1", "192.0.2.1"), ("10.0.0.1", None)):
        assert [poster(small, email="")(peer, forwarded) for _ in range(2)] == [303] * 2
    with small.deps.store.read() as tx:
        found = tx.comments.page(small.courier.id).comments
    assert len(found) == 4
    assert {one.client.ip for one in found} == {None}


def test_a_network_may_have_no_bound_of_its_own_and_many_meet_the_sites(small):
    small.tune(form_per_network="")
    assert [poster(small, comment=f"Number {n}.")(FLOOD) for n in range(40)] == [303] * 40
    small.tune(form_per_minute="6")
    assert 429 in [poster(small)(f"198.51.{n}.1") for n in range(40)]
