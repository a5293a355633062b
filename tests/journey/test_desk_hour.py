"""What an hour at the desk taught, held in a real Chromium: notes, buttons that stay, ways back, a phone's queues."""

import pytest
from playwright.sync_api import expect

from service.domain.status import Status
from tests.journey.desk import in_focus
from tests.processes import until
from tests.stories import longer, told

pytestmark = pytest.mark.journey


@pytest.mark.parametrize("scripts", [True, False])
def test_enter_in_a_note_decides_nothing(desk, contexts, scripts):
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
        expect(page.locator("#notice")).to_contain_text("Set aside.")  # the answer is here
        page.goto(f"{desk.url}/desk?queue=aside")
        expect(page.locator(f"#c{first.pk} .why")).to_contain_text("Wrote before under another name.")
    else:
        expect(note).to_have_value("Wrote before under another name.")
    assert desk.status(first) is Status.HELD


def test_the_buttons_stay_under_the_pointer(desk, contexts):
    for body in ("Short.", "A thought. " * 20, "Well.\nNo.\nYes."):
        told(desk.small, "Ilse", body, {"insult": 0.6})
    page = desk.sign_in(contexts(viewport={"width": 1440, "height": 900}))
    places = []
    for _ in range(3):
        places.append((page.locator("article.now button[data-key=a]").bounding_box() or {}).get("y"))
        page.keyboard.press("j")
    assert len(set(places)) == 1, places


def test_on_a_phone_nothing_covers_the_buttons(desk, contexts):
    told(desk.small, "Ilse", "Short.", {"insult": 0.6})
    told(desk.small, "Ilse", "A long complaint about the bridge. " * 40, {"insult": 0.6})
    page = desk.sign_in(contexts(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True))
    page.locator("article.now").get_by_role("button", name="Reject").tap()
    notice = page.locator(".notice").bounding_box()
    acts = page.locator("article.now .acts").bounding_box()
    assert notice
    assert acts
    assert acts["y"] + acts["height"] <= notice["y"] + 1, (acts, notice)
    page.goto(f"{desk.url}/desk/overview")
    open_queue = page.locator(".queues [aria-current]").bounding_box()
    assert open_queue
    assert open_queue["x"] >= 0
    assert open_queue["x"] + open_queue["width"] <= 390


def test_caps_lock_takes_no_key_away(desk, contexts):
    first, second = longer(desk.small, 2)
    page = desk.sign_in(contexts())
    page.keyboard.press("Shift+R")
    assert in_focus(page) == first.pk
    event = (
        "new KeyboardEvent('keydown', {key: 'R', modifierCapsLock: true, bubbles: true, cancelable: true})"
    )
    page.locator("article.now").evaluate(f"card => card.dispatchEvent({event})")
    until(lambda: desk.status(first) is Status.REJECTED)
    assert desk.status(second) is Status.HELD


def test_arrows_scroll_a_long_text_to_its_end(desk, contexts):
    desk.small.held(body="What a foolish thing to say of the bridge. " * 150)
    desk.small.held(body="Short and foolish.")
    page = desk.sign_in(contexts(viewport={"width": 1440, "height": 900}))
    text = page.locator("article.card .text[tabindex]").first
    text.focus()
    page.keyboard.press("ArrowDown")
    page.wait_for_function("document.querySelector('.text[tabindex]').scrollTop > 0")
    assert text.evaluate("one => one === document.activeElement")
    text.evaluate("one => { one.scrollTop = one.scrollHeight }")
    page.keyboard.press("ArrowDown")
    page.wait_for_function("!document.activeElement.matches('.text')")


def test_what_a_disguise_stands_for_is_blurred_too(desk, contexts):
    severe = {"threat": 0.95, "severe_toxicity": 0.9, "toxicity": 0.9}
    told(desk.small, "Nobody", "I will f1nd you.", severe, reads_as="I will find you. " * 40)
    page = desk.sign_in(contexts(viewport={"width": 1440, "height": 900}))
    read = page.locator("article.now .reads q")
    assert "blur" in read.evaluate("q => getComputedStyle(q).filter")
    page.keyboard.press("v")
    assert read.evaluate("q => getComputedStyle(q).filter") == "none"
    assert (page.locator("article.now .reads").bounding_box() or {})["height"] < 220
    page.keyboard.press("r")
    clear = page.locator("#clear")
    expect(clear).to_be_visible()
    assert (clear.bounding_box() or {})["width"] > 600
