"""The pages over each store: one comment's whole way, and addresses that a database must never see."""

import pytest

from service.domain.status import Status
from tests.web.pages.desk import csrf
from tests.web.pages.installation import build_small

FORM = "/sites/courier/reply?article_url=https://courier.example/bridge"


@pytest.fixture
def stored(store, tmp_path):
    return build_small(tmp_path / "home", store)


def test_a_comments_way_from_the_form_over_the_desk_to_its_reader(stored):
    reader, desk = stored.browser(), stored.signed_in()
    form = reader.get(FORM).tree.one("form", id="reply-form").fields()
    typed = {"comment": "Hm.", "name": "Ada", "email": "a@example.org"}
    receipt = reader.post(FORM, form | typed).headers["Location"]
    assert "has arrived" in reader.get(receipt).text
    comment = stored.settle(stored.comments()[0])
    assert "A moderator will read" in reader.get(receipt).text
    card = desk.get("/desk").tree.one("form", class_="acts")
    assert desk.send(card, {"action": "approve"}).status == 303
    assert "A moderator will read" in reader.get(receipt).text
    stored.publish(5)
    assert "is published" in reader.get(receipt).text
    row = desk.get("/desk?queue=decided").tree.one("li", class_="card row").one("form")
    assert desk.send(row).status == 303
    assert stored.again(comment).status is Status.HELD
    assert "A moderator will read" in reader.get(receipt).text


PATHS = (
    "/sites/%00/reply?article_url=https://courier.example/bridge",
    f"{FORM}&parent_id=%00",
    f"{FORM}&parent_id=%ED%A0%80",
    f"{FORM}&parent_id={'9' * 128}",
    "/r/%00",
    "/r/%00/state?seen=%00",
    "/demo/%00",
    "/desk?after=999999999999999999",
    "/desk?queue=decided&after=999999999999999999",
    "/desk?queue=%00&done=%00&undone=%00",
    "/desk/comments/999999999999999999",
    "/desk/comments/9999999999999999999",
    "/desk/sign-in/%00",
)


def test_no_address_breaks_a_store(stored):
    browser = stored.signed_in()
    for path in PATHS:
        assert browser.get(path).status in (200, 404), path


def test_no_posted_value_breaks_a_store(stored):
    browser, comment = stored.signed_in(), stored.held()
    form = browser.get(FORM).tree.one("form", id="reply-form").fields()
    typed = {"comment": "Hm.", "name": "Ada", "email": "a@example.org"}
    for name in ("comment", "name", "email", "website", "ticket"):
        assert browser.post(FORM, form | typed | {name: "a\0b"}).status in (409, 422)
    assert browser.post(FORM, form | typed | {"parent_id": "\0", "topic": "\0"}).status == 303
    tag = csrf(browser.get("/desk"))
    base = {"csrf": tag, "action": "approve", "revision": "1", "queue": "\0", "after": "\0", "next": "\0"}
    url = f"/desk/comments/{comment.pk}"
    for name in ("revision", "replaces", "decision"):
        for value in ("\0", "9" * 18, "9" * 19):
            assert browser.post(f"{url}/undo", base | {name: value}).status in (400, 409)
    assert browser.post(f"{url}/decision", base | {"revision": "9" * 18}).status == 409
    assert browser.post(f"{url}/decision", base | {"replaces": "9" * 18}).status == 409
    assert browser.post(f"{url}/decision", base).status == 303
