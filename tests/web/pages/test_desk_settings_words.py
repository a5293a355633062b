"""Settings in people's words: faults in the reader's language, choices that say what they do, reasons without JSON."""

from tests.web.pages.desk import form_with, lead, save, site

GERMAN = {"Accept_Language": "de"}


def test_a_fault_is_said_in_the_leads_language(small):
    browser = lead(small)
    page = browser.get("/desk/settings/courier?insult.hold=4", **GERMAN)
    assert "muss eine Wahrscheinlichkeit von 0 bis 1 sein" in page.text
    page = browser.get("/desk/settings/courier?insult.hold=0.9&insult.reject=0.2", **GERMAN)
    assert "darf nicht unter insult.hold liegen, das ist 0.9" in page.text


def test_a_choice_says_what_it_does(small):
    page = lead(small).get("/desk/settings/courier")
    shown = {option.text.strip() for option in page.tree.all("option")}
    assert {"once it is approved", "no", "yes", "a person looks at those with links"} <= shown
    assert not shown & {"pre", "post", "true", "false", "hold_links"}


def test_a_comma_is_a_point_in_a_threshold(small):
    save(lead(small), **{"insult.hold": "0,7"})
    assert site(small).policy.cuts["insult"].hold == 0.7


def test_what_is_kept_for_good_is_an_empty_field(small):
    browser = lead(small)
    save(browser, keep_spam_days="")
    assert site(small).options.keep_spam_days is None
    save(browser, keep_spam_days="12")
    assert site(small).options.keep_spam_days == 12


def rows(page):
    """The reasons as the page shows them: code, title, text."""
    parts = [
        [one.attributes["value"] for one in page.tree.all("input", name=f"reason.{name}")] for name in PARTS
    ]
    return [(code, title, text) for code, title, text in zip(*parts, strict=True) if title]


PARTS = ("code", "title", "text")


def post_reasons(small, given):
    browser = lead(small)
    form = form_with(browser.get("/desk/settings/courier"), "reason.title")
    fields = {"csrf": form.fields()["csrf"]} | {
        f"reason.{name}": [row[place] for row in given] for place, name in enumerate(PARTS)
    }
    return browser.post(form.attributes["action"], fields)


def test_reasons_are_rows_of_a_form(small):
    before = rows(lead(small).get("/desk/settings/courier"))
    assert len(before) == 6
    assert "saved=0" in post_reasons(small, before).headers["Location"]
    kept = before[:2]
    wrong = ("", "Falsche Zahlen über …", "its numbers are wrong")
    assert (
        post_reasons(
            small, [*kept, ("", "Falsche Zahlen über …", "its numbers are wrong"), ("", "", "")]
        ).status
        == 303
    )
    after = rows(lead(small).get("/desk/settings/courier"))
    assert after == [*kept, ("falsche_zahlen_uber", *wrong[1:])]


def test_a_row_without_a_text_is_not_lost(small):
    page = post_reasons(small, [("odd", "Odd", "")])
    assert page.status == 400
    assert rows(page) == [("odd", "Odd", "")]
    assert "a reason's text must be 1 to 300 printable characters" in page.text
    assert len(site(small).options.reasons) == 6
