"""Running an import again: it repeats nothing, whatever the file holds and whatever happened to its comments since."""

import io
import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from service.config import load
from service.context import build_context
from service.domain.comment import Placed, Source
from service.importers.jsonl import import_lines
from service.messaging.dispatcher import RecordingDispatcher
from service.usecases import submit
from service.usecases.sites import enrol_site, tune_site
from service.usecases.submission import read_submission
from tests.factories import NOON, sqlite_store
from worker.maintenance import KEYS_KEPT

Line = dict[str, Any]


class Import:
    """A site, the file that is imported into it, and the clock."""

    def __init__(self, home):
        self.now = NOON
        env = {"REPLYDESK_HOME": str(home)}
        self.context = build_context(
            load(env), env=env, store=sqlite_store(), dispatcher=RecordingDispatcher(), clock=self._clock
        )
        self.site = enrol_site(self.context, "courier", "https://courier.example").site

    def _clock(self):
        return self.now

    def run(self, *lines):
        """Import the lines as one file and return what was counted."""
        raw = io.BytesIO(b"".join(json.dumps(one).encode() + b"\n" for one in lines))
        counts = Counter()
        for batch in import_lines(self.context, self.site, raw):
            counts += batch.counts
        return dict(counts)

    def post(self, given):
        """Let the site post the same comment over the API."""
        taken = read_submission(given, Source.API)
        (answer,) = submit(self.context.deps, self.context.sanitizer, self.site, [taken])
        assert isinstance(answer, Placed)

    def months_later(self):
        """Let time pass, and the sweep drop what it drops."""
        self.now += timedelta(days=90)
        with self.context.deps.store.write() as tx:
            tx.retention.prune(self.now, self.now - KEYS_KEPT)

    def comment(self, name="a"):
        with self.context.deps.store.read() as tx:
            found = tx.comments.get(self.site.id, name)
        assert found is not None
        return found


@pytest.fixture
def importing(tmp_path):
    made = Import(tmp_path)
    yield made
    made.context.close()


def line(name, body):
    written = {
        "article": {"url": "https://courier.example/a"},
        "author": {"name": "Ada", "email": "ada@example.org"},
        "body": body,
    }
    return {"id": name, **written} if name else written


def no_time(importing):
    """Run again at once."""


@pytest.mark.parametrize("between", [no_time, Import.months_later])
def test_a_file_may_hold_one_id_with_several_texts(importing, between):
    lines = [line("a", "One."), line("a", "Two."), line("a", "One."), line("b", "Other.")]
    assert importing.run(*lines) == {"imported": 2, "revised": 2}
    between(importing)
    assert importing.run(*lines) == {"replayed": 4}
    assert (importing.comment().body, importing.comment().revision) == ("One.", 3)


@pytest.mark.parametrize("written", ["2013-05-05T10:00:00Z", None])
def test_a_namesake_of_another_archive_overwrites_nothing(importing: Import, written: str | None) -> None:
    here = {**line("7", "One."), "submitted_at": written and "2012-01-01T10:00:00Z"}
    there = {
        **here,
        "article": {"url": "https://courier.example/b"},
        "author": {"name": "Ada", "email": "other.ada@example.org"},
        "body": "Of another blog.",
        "submitted_at": written,
    }
    assert importing.run(here) == {"imported": 1}
    assert importing.run(there) == {"refused": 1}
    assert (importing.comment("7").body, importing.comment("7").article.url) == (
        "One.",
        "https://courier.example/a",
    )


@pytest.mark.parametrize(
    "change",
    [
        {"article": {"url": "https://courier.example/b"}, "submitted_at": "2012-01-01T10:00:00Z"},
        {"submitted_at": "2012-01-02T10:00:00Z"},
        {"author": {"name": "Ada L.", "email": "al@example.org"}, "submitted_at": "2012-01-01T10:00:00Z"},
    ],
)
def test_a_line_that_corrects_another_is_its_next_revision(importing: Import, change: Line) -> None:
    given = {**line("7", "One."), "submitted_at": "2012-01-01T10:00:00Z"}
    importing.run(given)
    assert importing.run({**given, "body": "Two.", **change}) == {"revised": 1}


@pytest.mark.parametrize("between", [no_time, Import.months_later])
def test_an_edit_after_the_export_stays(importing, between):
    importing.run(line("a", "One."))
    importing.post(line("a", "Two."))
    between(importing)
    assert importing.run(line("a", "One.")) == {"replayed": 1}
    assert (importing.comment().body, importing.comment().revision) == ("Two.", 2)


def test_an_edit_of_what_came_over_the_api_stays(importing):
    importing.post(line("a", "One."))
    assert importing.run(line("a", "One.")) == {"replayed": 1}
    importing.post(line("a", "Two."))
    importing.months_later()
    assert importing.run(line("a", "One.")) == {"replayed": 1}
    assert importing.comment().body == "Two."


def test_a_site_that_keeps_fewer_addresses_can_run_an_import_again(importing):
    importing.run(line("a", "One."), line(None, "Two."))
    tune_site(importing.context, "courier", {"address_mode": "none"})
    with importing.context.deps.store.read() as tx:
        importing.site = tx.sites.get("courier") or importing.site
    assert importing.run(line("a", "One."), line(None, "Two.")) == {"replayed": 2}


def test_new_text_in_a_new_file_is_the_next_revision(importing):
    importing.run(line("a", "One."))
    assert importing.run(line("a", "Two.")) == {"revised": 1}


@pytest.mark.parametrize("moved", [False, True])
def test_an_archive_fills_in_an_article_and_replaces_nothing(importing, moved):
    url = "https://courier.example/a"
    old = {"url": url, "title": "Mistyped", "published_at": "2016-11-20T09:00:00Z"}
    importing.post(line("live", "One.") | {"article": {"url": url, "title": "Right"}})
    if moved:
        importing.post(line("a", "One.") | {"article": {"url": f"{url}/draft"}})
    importing.run(*(line("a", body) | {"article": old} for body in ("One.", "Two.")))
    stored = importing.comment().article
    assert (stored.url, stored.title) == (url, "Right")
    assert stored.published_at == datetime(2016, 11, 20, 9, tzinfo=UTC)
    importing.post(line("b", "Three.") | {"article": {"url": url, "title": "Corrected"}})
    importing.run(line("c", "Four.") | {"article": old | {"published_at": "2015-01-01T00:00:00Z"}})
    stored = importing.comment("c").article
    assert (stored.title, stored.published_at) == ("Corrected", datetime(2016, 11, 20, 9, tzinfo=UTC))
