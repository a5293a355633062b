"""A comment whose writer may be at risk: first on the desk, in plain sight, decided by a person and told gently."""

import pytest

from service import usecases
from service.domain.errors import Invalid
from service.domain.options import HELP_TEXT_LIMIT
from service.domain.status import Status
from service.domain.verdict import Action, Span, Who
from service.privacy.signatures import receipt_token
from service.usecases import Judgement
from service.usecases.sites import tune_site

DARK = "I was on the bridge again last night and I do not know why I came down."
SHIPPED = "please do not stay alone with it"


def at_risk(small, **scores):
    """A comment that is held because its writer may be at risk."""
    return small.settle(small.submit(body=DARK), {"self_harm": 0.8, **scores})


def receipt(small, comment, language="en"):
    token = receipt_token(small.context.keyring, small.courier.name, comment.id)
    return small.browser().get(f"/r/{token}", Accept_Language=language)


def test_it_comes_first_and_says_why(small):
    older = small.held()
    dark = at_risk(small)
    page = small.signed_in().get("/desk")
    assert [one.attributes["id"] for one in page.tree.all("article")] == [f"c{dark.pk}", f"c{older.pk}"]
    card, row = page.tree.one("article", id=f"c{dark.pk}"), page.tree.one("li", id=f"r{dark.pk}")
    assert "The writer may be at risk" in row.text
    assert "The writer may be at risk" in card.one("header").text
    assert "The writer may be at risk: self harm 0.80" in card.one("ul", class_="grounds").text
    assert "at risk" not in page.tree.one("article", id=f"c{older.pk}").text


def test_it_is_read_at_once(small):
    """No word is blurred, whatever else the text scores."""
    dark = at_risk(small, threat=0.9, obscene=0.9)
    page = small.signed_in().get("/desk")
    assert "data-severe" not in page.tree.one("article", id=f"c{dark.pk}").attributes
    assert "veil" not in page.html.partition('id="cards"')[2]


def test_a_moderator_does_not_reject_it(small):
    """The button says what it does, and no reason is offered that a writer at risk would read."""
    dark = at_risk(small)
    card = small.signed_in().get("/desk").tree.one("article", id=f"c{dark.pk}")
    assert "Do not publish" in card.one("button", value="reject").text
    assert not card.all("button", value="reject:insult")


@pytest.mark.parametrize("query", ["sort=score", "sort=doubt", "label=self_harm", "site=courier"])
def test_it_is_first_in_every_order_and_has_a_filter(small, query):
    small.settle(small.submit(), {"threat": 0.99, "insult": 0.5})
    dark = at_risk(small)
    page = small.signed_in().get(f"/desk?{query}")
    assert page.tree.all("article")[0].attributes["id"] == f"c{dark.pk}"


def test_pages_lead_on_from_those_at_risk(small):
    others = [small.held() for _ in range(3)]
    dark = [at_risk(small) for _ in range(9)]
    browser = small.signed_in()
    page = browser.get("/desk")
    (following,) = [one.attributes["href"] for one in page.tree.all("a") if one.text == "Next page"]
    again = browser.get(following)
    assert [one.attributes["id"] for one in again.tree.all("article")] == [
        f"c{one.pk}" for one in (dark[8], *others)
    ]


def test_what_a_rule_marked_is_said_to_be_a_rules(small):
    body = "The referee lives at 14 Osterby Drive."
    held = small.settle(small.submit(body=body), spans=(Span(0, 3, "insult", 0.6),))
    card = small.signed_in().get("/desk").tree.one("article", id=f"c{held.pk}")
    assert "(personal data, by a rule)" in card.text
    assert "(insult +0.60)" in card.text
    assert "It seems to tell personal data: a private address, where somebody lives." in card.text


# -- the receipt -------------------------------------------------------------------------------------------------------


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
    judgement = Judgement(action, Who.MODERATOR, "Bea", 1, reason="insult")
    usecases.review(small.context.deps, small.courier, dark.id, judgement)
    page = receipt(small, dark)
    assert small.again(dark).status in (Status.REJECTED, Status.SPAM)
    assert "Your comment was not published" in page.text
    assert SHIPPED in page.text
    assert all(word not in page.html.lower() for word in ("reject", "spam", "because", "insult"))


def test_a_published_comment_has_no_help_text(small):
    dark, other = at_risk(small), small.held()
    small.judge(dark, Action.APPROVE)
    assert SHIPPED not in receipt(small, dark).text
    assert SHIPPED not in receipt(small, other).text


def test_a_site_has_help_of_its_own(small):
    own = "The Harbour line listens day and night.\nHarbour Square 1 <b>"
    tune_site(small.context, "courier", {"help_text": own})
    page = receipt(small, at_risk(small))
    assert page.tree.one("p", class_="help").text == own
    assert "<b>" not in page.html.partition('class="help"')[2].partition("</p>")[0]
    tune_site(small.context, "courier", {"help_text": ""})
    assert SHIPPED in receipt(small, at_risk(small)).text


@pytest.mark.parametrize("text", ["x" * (HELP_TEXT_LIMIT + 1), "bell \a", "half \u202e turned"])
def test_a_help_text_is_bounded_plain_text(small, text):
    """Anything else is named as faulty."""
    with pytest.raises(Invalid) as refused:
        tune_site(small.context, "courier", {"help_text": text})
    assert [fault.field for fault in refused.value.faults] == ["help_text"]


def test_a_lead_sets_the_help_text_on_the_desk(small):
    browser = small.signed_in("Lea", "lead")
    page = browser.get("/desk/settings/courier")
    (form,) = [one for one in page.tree.all("form") if one.attributes.get("id") == "settings"]
    assert form.one("textarea", name="help_text").text.strip() == ""
    assert form.all("input", name="self_harm.hold")
    assert not form.all("input", name="self_harm.reject")
    sent = {"csrf": form.fields()["csrf"], "section": "help", "help_text": "Ring the Harbour line."}
    assert browser.post(form.attributes["action"], sent).status == 303
    with small.context.deps.store.read() as tx:
        site = tx.sites.get("courier")
    assert site.options.help_text == "Ring the Harbour line."
