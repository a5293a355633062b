"""The desk's keys on keyboards that write no Latin letters, and under input methods, in a real Chromium."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from playwright.sync_api import CDPSession, expect

from service.domain.status import Status
from tests.journey.desk import in_focus
from tests.processes import until
from tests.stories import longer

pytestmark = pytest.mark.journey


SHIFT, PROCESS = 8, 229
LAYOUTS = {
    "Russian": {"a": "ф", "r": "к", "s": "ы", "j": "о", "k": "л", "u": "г", "e": "у", "c": "с"},
    "Ukrainian": {"a": "ф", "r": "к", "s": "і", "j": "о", "k": "л", "u": "г", "e": "у", "c": "с"},
    "Greek": {"a": "α", "r": "ρ", "s": "σ", "j": "ξ", "k": "κ", "u": "θ", "e": "ε", "c": "ψ"},
    "Arabic": {"a": "ش", "r": "ق", "s": "س", "j": "ت", "k": "ن", "u": "ع", "e": "ث", "c": "ؤ"},
    "Korean": {"a": "ㅁ", "r": "ㄱ", "s": "ㄴ", "j": "ㅓ", "k": "ㅏ", "u": "ㅕ", "e": "ㄷ", "c": "ㅊ"},
    "Hebrew": {"a": "ש", "r": "ר", "s": "ד", "j": "ח", "k": "ל", "u": "ו", "e": "ק", "c": "ב"},
    "Hindi": {"a": "ो", "r": "ी", "s": "े", "j": "र", "k": "क", "u": "ह", "e": "ा", "c": "म"},
    "Thai": {"a": "ฟ", "r": "พ", "s": "ห", "j": "่", "k": "า", "u": "ี", "e": "ำ", "c": "แ"},
    "Japanese kana": {"a": "ち", "r": "す", "s": "と", "j": "ま", "k": "の", "u": "な", "e": "い", "c": "そ"},
    "Georgian": {"a": "ა", "r": "რ", "s": "ს", "j": "ჯ", "k": "კ", "u": "უ", "e": "ე", "c": "ც"},
    "Armenian": {"a": "ա", "r": "ր", "s": "ս", "j": "ջ", "k": "կ", "u": "ւ", "e": "ե", "c": "ց"},
    "Bengali": {"a": "া", "r": "ি", "s": "ে", "j": "র", "k": "ক", "u": "হ", "e": "ী", "c": "ম"},
    "Burmese": {"a": "ေ", "r": "မ", "s": "ျ", "j": "ြ", "k": "ု", "u": "က", "e": "န", "c": "ဃ"},
    "Serbian": {"a": "а", "r": "р", "s": "с", "j": "ј", "k": "к", "u": "у", "e": "е", "c": "ц"},
    "full width": {"a": "ａ", "r": "ｒ", "s": "ｓ", "j": "ｊ", "k": "ｋ", "u": "ｕ", "e": "ｅ", "c": "ｃ"},
}


@dataclass
class Keyboard:
    """Presses keys as the system reports them: what is engraved by its place, what it writes by the layout."""

    session: CDPSession

    def press(self, code, key, modifiers=0, number=None):
        told = {
            "key": key,
            "code": code,
            "modifiers": modifiers,
            "windowsVirtualKeyCode": number or ord(code[-1]),
        }
        text = {"text": key} if len(key) < 3 and number != PROCESS else {}
        self.session.send("Input.dispatchKeyEvent", {"type": "keyDown", **told, **text})
        self.session.send("Input.dispatchKeyEvent", {"type": "keyUp", **told})


@pytest.fixture
def made(desk):
    return list(longer(desk.small, 16))


@pytest.fixture
def page(desk, made, contexts):
    opened = desk.sign_in(contexts())
    expect(opened.locator(f"#c{made[0].pk}.now")).to_be_visible()
    return opened


@pytest.fixture
def keyboard(page):
    return Keyboard(page.context.new_cdp_session(page))


def test_every_layout_moves_and_decides(desk, made, page, keyboard):
    acts = (("a", Status.APPROVED), ("r", Status.REJECTED), ("s", Status.SPAM))
    for number, (name, layout) in enumerate(LAYOUTS.items()):
        comment = made[number]
        expect(page.locator(f"#c{comment.pk}.now")).to_be_visible()
        keyboard.press("KeyJ", layout["j"])
        assert in_focus(page) == made[number + 1].pk, name
        keyboard.press("KeyK", layout["k"])
        assert in_focus(page) == comment.pk, name
        letter, status = acts[number % 3]
        keyboard.press(f"Key{letter.upper()}", layout[letter])
        until(lambda comment=comment, status=status: desk.status(comment) is status, 10)
    expect(page.locator("#trouble")).to_be_hidden()


def test_reasons_undo_search_and_help(desk, made, page, keyboard):
    arabic = LAYOUTS["Arabic"]
    keyboard.press("KeyE", arabic["e"])
    keyboard.press("Digit1", "١")
    until(lambda: desk.status(made[0]) is Status.REJECTED, 10)
    expect(page.locator(f"#r{made[0].pk}.is-done")).to_be_visible()
    keyboard.press("KeyU", arabic["u"])
    expect(page.locator(f"#c{made[0].pk}.now")).to_be_visible()
    keyboard.press("Slash", "ظ", number=191)
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.press("Escape")
    keyboard.press("KeyC", LAYOUTS["Russian"]["c"])
    keyboard.press("Slash", ".", number=191)  # as Russian and Hebrew keyboards have it
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.press("Escape")
    keyboard.press("KeyW", "'")  # as Hebrew keyboards have it: the place of W, which is no key of this page
    assert in_focus(page) == made[0].pk
    keyboard.press("Slash", "؟", SHIFT, number=191)
    expect(page.get_by_role("heading", level=1)).to_have_text("Keys")


def test_reasons_go_by_their_place_where_the_row_of_digits_writes_signs(desk, made, page, keyboard):
    rows = (("ำ", "Digit2", "/"), ("ำ", "Digit3", "-"), ("у", "Digit1", '"'), ("ե", "Digit1", "։"))
    for number, (letter, digit, sign) in enumerate(rows):  # Thai, Kazakh, Armenian
        expect(page.locator(f"#c{made[number].pk}.now")).to_be_visible()
        keyboard.press("KeyE", letter)
        keyboard.press(digit, sign)
        until(lambda number=number: desk.status(made[number]) is Status.REJECTED, 10)
    expect(page.get_by_role("searchbox")).not_to_be_focused()
    keyboard.press("Digit7", "?", SHIFT)  # as Russian keyboards have it
    expect(page.get_by_role("heading", level=1)).to_have_text("Keys")


def test_a_latin_layout_goes_by_what_is_engraved(desk, made, page, keyboard):
    keyboard.press("KeyQ", "a")  # AZERTY
    until(lambda: desk.status(made[0]) is Status.APPROVED, 10)
    keyboard.press("KeyC", "j")  # Dvorak
    assert in_focus(page) == made[2].pk
    keyboard.press("KeyE", ".")  # Dvorak: no key of ours
    keyboard.press("KeyA", "à")
    keyboard.press("Digit2", "é")
    keyboard.press("KeyS", "ß")
    keyboard.press("Backslash", "µ", SHIFT, number=220)  # AZERTY: a letter of no script
    keyboard.press("KeyE", ".")
    keyboard.press("KeyR", "®")
    keyboard.press("Digit3", "§", SHIFT)
    keyboard.press("KeyA", "Ф", SHIFT)  # nor are capitals, as on a Latin keyboard
    page.wait_for_timeout(300)
    expect(page.locator("details.reasons[open]")).to_have_count(0)
    assert [desk.status(one) for one in made[1:]] == [Status.HELD] * 15


def test_caps_lock_takes_no_key_of_another_layout(desk, made, page, keyboard):
    keyboard.press("Quote", "Dead", number=222)
    keyboard.press("KeyA", "Dead")
    keyboard.press("KeyR", "Unidentified")
    for number, key in enumerate(("Ф", "Α")):
        page.locator("article.now").evaluate(
            """(card, key) => card.dispatchEvent(new KeyboardEvent("keydown", {
                 key, code: "KeyA", modifierCapsLock: true, bubbles: true, cancelable: true }))""",
            key,
        )
        until(lambda number=number: desk.status(made[number]) is Status.APPROVED, 10)
        expect(page.locator(f"#c{made[number + 1].pk}.now")).to_be_visible()
    assert [desk.status(one) for one in made[2:]] == [Status.HELD] * 14


@pytest.mark.parametrize("focus", ["the page", "the note"])
def test_composition_triggers_no_act(desk, made, page, keyboard, focus):
    if focus == "the note":
        keyboard.press("KeyE", "e")
        page.locator("article.now [name=note]").focus()
    for letter in "arsjw":
        keyboard.press(f"Key{letter.upper()}", "Process", number=PROCESS)
        page.evaluate(
            """letter => (document.activeElement ?? document.body).dispatchEvent(new KeyboardEvent("keydown", {
                 key: letter, code: `Key${letter.toUpperCase()}`, isComposing: true, bubbles: true }))""",
            letter,
        )
    if focus == "the note":
        session = keyboard.session
        session.send("Input.imeSetComposition", {"text": "かん", "selectionStart": 2, "selectionEnd": 2})
        keyboard.press("Enter", "Process", number=PROCESS)
        keyboard.press("Escape", "Process", number=PROCESS)
        expect(page.locator("article.now [name=note]")).to_be_focused()
        session.send("Input.insertText", {"text": "漢"})
        expect(page.locator("article.now [name=note]")).to_have_value("漢")
    page.wait_for_timeout(300)
    assert in_focus(page) == made[0].pk
    assert [desk.status(one) for one in made] == [Status.HELD] * 16


def test_letters_typed_into_a_field_stay_letters(desk, made, page, keyboard):
    keyboard.press("Slash", "/", number=191)
    for code, key in (("KeyA", "ф"), ("KeyR", "к"), ("KeyS", "ㄴ"), ("KeyU", "ㅕ")):
        keyboard.press(code, key)
    expect(page.get_by_role("searchbox")).to_have_value("фкㄴㅕ")
    assert [desk.status(one) for one in made] == [Status.HELD] * 16


def test_other_modifiers_leave_the_key_to_the_browser(desk, made, page, keyboard):
    for modifiers in (1, 2, 4):
        keyboard.press("KeyA", "ф", modifiers)
        keyboard.press("KeyA", "ش", modifiers)
    page.wait_for_timeout(300)
    assert desk.status(made[0]) is Status.HELD
    keyboard.press("KeyA", "ф")
    until(lambda: desk.status(made[0]) is Status.APPROVED, 10)
