"""Every route as nobody, as each role, with another site's key and with the site's own: no surprise anywhere."""

import pytest

from tests.web.routes import CALLERS, ROUTES
from tests.web.walk import Walk


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
    assert [step for step in steps if step.is_surprise] == []


def test_no_act_of_the_desk_works_without_the_forms_tag(walk):
    posts = [one for one in walk.rules() if one[2] == "POST" and one[1].rule.startswith("/desk")]
    guarded = [one for one in posts if "sign-in" not in one[0]]
    assert len(guarded) >= 10
    steps = [walk.step(*one, caller="admin", expected="role", tagged=False) for one in guarded]
    assert [step for step in steps if step.is_surprise] == []
