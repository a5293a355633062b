"""`replydesk privacy audit`: nothing comes out of the service, on both stores; and whatever does is found and named."""

import json
import re
import signal
import subprocess

import pytest
from sqlalchemy import inspect, text

from service import config
from service.context import build_context
from service.domain.comment import Source
from service.leak_audit.audit import Audit
from service.storage.engines import open_engine
from tests import servers
from tests.conftest import missing
from tests.journey.installation import REPLYDESK, Installation
from tests.journey.leaks import LEAKS, Front, Scene
from tests.processes import until

pytestmark = [pytest.mark.journey, pytest.mark.timeout(300)]
APPENDED = {"acts", "act_heads", "sqlite_sequence", "sign_in_failures", "numbers"}
"""The log of human acts is append-only: that there was an erasure stays in it."""


@pytest.fixture(scope="module", params=["embedded", "postgresql and redis"])
def installation(request, tmp_path_factory):
    """A running installation: as `make run` starts it, then on PostgreSQL and Redis."""
    folder = tmp_path_factory.mktemp("audited")
    temporary = folder / "tmp"
    temporary.mkdir()
    env = {"TMPDIR": str(temporary)}
    if request.param != "embedded":
        env |= {
            "REPLYDESK_DATABASE_URL": request.getfixturevalue("clean_database_url"),
            "REDIS_URL": request.getfixturevalue("redis_url"),
            "REPLYDESK_CALLBACK_ALLOW": "127.0.0.0/8",
            "REPLYDESK_WORKER_POOL": "threads",
        }
    with Installation(folder / "home", **env) as running:
        yield running


@pytest.fixture(scope="module")
def clean_database_url():
    """The URL of a PostgreSQL database for one installation alone."""
    try:
        with servers.postgresql_database() as url:
            yield url
    except servers.Missing as reason:
        missing(str(reason))


def counted(url):
    engine = open_engine(url)
    with engine.connect() as connection:
        tables = set(inspect(connection).get_table_names()) - APPENDED
        found = {
            name: int(connection.execute(text(f'SELECT count(*) FROM "{name}"')).scalar_one())
            for name in tables
            if not name.startswith("words")
        }
    engine.dispose()
    return found


@pytest.fixture(scope="module")
def scene(installation):
    """The service with the canaries of one audit in it, a front before it; afterwards every row is gone again."""
    context = build_context(config.load(installation.env), env=installation.env)
    before = counted(context.settings.database_url)
    temporary = installation.home.parent / "tmp"
    with Front(installation.url) as front:
        audit = Audit(context, front.url, environment=installation.env, temporary=[temporary])
        with audit:
            audit.plant()
            yield Scene(context, audit, front, installation.home, temporary)
    after = counted(context.settings.database_url)
    context.close()
    assert {name: (before[name], after[name]) for name in before if before[name] != after[name]} == {}


@pytest.fixture(scope="module")
def clean(scene):
    return scene.audit.search()


@pytest.fixture(scope="module")
def leaked(scene, clean):
    """What the audit says once every leak has happened."""
    for leak, _, _ in LEAKS.values():
        leak(scene)
    return scene.audit.search()


def test_nothing_comes_out_of_the_service(clean):
    assert clean.found == []
    assert clean.not_reached in (
        [],
        ["logs: those of processes that run elsewhere; name their files with --also"],
    )
    wanted = {
        "answers",
        "callbacks",
        "rows",
        "database files",
        "files of the home",
        "broker",
        "what programs said",
    }
    assert wanted <= set(clean.searched)
    assert all(one["bytes"] > 0 for one in clean.searched.values())
    assert clean.forms > 300
    assert len(clean.paths) > 60
    assert [one for one in clean.paths if one["outcome"] == "no answer"] == []
    # /readyz says rightly that no worker was heard of: none runs in this installation
    broken = [one for one in clean.paths if one["outcome"].startswith("5")]
    assert not [one for one in broken if one != {"path": "page: /readyz", "outcome": "503"}]


def test_what_needs_a_signature_or_a_refusal_gets_it(clean, scene):
    outcomes = {}
    for one in clean.paths:
        outcomes.setdefault(one["path"], set()).add(one["outcome"])
    for name in ("coral phase", "coral events", "/v1alpha1/comments:suggestscore", "/1.1/submit-spam"):
        assert outcomes[f"compat: {name}"] == {"200"}, name
    assert outcomes["compat: coral phase, wrongly signed"] == {"401"}
    assert outcomes["decided: by form"] == outcomes["erasure by receipt"] == {"200"}
    with scene.context.deps.store.read() as tx:
        kept = tx.comments.page(scene.audit.site.site.id, limit=200).comments
        assert [one.text for pk in kept for one in tx.appeals.of_comment(pk.pk)] == ["Mail me: ⟦email⟧"]
        assert [one for one in kept if one.source is Source.COMPAT]
        assert [one for one in kept if tx.labels.of_comment(one.pk)]


@pytest.mark.parametrize("name", LEAKS)
def test_each_leak_is_found_and_its_place_named(leaked, name):
    _, place, form = LEAKS[name]
    hits = [hit for hit in leaked.found if re.match(place, hit.place)]
    assert hits, f"{name}: not found at {place}; found {sorted({hit.place for hit in leaked.found})}"
    assert [hit for hit in hits if hit.form.startswith(form)], {hit.form for hit in hits}


def test_a_leak_that_is_everywhere_hides_no_other_place(leaked):
    named = [(hit.place, hit.form, hit.canary) for hit in leaked.found]
    assert len(named) == len(set(named))


def audited(scene):
    with scene.context.deps.store.read() as tx:
        return [site.name for site in tx.sites.all() if site.name.startswith("audit-")]


@pytest.fixture
def embedded(installation):
    """The embedded installation: the command itself is the same on both stores, and once is enough."""
    if "REPLYDESK_DATABASE_URL" in installation.env:
        pytest.skip("the command is tried on the embedded installation")
    return installation


def test_the_command_says_so_and_leaves_nothing(embedded, scene):
    told = json.loads(embedded.run("privacy", "audit", "--json"))
    assert (told["clean"], told["found"]) == (True, [])
    assert told["forms"] > 300
    assert told["canaries"] > 20
    assert told["bytes"] > 1_000_000
    assert audited(scene) == [scene.audit.site.site.name]


def test_an_audit_that_is_told_to_end_leaves_nothing(embedded, scene):
    temporary = embedded.home.parent / "tmp"
    folders = set(temporary.iterdir())
    with subprocess.Popen(
        [REPLYDESK, "privacy", "audit"],
        env=embedded.env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        until(lambda: len(audited(scene)) == 2 or running.poll() is not None, 30)
        running.terminate()
        _, said = running.communicate(timeout=30)
    assert (running.returncode, said) == (128 + signal.SIGTERM, "")
    assert audited(scene) == [scene.audit.site.site.name]
    assert {one for one in temporary.iterdir() if one.name.startswith("replydesk-audit-")} <= folders


def test_an_installation_that_does_not_answer_is_not_audited(embedded, scene):
    embedded.run("privacy", "audit", "--url", "http://127.0.0.1:1", expect=2)
    assert audited(scene) == [scene.audit.site.site.name]
