"""`replydesk import`, `comments`, `deliveries` and `status`: comments in from a file, and what became of them."""

import json
import os
import stat
import subprocess
import sys
import time
from collections.abc import Callable

import pytest
from click.testing import Result
from prometheus_client import generate_latest

from service.domain.verdict import LABELS, Action, Assessment, Effort, Who
from service.messaging.tasks import SCORE
from service.observability.counters import home_registry
from service.usecases import Judgement, Scored, record_scores, review
from tests.factories import finish_delivery
from tests.wxr import HEAD, TAIL, comment, head, item

Run = Callable[..., Result]
EMAIL = "canary.of.the.import@example.org"


def line(name, body="The bridge is open.", **changes):
    made = {
        "article": {"url": "https://courier.example/a"},
        "author": {"name": "Ada", "email": EMAIL},
        "body": body,
    }
    return ({"id": name} if name else {}) | made | changes


@pytest.fixture
def courier(run, context):
    """The site that everything is imported into; it wants callbacks."""
    run(
        "site",
        "add",
        "courier",
        "--url",
        "https://courier.example",
        "--callback",
        "https://courier.example/hook",
    )
    with context.deps.store.read() as tx:
        found = tx.sites.get("courier")
    assert found is not None
    return found


@pytest.fixture
def imports(run, tmp_path, courier):
    """Write lines to a file, import it and return the counts."""

    def does(*lines, code=0, options=()):
        file = tmp_path / "comments.jsonl"
        file.write_bytes(
            b"".join(one if isinstance(one, bytes) else json.dumps(one).encode() + b"\n" for one in lines)
        )
        done = run("import", str(file), "--site", "courier", "--json", *options, code=code)
        does.said = done.stderr
        return json.loads(done.stdout)

    return does


def listed(run, *options):
    return [
        json.loads(one)
        for one in run("comments", "--site", "courier", "--json", *options).stdout.splitlines()
    ]


def decide_all(context, **scores):
    now = context.deps.clock()
    with context.deps.store.write() as tx:
        pending = tx.scoring.lease_pending(now, now, 10_000)
    said = Assessment(scores=dict.fromkeys(LABELS, 0.0) | scores, model="made-up-1")
    record_scores(context.deps, [Scored(one, said) for one in pending])


# -- import ------------------------------------------------------------------------------------------------------------


def test_lines_become_comments(imports, run, context):
    counts = imports(line("a"), line("b", "Two."), line(None, "Three."))
    assert counts == {"imported": 3, "replayed": 0, "revised": 0, "refused": 0}
    assert [one["body"] for one in listed(run)] == ["The bridge is open.", "Two.", "Three."]
    with context.deps.store.read() as tx:
        page = tx.comments.page(None, limit=10)
    assert {(str(one.source), one.live) for one in page.comments} == {("import", False)}


def test_an_import_may_ask_for_fast_scores(imports, context):
    imports(line("a"), options=("--fast",))
    assert imports(line("a"), line("b")) == {"imported": 1, "replayed": 1, "revised": 0, "refused": 0}
    with context.deps.store.read() as tx:
        signals = {one.id: one.signals for one in tx.comments.page(None).comments}
    assert {name: told.get("effort") for name, told in signals.items()} == {"a": "fast", "b": None}


def test_importing_again_repeats_nothing(imports):
    lines = [line("a"), line(None, "Same."), line(None, "Same."), line(None, "Other.")]
    assert imports(*lines)["imported"] == 4
    assert imports(*lines) == {"imported": 0, "replayed": 4, "revised": 0, "refused": 0}
    assert imports(line("a", "Changed."), *lines[1:])["revised"] == 1


def test_an_interrupted_import_goes_on(imports):
    assert imports(line(None, "One."), line(None, "Two."))["imported"] == 2
    counts = imports(line(None, "New first."), line(None, "One."), line(None, "Two."), line(None, "Three."))
    assert (counts["imported"], counts["replayed"]) == (2, 2)


def test_faulty_lines_are_named_and_left_out(imports):
    lines = [
        line("a"),
        line("b b"),
        b"not json\n",
        line("c", author={"name": "Ada"}),
        line("d", author={"name": "Ada", "email": "not.an.address.but.secret"}),
        b"\n",
        line("e", "Fine."),
        b'{"id": "f", "body": "\xff"}\n',
        line("g", " ", colour="red"),
    ]
    counts = imports(*lines, options=("--strict",), code=1)
    assert counts == {"imported": 2, "replayed": 0, "revised": 0, "refused": 6}
    said = imports.said
    for told in (
        "line 2: id:",
        "line 3: line:",
        "line 4: author.email:",
        "line 5: author.email:",
        "line 8: line:",
        "line 9: body:",
        "line 9: colour:",
    ):
        assert told in said
    assert "secret" not in said


def test_many_faults_are_counted_not_shown(imports):
    assert imports(*(line("no good") for _ in range(250)))["refused"] == 250
    said = imports.said.splitlines()
    assert len(said) == 101
    assert "counted" in said[-1]


def test_a_line_too_long_is_skipped_whole(imports):
    long = json.dumps(line("long", "a" * 5_000_000)).encode() + b"\n"
    assert imports(line("a"), long, long + long.rstrip(), b"\n", line("b", "Two.")) == {
        "imported": 2,
        "replayed": 0,
        "revised": 0,
        "refused": 3,
    }


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n", b"\n\n\n"])
def test_ends_of_lines_and_a_mark_at_the_beginning_are_taken_as_they_come(imports, end):
    raw = b"\xef\xbb\xbf" + json.dumps(line("a")).encode() + b"\r\n" + json.dumps(line("b")).encode() + end
    assert imports(raw)["imported"] == 2


def test_more_than_a_batch_is_imported(imports):
    assert imports(*(line(f"c-{n}", f"Text {n}.") for n in range(1201)))["imported"] == 1201


def test_an_empty_file_is_no_error(imports):
    assert sum(imports().values()) == 0


def test_an_imported_address_is_nowhere_in_the_home(imports, run, home):
    imports(line("a"), line("b", f"Write to {EMAIL}!"))
    stored = b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())
    assert EMAIL.encode() not in stored.lower()
    assert "canary" not in run("comments", "--site", "courier", "--json").stdout
    assert "⟦email⟧" in run("comments", "--site", "courier").stdout


def test_the_site_decides_whether_an_email_is_needed(run, imports):
    run("site", "set", "courier", "email_required=false")
    assert imports(line("a", author={"name": "Ada"}))["imported"] == 1


def test_a_file_that_cannot_be_read_is_named(run, courier, tmp_path):
    assert "is a directory" in run("import", str(tmp_path), "--site", "courier", code=2).stderr


# -- comments ----------------------------------------------------------------------------------------------------------


def test_comments_are_listed_with_where_they_stand(imports, run, context):
    imports(line("a"), line("b", "Two."))
    decide_all(context)
    imports(line("c", "Three."))
    assert [(one["id"], one["status"]) for one in listed(run)] == [
        ("a", "approved"),
        ("b", "approved"),
        ("c", "pending"),
    ]
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


def test_every_page_is_listed_once(imports, run):
    imports(*(line(f"c-{n:03}", f"Text {n}.") for n in range(450)))
    assert [one["id"] for one in listed(run)] == [f"c-{n:03}" for n in range(450)]


def test_a_listing_cannot_steer_a_terminal(imports, run):
    imports(line("a", "\x1b[31mred\x07 \u202etxet"))
    assert not {"\x1b", "\x07", "\u202e"} & set(run("comments", "--site", "courier").stdout)


# -- deliveries and status ---------------------------------------------------------------------------------------------


def test_callbacks_are_listed_and_dead_ones_replayed(imports, run, context, courier):
    imports(line("a"), line("b", "Two."))
    decide_all(context)
    now = context.deps.clock()
    with context.deps.store.write() as tx:
        for delivery in tx.deliveries.lease(now, now, 10):
            finish_delivery(tx, delivery.id, delivery.attempts, "dead", "gone: HTTP 410", None, now)
    told = run("deliveries", "list", "--site", "courier", "--dead", "--json").stdout
    dead = [json.loads(one) for one in told.splitlines()]
    assert [(one["state"], one["attempts"], one["last_outcome"]) for one in dead] == [
        ("dead", 1, "gone: HTTP 410")
    ] * 2
    assert "bridge" not in told
    assert "comment.approved" in run("deliveries", "list").stdout
    assert json.loads(run("deliveries", "replay", str(dead[0]["id"]), "--json").stdout) == {"replayed": 1}
    assert "1 on their way" in run("deliveries", "replay", "--dead", "--site", "courier").stdout
    assert run("deliveries", "list", "--dead", "--json").stdout == ""


def test_the_status_tells_what_waits(imports, run, context):
    imports(line("a"), line("b", "Two."))
    told = json.loads(run("status", "--json").stdout)
    assert (told["pending"], told["oldest_unscored_seconds"], told["up"]["store"]) == (2, 0.0, "ok")
    assert told["up"]["broker"] == "none"
    decide_all(context)
    run("site", "set", "courier", "callback_disabled=moving house")
    told = json.loads(run("status", "--json").stdout)
    assert (told["pending"], told["deliveries"]["waiting"]) == (0, 2)
    assert told["callbacks_off"] == {"courier": "moving house"}
    plain = run("status").stdout
    assert "moving house" in plain
    assert "2 waiting" in plain


def test_the_status_tells_the_effort_and_what_is_scored_again(imports, run, context):
    told = json.loads(run("status", "--json").stdout)
    assert (told["effort"], told["effort_seconds"], told["to_rescore"]) == ("full", None, 0)
    assert "in full" in run("status").stdout
    imports(line("a"))
    now = context.deps.clock()
    with context.deps.store.write() as tx:
        (leased,) = tx.scoring.lease_pending(now, now, 9)
        tx.scoring.set_effort(Effort.FAST, now)
    scores = dict.fromkeys(LABELS, 0.0) | {"toxicity": 0.7}
    record_scores(context.deps, [Scored(leased, Assessment(scores, "made-up-1", effort=Effort.FAST))])
    told = json.loads(run("status", "--json").stdout)
    assert (told["effort"], told["to_rescore"]) == ("fast", 1)
    assert told["effort_seconds"] < 60
    assert "too much waits, 1 to be scored again" in run("status").stdout


def test_the_status_tells_of_a_broker_that_is_away(run, courier, tmp_path, monkeypatch):
    monkeypatch.setenv("REDIS_URL", f"unix://{tmp_path}/none.sock")
    told = json.loads(run("status", "--json", code=1).stdout)
    assert told["up"]["broker"].startswith("does not answer")
    assert told["pending"] == 0


def test_the_status_knows_worker_and_beat_by_their_heartbeats(run, courier, redis_url, monkeypatch):
    from service.messaging.dispatcher import HEARTBEAT_SECONDS, Answerer, connect
    from service.messaging.tasks import SWEEP

    monkeypatch.setenv("REDIS_URL", redis_url)
    monkeypatch.setenv("REPLYDESK_REDIS_PREFIX", "status-test:")
    told = json.loads(run("status", "--json", code=1).stdout)
    assert (told["up"]["worker"], told["up"]["beat"]) == ("not heard of", "not heard of")
    assert told["last_sweep_seconds"] is None
    with connect(redis_url) as broker:  # beat went; a worker scores for the web, and sweeps no more
        for name in (SWEEP, "beat"):
            broker.set(f"status-test:heartbeat:{name}", time.time() - 45, px=(HEARTBEAT_SECONDS - 45) * 1000)
    Answerer(redis_url, "status-test:").begun(SCORE)
    told = json.loads(run("status", "--json", code=1).stdout)
    assert told["up"] == {"store": "ok", "broker": "ok", "worker": "ok", "beat": "not heard of for 45 s"}
    assert 45 <= told["last_sweep_seconds"] < 50
    plain = run("status", code=1).stdout
    assert "45." in plain
    assert "clocks" not in plain


def test_the_status_tells_of_a_clock_that_is_wrong(run, courier, redis_url, monkeypatch):
    from service.messaging.dispatcher import Answerer
    from service.messaging.tasks import SWEEP

    monkeypatch.setenv("REDIS_URL", redis_url)
    monkeypatch.setenv("REPLYDESK_REDIS_PREFIX", "skew-test:")
    then = time.time() - 40
    with monkeypatch.context() as there:
        there.setattr("service.messaging.dispatcher.time.time", lambda: then)
        Answerer(redis_url, "skew-test:").begun(SWEEP)
    told = json.loads(run("status", "--json", code=1).stdout)
    assert told["up"]["worker"] == "ok"
    assert -45 < told["clock_skew_seconds"] <= -39
    assert "s behind the broker's: let NTP set it" in " ".join(run("status", code=1).stdout.split())


def test_the_status_asks_on_when_the_store_is_away(run, courier, redis_url, home, monkeypatch):
    from service.messaging.dispatcher import Answerer
    from service.messaging.tasks import SWEEP

    monkeypatch.setenv("REDIS_URL", redis_url)
    monkeypatch.setenv("REPLYDESK_REDIS_PREFIX", "storeless-test:")
    Answerer(redis_url, "storeless-test:").begun(SWEEP)
    for path in home.glob("replydesk.db*"):
        path.unlink()
    (home / "replydesk.db").write_text("no database")
    told = json.loads(run("status", "--json", code=1).stdout)
    assert told["up"]["store"].startswith("fails (")
    assert (told["up"]["broker"], told["up"]["worker"]) == ("ok", "ok")
    assert "pending" not in told
    assert "fails (" in run("status", code=1).stdout


def test_watching_goes_on_while_the_store_is_away(run, courier, context, monkeypatch):
    from service.cli import status

    waiting, looks = status._waiting, []

    def away_for_a_moment(context):
        looks.append(1)
        if len(looks) == 4:
            raise KeyboardInterrupt
        if len(looks) == 2:
            raise ConnectionResetError("the database went away")
        return waiting(context)

    monkeypatch.setattr(status, "_waiting", away_for_a_moment)
    monkeypatch.setattr(status, "WATCH_SECONDS", 0.0)
    told = [
        json.loads(line) for line in run("status", "--json", "--watch", code=1).stdout.splitlines() if line
    ]
    assert [one["up"]["store"] for one in told] == ["ok", "fails (ConnectionResetError)", "ok"]
    assert ["pending" in one for one in told] == [True, False, True]
    looks.clear()
    run("status", "--watch", code=1)
    assert len(looks) == 4


def test_the_master_key_of_a_home_is_its_owners_alone(run, home):
    """Made with the first command that needs it, readable by nobody else."""
    run("site", "list")
    (key,) = home.glob("*.key")
    assert stat.S_IMODE(key.stat().st_mode) == 0o600


def test_a_wordpress_export_is_known_by_its_first_bytes(run, tmp_path, courier):
    file = tmp_path / "export.xml"
    file.write_bytes(b"\xef\xbb\xbf\n" + HEAD + item(comment(1), comment(2, state="0")) + TAIL)
    done = run("import", str(file), "--site", "courier", "--json")
    assert json.loads(done.output) == {"imported": 2, "replayed": 0, "revised": 0, "refused": 0}


def test_a_broken_export_ends_the_import_with_its_line(run, tmp_path, courier):
    file = tmp_path / "export.xml"
    file.write_bytes(HEAD + item(comment(1)))
    done = run("import", str(file), "--site", "courier", code=2)
    assert "line " in done.output


def test_an_import_counts_in_the_homes_metrics(home, courier, tmp_path, context):
    file = tmp_path / "comments.jsonl"
    file.write_text(json.dumps(line("c-1")) + "\n" + json.dumps(line("c-2")) + "\n")
    command = [sys.executable, "-m", "service.cli.main", "import", str(file), "--site", courier.name]
    subprocess.run(command, env=dict(os.environ), check=True, capture_output=True)
    told = generate_latest(home_registry(context.settings.home)).decode()
    assert 'replydesk_submissions_total{outcome="new",source="import"} 2.0' in told


def test_what_is_odd_in_an_export_is_counted_and_named(run, tmp_path, courier):
    file = tmp_path / "export.xml"
    begin = head("https://courier.example")
    file.write_bytes(
        begin
        + item(comment(1), comment(2, "Note.", kind="note"), status="publish")
        + item(comment(3, "Good #."), status="private").replace(b"#", b"\x96")
        + TAIL
    )
    done = run("import", str(file), "--site", "courier", "--json")
    assert json.loads(done.stdout) == {
        "imported": 2,
        "replayed": 0,
        "revised": 0,
        "refused": 0,
        "left_out": 1,
        "not_shown": 1,
        "repaired": 1,
    }
    assert "line 2: character: held a character that is none in the file's encoding" in done.stderr
    file.write_bytes(begin + item(comment(4, "Four.")) + item(comment(5, "Five.")) + b"<item><broken")
    done = run("import", str(file), "--site", "courier", "--json", code=2)
    assert json.loads(done.stdout)["imported"] == 2
    assert "line " in done.stderr


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
    assert (
        "url: https://courier.example/2026/a"
        in run("article", "set", url, "--public", "--site", "courier").output
    )
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
