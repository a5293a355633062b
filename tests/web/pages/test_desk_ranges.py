"""Ranges on the desk: how what is held spreads, a look into a stretch, and one decision with one undo."""

from service.usecases import bulk
from service.web.desk import bulk as desk_bulk
from service.web.desk import score_ranges
from tests.web.pages.desk import bulk_undo, follow, press, statuses, undo


def held(small, *scores):
    """Comments that are held for insults at these scores."""
    return [
        small.settle(small.submit(body=f"What a {n} times foolish thing to say."), {"insult": score})
        for n, score in enumerate(scores)
    ]


def range_form(page):
    return page.tree.one("form", class_="form-row")


def test_the_histogram_counts_what_is_held(small):
    held(small, 0.61, 0.62, 0.9)
    browser = small.signed_in()
    page = browser.get("/desk/ranges")
    titles = [bar.text for bar in page.tree.one("figure", class_="spread").all("title")]
    assert len(titles) == 50
    assert titles[30:32] == ["0.60–0.62: 1", "0.62–0.64: 1"]
    assert "3 comments from 0.00 to 1.00" in page.text
    assert len(page.tree.all("li", class_="card row")) == 3
    queue = browser.get("/desk?sort=score&label=insult&site=courier")
    links = [one.attributes["href"] for one in queue.tree.one("form", class_="filters").all("a")]
    assert links == ["/desk/ranges?site=courier&label=insult"]


def test_a_stretch_is_decided_and_taken_back(small):
    comments = held(small, 0.55, 0.65, 0.75, 0.85)
    browser = small.signed_in()
    page = browser.get("/desk/ranges?low=0.6&high=0.8&label=insult&site=courier")
    assert "2 comments from 0.60 to 0.80" in page.text
    done = press(browser, range_form(page), "reject")
    assert "Rejected: 2 comments." in done.text
    assert statuses(small, comments) == ["held", "rejected", "rejected", "held"]
    assert "All of it was undone." in follow(browser, browser.send(bulk_undo(done.tree))).text
    assert statuses(small, comments) == ["held"] * 4


def test_a_range_goes_by_any_score(small):
    low = small.settle(small.submit(body="What a silly thing."), {"insult": 0.9, "threat": 0.1})
    high = small.settle(small.submit(body="You will see what comes."), {"insult": 0.9, "threat": 0.7})
    browser = small.signed_in()
    page = browser.get("/desk/ranges?by=threat&low=0.6&high=0.8&site=courier&language=en")
    titles = [bar.text for bar in page.tree.one("figure", class_="spread").all("title")]
    assert titles[35] == "0.70–0.72: 1"
    assert "1 comment from 0.60 to 0.80" in page.text
    assert [one.text for one in page.tree.all("p", class_="chip-score")] == ["threat 0.70"]
    assert "0 comments" in browser.get("/desk/ranges?by=threat&low=0.6&high=0.8&language=de").text
    done = press(browser, range_form(page), "reject")
    assert "Rejected: 1 comment." in done.text
    assert statuses(small, [low, high]) == ["held", "rejected"]
    assert "threat from 0.6 to 0.8" in browser.get("/desk?queue=decided").text


def test_what_came_later_or_is_in_other_hands_is_left(small):
    comments = held(small, 0.7)
    small.signed_in("Noor").get("/desk")  # which claims it
    comments += held(small, 0.71, 0.72)[1:]
    browser = small.signed_in()
    page = browser.get("/desk/ranges")
    comments += held(small, 0.73)
    press(browser, range_form(page), "reject")
    assert statuses(small, comments) == ["held", "rejected", "held"]


def test_what_is_no_stretch_is_the_whole_scale(small):
    held(small, 0.7)
    browser = small.signed_in()
    assert "1 comment from 0.00 to 1.00" in browser.get("/desk/ranges?low=x&high=nan&label=rude").text
    assert "0 comments" in browser.get("/desk/ranges?site=nowhere").text
    assert "1 comment from 0.50 to 0.80" in browser.get("/desk/ranges?low=.8&high=.5").text
    form = range_form(browser.get("/desk/ranges"))
    for wrong in ({"action": "burn"}, {"low": "2"}, {"site": "nowhere"}, {"until": "x"}):
        assert browser.send(form, {"action": "spam"} | wrong).status == 400


def test_a_stretch_too_large_for_one_act_says_so(small, monkeypatch):
    small.held()
    small.held()
    browser = small.signed_in()
    assert "One act decides" not in browser.get("/desk/ranges").text
    monkeypatch.setattr(score_ranges, "MOST", 1)
    assert "One act decides the oldest 1 of them; the rest stays held." in browser.get("/desk/ranges").text


def test_a_decision_and_an_undo_that_stopped_lead_back_to_what_is_left(small, monkeypatch):
    comments, browser = held(small, 0.61, 0.62, 0.63), small.signed_in()
    form = range_form(browser.get("/desk/ranges?low=0.6&high=0.8"))
    monkeypatch.setattr(bulk, "SLICE", 1)
    with monkeypatch.context() as patch:
        patch.setattr(bulk, "MOST", 2)
        done = press(browser, form, "reject")
    assert "Rejected: 2 comments." in done.text
    assert "1 comment from 0.60 to 0.80" in done.text
    with monkeypatch.context() as patch:
        patch.setattr(bulk, "TIME_LIMIT_SECONDS", 0.0)
        part = follow(browser, undo(browser, done.tree))
    assert statuses(small, comments) == ["held", "rejected", "held"]
    assert "Undone in part" in part.text
    assert "All of it was undone." in follow(browser, undo(browser, part.tree)).text
    assert statuses(small, comments) == ["held"] * 3


def test_the_queue_of_decisions_leads_to_earlier_acts(small, monkeypatch):
    comments = held(small, 0.65, 0.75)
    browser = small.signed_in()
    for low, high in ((0.6, 0.7), (0.7, 0.8)):
        page = browser.get(f"/desk/ranges?low={low}&high={high}")
        press(browser, range_form(page), "reject")
    monkeypatch.setattr(desk_bulk, "ACTS", 1)
    queue = browser.get("/desk?queue=decided")
    assert "from 0.7 to 0.8" in queue.text
    assert "from 0.6 to 0.7" not in queue.text
    (link,) = queue.tree.one("nav", aria_label="Bulk decisions").all("a")
    earlier = browser.get(link.attributes["href"])
    assert "from 0.6 to 0.7" in earlier.text
    browser.send(earlier.tree.one("section", aria_labelledby="acts-title").one("form"))
    assert statuses(small, comments) == ["held", "rejected"]
