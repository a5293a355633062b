"""A running installation and a real Chromium, which talks to nobody but the service under test."""

import os
import shutil
import threading
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Error, sync_playwright
from werkzeug.serving import make_server

from service.usecases.sites import enrol_site
from tests.conftest import missing
from tests.journey.desk import Demo, Desk
from tests.journey.installation import Installation
from tests.web.pages.installation import build_small

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def executable():
    """Where Chromium is: named by REPLYDESK_TEST_CHROMIUM, on PATH, or none, and Playwright then takes its own."""
    named = os.environ.get("REPLYDESK_TEST_CHROMIUM")
    return named or next((path for name in NAMES if (path := shutil.which(name))), None)


@pytest.fixture(scope="session")
def chromium():
    """One headless Chromium for the run; contexts are cheap and keep tests apart."""
    with sync_playwright() as playwright:
        found = executable() or playwright.chromium.executable_path
        if not Path(found).exists():
            missing("no Chromium: install the package `chromium`, or set REPLYDESK_TEST_CHROMIUM")
        try:
            browser = playwright.chromium.launch(executable_path=found, args=SWITCHES)
        except Error as reason:
            missing(f"Chromium does not start: {str(reason).splitlines()[0]}")
        yield browser
        browser.close()


@pytest.fixture
def contexts(chromium):
    """Open browser contexts (each a browser of its own, with cookies of its own) and close them after the test."""
    opened = []

    def open_context(**options):
        context = chromium.new_context(**options)
        context.set_default_timeout(10_000)
        opened.append(context)
        return context

    yield open_context
    for context in opened:
        context.close()


@pytest.fixture
def desk(tmp_path):
    server = make_server("127.0.0.1", 0, Flask("nobody yet"), threaded=True)
    small = build_small(tmp_path, PORT=str(server.port))
    server.app = small.app
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield Desk(small, small.context.settings.public_url)
    server.shutdown()
    server.server_close()
    thread.join(5)


@pytest.fixture
def demo(desk):
    site = enrol_site(desk.small.context, "demo", desk.url, title="The Demo Courier").site
    return Demo(desk.small, desk.url, site)


@pytest.fixture(scope="session")
def installation(tmp_path_factory):
    """A running installation for all who leave it running; each test has a site of its own. Its model is loaded."""
    with Installation(tmp_path_factory.mktemp("shared") / "home", REPLYDESK_COMPAT="warm") as running:
        yield running
