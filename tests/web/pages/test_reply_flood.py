"""One network that floods the reply form keeps no other reader away."""

from collections.abc import Callable
from dataclasses import replace
from urllib.parse import quote

import pytest

from service.domain.options import Options
from service.web import rates
from service.web.rate_limits import Limiter
from tests.factories import ADDRESS
from tests.web.pages.installation import build_small

URL = f"/sites/courier/reply?article_url={quote('https://courier.example/bridge', safe='')}"
FLOOD, READER, OTHER = "198.51.100.9", "203.0.113.5", "192.0.2.1"

Post = Callable[..., int]


def poster(small, email=ADDRESS):
    """Fetch the form and post it from an address; return the answer's status."""

    def post(ip, forwarded=None):
        browser = small.browser()
        browser.client.environ_base["REMOTE_ADDR"] = ip
        headers = {"X-Forwarded-For": forwarded} if forwarded else {}
        form = browser.get(URL).tree.one("form", id="reply-form").fields()
        typed = {"comment": "A fine bridge.", "name": "Ada", "email": email}
        return browser.post(URL, form | typed, **headers).status

    return post


@pytest.fixture
def small(tmp_path):
    """An installation behind a proxy at 10.0.0.1, whose limits begin anew."""
    made = build_small(tmp_path, REPLYDESK_TRUSTED_PROXIES="10.0.0.1")
    made.app.extensions[rates.EXTENSION] = Limiter(None)
    return made


def tune(small, **options):
    with small.context.deps.store.write() as tx:
        tx.sites.save(replace(small.courier, options=Options(**options)))


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"form_per_minute": 60.0},
        {"form_per_minute": 6.0},
        {"form_per_minute": 1.0, "form_per_network": 1.0},
        {"form_per_minute": None},
    ],
    ids=str,
)
def test_one_network_keeps_nobody_else_away(small, options):
    tune(small, **options)
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


def test_behind_a_trusted_proxy_the_client_is_the_client(small):
    post = poster(small)
    for proxy in ("10.0.0.1", "::ffff:10.0.0.1", ""):
        assert 429 in [post(proxy, FLOOD) for _ in range(40)]
        assert post(proxy, READER) == 303


def test_a_made_up_header_buys_no_new_network(small):
    post = poster(small)
    assert 429 in [post(FLOOD, f"192.0.2.{n}") for n in range(40)]
    assert post(READER) == 303


def test_behind_a_proxy_that_is_not_named_the_sites_bound_holds_alone(small):
    post = poster(small)
    assert [post("172.18.0.1", f"192.0.2.{n}") for n in range(40)] == [303] * 40


@pytest.mark.parametrize("forwarded", [None, "", "unknown", "_hidden"])
def test_behind_a_proxy_that_names_nobody_the_sites_bound_holds_alone(small, forwarded):
    post = poster(small)
    assert [post("10.0.0.1", forwarded) for _ in range(40)] == [303] * 40


def test_two_readers_that_a_proxy_hides_are_not_taken_for_one(small):
    """Readers without a network are told apart by nothing else where no address is asked for."""
    with small.context.deps.store.write() as tx:
        tx.sites.save(replace(small.courier, email_required=False))
    for peer, forwarded in (("172.18.0.1", "192.0.2.1"), ("10.0.0.1", None)):
        assert [poster(small, "")(peer, forwarded) for _ in range(2)] == [303] * 2
    with small.context.deps.store.read() as tx:
        found = tx.comments.page(small.courier.id).comments
    assert len(found) == 4
    assert {one.client.ip for one in found} == {None}


def test_many_networks_meet_the_sites_bound(small):
    tune(small, form_per_minute=6.0)
    post = poster(small)
    assert 429 in [post(f"198.51.{n}.1") for n in range(40)]


def test_a_network_may_have_no_bound_of_its_own(small):
    tune(small, form_per_network=None)
    post = poster(small)
    assert [post(FLOOD) for _ in range(40)] == [303] * 40
