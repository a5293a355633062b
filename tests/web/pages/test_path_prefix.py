"""Below a path of a host: every link, form, redirect and cookie stays below it, however the proxy asks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape
from urllib.parse import quote

import pytest

from service.usecases.moderators import invite
from service.usecases.sites import enrol_site
from service.web import create_app
from tests.factories import ADDRESS
from tests.web.pages.installation import Small, build_small

HOST = "https://news.example"
ARTICLE = quote("https://courier.example/bridge", safe="")
LINKS = re.compile(r"""\s(?:href|src|action|formaction|hx-get|hx-post|data-url|data-more)="([^"]*)\"""")


@dataclass
class Mounted:
    """An installation below a path, behind a proxy that hands the path on whole, or cuts the prefix off."""

    small: Small
    prefix: str
    cuts: bool

    def __post_init__(self):
        self.client = self.small.app.test_client()

    def ask(self, path, method="GET", **more):
        """Ask as a browser does: for a path below the host, which must lie below the prefix."""
        assert path == self.prefix or path.startswith((f"{self.prefix}/", f"{self.prefix}?")), path
        sent = path.removeprefix(self.prefix) if self.cuts else path
        headers = {"Accept": "text/html"} | dict(more.pop("headers", {}))
        return self.client.open(sent, method=method, headers=headers, base_url="http://127.0.0.1", **more)

    def links(self, response):
        """Every address in a page that leads to this host."""
        found = {unescape(link) for link in LINKS.findall(response.get_data(as_text=True))}
        return {link for link in found if link and not link.startswith(("#", "https://", "http://", "?"))}


@pytest.fixture(
    params=["/desk-app whole", "/desk-app cut", "/desk whole", "/r/comments whole", "/v1 whole", "/v1 cut"]
)
def mounted(request, tmp_path):
    """The small installation with its demo paper below a prefix; some begin like paths of our own."""
    prefix, how = request.param.split()
    small = build_small(tmp_path, REPLYDESK_PUBLIC_URL=f"{HOST}{prefix}")
    enrol_site(small.context, "demo", f"{HOST}{prefix}", title="The Demo Courier")
    return Mounted(small, prefix, how == "cut")


def test_every_link_of_the_readers_pages_works(mounted):
    p = mounted.prefix
    pages = [
        "/demo",
        "/demo/the-bridge",
        "/demo/the-bridge/static",
        "/docs",
        "/problems/conflict",
        "/desk/sign-in",
    ]
    pages += [f"/sites/courier/reply?article_url={article}" for article in (ARTICLE, "x")]
    for page in pages:
        response = mounted.ask(p + page)
        assert response.status_code in (200, 400), page
        links = mounted.links(response)
        assert links, page
        for link in links:
            assert link.startswith(f"{p}/"), (page, link)
            assert mounted.ask(link.partition("#")[0]).status_code in (200, 303), (page, link)


@pytest.mark.parametrize("mounted", ["/desk-app cut", "/desk whole", "/v1 whole"], indirect=True)
def test_signing_in_and_out_stays_below_the_prefix(mounted):
    p, small = mounted.prefix, mounted.small
    small.held()
    path = invite(small.context, "Mara", "admin")[1].removeprefix(HOST)
    (form,) = re.findall(r'action="([^"]+)"', mounted.ask(path).get_data(as_text=True)) or [path]
    entered = mounted.ask(form, "POST")
    assert (entered.status_code, entered.headers["Location"]) == (303, f"{p}/desk")
    cookie = entered.headers["Set-Cookie"]
    assert cookie.startswith("__Secure-replydesk=")
    assert f"Path={p};" in f"{cookie};"
    value = cookie.partition("=")[2].partition(";")[
        0
    ]  # a client would not send it where the prefix is cut off
    mounted.client.set_cookie("__Secure-replydesk", value, domain="127.0.0.1")
    seen = set()
    waiting = [f"{p}/desk"]
    while waiting:
        page = waiting.pop()
        seen.add(page.partition("?")[0])
        response = mounted.ask(page)
        if response.status_code == 303:
            response = mounted.ask(response.headers["Location"])
        assert response.status_code == 200, page
        if "html" not in (response.mimetype or ""):
            continue
        for link in mounted.links(response):
            assert link.startswith(f"{p}/"), (page, link)
        hrefs = re.findall(r'href="([^"#]+)', response.get_data(as_text=True))
        inner = {unescape(one) for one in hrefs if one.startswith(f"{p}/desk")}
        waiting += [one for one in sorted(inner) if one.partition("?")[0] not in seen and len(seen) < 25]
    assert len(seen) > 8
    csrf = re.findall(r'name="csrf" value="(\w+)"', mounted.ask(f"{p}/desk").get_data(as_text=True))[0]
    kept = mounted.ask(f"{p}/desk/preferences", "POST", data={"csrf": csrf, "keys": "on"})
    assert kept.headers["Location"] == f"{p}/desk/preferences"
    assert f"Path={p}/desk;" in f"{kept.headers['Set-Cookie']};"
    left = mounted.ask(f"{p}/desk/sign-out", "POST", data={"csrf": csrf})
    assert left.headers["Location"] == f"{p}/desk/sign-in"
    assert f"Path={p};" in f"{left.headers['Set-Cookie']};"
    assert mounted.ask(f"{p}/desk").headers["Location"] == f"{p}/desk/sign-in"


def test_a_readers_comment_arrives_and_its_receipt_opens(mounted):
    p = mounted.prefix
    page = mounted.ask(f"{p}/sites/courier/reply?article_url={ARTICLE}").get_data(as_text=True)
    (action,) = re.findall(r'<form[^>]*action="([^"]+)"', page)
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', page))
    fields |= {"comment": "A fine bridge.", "name": "Ada", "email": ADDRESS}
    sent = mounted.ask(unescape(action), "POST", data=fields)
    assert sent.status_code == 303
    assert sent.headers["Location"].startswith(f"{p}/r/")
    receipt = mounted.ask(sent.headers["Location"])
    assert receipt.status_code == 200
    assert all(link.startswith(f"{p}/") for link in mounted.links(receipt))


def test_the_api_names_addresses_below_the_prefix(mounted):
    p, small = mounted.prefix, mounted.small
    mounted.client = create_app(small.context).test_client()  # its API knows this test's store
    site = enrol_site(small.context, "gazette", "https://gazette.example")
    key = {"Authorization": f"Bearer {site.key}", "Accept": "application/json"}
    body = {"article": {"url": "https://gazette.example/a"}, "author": {"name": "Ada", "email": ADDRESS}}
    body["body"] = "A fine bridge."
    placed = mounted.ask(f"{p}/v1/comments", "POST", headers=key, json=body)
    assert placed.status_code == 202
    links = placed.json["links"]
    assert links["self"].startswith(f"{p}/v1/comments/")
    assert mounted.ask(links["self"], headers=key).status_code == 200
    assert mounted.ask(links["receipt"]).status_code == 200
    refused = mounted.ask(f"{p}/v1/comments", "POST", headers=key, json={})
    assert mounted.ask(refused.json["type"]).status_code == 200
    batch = mounted.ask(f"{p}/v1/comments/batch", "POST", headers=key, json=[{}])
    assert batch.json["results"][0]["problem"]["type"].startswith(f"{p}/problems/")
    assert mounted.ask(f"{p}/openapi.json").json["servers"] == [{"url": p}]
    found = mounted.ask(f"{p}/$discovery/rest?version=v1alpha1").json
    assert found["rootUrl"].endswith(f"{p}/")


def test_what_is_asked_around_the_prefix(tmp_path):
    """The process's own address works without it, a redirect names no host, and at the root all is as before."""
    below = {"REPLYDESK_PUBLIC_URL": f"{HOST}/desk-app", "REPLYDESK_TRUSTED_PROXIES": "127.0.0.0/8"}
    client = build_small(tmp_path, **below).app.test_client()
    for path, status in (("/healthz", 200), ("/desk-app/healthz", 200), ("/desk-apple/healthz", 404)):
        assert client.get(path).status_code == status
    moved = client.get("/desk-app//desk///sign-in?x=1", base_url="http://10.0.0.7:8080")
    assert (moved.status_code, moved.headers["Location"]) == (308, "/desk-app/desk/sign-in?x=1")
    page = client.get("/docs", headers={"X-Forwarded-Prefix": "/another-path"}).get_data(as_text=True)
    assert ('href="/desk-app/assets/' in page, "another-path" in page) == (True, False)
    root = build_small(tmp_path, REPLYDESK_PUBLIC_URL="https://desk.example/")
    path = invite(root.context, "Mara")[1].removeprefix("https://desk.example")
    entered = root.app.test_client().post(path)
    assert entered.headers["Location"] == "/desk"
    assert entered.headers["Set-Cookie"].startswith("__Host-replydesk=")
    assert root.app.test_client().get("/openapi.json").json["servers"] == [{"url": "/"}]


@pytest.mark.parametrize("path", ["//desk/sign-in", "///desk/sign-in", "/desk-app//desk/sign-in"])
@pytest.mark.parametrize("told", [True, False], ids=["public address", "header"])
def test_a_proxy_may_leave_two_slashes(tmp_path, path, told):
    """So nginx does with `location /desk-app { proxy_pass http://127.0.0.1:8080/; }`."""
    public = f"{HOST}/desk-app" if told else HOST
    small = build_small(tmp_path, REPLYDESK_TRUSTED_PROXIES="127.0.0.0/8", REPLYDESK_PUBLIC_URL=public)
    client = small.app.test_client()
    page = client.get(headers={"X-Forwarded-Prefix": "/desk-app"}, environ_overrides={"PATH_INFO": path})
    assert page.status_code == 200
    assert 'href="/desk-app/assets/' in page.get_data(as_text=True)


@pytest.mark.parametrize(
    ("told", "root"),
    [
        ("/desk-app", "/desk-app"),
        ("/desk-app/", "/desk-app"),
        ("/outer, /inner", "/outer/inner"),
        ("//evil.example", ""),
        ("/a//evil.example", ""),
        ("https://evil.example", ""),
        ("/../..", ""),
        ('/"><script>', ""),
        ("/a b", ""),
        ("/" + "a" * 300, ""),
        ("/%2e%2e/x", ""),
        ("", ""),
    ],
)
@pytest.mark.parametrize("trusted", [True, False], ids=["trusted", "stranger"])
def test_a_forwarded_prefix_counts_from_trusted_proxies_alone(tmp_path, told, root, trusted):
    small = build_small(tmp_path, REPLYDESK_TRUSTED_PROXIES="10.0.0.0/8" if trusted else "192.0.2.0/24")
    headers, address = {"X-Forwarded-Prefix": told, "Accept": "text/html"}, {"REMOTE_ADDR": "10.0.0.1"}
    page = small.app.test_client().get("/demo/nothing", headers=headers, environ_base=address)
    icon = re.findall(r'rel="icon" href="([^"]+)"', page.get_data(as_text=True))[0]
    assert icon.startswith(f"{root if trusted else ''}/assets/")


def test_addresses_that_are_told_hold_the_prefix_that_a_proxy_named(tmp_path):
    small = build_small(tmp_path, REPLYDESK_TRUSTED_PROXIES="127.0.0.0/8", REPLYDESK_PUBLIC_URL=HOST)
    ask = {"X-Forwarded-Prefix": "/desk-app"}
    client = small.app.test_client()
    entered = invite(small.context, "Ada", "admin")[1].removeprefix(HOST)
    client.post(f"/desk-app{entered}", headers=ask, base_url=HOST)
    page = client.get("/desk-app/desk/people", headers=ask, base_url=HOST).get_data(as_text=True)
    csrf = re.findall(r'name="csrf" value="([^"]+)"', page)[0]
    fields = {"csrf": csrf, "name": "Noor", "role": "moderator"}
    invited = client.post("/desk-app/desk/people", data=fields, headers=ask, base_url=HOST)
    assert f"{HOST}/desk-app/desk/sign-in/" in invited.get_data(as_text=True)
    assert f"{HOST}/desk-app/v1/comments" in client.get("/docs", headers=ask).get_data(as_text=True)
    found = client.get("/$discovery/rest?version=v1alpha1", headers=ask, base_url=HOST)
    assert found.json["rootUrl"] == f"{HOST}/desk-app/"
