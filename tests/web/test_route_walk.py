"""Every route as nobody, as each role, with another site's key and with the site's own: no surprise anywhere."""

import pytest

from service.web.desk.access import requires
from tests.web.routes import CALLERS, ROUTES
from tests.web.walk import CANARY, Walk, table


@pytest.fixture(scope="module")
def walk(tmp_path_factory):
    """One installation for all steps: it is put back after each."""
    made = Walk(tmp_path_factory.mktemp("walk"))
    yield made
    made.newsroom.context.close()


def test_every_route_has_a_line_in_the_table_and_every_line_a_route(walk):
    there = {route for route, _, _ in walk.rules()}
    assert sorted(there - ROUTES.keys()) == [], "say in tests/web/routes.py who may use these"
    assert sorted(ROUTES.keys() - there) == [], "these lines of tests/web/routes.py have no route"


def test_the_walk_finds_no_surprise(walk):
    steps = list(walk.steps())
    assert len(steps) == len(ROUTES) * len(CALLERS)
    assert not [step for step in steps if step.is_surprise], table(steps)


def test_no_act_of_the_desk_works_without_the_forms_tag(walk):
    posts = [one for one in walk.rules() if one[2] == "POST" and one[1].rule.startswith("/desk")]
    guarded = [one for one in posts if "sign-in" not in one[0]]
    assert len(guarded) >= 10
    for route, rule, method in guarded:
        step = walk.step(route, rule, method, "admin", "role", tagged=False)
        assert not step.is_surprise, (route, step)


def test_the_walk_sees_what_is_wrong(tmp_path):
    walk = Walk(tmp_path)
    app, newsroom = walk.newsroom.app, walk.newsroom

    def withdraw():
        newsroom.call("DELETE", "/v1/comments/c-1")
        return "done"

    app._got_first_request = False  # Flask lets nobody add routes to an application that has answered
    app.add_url_rule("/desk/unguarded", "unguarded", lambda: "in")
    app.add_url_rule("/desk/for-leads", "for_leads", requires("lead")(lambda: "in"))
    app.add_url_rule("/leak", "leak", lambda: CANARY)
    app.add_url_rule("/change", "change", withdraw)
    found = {
        route: [walk.step(route, rule, method, caller, "sign in") for caller in CALLERS]
        for route, rule, method in walk.rules()
        if route not in ROUTES
    }
    assert [step.found for step in found["GET /desk/unguarded"]] == ["in"] * 6
    assert [step.found for step in found["GET /desk/for-leads"]] == [
        "sign in", "role", "in", "in", "sign in", "sign in",
    ]  # fmt: skip
    assert [step.leaked for step in found["GET /leak"]] == [True] * 5 + [False]
    assert [step.touched for step in found["GET /change"]] == [True] * 5 + [False]
