"""Who may enter the desk: one-time links, sessions, roles, and forms that no other page can send."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import text

from service.usecases.moderators import change_moderator, hash_token, invite
from service.web import create_app
from service.web.desk.access import requires
from tests.web.pages.desk import csrf
from tests.web.pages.installation import build_small

OPEN = {"desk.sign_in", "desk.sign_in_needed", "desk.use_sign_in"}


def link(small, name="Mara", role="moderator"):
    return invite(small.context, name, role)[1].removeprefix(small.context.settings.public_url)


def is_in(browser):
    return browser.get("/desk").status == 200


def desk_routes(app):
    """Every route of the desk but the sign-in: endpoint, method, a path of that shape."""
    found = []
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/desk") and rule.endpoint not in OPEN:
            path = re.sub(r"<int\(max=[0-9]+\):[a-z_]+>", "1", rule.rule)
            path = path.replace("<slug:name>", "courier").replace("<any(csv, json):form>", "csv")
            assert "<" not in path
            found += [
                (rule.endpoint, method, path)
                for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
            ]
    return found


def test_every_route_of_the_desk_asks_for_a_role(small):
    routes = desk_routes(small.app)
    assert len(routes) >= 5
    for endpoint, _, _ in routes:
        assert getattr(small.app.view_functions[endpoint], "required_role", None), endpoint


def test_a_stranger_is_sent_to_the_sign_in(small):
    for _, method, path in desk_routes(small.app):
        if method == "GET":
            answer = small.browser().get(path)
            assert (answer.status, answer.headers["Location"]) == (303, "/desk/sign-in")
        else:
            assert small.browser().post(path).status == 401
            assert small.browser().post(path, HX_Request="true").headers["HX-Redirect"] == "/desk/sign-in"


def test_opening_the_link_changes_nothing_and_its_button_signs_in(small):
    path, browser = link(small), small.browser()
    for _ in range(3):
        page = browser.get(path)
        assert page.status == 200
        assert not is_in(browser)
    form = page.tree.one("form")
    answer = browser.post(form.attributes["action"], form.fields())
    assert (answer.status, answer.headers["Location"]) == (303, "/desk")
    assert is_in(browser)
    again = small.browser()
    spent = again.post(path)
    assert spent.status == 410
    assert "This link no longer works" in spent.text
    assert not is_in(again)


def test_a_link_expires_after_fifteen_minutes(small):
    path = link(small)
    small.clock.pass_seconds(15 * 60 + 1)
    assert small.browser().post(path).status == 410


@pytest.mark.parametrize("token", ["x", "é", "%00", "A" * 4000, "%ED%A0%80"])
def test_a_made_up_link_signs_nobody_in(small, token):
    assert small.browser().get(f"/desk/sign-in/{token}").status == 200
    assert small.browser().post(f"/desk/sign-in/{token}").status == 410


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
    small.clock.pass_seconds(timedelta(hours=11, minutes=59).total_seconds())
    assert is_in(browser)
    small.clock.pass_seconds(61)
    assert not is_in(browser)


def test_signing_out_ends_the_session_in_the_store(small):
    browser = small.signed_in()
    kept = browser.client.get_cookie("replydesk")
    assert kept is not None
    token = csrf(browser.get("/desk"))
    assert browser.post("/desk/sign-out", {"csrf": token}).status == 303
    thief = small.browser()
    thief.client.set_cookie("replydesk", kept.value)
    assert not is_in(thief)


def test_the_store_never_holds_a_session_token(small):
    browser = small.signed_in()
    kept = browser.client.get_cookie("replydesk")
    with small.context.deps.store.read() as tx:
        assert tx.moderators.session(kept.value, small.clock()) is None
        assert tx.moderators.session(hash_token(kept.value), small.clock()) is not None


@pytest.mark.parametrize("cookie", ["", "x", "A" * 5000, "é".encode().decode("latin-1")])
def test_a_made_up_cookie_is_no_session(small, cookie):
    assert small.browser().get("/desk", Cookie=f"replydesk={cookie}").status == 303


@pytest.mark.parametrize("tag", [None, "", "x", "é", "0" * 64])
def test_a_form_of_another_page_changes_nothing(small, tag):
    comment, browser = small.held(), small.signed_in()
    fields = {"action": "approve", "revision": "1"} | ({} if tag is None else {"csrf": tag})
    assert browser.post(f"/desk/comments/{comment.pk}/decision", fields).status == 403
    assert small.again(comment) == comment


def test_another_sessions_tag_is_refused(small):
    comment, mara, other = small.held(), small.signed_in(), small.signed_in("Noor")
    fields = {"action": "approve", "revision": "1", "csrf": csrf(other.get("/desk"))}
    assert mara.post(f"/desk/comments/{comment.pk}/decision", fields).status == 403


def test_a_stolen_tag_sent_from_another_site_is_refused(small):
    comment, browser = small.held(), small.signed_in()
    fields = {"action": "approve", "revision": "1", "csrf": csrf(browser.get("/desk"))}
    url = f"/desk/comments/{comment.pk}/decision"
    for origin in ("cross-site", "same-site"):
        assert browser.post(url, fields, Sec_Fetch_Site=origin).status == 403
    assert browser.post(url, fields, Sec_Fetch_Site="same-origin").status == 303


@pytest.mark.parametrize(
    ("role", "opens"),
    [
        ("moderator", {"moderator"}),
        ("lead", {"moderator", "lead"}),
        ("admin", {"moderator", "lead", "admin"}),
    ],
)
def test_a_role_opens_its_own_pages_and_those_below(small, role, opens):
    small.app = create_app(small.context)
    for asked in ("moderator", "lead", "admin"):
        small.app.add_url_rule(f"/page/{asked}", f"page_{asked}", requires(asked)(lambda: "in"))
    browser = small.signed_in("Rae", role)
    statuses = {asked: browser.get(f"/page/{asked}").status for asked in ("moderator", "lead", "admin")}
    assert statuses == {asked: 200 if asked in opens else 403 for asked in statuses}


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
    for last in range(10):
        small.app.test_client().post("/desk/sign-in/x", environ_base={"REMOTE_ADDR": f"203.0.113.{last}"})
    answer = small.app.test_client().post("/desk/sign-in/x", environ_base={"REMOTE_ADDR": "203.0.113.99"})
    assert answer.status_code == 429
    store = small.context.deps.store
    with store.read() as tx, store.engine.connect() as connection:
        failures = connection.execute(text("SELECT * FROM sign_in_failures")).all()
        told = str(tx.audit_log.after(0, 100)) + str(failures)
    assert failures
    assert "lock-out" in told
    assert "203.0.113" not in told


def test_a_change_of_role_holds_for_open_sessions(small):
    browser = small.signed_in("Mara", "lead")
    assert is_in(browser)
    change_moderator(small.context, "Mara", active=False)
    assert not is_in(browser)
