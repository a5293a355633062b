"""What every page tells the browser to refuse, and the static files that pages ask for."""

import gzip
import re
from importlib import resources
from pathlib import Path

import pytest

from service.web import security
from tests.web.pages.installation import build_small

TEMPLATES = sorted(Path(str(resources.files("service.web") / "templates")).rglob("*.html"))
PAGES = [
    "/desk",
    "/desk/sign-in",
    "/nowhere",
    "/r/x",
    "/sites/courier/reply?article_url=https://courier.example/a",
]


@pytest.mark.parametrize("path", PAGES)
def test_every_page_refuses_foreign_and_inline_code(small, path):
    headers = small.browser().get(path).headers
    assert dict(one.split(" ", 1) for one in headers["Content-Security-Policy"].split("; ")) == {
        "default-src": "'none'",
        **dict.fromkeys(("style-src", "script-src", "img-src", "connect-src", "form-action"), "'self'"),
        **dict.fromkeys(("base-uri", "frame-ancestors"), "'none'"),
    }
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "Strict-Transport-Security" not in headers


def test_https_is_asked_to_stay(tmp_path):
    small = build_small(tmp_path, REPLYDESK_PUBLIC_URL="https://desk.example")
    headers = small.browser().get("/desk/sign-in").headers
    assert headers["Strict-Transport-Security"] == security.TRANSPORT


def test_below_a_path_https_is_not_asked_of_the_whole_host(tmp_path):
    small = build_small(tmp_path, REPLYDESK_PUBLIC_URL="https://news.example/comments")
    assert "Strict-Transport-Security" not in small.app.test_client().get("/comments/embed.js").headers


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_no_template_holds_inline_code_or_a_foreign_address(template):
    text = template.read_text(encoding="utf-8")
    assert not re.search(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son[a-z]+=|hx-on|javascript:", text)
    assert not re.search(r"(src|href)=[\"']https?:", text)
    assert not re.search(r"\|\s*safe|autoescape", text)


def test_assets_may_be_kept_for_good_under_their_hash(small):
    link = small.browser().get("/desk/sign-in").tree.one("link", rel="stylesheet").attributes["href"]
    found = small.app.test_client().get(link)
    assert "immutable" in found.headers["Cache-Control"]
    old = small.app.test_client().get("/assets/0000000000000000/base.css")
    assert (old.status_code, old.headers["Cache-Control"]) == (200, "no-cache")
    assert old.data == found.data


def test_assets_are_sent_gzipped_to_who_takes_it(small):
    plain = small.app.test_client().get("/assets/x/htmx.js")
    zipped = small.app.test_client().get("/assets/x/htmx.js", headers={"Accept-Encoding": "gzip"})
    assert zipped.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(zipped.data) == plain.data
    assert plain.data.startswith(b"var htmx")


@pytest.mark.parametrize("name", ["nothing.css", "..%2Fassets.py", "%2e%2e", "desk.py", "base.html"])
def test_nothing_but_the_static_files_is_served(small, name):
    assert small.app.test_client().get(f"/assets/x/{name}").status_code == 404
