"""A person's own data, from the receipt page: shown, taken along or erased, once the address is typed again."""

import json

import pytest

from service.domain.status import Status
from service.privacy.sealing import Address
from service.privacy.signatures import check, public_keys
from service.web.reply.yours import TRIES, WINDOW
from tests.factories import ADDRESS, NOON, draft

BO = "bo.unique.canary@example.org"


def path(small, comment):
    """Where a person goes from the receipt of a comment."""
    return f"{small.receipt(comment)}/yours"


def by_bo(small):
    return small.submit(email=Address.parse(BO), author_name="Bo", body="Bo wrote this.")


def ask(small, comment, choice, email=ADDRESS, **headers):
    """Fill the form as it stands, and press the button of that choice."""
    browser = small.browser()
    page = browser.get(path(small, comment))
    form = page.tree.one("form")
    assert form.attributes["action"] == path(small, comment)
    assert "value" not in form.one("input", name="email").attributes
    return browser.send(form, {"email": email, "choice": choice}, **headers)


def test_the_receipt_leads_to_it(small):
    comment = small.approved()
    receipt = small.browser().get(small.receipt(comment))
    assert receipt.tree.all("a", href=path(small, comment))
    page = small.browser().get(path(small, comment))
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] == "no-referrer"


def test_everything_is_erased_and_the_receipt_holds(small):
    comments = [small.approved(), small.held(), small.submit()]
    other = by_bo(small)
    page = ask(small, comments[0], "erase")
    assert page.status == 200
    assert "Everything is erased" in page.text
    receipt = check(json.loads(page.tree.one("textarea").text), public_keys(small.context.keyring))
    assert (receipt["comments_in_all"], receipt["requested_by"]) == (3, "author")
    for found in map(small.again, comments):
        assert (found.status, found.body, found.author_name) == (Status.ERASED, "", "")
    assert small.again(other).body == "Bo wrote this."
    assert ADDRESS not in page.html
    again = small.browser().get(path(small, comments[1]))
    assert "was erased" in again.text
    assert not again.tree.all("form")


def test_what_stays_without_its_author_is_not_said_to_be_gone(small):
    published, held = small.approved(), small.held()
    small.tune(erased_texts="keep")
    page = ask(small, published, "erase")
    assert "Everything but published texts is erased" in page.text
    told = json.loads(page.tree.one("textarea").text)["receipt"]["comments"]
    assert sorted(one["done"] for one in told) == ["removed", "text kept without its author"]
    kept = small.again(published)
    assert (kept.author_name, kept.body, kept.published_revision) == ("", published.body, 1)
    receipt = small.browser().get(small.receipt(published))
    assert "Readers go on seeing its text" in receipt.text
    other = small.browser().get(small.receipt(held))
    assert "Its text, your name and your address are gone from here." in other.text


@pytest.mark.parametrize("choice", ["show", "file", "erase"])
def test_a_wrong_address_tells_nothing_and_changes_nothing(small, choice):
    comment = small.approved()
    by_bo(small)
    answers = {ask(small, comment, choice, email).html for email in (BO, "nobody@example.org")}
    assert len(answers) == 1
    assert "This is not the address" in answers.pop()
    assert small.again(comment) == comment


def test_guessing_ends_after_a_few_tries(small):
    comment, other = small.approved(), by_bo(small)
    for n in range(TRIES):
        assert ask(small, comment, "show", f"guess{n}@example.org").status == 403
    assert ask(small, comment, "show").status == 429
    assert ask(small, other, "show", BO).status == 200
    small.clock.pass_seconds(WINDOW.total_seconds() + 1)
    assert ask(small, comment, "show").status == 200


def test_a_form_that_is_not_filled_says_the_mend(small):
    place = path(small, small.approved())
    for sent, told in (
        ({"choice": "show", "email": ""}, "Give the email address"),
        ({"choice": "show", "email": "not one"}, "Give the email address"),
        ({"choice": "publish", "email": ADDRESS}, "Choose what"),
        ({"email": ADDRESS}, "Choose what"),
    ):
        page = small.browser().post(place, sent)
        assert (page.status, told in page.text) == (422, True)
        assert ADDRESS not in page.html
        assert "not one" not in page.html


def test_the_page_shows_what_is_kept(small):
    comment = small.approved()
    by_bo(small)
    page = ask(small, comment, "show")
    assert comment.body in page.text
    assert "1 comment." in page.text
    assert "a sealed box that only the site can open" in page.text
    for secret in ("Bo wrote this", ADDRESS, str(comment.author_key)):
        assert secret not in page.html


def test_the_file_is_the_export(small):
    answer = ask(small, small.approved(), "file")
    told = json.loads(answer.html)
    assert (told["kind"], len(told["comments"])) == ("export", 1)
    assert "attachment" in answer.headers["Content-Disposition"]
    assert answer.headers["Cache-Control"] == "no-store"


def test_where_no_address_is_kept_nobody_can_ask(small):
    comment = small.submit(email=None)
    page = small.browser().get(path(small, comment))
    assert "No email address is kept" in page.text
    assert small.browser().post(path(small, comment), {"choice": "erase", "email": ADDRESS}).status == 409


@pytest.mark.parametrize("kept", ["keep", "remove"])
def test_what_is_kept_and_what_goes_is_told_in_german(small, kept):
    comment = small.approved()
    small.tune(erased_texts=kept)
    shown = ask(small, comment, "show", Accept_Language="de")
    assert shown.tree.one("h1").text == "Deine gespeicherten Daten"
    box = "ein versiegelter Umschlag, den nur die Seite"
    for said in ("1 Kommentar.", box, "freigegeben, veröffentlicht"):
        assert said in shown.text
    page = ask(small, comment, "erase", Accept_Language="de")
    receipt = json.loads(page.tree.one("textarea").text)["receipt"]
    told = page.html.partition("<textarea")[0]
    assert "1 Kommentar und was an ihm hing" in told
    sentences = [said for one in (*receipt["kept"], *receipt["later"]) for said in one.values()]
    assert not [said for said in sentences if said[1:] in told]


def test_all_of_very_many_comments_is_handed_over(small):
    first = small.approved()
    drafts = [draft(f"c-{n:04}", author_key=first.author_key, body=f"Text {n}.") for n in range(1_001)]
    with small.deps.store.write() as tx:
        tx.comments.add(small.courier.id, drafts, NOON)
    assert len(json.loads(ask(small, first, "file").html)["comments"]) == 1_002
    page = ask(small, first, "show")
    assert page.html.count('class="mine"') == 1_002
    assert "1002 comments." in page.html.replace(",", "")
    assert page.headers["Cache-Control"] == "no-store"
