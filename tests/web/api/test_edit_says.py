"""What makes a new text of a comment, and what an edit changes: what it does not say stays as it was."""

import unicodedata
from dataclasses import replace

import pytest

from service.domain.comment import Source
from service.domain.status import Status
from service.domain.verdict import Action
from service.usecases import (
    submit,
)
from service.usecases.submission import read_submission
from tests.factories import NOON
from tests.web.api.caller import ARTICLE, ENTRIES, submission
from tests.web.api.edits import CALM, edited, export, judge, post

SAID = "Is the bridge by the café, they said on re\u0301sume\u0301,\nreally open?"
"""Text that can be written otherwise without a difference that anybody sees."""
UNSEEN = {
    "blanks": SAID.replace(" ", "  "),
    "lines": SAID.replace("\n", " \r\n\r\n"),
    "around it": f"\n {SAID}\t",
    "no-break space": SAID.replace(" ", "\u00a0"),
    "invisible": SAID.replace("bridge", "bri\u200bd\u00adge\ufeff"),
    "composed": unicodedata.normalize("NFC", SAID),
    "decomposed": unicodedata.normalize("NFD", SAID),
}


@pytest.mark.parametrize(
    ("entry", "written"),
    [("api", written) for written in UNSEEN] + [(entry, "blanks") for entry in ENTRIES if entry != "api"],
)
def test_what_nobody_sees_makes_no_new_text(newsroom, entry, written):
    assert ENTRIES[entry](newsroom, submission(body=SAID)) == {}
    newsroom.review(Action.REJECT, delay=0)
    assert ENTRIES[entry](newsroom, submission(body=UNSEEN[written])) == {}
    assert (newsroom.comment().revision, newsroom.comment().status) == (1, Status.REJECTED)


def test_what_nobody_sees_makes_no_new_text_in_the_real_stores(real_newsroom):
    for body in (SAID, *UNSEEN.values()):
        post(real_newsroom, body=body)
    export(real_newsroom, SAID, "1")
    for written in ("blanks", "lines", "composed"):
        assert export(real_newsroom, UNSEEN[written], "1").revision == 1
    assert real_newsroom.comment().revision == 1


@pytest.mark.parametrize(
    "body", [SAID.upper(), SAID.replace("?", "!"), SAID.replace("café", "cafe"), f"{SAID} Yes."]
)
def test_case_marks_and_words_make_a_new_text(newsroom, body):
    post(newsroom, body=SAID)
    post(newsroom, body=body)
    assert newsroom.comment().revision == 2


def test_a_text_that_is_only_set_otherwise_is_shown_as_it_is_now(real_newsroom):
    newsroom = real_newsroom
    post(newsroom, body="One.  Two.")
    newsroom.settle(toxicity=0.0)
    post(newsroom, body="One.\n\nTwo.")
    assert [one["body"] for one in newsroom.published()] == ["One.\n\nTwo."]
    assert newsroom.comment().verdict.spans == ()
    newsroom.import_lines(submission(body="One. Two."))
    assert newsroom.comment().body == "One.\n\nTwo."


def test_what_an_older_version_stored_is_the_same_text(real_newsroom):
    """It digested texts as they were written, with the website."""
    newsroom = real_newsroom
    given = submission(body="One.  Two.", author={**submission()["author"], "website": "https://ada.example"})
    newsroom.post(given)
    sanitizer, site = newsroom.context.sanitizer, newsroom.courier.site
    old = sanitizer.draft(site, read_submission(given, Source.API), NOON).exact_hash
    with newsroom.deps.store.write() as tx:
        tx.comments._change(newsroom.comment().pk, content_hash=old)
    assert newsroom.post(given).headers["Idempotent-Replay"] == "true"
    assert newsroom.comment().revision == 1


FACTS = {
    "website": ("https://ada.example", lambda one: one.website),
    "staff": (True, lambda one: one.signals.get("staff")),
}
CLIENT = {"ip": "192.0.2.7", "user_agent": "Reader/1.0", "referrer": "https://courier.example/bridge"}


def by(**more):
    return {**submission()["author"], **more}


@pytest.mark.parametrize("entry", ENTRIES)
def test_what_an_edit_does_not_say_stays_as_it_was(real_newsroom, entry):
    newsroom = real_newsroom
    author = by(**{name: value for name, (value, _) in FACTS.items()})
    newsroom.post(submission(author=author, client=CLIENT, parent_id="c-0"))
    before = newsroom.comment()
    untitled = {"url": ARTICLE}
    assert ENTRIES[entry](newsroom, submission(author=by(), body=CALM, article=untitled)) == {}
    after = newsroom.comment()
    assert (after.revision, after.body) == (2, CALM)
    for name, (value, read) in FACTS.items():
        assert read(after) == value, name
    for name in ("client", "parent_id", "author_key", "submitted_at", "article"):
        assert getattr(after, name) == getattr(before, name), name
    assert after.article.title == "The bridge opens"
    assert ENTRIES[entry](newsroom, submission(author=by(), body=CALM, article=untitled)) == {}
    assert newsroom.comment().revision == 2


@pytest.mark.parametrize("entry", ENTRIES)
@pytest.mark.parametrize(
    ("name", "said", "after"),
    [
        ("staff", False, False),
        ("website", None, None),
        ("website", "https://bo.example", "https://bo.example"),
    ],
)
def test_what_an_edit_says_counts(newsroom, entry, name, said, after):
    value, read = FACTS[name]
    newsroom.post(submission(author=by(**{name: value})))
    assert ENTRIES[entry](newsroom, submission(author=by(**{name: said}), body=CALM)) == {}
    assert (newsroom.comment().revision, read(newsroom.comment())) == (2, after)


def test_a_website_that_is_taken_away_makes_a_new_text(newsroom):
    for website, revision in (("https://ada.example", 1), ("https://ada.example", 1), (None, 2), (None, 2)):
        post(newsroom, author=by(website=website))
        assert (newsroom.comment().website, newsroom.comment().revision) == (website, revision)


def test_staff_is_said_of_a_comment_without_an_edit_too(newsroom):
    for given, staff in (({}, None), ({"staff": True}, True), ({}, True), ({"staff": False}, False)):
        post(newsroom, author=by(**given))
        assert (newsroom.comment().signals.get("staff"), newsroom.comment().revision) == (staff, 1)


@pytest.mark.parametrize("approved", [False, True])
def test_what_the_form_noticed_holds_an_edit_until_a_person_approved(newsroom, approved):
    deps, site = newsroom.deps, newsroom.courier.site
    noticed = replace(
        read_submission(submission(), Source.API), signals={"honeypot": True, "fill_seconds": 0.5}
    )
    submit(deps, newsroom.context.sanitizer, site, [noticed])
    assert judge(newsroom).status is Status.HELD
    if approved:
        newsroom.review(Action.APPROVE, delay=0)
    assert edited(newsroom).status is (Status.APPROVED if approved else Status.HELD)


# -- the time of the first posting ------------------------------------------------------------------------------------
