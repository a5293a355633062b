"""`replydesk comments`, `deliveries` and `article`: what became of the comments, and where they stand."""

import json
import stat

import pytest

from service.domain.verdict import Action, Who
from service.usecases import Judgement, review
from tests.factories import finish_delivery
from tests.unit.importing import decide_all, line, listed


def test_comments_are_listed_with_where_they_stand(imports, run, context):
    imports(line("a"), line("b", "Two."))
    decide_all(context)
    imports(line("c", "Three."))
    found = {one["id"]: one["status"] for one in listed(run)}
    assert found == {"a": "approved", "b": "approved", "c": "pending"}
    (pending,) = listed(run, "--status", "pending")
    assert (pending["seconds_to_verdict"], pending["verdict"]) == (None, None)
    approved = listed(run, "--status", "approved")[0]
    assert approved["seconds_to_verdict"] >= 0
    assert approved["verdict"]["model"] == "made-up-1"
    assert not {"email", "author_key", "client", "ip"} & set(approved)


def test_a_desk_decision_that_waits_is_not_listed(imports, run, context, courier):
    imports(line("a"), line("b", "Two."), line("c", "Three."))
    decide_all(context, toxicity=0.7)
    before = listed(run)
    assert {one["status"] for one in before} == {"held"}
    review(context.deps, courier, "b", Judgement(Action.REJECT, Who.MODERATOR, "Mo"), delay=60.0)
    imports(line("d", "Four."))
    review(context.deps, courier, "d", Judgement(Action.APPROVE, Who.MODERATOR, "Mo"), delay=60.0)
    assert [one for one in listed(run) if one["id"] != "d"] == before
    assert [one["id"] for one in listed(run, "--status", "held")] == ["a", "b", "c"]
    (pending,) = listed(run, "--status", "pending")
    assert (pending["id"], pending["status"], pending["decided_at"]) == ("d", "pending", None)
    assert listed(run, "--status", "rejected") == listed(run, "--status", "approved") == []
    assert "rejected" not in run("comments", "--site", "courier").stdout


def test_a_listing_cannot_steer_a_terminal(imports, run):
    imports(line("a", "\x1b[31mred\x07 \u202etxet"))
    assert not {"\x1b", "\x07", "\u202e"} & set(run("comments", "--site", "courier").stdout)


def test_callbacks_are_listed_and_dead_ones_replayed(imports, run, context, courier):
    imports(line("a"), line("b", "Two."))
    decide_all(context)
    now = context.deps.clock()
    with context.deps.store.write() as tx:
        for delivery in tx.deliveries.lease(now, now, 10):
            finish_delivery(tx, delivery.id, delivery.attempts, "dead", "gone: HTTP 410", None, now)
    told = run("deliveries", "list", "--site", "courier", "--dead", "--json").stdout
    dead = [json.loads(one) for one in told.splitlines()]
    found = [(one["state"], one["attempts"], one["last_outcome"]) for one in dead]
    assert found == [("dead", 1, "gone: HTTP 410")] * 2
    assert "bridge" not in told
    assert "comment.approved" in run("deliveries", "list").stdout
    assert json.loads(run("deliveries", "replay", str(dead[0]["id"]), "--json").stdout) == {"replayed": 1}
    assert "1 on their way" in run("deliveries", "replay", "--dead", "--site", "courier").stdout
    assert run("deliveries", "list", "--dead", "--json").stdout == ""


def test_the_master_key_is_made_by_the_first_command_for_its_owner_alone(run, home):
    run("site", "list")
    (key,) = home.glob("*.key")
    assert stat.S_IMODE(key.stat().st_mode) == 0o600


def test_an_article_is_described_and_moved(run, imports):
    imports(line("a"), line("b", "Two."))
    url, to = "http://www.courier.example/a/?utm_source=x", "https://courier.example/2026/a"
    given = ["--site", "courier", "--json"]
    run("article", "set", url, "--title", "The bridge", "--published-at", "2026-11-22T19:00:00+01:00", *given)
    told = json.loads(run("article", "set", url, "--title", "", "--private", *given).stdout)
    assert told == {
        "url": "https://courier.example/a",
        "title": None,
        "published_at": "2026-11-22T18:00:00Z",
        "private": True,
    }
    moved = json.loads(run("article", "move", url, to, *given).stdout)
    assert moved == told | {"url": to, "moved": 2}
    said = run("article", "set", url, "--public", "--site", "courier").output
    assert "url: https://courier.example/2026/a" in said
    assert "no article" in run("article", "move", f"{to}/none", url, "--site", "courier", code=2).output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("set", "bridge"), "URL: must be an absolute http or https URL"),
        (("set", "https://c.example/", "--published-at", "soon"), "--published-at: must be like"),
        (("set", "https://c.example/", "--title", "x" * 501), "--title: must be at most 500"),
        (("move", "https://c.example/", "/b"), "URL: must be"),
        (("move", "https://c.example/", "https://c.example/b", "--site", "nobody"), "There is no site"),
    ],
)
def test_what_is_wrong_with_an_article_is_said_in_a_line(run, courier, arguments, said):
    site = () if "--site" in arguments else ("--site", "courier")
    assert said in run("article", *arguments, *site, code=2).output
