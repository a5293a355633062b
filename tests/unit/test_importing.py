"""Running an import again: it repeats nothing, whatever the file holds and whatever happened to its comments since."""

import io
import json
from datetime import UTC, datetime, timedelta

import pytest

from service.importers.jsonl import import_lines
from service.usecases.sites import tune_site
from tests.unit.importing import PAGE, FilledSite, line
from worker.maintenance import KEYS_KEPT

THEN = "2012-01-01T10:00:00Z"


class Import(FilledSite):
    def run(self, *lines):
        """Import the lines as one file and return what was counted."""
        raw = io.BytesIO(b"".join(json.dumps(one).encode() + b"\n" for one in lines))
        return self.count(import_lines(self.context, self.site, raw))

    def months_later(self):
        """Let time pass, and the sweep drop what it drops."""
        self.clock.now += timedelta(days=90)
        with self.context.deps.store.write() as tx:
            tx.retention.prune(self.clock.now, self.clock.now - KEYS_KEPT)

    def stored(self, name="a"):
        found = self.comment(name)
        return found.body, found.revision


@pytest.fixture
def importing(tmp_path):
    made = Import(tmp_path)
    yield made
    made.context.close()


@pytest.mark.parametrize("later", [False, True])
def test_a_file_may_hold_one_id_with_several_texts(importing, later):
    lines = [line("a", "One."), line("a", "Two."), line("a", "One."), line("b", "Other.")]
    assert importing.run(*lines) == {"imported": 2, "revised": 2}
    if later:
        importing.months_later()
    assert importing.run(*lines) == {"replayed": 4}
    assert importing.stored() == ("One.", 3)


@pytest.mark.parametrize("written", ["2013-05-05T10:00:00Z", None])
def test_a_namesake_of_another_archive_overwrites_nothing(importing, written):
    here = line("7", "One.", submitted_at=written and THEN)
    there = line("7", "Of another blog.", submitted_at=written, article={"url": "https://courier.example/b"})
    there["author"] = {"name": "Ada", "email": "other.ada@example.org"}
    assert importing.run(here) == {"imported": 1}
    assert importing.run(there) == {"refused": 1}
    assert (importing.comment("7").body, importing.comment("7").article.url) == ("One.", PAGE)


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"article": {"url": "https://courier.example/b"}},
        {"submitted_at": "2012-01-02T10:00:00Z"},
        {"author": {"name": "Ada L.", "email": "al@example.org"}},
    ],
)
def test_a_line_that_corrects_another_is_its_next_revision(importing, change):
    importing.run(line("7", "One.", submitted_at=THEN))
    assert importing.run(line("7", "Two.", **{"submitted_at": THEN} | change)) == {"revised": 1}


@pytest.mark.parametrize("posted_first", [False, True])
@pytest.mark.parametrize("later", [False, True])
def test_an_edit_over_the_api_stays(importing, posted_first, later):
    if posted_first:
        importing.post(line("a", "One."))
    importing.run(line("a", "One."))
    importing.post(line("a", "Two."))
    if later:
        importing.months_later()
    assert importing.run(line("a", "One.")) == {"replayed": 1}
    assert importing.stored() == ("Two.", 2)


def test_a_site_that_keeps_fewer_addresses_can_run_an_import_again(importing):
    importing.run(line("a", "One."), line(None, "Two."))
    tune_site(importing.context, "courier", {"address_mode": "none"})
    with importing.context.deps.store.read() as tx:
        importing.site = tx.sites.get("courier")
    assert importing.run(line("a", "One."), line(None, "Two.")) == {"replayed": 2}


@pytest.mark.parametrize("moved", [False, True])
def test_an_archive_fills_in_an_article_and_replaces_nothing(importing, moved):
    old = {"url": PAGE, "title": "Mistyped", "published_at": "2016-11-20T09:00:00Z"}
    importing.post(line("live", "One.", article={"url": PAGE, "title": "Right"}))
    if moved:
        importing.post(line("a", "One.", article={"url": f"{PAGE}/draft"}))
    importing.run(*(line("a", body, article=old) for body in ("One.", "Two.")))
    published = datetime(2016, 11, 20, 9, tzinfo=UTC)
    stored = importing.comment().article
    assert (stored.url, stored.title, stored.published_at) == (PAGE, "Right", published)
    importing.post(line("b", "Three.", article={"url": PAGE, "title": "Corrected"}))
    importing.run(line("c", "Four.", article=old | {"published_at": "2015-01-01T00:00:00Z"}))
    stored = importing.comment("c").article
    assert (stored.title, stored.published_at) == ("Corrected", published)
