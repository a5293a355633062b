"""Below a path of a real nginx, over TCP and over a unix socket: readers, moderators and programs notice nothing."""

import http.client
import re
import socket
import subprocess
import sys
from contextlib import closing, contextmanager
from html import unescape
from urllib.parse import quote, urlencode, urlsplit

import pytest
from playwright.sync_api import expect

from service import config
from service.context import build_context
from service.messaging.dispatcher import RecordingDispatcher
from service.usecases.sites import enrol_site
from tests import servers
from tests.conftest import missing
from tests.factories import template
from tests.journey.installation import Installation, submission
from tests.processes import environment, until

pytestmark = pytest.mark.journey

FORWARDED = """
    proxy_set_header Host $http_host;
    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    proxy_set_header X-Forwarded-Prefix "";
"""
ARTICLE = "https://courier.example/bridge"


@contextmanager
def proxy(blocks):
    try:
        with servers.nginx(blocks) as home:
            yield home
    except servers.Missing as reason:
        missing(str(reason))


# -- the whole product, in a browser -----------------------------------------------------------------------------------


class Watch:
    """What a browser asked the host for, and what it was refused."""

    def __init__(self, context, host, prefix):
        self.outside = []
        self.refused = []
        self._host, self._prefix = host, prefix
        context.on("response", lambda answer: self._see(answer.url, answer.status))

    def _see(self, url, status):
        parts = urlsplit(url)
        if parts.netloc == self._host:
            if not parts.path.startswith(f"{self._prefix}/"):
                self.outside.append(url)
            if status >= 400:
                self.refused.append(f"{status} {url}")


def test_the_whole_line_below_a_path(tmp_path, contexts):
    prefix = "/desk-app"
    port, paper = servers.free_port(), servers.free_port()
    host = f"127.0.0.1:{port}"
    public, article = f"http://{host}{prefix}", f"http://127.0.0.1:{paper}/story.html"
    pages = tmp_path / "paper"
    pages.mkdir()
    (pages / "story.html").write_text(
        f'<!doctype html><html lang="en"><title>Story</title><h1>Story</h1>'
        f'<script src="{public}/embed.js" data-site="demo" data-article="{article}" async></script>'
    )
    with Installation(
        tmp_path / "home", REPLYDESK_PUBLIC_URL=public, REPLYDESK_TRUSTED_PROXIES="127.0.0.1"
    ) as installation:
        target = f"http://127.0.0.1:{installation.port}/"
        blocks = (
            f"server {{ listen {host}; location {prefix}/ {{ proxy_pass {target}; {FORWARDED} }} }}\n"
            f"server {{ listen 127.0.0.1:{paper}; root {pages}; }}"
        )
        with proxy(blocks):
            context = contexts()
            watch = Watch(context, host, prefix)
            for page, suffix, name in ((article, " *", "Ada"), (f"{public}/demo/the-bridge", "", "Bo")):
                _comment(context, page, suffix, name)
                if suffix:  # the embed stays on its page and links to the receipt
                    context.pages[-1].locator(".replydesk-status a").click()
                context.pages[-1].wait_for_url(f"{public}/r/*")
            installation.run("site", "set", "demo", "hold_words=walrus")
            key = installation.demo_key()
            installation.url = public

            def stands():
                return installation.call("GET", "/v1/comments/held", key=key).json["status"]

            held = submission("held", article={"url": article}, body="A walrus on the bridge.")
            placed = installation.call("POST", "/v1/comments", held, key)
            assert placed.json["links"]["self"] == f"{prefix}/v1/comments/held"
            until(lambda: stands() == "held", 60)
            desk = _sign_in(context, installation, public)
            desk.locator("#rows a", has_text="A walrus on the bridge.").click()
            expect(desk.locator("article.now").get_by_text("A walrus on the bridge.")).to_be_visible()
            desk.keyboard.press("a")
            until(lambda: stands() == "approved")
            url = f"/v1/sites/demo/published?article_url={quote(article, safe='')}"
            until(lambda: "walrus" in installation.call("GET", url).body.decode(), 30)
            story = contexts().new_page()  # of another reader, whose browser has kept nothing
            story.goto(article)
            expect(story.get_by_text("A walrus on the bridge.")).to_be_visible()
            assert installation.call("GET", "/openapi.json").json["servers"] == [{"url": prefix}]
            assert installation.call("GET", "/readyz").json["status"] == "ready"
            (cookie,) = (one for one in context.cookies() if one["name"] == "replydesk")
            assert cookie["path"] == prefix
            assert (watch.outside, watch.refused) == ([], [])


def _comment(context, url, suffix, name):
    """Comment by the form on a page; the embedded one marks what it requires."""
    page = context.new_page()
    page.goto(url)
    page.get_by_label(f"Comment{suffix}").fill(f"Written by {name} on a page.")
    page.get_by_label(f"Name{suffix}").fill(name)
    page.get_by_label(f"Email{suffix}").fill(f"{name}@mail.example")
    page.get_by_role("button", name="Post").click()


def _sign_in(context, installation, public):
    page = context.new_page()
    page.goto(installation.json("moderator", "add", "Noor", "--role", "admin")["sign_in_url"])
    page.locator("form button").click()
    expect(page).to_have_url(f"{public}/desk")
    page.wait_for_load_state()
    return page


# -- who the client is -------------------------------------------------------------------------------------------------


@contextmanager
def gunicorn(home, **more):
    """The web as in production, on a SQLite file of its own, with a site that takes few comments a minute."""
    env = environment(home, "", WEB_CONCURRENCY="1", **more)
    home.mkdir(parents=True)
    (home / "replydesk.db").write_bytes(template())
    parts = build_context(config.load(env), env=env, dispatcher=RecordingDispatcher())
    enrol_site(parts, "courier", "https://courier.example")
    parts.close()
    command = ["-m", "gunicorn", "--config=python:service.cli.gunicorn_settings", "service.web:create_app()"]
    with (home / "web.log").open("wb") as log:
        process = subprocess.Popen([sys.executable, *command], env=env, stdout=log, stderr=log)
    try:
        yield
    finally:
        process.terminate()
        process.wait(20)


class Reader:
    """A reader's browser that connects from an address of its own."""

    def __init__(self, port, prefix, source):
        self._port, self._prefix, self._source = port, prefix, (source, 0)

    def ask(self, method, path, body=None):
        """Send one request and return status, body and headers."""
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "text/html"}
        host = {"timeout": 30, "source_address": self._source}
        with closing(http.client.HTTPConnection("127.0.0.1", self._port, **host)) as connection:
            connection.request(method, self._prefix + path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode(), dict(answer.headers)

    def post(self):
        """Fetch the form and post it; return the status."""
        _, page, _ = self.ask("GET", f"/sites/courier/reply?article_url={quote(ARTICLE, safe='')}")
        (action,) = re.findall(r'<form[^>]*action="([^"]+)"', page)
        fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', page))
        typed = {"comment": "A fine bridge.", "name": "Ada", "email": "ada@mail.example"}
        return self.ask("POST", unescape(action).removeprefix(self._prefix), urlencode(fields | typed))[0]

    def is_answered(self):
        try:
            return self.ask("GET", "/healthz")[0] == 200
        except (OSError, http.client.HTTPException):
            return False


@pytest.mark.parametrize("way", ["unix socket", "IPv6", "IPv4-mapped"])
def test_the_client_is_the_client(tmp_path, way):
    port, inner, prefix = servers.free_port(), servers.free_port(), "/comments"
    if way != "unix socket" and not _has_ipv6():
        missing("no IPv6 on the loopback")
    path = tmp_path / "web.sock"
    host, trusted, target = {
        "unix socket": (f"unix:{path}", "", f"http://unix:{path}:/"),
        "IPv6": ("::1", "::1", f"http://[::1]:{inner}"),
        "IPv4-mapped": ("::", "127.0.0.1", f"http://127.0.0.1:{inner}/"),
    }[way]
    env = {
        "REPLYDESK_PUBLIC_URL": f"http://127.0.0.1:{port}{prefix}",
        "PORT": str(inner),
        "REPLYDESK_HOST": host,
        "REPLYDESK_TRUSTED_PROXIES": trusted,
    }
    block = f"server {{ listen 127.0.0.1:{port}; location {prefix}/ {{ proxy_pass {target}; {FORWARDED} }} }}"
    with gunicorn(tmp_path / "home", **env), proxy(block):
        # 127.0.0.1 is the proxy's own, so readers come from elsewhere on the loopback
        flood, other = Reader(port, prefix, "127.0.8.1"), Reader(port, prefix, "127.0.9.1")
        until(flood.is_answered, 90)
        assert any(flood.post() == 429 for _ in range(60))
        assert other.post() == 303
        status, _, headers = other.ask("GET", "/desk")
        assert (status, headers["Location"]) == (303, f"{prefix}/desk/sign-in")
        if way == "unix socket":
            assert path.stat().st_mode & 0o777 == 0o770
            a_reader_names_no_mount_point(path, prefix)
        lines = (tmp_path / "home" / "web.log").read_text().splitlines()
        assert not [line for line in lines if '"proxy.not_trusted"' in line]


def a_reader_names_no_mount_point(path, prefix):
    """Some proxies pass on headers with underscores, and over a unix socket gunicorn would take them for its own."""
    for header in ("", "SCRIPT_NAME: /desk\r\n", "SCRIPT_NAME: /elsewhere\r\n", "PATH_INFO: /x\r\n"):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(90)  # it listens before the application is loaded
            connection.connect(str(path))
            connection.sendall(f"GET /desk/sign-in HTTP/1.0\r\nHost: desk.example\r\n{header}\r\n".encode())
            answer = b"".join(iter(lambda: connection.recv(65536), b""))
        assert answer.startswith(b"HTTP/1.0 200"), header
        assert f'href="{prefix}/assets/'.encode() in answer, header


def _has_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True
