"""A comment whose writer may be at risk: first on the desk, in plain sight, decided by a person and told gently."""

import pytest

from service.domain.errors import Invalid
from service.domain.options import HELP_TEXT_LIMIT
from service.domain.status import Status
from service.domain.verdict import Action, Span
from tests.web.pages.desk import card, shown

DARK = "I was on the bridge again last night and I do not know why I came down."
SHIPPED = "please do not stay alone with it"


def at_risk(small, **scores):
    """A comment that is held because its writer may be at risk."""
    return small.settle(small.submit(body=DARK), {"self_harm": 0.8, **scores})


def receipt(small, comment, language="en"):
    return small.browser().get(small.receipt(comment), Accept_Language=language)


@pytest.mark.parametrize("query", ["", "sort=score", "sort=doubt", "label=self_harm", "site=courier"])
def test_it_comes_first_in_every_order_and_says_why(small, query):
    """No word of it is blurred, the button says what it does, and no reason is offered that its writer would read."""
    older = small.settle(small.submit(), {"insult": 0.99})
    dark = at_risk(small, threat=0.9, obscene=0.9)
    page = small.signed_in().get(f"/desk?{query}")
    assert shown(page) == ([dark.pk] if "label" in query else [dark.pk, older.pk])
    found, row = card(page, dark), page.tree.one("li", id=f"r{dark.pk}")
    assert "The writer may be at risk" in row.text
    assert "The writer may be at risk" in found.one("header").text
    assert "The writer may be at risk: self harm 0.80" in found.one("ul", class_="grounds").text
    assert "data-severe" not in found.attributes
    assert "veil" not in page.html.partition(f'id="c{dark.pk}"')[2].partition("</article>")[0]
    assert "Do not publish" in found.one("button", value="reject").text
    assert not found.all("button", value="reject:insult")
    if "label" not in query:
        assert "at risk" not in card(page, older).text


def test_pages_lead_on_from_those_at_risk(small):
    others = [small.held() for _ in range(3)]
    dark = [at_risk(small) for _ in range(9)]
    browser = small.signed_in()
    page = browser.get("/desk")
    (following,) = [one.attributes["href"] for one in page.tree.all("a") if one.text == "Next page"]
    again = browser.get(following)
    assert shown(again) == [one.pk for one in (dark[8], *others)]


def test_what_a_rule_marked_is_said_to_be_a_rules(small):
    body = "The referee lives at 14 Osterby Drive."
    held = small.settle(small.submit(body=body), spans=(Span(0, 3, "insult", 0.6),))
    told = card(small.signed_in().get("/desk"), held)
    assert "(personal data, by a rule)" in told.text
    assert "(insult +0.60)" in told.text
    assert "It seems to tell personal data: a private address, where somebody lives." in told.text


def test_a_waiting_writer_reads_where_help_is(small):
    dark = at_risk(small)
    page = receipt(small, dark)
    assert "Somebody will read your comment" in page.text
    assert SHIPPED in page.tree.one("p", class_="help").text
    assert "bleib bitte nicht allein damit" in receipt(small, dark, "de").text
    assert not page.tree.all("p", class_="fault")


@pytest.mark.parametrize("action", [Action.REJECT, Action.SPAM])
def test_a_refusal_is_told_gently(small, action):
    dark = at_risk(small)
    small.judge(dark, action, "Bea", reason="insult")
    page = receipt(small, dark)
    assert small.again(dark).status in (Status.REJECTED, Status.SPAM)
    assert "Your comment was not published" in page.text
    assert SHIPPED in page.text
    assert all(word not in page.html.lower() for word in ("reject", "spam", "because", "insult"))


def test_a_published_comment_has_no_help_text(small):
    dark, other = at_risk(small), small.held()
    small.judge(dark, Action.APPROVE)
    assert SHIPPED not in receipt(small, dark).text + receipt(small, other).text


def test_a_site_has_help_of_its_own(small):
    own = "The Harbour line listens day and night.\nHarbour Square 1 <b>"
    small.tune(help_text=own)
    page = receipt(small, at_risk(small))
    assert page.tree.one("p", class_="help").text == own
    assert "<b>" not in page.html.partition('class="help"')[2].partition("</p>")[0]
    small.tune(help_text="")
    assert SHIPPED in receipt(small, at_risk(small)).text
    for text in ("x" * (HELP_TEXT_LIMIT + 1), "bell \a", "half \u202e turned"):
        with pytest.raises(Invalid) as refused:
            small.tune(help_text=text)
        assert [fault.field for fault in refused.value.faults] == ["help_text"]


def test_a_lead_sets_the_help_text_on_the_desk(small):
    browser = small.signed_in("Lea", "lead")
    page = browser.get("/desk/settings/courier")
    form = page.tree.one("form", id="settings")
    assert form.one("textarea", name="help_text").text.strip() == ""
    assert form.all("input", name="self_harm.hold")
    assert not form.all("input", name="self_harm.reject")
    sent = {"csrf": form.fields()["csrf"], "section": "help", "help_text": "Ring the Harbour line."}
    assert browser.post(form.attributes["action"], sent).status == 303
    assert small.site().options.help_text == "Ring the Harbour line."
