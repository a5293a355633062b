"""The overview: numbers that lead to their comments, agreement of model and moderators, an export without addresses."""

import csv
import io
import json

import pytest

from service.domain.status import Status
from service.domain.verdict import Action
from service.web.desk import export
from tests.factories import ADDRESS, draft


def test_the_numbers_are_those_of_the_stretch(small):
    small.approved()
    small.clock.pass_seconds(40 * 86_400)
    small.approved(body="Fine.")
    held = small.held()
    small.clock.pass_seconds(120)
    small.judge(held, Action.SPAM)
    page = small.signed_in().get("/desk/overview")
    dials = {
        one.one("dt").text: " ".join(one.one("dd").text.split())
        for one in page.tree.all("div", class_="dial")
    }
    assert dials["comments"] == "2"
    assert (dials["approved"], dials["spam"], dials["held"]) == ("1 50 %", "1 50 %", "0 0 %")
    assert dials["median wait for a person"] == "2 min"
    assert "Bo the other 1" in page.text


def test_thousands_are_written_as_the_language_does(small):
    with small.context.deps.store.write() as tx:
        tx.comments.add(small.courier.id, [draft(f"c-{n}") for n in range(1_199)], small.clock())
    browser = small.signed_in()
    for language, said in (("de", "1.199"), ("en", "1,199")):
        page = browser.get("/desk/overview", Accept_Language=language)
        assert {link.text for link in page.tree.one("section", aria_labelledby="articles").all("b")} == {said}
        assert said in page.tree.one("dl", class_="dials").text


def test_every_number_leads_to_its_comments(small):
    small.approved(body="The first.")
    small.held(body="What a foolish thing.")
    browser = small.signed_in()
    page = browser.get("/desk/overview?span=7d")
    for dial in page.tree.all("div", class_="dial"):
        links = [one for one in dial.all("a") if "/overview/comments" in one.attributes["href"]]
        for link in links:
            behind = browser.get(link.attributes["href"].replace("&amp;", "&"))
            assert len(behind.tree.all("li", class_="card row")) == int(link.text)


def test_every_number_of_the_tables_leads_to_its_comments(small):
    small.approved(body="Fine.")
    for action in (Action.REJECT, Action.REJECT, Action.APPROVE, Action.SPAM):
        small.judge(small.held(), action)
    small.held()
    browser = small.signed_in()
    page = browser.get("/desk/overview?span=7d")
    sections = [page.tree.one("section", aria_labelledby=name) for name in ("who", "agree")]
    cells = [cell for section in sections for cell in section.all("td", class_="n")]
    links = [link for cell in cells for link in cell.all("a")]
    links += sections[0].one("p", class_="small quiet").all("a")
    assert not [cell.text for cell in cells if not cell.all("a") and cell.text.strip() != "0"]
    assert len(links) > 15
    for link in links:
        behind = browser.get(link.attributes["href"])
        assert behind.status == 200
        if not link.text.endswith("%"):
            found = behind.tree.all("li", class_="card row")
            assert len(found) == int(link.text), link.attributes["href"]
    (judged,) = sections[1].one("p", class_="small quiet").all("a")
    assert len(browser.get(judged.attributes["href"]).tree.all("li", class_="card row")) == 4
    for query in ("?by=nobody", "?action=odd", "?cell=odd&label=insult", "?cell=agree&label=odd"):
        assert browser.get(f"/desk/overview/comments{query}").status == 404


def test_people_and_machine_are_compared(small):
    for action in (Action.REJECT, Action.REJECT, Action.APPROVE):
        small.judge(small.held(), action)
    page = small.signed_in().get("/desk/overview")
    rows = page.tree.one("section", aria_labelledby="agree").all("tr")
    cells = {row.all("th")[0].text: [cell.text.strip() for cell in row.all("td")] for row in rows[1:]}
    assert cells["insult"][:5] == ["67 %", "2", "0", "1", "0"]
    assert cells["threat"][:5] == ["33 %", "0", "1", "0", "2"]


def test_the_export_holds_no_address(small):
    small.held(body="=1+1 is what the mayor calls a budget.")
    browser = small.signed_in("Lea", "lead")
    told = json.loads(browser.get("/desk/overview/export.json").html)
    rows = list(csv.DictReader(io.StringIO(browser.get("/desk/overview/export.csv").html)))
    assert len(told) == len(rows) == 1
    assert rows[0]["body"].startswith("'=1+1")
    assert told[0]["insult"] == 0.85
    comment = small.comments()[0]
    for text in (json.dumps(told), json.dumps(rows)):
        assert ADDRESS not in text
        assert comment.author_key is not None
        assert comment.author_key not in text


@pytest.mark.parametrize("before", ["", " ", "\n", "\u00a0", "\t", " \r\n "])
def test_no_cell_of_the_export_is_a_formula(small, before):
    small.held(body=f"{before}=1+1 is what the mayor calls a budget.")
    page = small.signed_in("Lea", "lead").get("/desk/overview/export.csv")
    (row,) = csv.DictReader(io.StringIO(page.html, newline=""))
    assert row["body"].startswith("'")
    assert "=1+1" in row["body"]


def test_the_export_is_whole(small, monkeypatch):
    browser = small.signed_in("Lea", "lead")
    assert json.loads(browser.get("/desk/overview/export.json").html) == []
    assert browser.get("/desk/overview/export.csv").html.startswith("site,id,revision,")
    monkeypatch.setattr(export, "EXPORT_PAGE", 2)
    made = [small.approved(body=f"Comment number {n}.").id for n in range(4)]
    told = json.loads(browser.get("/desk/overview/export.json").html)
    rows = list(csv.DictReader(io.StringIO(browser.get("/desk/overview/export.csv").html)))
    assert [one["id"] for one in told] == [one["id"] for one in rows] == made[::-1]


def test_the_export_is_not_for_everybody(small):
    browser = small.signed_in()
    assert browser.get("/desk/overview/export.csv").status == 403
    assert "Export" not in browser.get("/desk/overview").text


def test_what_cannot_be_asked_is_not_there(small):
    browser = small.signed_in()
    for query in ("?span=9y", "?site=nowhere"):
        assert browser.get(f"/desk/overview{query}").status == 404
    assert browser.get("/desk/overview/comments?status=odd").status == 404
    assert "No person judged anything" in browser.get("/desk/overview").text


def test_everything_new_under_an_article_can_be_held(small):
    small.approved()
    browser = small.signed_in()
    path = "/desk/article?site=courier&url=https://courier.example/bridge"
    form = browser.get(path).tree.one("form", action="/desk/article")
    answer = browser.post("/desk/article", form.fields() | {"watch": "yes"})
    assert "All new comments here are held until" in browser.get(answer.headers["Location"]).text
    held = small.approved(body="Fine weather.")
    assert held.status is Status.HELD
    assert held.verdict.reasons[0].code == "article"
    form = browser.get(path).tree.one("form", action="/desk/article")
    browser.post("/desk/article", form.fields() | {"watch": "no"})
    assert small.approved(body="Finer weather.").status is Status.APPROVED
    assert browser.post("/desk/article", form.fields() | {"watch": "maybe"}).status == 400
    assert browser.post("/desk/article", form.fields() | {"watch": "yes", "url": "x"}).status == 404
    browser.post("/desk/article", form.fields() | {"watch": "yes"})
    small.clock.pass_seconds(25 * 3600)
    assert small.approved(body="The finest weather.").status is Status.APPROVED


def test_a_surge_is_shown(small):
    for n in range(25):
        small.approved(body=f"Comment number {n}.")
    browser = small.signed_in()
    page = browser.get("/desk/overview")
    assert "Unusual volume" in page.text
    assert "25 in the last hour; usually none" in page.text
    assert "Unusual volume" in browser.get("/desk/overview?site=courier").text
    assert "Unusual volume" not in browser.get("/desk/overview?site=herald").text


def test_every_number_of_a_place_leads_to_its_comments(small):
    small.approved(body="Long ago.")
    small.clock.pass_seconds(7_200)
    for n in range(25):
        small.approved(body=f"Comment number {n}.")
    for n in range(3):
        small.approved(site=small.herald, body=f"Answer number {n}.")
    small.held(site=small.herald)
    browser = small.signed_in()
    page = browser.get("/desk/overview?span=7d")
    seen = {}
    for name in ("surges", "sites", "articles"):
        links = [
            one
            for one in page.tree.one("section", aria_labelledby=name).all("a")
            if one.text.split()[0].isdigit()
        ]
        seen[name] = [int(link.text.split()[0]) for link in links]
        for link in links:
            behind = browser.get(link.attributes["href"])
            assert len(behind.tree.all("li", class_="card row")) == int(link.text.split()[0]), link.text
    assert seen == {"surges": [25], "sites": [26, 0, 4, 1], "articles": [26, 0, 4, 1]}
