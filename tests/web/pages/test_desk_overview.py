"""The overview: numbers that lead to their comments, agreement of model and moderators, an export without addresses."""

import csv
import io
import json

from service.domain.status import Status
from service.domain.verdict import Action
from service.web.desk import export
from tests.factories import ADDRESS, draft
from tests.web.pages.desk import follow, lead


def test_the_numbers_are_those_of_the_stretch(small):
    small.approved()
    small.clock.pass_seconds(40 * 86_400)
    small.approved(body="Fine.")
    held = small.held()
    small.clock.pass_seconds(120)
    small.judge(held, Action.SPAM)
    page = small.signed_in().get("/desk/overview")
    dials = {one.one("dt").text: one.one("dd").words for one in page.tree.all("div", class_="dial")}
    assert dials["comments"] == "2"
    assert (dials["approved"], dials["spam"], dials["held"]) == ("1 50 %", "1 50 %", "0 0 %")
    assert dials["median wait for a person"] == "2 min"
    assert "Bo the other 1" in page.text


def rows(page):
    return page.tree.all("li", class_="card row")


def test_thousands_are_written_as_the_language_does(small):
    with small.deps.store.write() as tx:
        tx.comments.add(small.courier.id, [draft(f"c-{n}") for n in range(1_199)], small.clock())
    browser = small.signed_in()
    for language, said in (("de", "1.199"), ("en", "1,199")):
        page = browser.get("/desk/overview", Accept_Language=language)
        assert {link.text for link in page.tree.one("section", aria_labelledby="articles").all("b")} == {said}
        assert said in page.tree.one("dl", class_="dials").text


def test_people_and_machine_are_compared_and_numbers_lead_to_comments(small):
    small.approved(body="Fine.")
    for action in (Action.REJECT, Action.REJECT, Action.APPROVE, Action.SPAM):
        small.judge(small.held(), action)
    small.held()
    browser = small.signed_in()
    page = browser.get("/desk/overview?span=7d")
    who, agreement = (page.tree.one("section", aria_labelledby=name) for name in ("who", "agree"))
    told = {
        row.all("th")[0].text: [cell.text.strip() for cell in row.all("td")]
        for row in agreement.all("tr")[1:]
    }
    assert told["insult"][:5] == ["75 %", "3", "0", "1", "0"]
    assert told["threat"][:5] == ["25 %", "0", "1", "0", "3"]
    cells = [cell for section in (who, agreement) for cell in section.all("td", class_="n")]
    assert not [cell.text for cell in cells if not cell.all("a") and cell.text.strip() != "0"]
    links = [link for cell in cells for link in cell.all("a")] + who.one("p", class_="small quiet").all("a")
    links += [link for dial in page.tree.all("div", class_="dial") for link in dial.all("a")]
    links = [link for link in links if "/overview/comments" in link.attributes["href"]]
    assert len(links) > 20
    for link in links:
        behind = browser.get(link.attributes["href"])
        assert behind.status == 200
        if link.text.isdigit():  # others are shares and times
            assert len(rows(behind)) == int(link.text), link.attributes["href"]
    judged = agreement.one("p", class_="small quiet").one("a")
    assert len(rows(browser.get(judged.attributes["href"]))) == 4


def test_what_cannot_be_asked_is_not_there(small):
    browser = small.signed_in()
    for query in ("?span=9y", "?site=nowhere"):
        assert browser.get(f"/desk/overview{query}").status == 404
    wrong = ("status=odd", "by=nobody", "action=odd", "cell=odd&label=insult", "cell=agree&label=odd")
    for query in wrong:
        assert browser.get(f"/desk/overview/comments?{query}").status == 404
    assert "No person judged anything" in browser.get("/desk/overview").text


def exported(browser):
    """The export in both its forms."""
    told = json.loads(browser.get("/desk/overview/export.json").html)
    page = browser.get("/desk/overview/export.csv")
    return told, list(csv.DictReader(io.StringIO(page.html, newline="")))


def test_the_export_holds_no_address_and_no_formula(small):
    browser = lead(small)
    assert exported(browser) == ([], [])
    assert browser.get("/desk/overview/export.csv").html.startswith("site,id,revision,")
    for before in ("", " ", "\n", "\u00a0", "\t", " \r\n "):
        small.held(body=f"{before}=1+1 is what the mayor calls a budget.")
    told, lines = exported(browser)
    assert len(told) == len(lines) == 6
    for row in lines:
        assert row["body"].startswith("'")
        assert "=1+1" in row["body"]
    assert told[0]["insult"] == 0.85
    for secret in (ADDRESS, small.comments()[0].author_key):
        assert secret not in f"{told} {lines}"


def test_the_export_is_whole_and_not_for_everybody(small, monkeypatch):
    monkeypatch.setattr(export, "EXPORT_PAGE", 2)
    made = [small.approved(body=f"Comment number {n}.").id for n in range(4)]
    for found in exported(lead(small)):
        assert [one["id"] for one in found] == made[::-1]
    assert "Export" not in small.signed_in().get("/desk/overview").text


def test_everything_new_under_an_article_can_be_held(small):
    small.approved()
    browser = small.signed_in()
    path = "/desk/article?site=courier&url=https://courier.example/bridge"
    form = browser.get(path).tree.one("form", action="/desk/article")
    answer = follow(browser, browser.send(form, {"watch": "yes"}))
    assert "All new comments here are held until" in answer.text
    held = small.approved(body="Fine weather.")
    assert held.status is Status.HELD
    assert held.verdict.reasons[0].code == "article"
    browser.send(form, {"watch": "no"})
    assert small.approved(body="Finer weather.").status is Status.APPROVED
    assert browser.send(form, {"watch": "maybe"}).status == 400
    assert browser.send(form, {"watch": "yes", "url": "x"}).status == 404
    browser.send(form, {"watch": "yes"})
    small.clock.pass_seconds(25 * 3600)
    assert small.approved(body="The finest weather.").status is Status.APPROVED


def test_a_surge_is_shown_and_numbers_of_a_place_lead_to_comments(small):
    small.approved(body="Long ago.")
    small.clock.pass_seconds(7_200)
    for n in range(25):
        small.approved(body=f"Comment number {n}.")
    for n in range(3):
        small.approved(site=small.herald, body=f"Answer number {n}.")
    small.held(site=small.herald)
    browser = small.signed_in()
    page = browser.get("/desk/overview?span=7d")
    assert "Unusual volume" in page.text
    assert "25 in the last hour" in page.text
    assert "Unusual volume" in browser.get("/desk/overview?site=courier").text
    assert "Unusual volume" not in browser.get("/desk/overview?site=herald").text
    seen = {}
    for name in ("surges", "sites", "articles"):
        links = page.tree.one("section", aria_labelledby=name).all("a")
        counts = [(link, int(link.text.split()[0])) for link in links if link.text.split()[0].isdigit()]
        seen[name] = [count for _, count in counts]
        for link, count in counts:
            assert len(rows(browser.get(link.attributes["href"]))) == count, link.text
    assert seen == {"surges": [25], "sites": [26, 0, 4, 1], "articles": [26, 0, 4, 1]}
