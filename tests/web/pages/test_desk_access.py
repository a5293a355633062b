"""Who may enter the desk: one-time links, sessions, roles, and forms that no other page can send."""

import pytest
from sqlalchemy import text

from service.usecases.moderators import change_moderator, hash_token, invite
from tests.web.pages.desk import csrf
from tests.web.pages.installation import build_small


def link(small, name="Mara", role="moderator"):
    return invite(small.context, name, role)[1].removeprefix(small.context.settings.public_url)


def is_in(browser):
    return browser.get("/desk").status == 200


def test_opening_the_link_changes_nothing_and_its_button_signs_in(small):
    path, browser = link(small), small.browser()
    for _ in range(3):
        page = browser.get(path)
        assert page.status == 200
        assert not is_in(browser)
    answer = browser.send(page.tree.one("form"))
    assert (answer.status, answer.headers["Location"]) == (303, "/desk")
    assert is_in(browser)
    again = small.browser()
    spent = again.post(path)
    assert spent.status == 410
    assert "This link no longer works" in spent.text
    assert not is_in(again)


def test_a_link_that_expired_or_was_made_up_signs_nobody_in(small):
    path = link(small)
    small.clock.pass_seconds(15 * 60 + 1)
    assert small.browser().post(path).status == 410
    for token in ("x", "é", "%00", "A" * 4000, "%ED%A0%80"):
        assert small.browser().get(f"/desk/sign-in/{token}").status == 200
        assert small.browser().post(f"/desk/sign-in/{token}").status == 410
    for cookie in ("", "x", "A" * 5000, "é".encode().decode("latin-1")):
        assert small.browser().get("/desk", Cookie=f"replydesk={cookie}").status == 303
    assert (
        small.browser().post("/desk/preferences", HX_Request="true").headers["HX-Redirect"] == "/desk/sign-in"
    )


def test_another_site_cannot_sign_a_browser_in(small):
    path, browser = link(small), small.browser()
    assert browser.post(path, Sec_Fetch_Site="cross-site").status == 403
    assert browser.post(path, Sec_Fetch_Site="same-origin").status == 303


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(small, tmp_path):
    cookie = small.browser().post(link(small)).headers["Set-Cookie"]
    assert cookie.startswith("replydesk=")
    assert {"HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=43200"} <= set(cookie.split("; "))
    assert "Secure" not in cookie
    secure = build_small(tmp_path / "https", REPLYDESK_PUBLIC_URL="https://desk.example")
    cookie = secure.browser().post(link(secure)).headers["Set-Cookie"]
    assert cookie.startswith("__Host-replydesk=")
    assert {"HttpOnly", "SameSite=Lax", "Path=/", "Secure"} <= set(cookie.split("; "))


def test_a_session_ends_after_twelve_hours(small):
    browser = small.signed_in()
    small.clock.pass_seconds(12 * 3600 - 60)
    assert is_in(browser)
    small.clock.pass_seconds(61)
    assert not is_in(browser)


def test_signing_out_ends_the_session_whose_token_is_not_stored(small):
    browser, thief = small.signed_in(), small.browser()
    token = browser.client.get_cookie("replydesk").value
    assert small.rows(lambda tx: tx.moderators.session(token, small.clock())) is None
    assert small.rows(lambda tx: tx.moderators.session(hash_token(token), small.clock())) is not None
    assert browser.post("/desk/sign-out", {"csrf": csrf(browser.get("/desk"))}).status == 303
    thief.client.set_cookie("replydesk", token)
    assert not is_in(thief)


def test_a_form_of_another_page_session_or_site_changes_nothing(small):
    comment, browser, other = small.held(), small.signed_in(), small.signed_in("Noor")
    url, fields = f"/desk/comments/{comment.pk}/decision", {"action": "approve", "revision": "1"}
    assert browser.post(url, fields).status == 403
    for tag in ("", "x", "é", "0" * 64, csrf(other.get("/desk"))):
        assert browser.post(url, fields | {"csrf": tag}).status == 403
    mine = fields | {"csrf": csrf(browser.get("/desk"))}
    for origin in ("cross-site", "same-site"):
        assert browser.post(url, mine, Sec_Fetch_Site=origin).status == 403
    assert small.again(comment) == comment
    assert browser.post(url, mine, Sec_Fetch_Site="same-origin").status == 303


def test_pages_of_the_desk_are_kept_in_no_cache(small):
    assert small.signed_in().get("/desk").headers["Cache-Control"] == "no-store"
    page = small.browser().get(link(small))
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] == "no-referrer"


def test_a_network_that_tries_many_bad_links_is_locked_out_for_a_while(small):
    path, guesser = link(small), small.browser()
    for number in range(10):
        assert guesser.post(f"/desk/sign-in/guess-{number}").status == 410
    locked = guesser.post("/desk/sign-in/guess-10")
    assert (locked.status, locked.headers["Retry-After"]) == (429, "900")
    assert guesser.post(path).status == 429
    elsewhere = small.app.test_client().post(path, environ_base={"REMOTE_ADDR": "198.51.100.7"})
    assert elsewhere.status_code == 303
    small.clock.pass_seconds(15 * 60)
    assert guesser.post(link(small)).status == 303


@pytest.mark.parametrize(
    ("peer", "forwarded"), [("172.18.0.1", "192.0.2.1"), ("10.0.0.1", None), ("", None)], ids=str
)
def test_where_a_proxy_hides_who_asks_nobody_is_locked_out(tmp_path, peer, forwarded):
    small = build_small(tmp_path, REPLYDESK_TRUSTED_PROXIES="10.0.0.1")
    client = small.app.test_client()
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}

    def enter(path):
        return client.post(path, headers=headers, environ_base={"REMOTE_ADDR": peer}).status_code

    assert [enter("/desk/sign-in/x") for _ in range(11)] == [410] * 11
    assert enter(link(small)) == 303


def test_the_lock_out_counts_a_network_and_keeps_no_address(small):
    for last in range(11):
        address = {"REMOTE_ADDR": f"203.0.113.{last}"}
        answer = small.app.test_client().post("/desk/sign-in/x", environ_base=address)
        assert answer.status_code == (429 if last == 10 else 410)
    with small.deps.store.engine.connect() as connection:
        failures = connection.execute(text("SELECT * FROM sign_in_failures")).all()
    told = str(small.rows(lambda tx: tx.audit_log.after(0, 100))) + str(failures)
    assert failures
    assert "lock-out" in told
    assert "203.0.113" not in told


def test_a_change_of_role_holds_for_open_sessions(small):
    browser = small.signed_in("Mara", "lead")
    assert is_in(browser)
    change_moderator(small.context, "Mara", active=False)
    assert not is_in(browser)
