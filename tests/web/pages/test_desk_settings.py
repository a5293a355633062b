"""Settings on the desk: consequences before saving, words with a test, callbacks, keys and people."""

import pytest

from service import usecases
from service.domain.verdict import Action
from service.privacy.keys import fingerprint
from tests.factories import finish_delivery
from tests.web.pages.desk import SETTINGS, csrf, form_with, lead, save

REASON = ("reason.code", "reason.title", "reason.text")


def whole(page):
    """What the page's form sends as it stands: its lists to choose from and the rows of its reasons, too."""
    form = form_with(page, "hold_words")
    chosen = {
        select.attributes["name"]: option.attributes["value"]
        for select in form.all("select")
        for option in select.all("option", selected="")
    }
    rows = {}
    for part in REASON:
        rows[part] = [one.attributes["value"] for one in form.all("input", name=part)]
    return form.fields() | chosen | rows


def press(browser, page, words, **typed):
    """Type into the page's form and press its first button of these words, without scripts."""
    form = form_with(page, "hold_words")
    button = next(one for one in form.all("button") if one.text == words)
    sent = whole(page) | {name.replace("__", "."): value for name, value in typed.items()}
    if "name" in button.attributes:
        sent |= {button.attributes["name"]: button.attributes["value"]}
    target = button.attributes.get("formaction", form.attributes["action"])
    return browser.post(target.partition("#")[0], sent)


def press_save(browser, page, section, **typed):
    """Type into the page's form and press a section's *Save*."""
    action = form_with(page, "hold_words").attributes["action"]
    return browser.post(action, whole(page) | typed | {"section": section})


def test_consequences_are_shown_before_anything_is_saved(small):
    fine, bad = small.held(), small.held()
    small.judge(fine, Action.APPROVE)
    small.judge(bad, Action.REJECT)
    usecases.report(small.deps, small.courier, fine.id, "a reader", None)
    small.approved()
    page = lead(small).get(f"{SETTINGS}?insult.hold=0.9&toxicity.hold=0.6&toxicity.reject=0.95")
    assert "On this site's newest 3 scored comments, of which people judged 2." in page.text
    assert "Of 100 held, people would approve 50 (1 of 2 judged)." in page.text
    assert "0 comments would change" in page.text
    page = lead(small).get(f"{SETTINGS}?insult.hold=0.9&toxicity.hold=0.8")
    assert "Would publish 1 in 1 rejected (1 of 1 that people rejected)." in page.text
    assert "2 comments would change" in page.text
    assert page.tree.one("input", id="q").attributes["value"] == ""  # a threshold is no search
    assert small.site().policy.version == 1


def test_every_comment_that_would_change_can_be_looked_at(small):
    made = [small.held(body=f"The mayor snores, part {n}.").pk for n in range(45)]
    browser = lead(small)
    page = browser.get(f"{SETTINGS}?insult.hold=0.9&toxicity.hold=0.8")
    assert "45 comments would change" in page.text
    section = page.tree.one("section", aria_labelledby="consequences")
    following = browser.get(section.one("a", class_="button").attributes["href"])
    rest = following.tree.one("section", aria_labelledby="consequences")
    assert not rest.all("a", class_="button")
    shown = [
        row.one("a").attributes["href"] for one in (section, rest) for row in one.all("li", class_="card row")
    ]
    assert shown == [f"/desk/comments/{pk}" for pk in reversed(made)]


def test_thresholds_are_saved_as_the_next_policy(small):
    browser = lead(small)
    page = save(browser, **{"insult.hold": "0.3", "toxicity.hold": "0.8"})
    assert "1 setting was changed." in page.text
    assert small.site().policy.cuts["toxicity"].hold == 0.8
    assert small.site().policy.version == 2
    assert "Nothing had changed." in save(browser, **{"toxicity.hold": "0.8"}).text
    assert small.site().policy.version == 2
    for nowhere in ("/desk/settings/nowhere", "/desk/settings/nowhere/callbacks"):
        assert browser.get(nowhere).status == 404


def test_a_fault_stands_beside_its_field_and_nothing_is_saved(small):
    browser = lead(small)
    page = save(browser, **{"insult.hold": "1.5", "toxicity.hold": "0.8"})
    assert page.status == 400
    assert "must be a probability between 0 and 1, or never" in page.text
    assert 'value="1.5"' in page.html
    page = save(browser, hold_words="old fool\nnasty", spam_words="***")
    assert page.status == 400
    assert form_with(page, "hold_words").fields()["hold_words"] == "old fool\nnasty"
    assert browser.get(f"{SETTINGS}?insult.hold=high").status == 400
    assert small.site().policy.version == 1


def test_words_are_one_a_line_and_can_be_tried(small):
    browser = lead(small)
    save(browser, hold_words="bridge troll\nferry*\n", spam_words="cheap pills")
    assert small.site().policy.hold_words.entries == ("bridge troll", "ferry*")
    text = "The ferryman sells cheap pills to a walrus"
    page = press(
        browser, browser.get(SETTINGS), "Try", **{"try": text, "reject_words": "walrus", "link_limit": "7"}
    )
    hits = page.tree.one("ul", role="status").text
    assert ("ferry*" in hits, "cheap pills" in hits, "walrus" in hits) == (True, True, True)
    kept = form_with(page, "hold_words").fields()
    assert (kept["hold_words"], kept["reject_words"]) == ("bridge troll\nferry*", "walrus")
    assert (kept["try"], kept["link_limit"]) == (text, "7")
    assert small.site().policy.reject_words.entries == ()
    assert press(browser, page, "Try", hold_words="***").status == 400


def test_what_was_typed_elsewhere_outlives_a_save(small):
    browser = lead(small)
    page = press_save(
        browser, browser.get(SETTINGS), "rules", link_limit="7", hold_words="troll", sample="{}"
    )
    assert page.status == 200
    assert "1 setting was changed." in page.text
    assert "Typed, but not saved yet: Words" in page.text
    kept = form_with(page, "hold_words").fields()
    assert (kept["hold_words"], kept["link_limit"], kept["sample"]) == ("troll", "7", "{}")
    assert (small.site().policy.link_limit, small.site().policy.hold_words.entries) == (7, ())
    page = press(browser, page, "Show the consequences", insult__hold="0.9")
    assert "On this site's newest 0 scored comments" in page.text
    assert form_with(page, "hold_words").fields()["hold_words"] == "troll"
    assert "Typed, but not saved yet: Thresholds, Words" in page.text
    assert press(browser, page, "Show the consequences", insult__hold="high").status == 400
    save(small.signed_in("Kim", "lead"), hold_words="ogre")
    answer = press_save(browser, page, "words")
    assert (answer.status, "Somebody else has set this to ogre" in answer.text) == (409, True)
    assert form_with(answer, "hold_words").fields()["hold_words"] == "troll"
    assert press_save(browser, answer, "words").status == 200
    assert small.site().policy.hold_words.entries == ("troll",)
    assert small.site().policy.cuts["insult"].hold != 0.9
    assert press_save(browser, browser.get(SETTINGS), "rules", link_limit="8").status == 303


PLACES = '{"article.url": "/u", "author.email": "/m", "author.name": "/n", "body_html": "/t"}'
WEBHOOK = '{"u": "https://courier.example/a", "m": "ada@mail.example", "n": "Ada", "t": "<p>Good</p>"}'


def try_webhook(browser, places, sample):
    told = {"csrf": csrf(browser.get(SETTINGS)), "inbound_map": places, "sample": sample}
    return browser.post(f"{SETTINGS}/sample", told)


def test_a_webhook_is_tried_before_its_map_is_saved(small):
    browser = lead(small)
    page = try_webhook(browser, PLACES, WEBHOOK)
    assert page.status == 200
    read = page.tree.one("dl", class_="read")
    assert [one.text for one in read.all("dt")] == ["article.url", "author.name", "author.email", "body"]
    assert [one.text for one in read.all("dd")] == ["https://courier.example/a", "Ada", "***", "Good"]
    assert form_with(page, "sample").fields()["sample"] == WEBHOOK
    assert small.site().options.inbound_map == ()
    assert "1 setting was changed." in save(browser, inbound_map=PLACES, sample=WEBHOOK).text
    assert dict(small.site().options.inbound_map)["body_html"] == "/t"
    assert "Nothing had changed." in save(browser, **whole(browser.get(SETTINGS))).text


@pytest.mark.parametrize(
    ("places", "sample", "said"),
    [
        (PLACES, "{}", "author is required"),
        (PLACES, WEBHOOK.replace("ada@mail.example", ""), "author.email is required on this site"),
        (PLACES, "{", "is no JSON in UTF-8"),
        (PLACES, '"' + "a" * 262_144 + '"', "must be at most 256 KiB"),
        ("[]", WEBHOOK, "must be a JSON object"),
        ("", WEBHOOK, "must be given to be tried"),
    ],
)
def test_a_webhook_that_would_be_refused_says_why(small, places, sample, said):
    page = try_webhook(lead(small), places, sample)
    assert (page.status, said in page.text) == (400, True)


def test_what_a_page_shows_it_saves_unchanged(small):
    browser = lead(small)
    page = browser.get(SETTINGS)
    for section in ("cuts", "rules", "words", "keeping"):
        answer = press_save(browser, page, section)
        assert answer.headers["Location"].endswith("saved=0"), section
    assert browser.post(SETTINGS, whole(page)).headers["Location"].endswith("saved=0")


def test_dead_letters_are_shown_and_replayed(small):
    save(lead(small), callback_url="https://courier.example/hook")
    small.held(body="A text that no log shows.")
    with small.deps.store.write() as tx:
        (one,) = tx.deliveries.lease(small.clock(), small.clock(), 9)
        assert finish_delivery(tx, one.id, one.attempts, "dead", "503", None, small.clock())
    browser = lead(small)
    page = browser.get(f"{SETTINGS}/callbacks")
    assert one.webhook_id in page.text
    assert "503" in page.text
    assert "A text that no log shows." not in page.html
    answer = browser.post(f"{SETTINGS}/callbacks/replay", {"csrf": csrf(page), "delivery": str(one.id)})
    assert "1 callback waits again." in browser.get(answer.headers["Location"]).text
    assert one.webhook_id in browser.get(f"{SETTINGS}/callbacks?state=waiting").text


def test_a_key_is_shown_once(small):
    browser = small.signed_in("Ada the admin", "admin")
    made = browser.post(f"{SETTINGS}/keys", {"csrf": csrf(browser.get(f"{SETTINGS}/keys")), "what": "key"})
    key = made.tree.one("code", class_="wraps secret").text
    assert made.headers["Cache-Control"] == "no-store"
    known = fingerprint(small.context.keyring, key)
    owner = small.rows(lambda tx: tx.sites.key_owner(known, small.clock()))
    assert owner[0].name == "courier"
    assert key not in browser.get(f"{SETTINGS}/keys").html
    assert browser.post(f"{SETTINGS}/keys", {"csrf": csrf(made), "what": "master"}).status == 400


def test_people_are_invited_changed_and_shut_out(small):
    browser = small.signed_in("Ada the admin", "admin")
    page = browser.get("/desk/people")

    def set_person(name, role, **more):
        return browser.post("/desk/people", {"csrf": csrf(page), "name": name, "role": role, **more})

    answer = set_person("Noor", "moderator")
    url = answer.tree.one("code", class_="wraps secret").text
    noor = small.browser()
    assert noor.post(url.removeprefix(small.context.settings.public_url)).status == 303
    assert noor.get("/desk").status == 200
    set_person("Noor", "lead", active="yes")
    assert small.rows(lambda tx: tx.moderators.get("Noor")).role == "lead"
    set_person("Noor", "lead", active="no")
    assert noor.get("/desk").status == 303
    for role, active in (("admin", "no"), ("lead", "yes")):  # nobody locks themselves out
        assert set_person("Ada the admin", role, active=active).status == 400
    assert browser.get("/desk/people").status == 200


def test_two_leads_at_once_undo_nothing_of_each_other(small):
    first, second = lead(small), small.signed_in("Kim", "lead")
    mine, theirs = first.get(SETTINGS), second.get(SETTINGS)
    assert press_save(second, theirs, "cuts", **{"toxicity.hold": "0.66"}).status == 303
    answer = press_save(first, mine, "cuts", **{"insult.hold": "0.77"})
    assert answer.headers["Location"].endswith("saved=1")
    cuts = small.site().policy.cuts
    assert (cuts["toxicity"].hold, cuts["insult"].hold) == (0.66, 0.77)
    answer = press_save(first, mine, "cuts", **{"toxicity.hold": "0.5"})
    assert answer.status == 409
    assert "Somebody else has set this to 0.66" in answer.text
    assert small.site().policy.cuts["toxicity"].hold == 0.66
    assert form_with(answer, "toxicity.hold").fields()["toxicity.hold"] == "0.5"
    assert press_save(first, answer, "cuts").status == 303
    assert small.site().policy.cuts["toxicity"].hold == 0.5


# -- in people's words -------------------------------------------------------------------------------------------------


def test_a_fault_is_said_in_the_leads_language(small):
    browser = lead(small)
    for query, said in (
        ("insult.hold=4", "muss eine Wahrscheinlichkeit von 0 bis 1 sein"),
        ("insult.hold=0.9&insult.reject=0.2", "darf nicht unter insult.hold liegen, das ist 0.9"),
    ):
        assert said in browser.get(f"{SETTINGS}?{query}", Accept_Language="de").text


def test_a_choice_says_what_it_does(small):
    page = lead(small).get(SETTINGS)
    shown = {option.text.strip() for option in page.tree.all("option")}
    assert {"once it is approved", "no", "yes", "a person looks at those with links"} <= shown
    assert not shown & {"pre", "post", "true", "false", "hold_links"}


def test_an_empty_field_keeps_for_good(small):
    browser = lead(small)
    for typed, days in (("", None), ("12", 12)):
        save(browser, keep_spam_days=typed)
        assert small.site().options.keep_spam_days == days
    save(browser, **{"insult.hold": "0,7"})  # a comma is a point
    assert small.site().policy.cuts["insult"].hold == 0.7


def rows(page):
    """The reasons as the page shows them: code, title, text."""
    parts = ([one.attributes["value"] for one in page.tree.all("input", name=name)] for name in REASON)
    return [row for row in zip(*parts, strict=True) if row[1]]


def post_reasons(small, given):
    browser = lead(small)
    form = form_with(browser.get(SETTINGS), "reason.title")
    fields = {name: [row[place] for row in given] for place, name in enumerate(REASON)}
    return browser.post(form.attributes["action"], {"csrf": form.fields()["csrf"]} | fields)


def test_reasons_are_rows_of_a_form(small):
    before = rows(lead(small).get(SETTINGS))
    assert len(before) == 6
    assert "saved=0" in post_reasons(small, before).headers["Location"]
    kept = before[:2]
    wrong = ("Falsche Zahlen über …", "its numbers are wrong")
    assert post_reasons(small, [*kept, ("", *wrong), ("", "", "")]).status == 303
    assert rows(lead(small).get(SETTINGS)) == [*kept, ("falsche_zahlen_uber", *wrong)]


def test_a_row_without_a_text_is_not_lost(small):
    page = post_reasons(small, [("odd", "Odd", "")])
    assert page.status == 400
    assert rows(page) == [("odd", "Odd", "")]
    assert "a reason's text must be 1 to 300 printable characters" in page.text
    assert len(small.site().options.reasons) == 6
