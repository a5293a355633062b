"""Settings in people's words: faults in the reader's language, choices that say what they do, reasons without JSON."""

import ast
from pathlib import Path

import pytest

from service.domain import json_pointers, options, policy_terms, refusal_reasons
from service.web.faults import SENTENCES, values_in
from tests.web.pages.desk import form_with, lead, save, site

GERMAN = {"Accept_Language": "de"}
NOT_SAID = {"must be 7", "must be unknown", "is no policy term; known are 7"}
"""The first is put together of its reader's word; the others tell of a field that no form of ours has."""


def sentences(module):
    """Every sentence that a module of the domain raises, a 7 in each place where it puts a value in."""
    found = set()
    for node in ast.walk(ast.parse(Path(module).read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
            said = {"ValueError": node.args[0], "Fault": node.args[-1], "_number": node.args[-1]}.get(
                node.func.id
            )
            if isinstance(said, ast.Constant) and isinstance(said.value, str):
                found.add(said.value)
            elif isinstance(said, ast.JoinedStr):
                found.add("".join(one.value if isinstance(one, ast.Constant) else "7" for one in said.values))
    return found


@pytest.mark.parametrize("module", [policy_terms, options, refusal_reasons, json_pointers])
def test_every_fault_of_a_setting_can_be_said_in_german(module):
    raised = sentences(str(getattr(module, "__file__", "")))
    assert len(raised) > 3
    whole = ("must", "a reason", "each", "has", "7", "is")
    told = {one if one.startswith(whole) else f"must be {one}" for one in raised}
    unknown = {one for one in told if not any(values_in(one, known) is not None for known in SENTENCES)}
    assert unknown <= NOT_SAID


@pytest.mark.parametrize(
    ("message", "sentence", "values"),
    [
        (
            "must be a number from 0 to 9",
            "must be a number from %(low)s to %(high)s",
            {"low": "0", "high": "9"},
        ),
        ("must be remove or keep", "must be remove or keep", {}),
        ("must be a number from to", "must be a number from %(low)s to %(high)s", None),
        ("must be remove or keep it", "must be remove or keep", None),
    ],
)
def test_values_are_found_where_the_sentence_names_them(message, sentence, values):
    assert values_in(message, sentence) == values


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
