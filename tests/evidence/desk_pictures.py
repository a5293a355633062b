"""Takes the pictures of docs/desk in a real Chromium: `python -m tests.evidence.desk_pictures [FOLDER]`."""

from __future__ import annotations

import io
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Flask
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright
from werkzeug.serving import make_server

from service.usecases.enrolment import invite
from tests.evidence.desk_stories import newsroom
from tests.journey.conftest import SWITCHES, executable
from tests.web.pages.installation import Small, build_small

SIZES = {"wide": (1440, 900), "narrow": (390, 844)}
COLOURS = 96


@contextmanager
def served() -> Iterator[Small]:
    """The small installation behind a real server."""
    server = make_server("127.0.0.1", 0, Flask("nobody yet"), threaded=True)
    with tempfile.TemporaryDirectory() as home:
        small = build_small(Path(home), PORT=str(server.port))
        server.app = small.app
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield small
        server.shutdown()
        server.server_close()


def sign_in(small: Small, page: Page, name: str) -> None:
    """Sign in as a person does."""
    page.goto(invite(small.context, name, "lead")[1])
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/desk")


def pages(small: Small) -> dict[str, str]:
    """Every page of the desk's first part, by the picture's name."""
    known = newsroom(small)
    focus = known["focus"]
    return {
        "queue": "/desk",
        "reported": "/desk?queue=reported",
        "appeals": "/desk?queue=appeals",
        "author": f"/desk/comments/{focus.pk}/author",
        "article": "/desk/article?site=courier&url=https://courier.example/bridge",
        "search": "/desk/search?q=ferry",
        "decided": "/desk?queue=decided",
        "comment": f"/desk/comments/{known['appealed'].pk}",
        "help": "/desk/help",
        "preferences": "/desk/preferences",
    }


def take(browser: Browser, small: Small, paths: dict[str, str], folder: Path) -> None:
    """Take each page, wide and narrow, light and dark."""
    for size, (width, height) in SIZES.items():
        for scheme in ("light", "dark"):
            context = browser.new_context(
                viewport={"width": width, "height": height}, color_scheme=scheme, reduced_motion="reduce"
            )
            page = context.new_page()
            sign_in(small, page, "Mara")
            for name, path in paths.items():
                page.goto(small.context.settings.public_url + path)
                save(page.screenshot(), folder / f"{name}-{size}-{scheme}.png")
            context.close()


def save(shot: bytes, path: Path) -> None:
    """Write the picture with few colours: text and flat surfaces need no more."""
    image = Image.open(io.BytesIO(shot)).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    image.save(path, optimize=True)
    print(f"{path.name}: {path.stat().st_size // 1024} kB")


def main() -> None:
    """Take all of them."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path("docs/desk")
    folder.mkdir(parents=True, exist_ok=True)
    with served() as small, sync_playwright() as playwright:
        found = executable() or playwright.chromium.executable_path
        browser = playwright.chromium.launch(executable_path=found, args=SWITCHES)
        take(browser, small, pages(small), folder)
        browser.close()


if __name__ == "__main__":
    main()
