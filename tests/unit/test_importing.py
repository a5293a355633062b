"""Imports, also run again: counts, threads and states are kept, addresses sealed, and nothing is taken back."""

import io
import json
from datetime import UTC, datetime, timedelta

import pytest

from service.domain.comment import Source
from service.domain.errors import Invalid
from service.domain.verdict import Action, Who
from service.importers.jsonl import import_lines
from service.importers.wordpress import import_export
from service.usecases import Judgement, review
from service.usecases.articles import describe_article
from service.usecases.sites import tune_site
from tests.factories import NOON
from tests.unit.importing import PAGE, FilledSite, line
from tests.wxr import HEAD, TAIL, comment, item
from worker.maintenance import KEYS_KEPT


class Import(FilledSite):
    def run(self, *lines):
        raw = io.BytesIO(b"".join(json.dumps(one).encode() + b"\n" for one in lines))
        return self.count(import_lines(self.context, self.site, raw))

    def months_later(self):
        """Let time pass, and maintenance drop what it drops."""
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


class MovingIn(FilledSite):
    """A site that moves in from WordPress, and must hear nothing of what it told us."""

    def run(self, *items, batch=500):
        raw = io.BytesIO(HEAD + b"".join(items) + TAIL)
        return self.count(import_export(self.context, self.site, raw, batch))

    def describe(self, **told):
        describe_article(self.context, self.site, "https://courier.example/bridge", told, "site")

    def article(self, name="wp-1"):
        found = self.comment(name).article
        return found.title, found.private


@pytest.fixture
def moving_in(tmp_path):
    made = MovingIn(tmp_path)
    yield made
    made.context.close()


def test_states_and_threads_are_kept(moving_in):
    states = {1: "1", 2: "0", 3: "trash", 4: "spam", 5: "post-trashed"}
    found = [comment(n, f"Text {n}.", parent=n - 1, state=state) for n, state in states.items()]
    assert moving_in.run(item(*found)) == {"imported": 5}
    stored = [moving_in.comment(f"wp-{n}") for n in states]
    assert [one.status for one in stored] == ["approved", "held", "rejected", "spam", "rejected"]
    assert [one.parent_id for one in stored] == [None, "wp-1", "wp-2", "wp-3", "wp-4"]
    assert {one.source for one in stored} == {Source.IMPORT}
    assert stored[0].published_revision == 1
    assert {one.published_revision for one in stored[1:]} == {None}


def test_no_callback_tells_the_site_what_it_told_us_and_nothing_is_scored(moving_in):
    moving_in.run(item(comment(1)))
    with moving_in.context.deps.store.write() as tx:
        assert tx.scoring.lease_pending(NOON, NOON, 10) == []
        assert tx.deliveries.page(moving_in.site.id, None, 10) == []
        ((decision, _),) = tx.decisions.feed(moving_in.site.id, 0, 10)
        assert tx.labels.of_comment(decision.comment_pk) == []
    assert (decision.who_kind, decision.who, decision.reason) == (Who.SITE, "import", "imported")


def test_the_address_is_sealed_and_html_becomes_what_readers_saw(moving_in):
    moving_in.run(
        item(comment(1, '<em>Write</em> to ada@mail.example: <a href="https://a.example">this</a>'))
    )
    stored = moving_in.comment("wp-1")
    assert stored.author_key
    assert stored.client.ip == "192.0.2.0"
    assert "ada@" not in repr(stored)
    assert stored.body == "Write to ⟦email⟧: this (https://a.example)"
    with moving_in.context.deps.store.read() as tx:
        assert tx.sealed.contact_box(stored.pk)


def test_running_it_again_repeats_nothing(moving_in):
    file = item(comment(1), comment(2, "Hm.", state="0"))
    assert moving_in.run(file) == {"imported": 2}
    held = moving_in.comment("wp-2")
    judgement = Judgement(Action.SPAM, Who.MODERATOR, "Mara", replaces=held.decision_id)
    review(moving_in.context.deps, moving_in.site, "wp-2", judgement)
    assert moving_in.run(file) == {"replayed": 2}
    assert moving_in.comment("wp-2").status == "spam"


def test_a_file_cut_short_can_be_finished(moving_in):
    file = HEAD + item(*(comment(n, f"Text {n}.") for n in range(1, 8))) + TAIL
    with pytest.raises(Invalid):
        list(import_export(moving_in.context, moving_in.site, io.BytesIO(file[:-700]), batch=2))
    counts = moving_in.count(import_export(moving_in.context, moving_in.site, io.BytesIO(file), batch=2))
    assert counts["replayed"] >= 4
    assert counts["imported"] == 7 - counts["replayed"]


def test_what_is_optional_and_no_good_is_left_out(moving_in):
    broken = (
        comment(1)
        .replace("<![CDATA[Ada]]>", "")
        .replace("ada@mail.example", "nobody")
        .replace("https://ada.example", "http://")
        .replace("2026-11-01 10:00:00", "0000-00-00 00:00:00")
    )
    assert moving_in.run(item(broken)) == {"imported": 1, "repaired": 1}
    assert [fault.field for fault in moving_in.faults] == [
        "author.email"
    ]  # the others are how it says nothing
    stored = moving_in.comment("wp-1")
    assert (stored.author_name, stored.website, stored.author_key) == ("Anonymous", None, None)
    assert stored.submitted_at == datetime(2026, 10, 31, 9, tzinfo=UTC)  # its article's


def test_what_cannot_be_taken_is_named_with_its_line(moving_in):
    found = [
        comment(1, " "),
        comment(2, "<p></p>"),
        comment(3, state="9"),
        comment(4).replace("<wp:comment_id>4", "<wp:comment_id>four"),
        comment(5, "Fine."),
    ]
    assert moving_in.run(item("\n".join(found))) == {"imported": 1, "refused": 4}
    assert [fault.field for fault in moving_in.faults] == ["body", "body", "comment_approved", "comment_id"]
    assert len({fault.line for fault in moving_in.faults}) == 4


@pytest.mark.parametrize(("noted", "known_as"), [("ak-77", "ak-77"), ("not an id", "wp-1")])
def test_a_comment_that_was_checked_here_is_known_by_its_noted_id(moving_in, noted, known_as):
    meta = "".join(
        f"<wp:commentmeta><wp:meta_key><![CDATA[{key}]]></wp:meta_key>"
        f"<wp:meta_value><![CDATA[{value}]]></wp:meta_value></wp:commentmeta>"
        for key, value in (("akismet_as_submitted", "ada@mail.example"), ("replydesk_id", noted))
    )
    assert moving_in.run(item(comment(1, extra=meta), comment(2, parent=1))) == {"imported": 2}
    assert moving_in.comment("wp-2").parent_id == known_as
    assert moving_in.comment(known_as).body == "Good."


@pytest.mark.parametrize("batch", [1, 500])
def test_an_answer_waits_for_the_parent_of_its_own_blog(moving_in, batch):
    hello = "Hi, this is a comment."  # in every new WordPress
    one = item(comment(1, hello, written="2026-01-01 10:00:00"), comment(7, "Of the first."))
    other = item(
        comment(1, hello, written="2026-02-02 10:00:00"),
        comment(5, "An answer.", parent=7, written="2026-02-03 10:00:00"),
        comment(7, "Of the second.", written="2026-02-02 11:00:00"),
        link="https://other.example/a",
    )
    assert moving_in.run(one) == {"imported": 2}
    assert moving_in.run(other, batch=batch) == {"imported": 3}
    stored = moving_in.comments()
    (answer,) = [one for one in stored.values() if one.body == "An answer."]
    assert stored[answer.parent_id or ""].body == "Of the second."


@pytest.mark.parametrize("end", [b"<a></b>", b"", b"\x00<", b"<!DOCTYPE x>"])
def test_a_file_that_breaks_off_shows_nothing_private(moving_in, end):
    whole = item(comment(1, "Secret.")).removesuffix(b"</item>") + end
    with pytest.raises(Invalid):
        moving_in.run(whole)
    assert moving_in.comment("wp-1").article.private
    assert moving_in.run(item(comment(1, "Secret."), status="publish")) == {"replayed": 1}
    assert not moving_in.comment("wp-1").article.private


def test_the_same_export_again_takes_no_correction_back(moving_in):
    moving_in.run(item(comment(1), title="Mistyped", status="publish"))
    moving_in.describe(title="Right", private=True)
    assert moving_in.run(item(comment(1), comment(2), title="Mistyped", status="publish"))["imported"] == 1
    assert moving_in.article("wp-2") == ("Right", True)
    moving_in.run(item(comment(1), title="Another", status="publish"))
    assert moving_in.article("wp-2") == ("Another", False)


@pytest.mark.parametrize("private", [True, False])
def test_a_first_export_fills_in_what_the_site_said_and_a_later_one_is_news(moving_in, private):
    moving_in.describe(title="Right", private=private)
    moving_in.run(item(comment(1), title="Mistyped", status="publish", published="2012-05-01 09:00:00"))
    assert moving_in.article() == ("Right", private)
    assert moving_in.comment("wp-1").article.published_at == datetime(2012, 5, 1, 9, tzinfo=UTC)
    moving_in.run(item(comment(1), title="Another", status="private"))
    assert moving_in.article() == ("Another", True)
