"""Take pictures of copies, ranges, overview and settings: `python -m tests.evidence.duplicate_pictures [FOLDER]`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from playwright.sync_api import sync_playwright

from tests.evidence.busy_day import busy_day
from tests.evidence.desk_pictures import served, take
from tests.journey.conftest import SWITCHES, executable

CUTS: Final = "insult.hold=0.7&toxicity.hold=0.6&toxicity.reject=0.95"


def main() -> None:
    """Take all of them."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path("docs/desk")
    folder.mkdir(parents=True, exist_ok=True)
    with served() as small, sync_playwright() as playwright:
        cluster = busy_day(small)
        paths = {
            "duplicates": f"/desk?label=spam#c{cluster[0].pk}",
            "copies": f"/desk/comments/{cluster[0].pk}/duplicates",
            "ranges": "/desk/ranges?low=0.5&high=0.7",
            "overview": "/desk/overview",
            "settings": "/desk/settings/courier",
            "consequences": f"/desk/settings/courier?{CUTS}#consequences",
            "callbacks": "/desk/settings/courier/callbacks",
        }
        found = executable() or playwright.chromium.executable_path
        browser = playwright.chromium.launch(executable_path=found, args=SWITCHES)
        take(browser, small, paths, folder)
        browser.close()


if __name__ == "__main__":
    main()
