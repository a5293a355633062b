"""Take the eight pictures of docs/pictures in a real Chromium: `python -m tools.evidence.desk_pictures [FOLDER]`."""

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

from service.usecases.moderators import invite
from tests.journey.conftest import SWITCHES, executable
from tests.stories import busy_day, newsroom
from tests.web.pages.installation import Small, build_small

SIZES = {"phone": (390, 844)}
WIDE = (1440, 900)
CUTS = "insult.hold=0.7&toxicity.hold=0.6&toxicity.reject=0.95"
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


def morning(small: Small) -> dict[str, str]:
    """The paths of the pages with single comments, by the picture's name."""
    focus = newsroom(small)["focus"]
    return {
        "queue": "/desk",
        "phone": "/desk",
        "appeals": "/desk?queue=appeals",
        "author": f"/desk/comments/{focus.pk}/author",
    }


def day(small: Small) -> dict[str, str]:
    """The paths of the pages about many comments, by the picture's name."""
    cluster = busy_day(small)
    return {
        "duplicates": f"/desk?label=spam#c{cluster[0].pk}",
        "ranges": "/desk/ranges?low=0.5&high=0.7",
        "overview": "/desk/overview",
        "consequences": f"/desk/settings/courier?{CUTS}#consequences",
    }


def take(browser: Browser, small: Small, paths: dict[str, str], folder: Path) -> None:
    """Take each page as a moderator sees it."""
    for name, path in paths.items():
        width, height = SIZES.get(name, WIDE)
        page = browser.new_page(viewport={"width": width, "height": height}, reduced_motion="reduce")
        sign_in(small, page, "Mara")
        page.goto(small.context.settings.public_url + path)
        save(page.screenshot(), folder / f"{name}.png")
        page.close()


def save(shot: bytes, path: Path) -> None:
    """Write the picture with few colours: text and flat surfaces need no more."""
    image = Image.open(io.BytesIO(shot)).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    image.save(path, optimize=True)
    print(f"{path.name}: {path.stat().st_size // 1024} kB")


def main() -> None:
    """Take all of them."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path("docs/pictures")
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        found = executable() or playwright.chromium.executable_path
        browser = playwright.chromium.launch(executable_path=found, args=SWITCHES)
        for story in (morning, day):
            with served() as small:
                take(browser, small, story(small), folder)
        browser.close()


if __name__ == "__main__":
    main()
