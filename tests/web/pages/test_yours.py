"""A person's own data, from the receipt page: shown, taken along or erased, once the address is typed again."""

import json

import pytest

from service.domain.status import Status
from service.privacy.sealing import Address
from service.privacy.signatures import check, public_keys, receipt_token
from service.usecases.sites import tune_site
from service.web.reply.yours import TRIES, WINDOW
from tests.factories import ADDRESS, NOON, draft

BO = "bo.unique.canary@example.org"


def path(small, comment):
    """Where a person goes from the receipt of a comment."""
    return f"/r/{receipt_token(small.context.keyring, small.courier.name, comment.id)}/yours"


def ask(small, comment, choice, email=ADDRESS, **headers):
    """Fill the form as it stands, and press the button of that choice."""
    browser = small.browser()
    page = browser.get(path(small, comment))
    form = page.tree.one("form")
    assert form.attributes["action"] == path(small, comment)
    assert "value" not in form.one("input", name="email").attributes
    return browser.post(
        form.attributes["action"], {**form.fields(), "email": email, "choice": choice}, **headers
    )


def test_the_receipt_leads_to_it(small):
    comment = small.approved()
    receipt = small.browser().get(path(small, comment).removesuffix("/yours"))
    assert receipt.tree.all("a", href=path(small, comment))
    page = small.browser().get(path(small, comment))
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] == "no-referrer"


def test_everything_is_erased_and_the_receipt_holds(small):
    comments = [small.approved(), small.held(), small.submit()]
    other = small.submit(email=Address.parse(BO), author_name="Bo", body="Bo wrote this.")
    page = ask(small, comments[0], "erase")
    assert page.status == 200
    assert "Everything is erased" in page.text
    receipt = check(json.loads(page.tree.one("textarea").text), public_keys(small.context.keyring))
    assert (receipt["comments_in_all"], receipt["requested_by"]) == (3, "author")
    with small.context.deps.store.read() as tx:
        for comment in comments:
            found = tx.comments.by_pk(comment.pk)
            assert found
            assert (found.status, found.body, found.author_name) == (Status.ERASED, "", "")
        kept = tx.comments.by_pk(other.pk)
        assert kept
        assert kept.body == "Bo wrote this."
    assert ADDRESS not in page.html
    again = small.browser().get(path(small, comments[1]))
    assert "was erased" in again.text
    assert not again.tree.all("form")


def test_what_stays_without_its_author_is_not_said_to_be_gone(small):
    published, held = small.approved(), small.held()
    tune_site(small.context, small.courier.name, {"erased_texts": "keep"})
    page = ask(small, published, "erase")
    assert "Everything but published texts is erased" in page.text
    receipt = small.browser().get(path(small, published).removesuffix("/yours"))
    assert "Readers go on seeing its text" in receipt.text
    other = small.browser().get(path(small, held).removesuffix("/yours"))
    assert "Its text, your name and your address are gone from here." in other.text


@pytest.mark.parametrize("choice", ["show", "file", "erase"])
def test_a_wrong_address_tells_nothing_and_changes_nothing(small, choice):
    comment = small.approved()
    small.submit(email=Address.parse(BO), author_name="Bo", body="Bo wrote this.")
    answers = {ask(small, comment, choice, email).html for email in (BO, "nobody@example.org")}
    assert len(answers) == 1
    assert "This is not the address" in answers.pop()
    with small.context.deps.store.read() as tx:
        assert tx.comments.by_pk(comment.pk) == comment


def test_guessing_ends_after_a_few_tries(small):
    comment, other = small.approved(), small.submit(email=Address.parse(BO), body="Bo wrote this.")
    for n in range(TRIES):
        assert ask(small, comment, "show", f"guess{n}@example.org").status == 403
    assert ask(small, comment, "show").status == 429
    assert ask(small, other, "show", BO).status == 200
    small.clock.pass_seconds(WINDOW.total_seconds() + 1)
    assert ask(small, comment, "show").status == 200


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ({"choice": "show", "email": ""}, "Give the email address"),
        ({"choice": "show", "email": "not one"}, "Give the email address"),
        ({"choice": "publish", "email": ADDRESS}, "Choose what"),
        ({"email": ADDRESS}, "Choose what"),
    ],
)
def test_a_form_that_is_not_filled_says_the_mend(small, sent, told):
    page = small.browser().post(path(small, small.approved()), sent)
    assert page.status == 422
    assert told in page.text
    assert ADDRESS not in page.html
    assert "not one" not in page.html


def test_the_page_shows_what_is_kept(small):
    """Texts, states and the end of their time are readable, and nothing of anyone else."""
    comment = small.approved()
    small.submit(email=Address.parse(BO), author_name="Bo", body="Bo wrote this.")
    page = ask(small, comment, "show")
    assert comment.body in page.text
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


def test_a_made_up_link_is_none(small):
    for method in (small.browser().get, small.browser().post):
        assert method("/r/AAAA/yours").status == 404


@pytest.mark.parametrize("kept", ["keep", "remove"])
def test_what_is_kept_and_what_goes_is_told_in_german(small, kept):
    comment = small.approved()
    tune_site(small.context, small.courier.name, {"erased_texts": kept})
    shown = ask(small, comment, "show", Accept_Language="de")
    assert shown.tree.one("h1").text == "Deine gespeicherten Daten"
    for said in (
        "1 Kommentar.",
        "ein versiegelter Umschlag, den nur die Seite",
        "freigegeben, veröffentlicht",
    ):
        assert said in shown.text
    page = ask(small, comment, "erase", Accept_Language="de")
    receipt = json.loads(page.tree.one("textarea").text)["receipt"]
    told = page.html.partition("<textarea")[0]
    assert "1 Kommentar und was an ihm hing" in told
    for one in (*receipt["kept"], *receipt["later"]):
        for sentence in one.values():
            assert sentence[1:] not in told


@pytest.mark.parametrize("choice", ["show", "file"])
def test_all_of_very_many_comments_is_handed_over(small, choice):
    first = small.approved()
    with small.context.deps.store.write() as tx:
        drafts = [draft(f"c-{n:04}", author_key=first.author_key, body=f"Text {n}.") for n in range(1_001)]
        tx.comments.add(small.courier.id, drafts, NOON)
    page = ask(small, first, choice)
    if choice == "file":
        assert len(json.loads(page.html)["comments"]) == 1_002
    else:
        assert page.html.count('class="mine"') == 1_002
        assert "1002 comments." in page.html.replace(",", "")
        assert page.headers["Cache-Control"] == "no-store"


def test_what_is_shown_is_counted(small):
    assert "1 comment." in ask(small, small.approved(), "show").text
