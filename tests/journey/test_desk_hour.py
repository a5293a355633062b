"""What an hour at the desk taught, held in a real Chromium: notes, buttons that stay, ways back, a phone's lanes."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from service.moderation.comment import Status
from tests.evidence.desk_stories import longer
from tests.journey.conftest import Contexts
from tests.journey.test_desk import Desk, desk, in_focus
from tests.journey.whole_house import until

__all__ = ["desk"]
pytestmark = pytest.mark.journey


@pytest.mark.parametrize("scripts", [True, False])
def test_enter_in_a_note_decides_nothing(desk: Desk, contexts: Contexts, scripts: bool) -> None:
    """A note ended by Enter presses no button: the first of its form would approve."""
    first, second = longer(desk.small, 2)
    page = desk.sign_in(contexts(java_script_enabled=scripts))
    card = page.locator(f"#c{first.pk}")
    card.get_by_text("Reason or note").click()
    note = card.get_by_label("Note for colleagues")
    note.fill("Wrote before under another name.")
    note.press("Enter")
    if scripts:
        page.keyboard.press("h")
        until(lambda: desk.status(second) is Status.HELD and in_focus(page) == second.pk)
        page.goto(f"{desk.url}/desk?lane=aside")
        expect(page.locator(f"#c{first.pk} .why")).to_contain_text("Wrote before under another name.")
    else:
        expect(note).to_have_value("Wrote before under another name.")
    assert desk.status(first) is Status.HELD
