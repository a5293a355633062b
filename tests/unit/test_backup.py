"""Backups: taken while comments come in and are decided, and put back whole into an empty database, or not at all."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field

import pytest
from click.testing import CliRunner

from service.cli.main import cli
from service.config import load
from service.context import AppContext, build_context
from service.domain.comment import Article, Placed, Source, Submission
from service.domain.verdict import LABELS, Assessment
from service.messaging.dispatcher import RecordingDispatcher
from service.privacy.signatures import receipt_token
from service.storage import migrate
from service.usecases import Scored, record_scores, submit
from service.usecases.sites import Enrolment, enrol_site
from service.web import create_app
from tests import servers

MASTER = "5e" * 32
KNOWN = {"REPLYDESK_MASTER_KEY": MASTER}


@dataclass
class Load:
    """Threads that post comments and one that decides them, until they are told to stop; `accepted` keeps the ids."""

    context: AppContext
    courier: Enrolment
    accepted: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def __enter__(self):
        acts = (self._post, self._post, self._decide)
        self._threads = [threading.Thread(target=self._until_over, args=[act]) for act in acts]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self._threads:
            thread.join(30)

    def _until_over(self, act):
        try:
            while not self.over.wait(0.02):
                act()
        except Exception as failure:  # noqa: BLE001  # a thread's: the test looks at it
            self.failures.append(repr(failure))

    def _post(self):
        given = Submission(Article("https://courier.example/b"), "Ada", "A fine bridge.", Source.API)
        for one in submit(self.context.deps, self.context.sanitizer, self.courier.site, [given]):
            if isinstance(one, Placed):
                self.accepted.append(one.comment.id)

    def _decide(self):
        deps = self.context.deps
        with deps.store.write() as tx:
            leased = tx.scoring.lease_pending(deps.clock(), deps.clock(), 20)
        fine = Assessment(dict.fromkeys(LABELS, 0.01), "made-up-1")
        record_scores(deps, [Scored(one, fine) for one in leased])


@pytest.fixture(params=["sqlite", "postgresql"])
def urls(request, tmp_path):
    """A database with tables and an empty one beside it, of each kind."""
    if request.param == "sqlite":
        full = f"sqlite:///{tmp_path / 'full.db'}"
        migrate.upgrade(full)
        yield full, f"sqlite:///{tmp_path / 'empty' / 'empty.db'}"
        return
    with servers.postgresql_database() as empty:
        yield request.getfixturevalue("clean_postgres_url"), empty


def deps(url, home):
    env = {**KNOWN, "REPLYDESK_HOME": str(home), "REPLYDESK_DATABASE_URL": url}
    return build_context(load(env), env=env, dispatcher=RecordingDispatcher())


def replydesk(url, home, *words, **env):
    surroundings = {**KNOWN, "REPLYDESK_HOME": str(home), "REPLYDESK_DATABASE_URL": url, **env}
    return CliRunner().invoke(cli, words, env=surroundings)


def test_a_backup_under_load_comes_back_whole(urls, tmp_path):
    full, empty = urls
    context, copy = deps(full, tmp_path), tmp_path / "copy"
    courier = enrol_site(context, "courier", "https://courier.example", "https://courier.example/hook")
    try:
        with Load(context, courier) as load_:
            while len(load_.accepted) < 60 and not load_.failures:
                load_.over.wait(0.01)
            before = list(load_.accepted)
            taken = replydesk(full, tmp_path, "backup", str(copy), "--json")
        assert load_.failures == []
        assert taken.exit_code == 0, taken.output
        note = json.loads(taken.stdout)
        assert len(before) <= note["rows"]["comments"] <= len(load_.accepted)
        assert copy.stat().st_mode & 0o077 == 0
        assert MASTER not in copy.with_name("copy.json").read_text()
        back = replydesk(empty, tmp_path, "restore", str(copy), "--json")
        assert back.exit_code == 0, back.output
        told = json.loads(back.stdout)
        assert (told["rows"], told["master_key_fits"]) == (note["rows"], True)
        restored = deps(empty, tmp_path)
        try:
            receipts = [receipt_token(context.keyring, "courier", name) for name in before]
            compare(restored, courier, before, receipts, note["rows"])
        finally:
            restored.close()
    finally:
        context.close()


def compare(restored, courier, before, receipt_tokens, rows):
    """Look at what came back as a site and a reader would."""
    with restored.deps.store.read() as tx:
        site = tx.sites.get("courier")
        assert all(tx.comments.get(site.id, name) for name in before)
        feed = tx.decisions.feed(site.id, 0, 1_000)
        assert [one.seq for one, _ in feed] == list(range(1, min(1_000, rows["decisions"]) + 1))
        mail = tx.statistics.backlog(restored.deps.clock()).deliveries_waiting
        assert mail == rows["deliveries"]
    asked = create_app(restored).test_client()
    receipts = [asked.get(f"/r/{token}").status_code for token in receipt_tokens]
    assert receipts == [200] * len(receipt_tokens)
    secret = restored.keyring.decrypt("courier", "webhook", site.webhook_secrets[0]).decode()
    assert secret == courier.webhook_secret
    given = Submission(Article("https://courier.example/b"), "Bo", "After the restore.", Source.API)
    (after,) = submit(restored.deps, restored.sanitizer, site, [given])
    assert after.outcome == "new"
    beyond_what_was_told(restored, site, rows)


def beyond_what_was_told(restored, site, rows):
    """Decide something: its number and webhook-id are none that the service that died can have given meanwhile."""
    now = restored.deps.clock()
    with restored.deps.store.write() as tx:
        leased = tx.scoring.lease_pending(now, now, 1_000)
    assert len(record_scores(restored.deps, [Scored(one, None) for one in leased])) == len(leased) > 0
    with restored.deps.store.read() as tx:
        (told, _) = tx.decisions.feed(site.id, rows["decisions"], 1)[0]
        mail = [one.webhook_id for one in tx.deliveries.page(site.id, None, 10_000)]
    assert told.seq is not None
    assert min(told.seq, told.id) > rows["decisions"] + 1_000_000
    assert f"msg_{site.id}_{told.seq}" in mail


@pytest.fixture
def copy(run, home):
    run("site", "add", "courier", "--url", "https://courier.example")
    run("backup", str(home / "copy"))
    return home / "copy"


def test_neither_a_database_with_tables_nor_a_backup_is_overwritten(run, copy):
    assert "has tables already" in run("restore", str(copy), code=2).output
    assert "courier" in run("site", "show", "courier").output
    assert "there is one already" in run("backup", str(copy), code=2).output


def other_rows(note):
    changed = json.loads(note)
    changed["rows"]["sites"] = 2
    return json.dumps(changed)


@pytest.mark.parametrize(
    ("key", "note", "said"),
    [
        ("ab" * 32, str, "another key than the backup's"),
        (MASTER, lambda _: None, "is needed"),
        (MASTER, lambda _: "{", "no note of a backup"),
        (MASTER, lambda _: '{"replydesk": "x"}', "no note"),
        (MASTER, lambda _: "[]", "no note"),
        (MASTER, other_rows, "sites: other rows"),
    ],
)
def test_a_copy_that_does_not_fit_its_note_is_refused(copy, tmp_path, key, note, said):
    beside = copy.with_name("copy.json")
    changed = note(beside.read_text())
    beside.unlink()
    if changed is not None:
        beside.write_text(changed)
    url = f"sqlite:///{tmp_path / 'other.db'}"
    done = replydesk(url, tmp_path, "restore", str(copy), REPLYDESK_MASTER_KEY=key)
    assert (done.exit_code, said in done.output) == (2, True), done.output
