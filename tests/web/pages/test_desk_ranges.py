"""Ranges on the desk: how what is held spreads, a look into a stretch, and one decision with one undo."""

from service.domain.status import Status
from service.usecases import bulk
from service.web.desk import bulk as desk_bulk
from service.web.desk import score_ranges


def held(small, *scores):
    """Comments that are held for insults at these scores."""
    return [
        small.settle(small.submit(body=f"What a {n} times foolish thing to say."), {"insult": score})
        for n, score in enumerate(scores)
    ]


def press(browser, form, **more):
    """Send a form as it stands, with the button that was pressed, and go where it leads."""
    answer = browser.post(form.attributes["action"], form.fields() | more)
    assert answer.status == 303
    return browser.get(answer.headers["Location"])


def statuses(small, comments):
    return [small.again(comment).status for comment in comments]


def test_the_histogram_counts_what_is_held(small):
    held(small, 0.61, 0.62, 0.9)
    page = small.signed_in().get("/desk/ranges")
    titles = [bar.text for bar in page.tree.one("figure", class_="spread").all("title")]
    assert len(titles) == 50
    assert titles[30] == "0.60–0.62: 1"
    assert titles[31] == "0.62–0.64: 1"
    assert "3 comments from 0.00 to 1.00" in page.text
    assert len(page.tree.all("li", class_="card row")) == 3


def test_a_stretch_is_decided_and_taken_back(small):
    comments = held(small, 0.55, 0.65, 0.75, 0.85)
    browser = small.signed_in()
    page = browser.get("/desk/ranges?low=0.6&high=0.8&label=insult&site=courier")
    assert "2 comments from 0.60 to 0.80" in page.text
    done = press(browser, page.tree.one("form", class_="form-row"), action="reject")
    assert "Rejected: 2 comments." in done.text
    assert statuses(small, comments) == [Status.HELD, Status.REJECTED, Status.REJECTED, Status.HELD]
    (undo,) = [one for one in done.tree.all("form") if "/bulk/" in one.attributes["action"]]
    assert "All of it was undone." in press(browser, undo).text
    assert statuses(small, comments) == [Status.HELD] * 4


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
    done = press(browser, page.tree.one("form", class_="form-row"), action="reject")
    assert "Rejected: 1 comment." in done.text
    assert statuses(small, [low, high]) == [Status.HELD, Status.REJECTED]


def test_the_held_queue_leads_to_its_ranges(small):
    held(small, 0.7)
    queue = small.signed_in().get("/desk?sort=score&label=insult&site=courier")
    links = [one.attributes["href"] for one in queue.tree.one("form", class_="filters").all("a")]
    assert links == ["/desk/ranges?site=courier&label=insult"]


def test_what_arrives_after_the_look_is_not_decided(small):
    (seen,) = held(small, 0.7)
    browser = small.signed_in()
    page = browser.get("/desk/ranges")
    (later,) = held(small, 0.7)
    press(browser, page.tree.one("form", class_="form-row"), action="reject")
    assert statuses(small, [seen, later]) == [Status.REJECTED, Status.HELD]


def test_what_another_moderator_has_in_hand_is_left_to_them(small):
    comments = held(small, 0.7)
    small.signed_in("Noor").get("/desk")  # which claims it
    browser = small.signed_in()
    page = browser.get("/desk/ranges")
    press(browser, page.tree.one("form", class_="form-row"), action="reject")
    assert statuses(small, comments) == [Status.HELD]


def test_what_is_no_stretch_is_the_whole_scale(small):
    held(small, 0.7)
    browser = small.signed_in()
    assert "1 comment from 0.00 to 1.00" in browser.get("/desk/ranges?low=x&high=nan&label=rude").text
    assert "0 comments" in browser.get("/desk/ranges?site=nowhere").text
    assert "1 comment from 0.50 to 0.80" in browser.get("/desk/ranges?low=.8&high=.5").text
    form = browser.get("/desk/ranges").tree.one("form", class_="form-row").fields()
    for wrong in ({"action": "burn"}, {"action": "spam", "low": "2"}, {"action": "spam", "site": "nowhere"}):
        assert browser.post("/desk/ranges", form | wrong).status == 400
    assert browser.post("/desk/ranges", form | {"action": "spam", "until": "x"}).status == 400


def test_a_stretch_too_large_for_one_act_says_so(small, monkeypatch):
    small.held()
    small.held()
    browser = small.signed_in()
    assert "One act decides" not in browser.get("/desk/ranges").text
    monkeypatch.setattr(score_ranges, "MOST", 1)
    assert "One act decides the oldest 1 of them; the rest stays held." in browser.get("/desk/ranges").text


def test_an_act_that_stopped_leads_back_to_what_is_left(small, monkeypatch):
    comments = held(small, 0.61, 0.62, 0.63)
    browser = small.signed_in()
    form = browser.get("/desk/ranges?low=0.6&high=0.8").tree.one("form", class_="form-row")
    monkeypatch.setattr(bulk, "MOST", 2)
    monkeypatch.setattr(bulk, "SLICE", 1)
    done = press(browser, form, action="reject")
    assert "Rejected: 2 comments." in done.text
    assert "1 comment from 0.60 to 0.80" in done.text
    (undo,) = [one for one in done.tree.all("form") if one.attributes["action"].endswith("/undo")]
    press(browser, undo)
    assert statuses(small, comments) == [Status.HELD] * 3


def test_the_queue_of_decisions_leads_to_earlier_acts(small, monkeypatch):
    comments = held(small, 0.65, 0.75)
    browser = small.signed_in()
    for low, high in ((0.6, 0.7), (0.7, 0.8)):
        page = browser.get(f"/desk/ranges?low={low}&high={high}")
        press(browser, page.tree.one("form", class_="form-row"), action="reject")
    monkeypatch.setattr(desk_bulk, "ACTS", 1)
    queue = browser.get("/desk?queue=decided")
    assert "from 0.7 to 0.8" in queue.text
    assert "from 0.6 to 0.7" not in queue.text
    (link,) = queue.tree.one("nav", aria_label="Bulk decisions").all("a")
    earlier = browser.get(link.attributes["href"])
    assert "from 0.6 to 0.7" in earlier.text
    (undo,) = earlier.tree.one("section", aria_labelledby="acts-title").all("form")
    press(browser, undo)
    assert statuses(small, comments) == [Status.HELD, Status.REJECTED]


def test_an_undo_that_stopped_offers_the_rest(small, monkeypatch):
    comments = held(small, 0.61, 0.62, 0.63)
    browser = small.signed_in()
    form = browser.get("/desk/ranges?low=0.6&high=0.8").tree.one("form", class_="form-row")
    done = press(browser, form, action="reject")
    monkeypatch.setattr(bulk, "SLICE", 1)
    monkeypatch.setattr(bulk, "TIME_LIMIT_SECONDS", 0.0)
    (undo,) = [one for one in done.tree.all("form") if one.attributes["action"].endswith("/undo")]
    part = press(browser, undo)
    assert statuses(small, comments) == [Status.HELD, Status.REJECTED, Status.REJECTED]
    assert "Undone in part" in part.text
    monkeypatch.setattr(bulk, "TIME_LIMIT_SECONDS", 10.0)
    (rest,) = [one for one in part.tree.all("form") if one.attributes["action"].endswith("/undo")]
    assert "All of it was undone." in press(browser, rest).text
    assert statuses(small, comments) == [Status.HELD] * 3
