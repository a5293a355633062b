"""Every store: a person, a period and a site are forgotten whole, and nobody else is touched."""

from datetime import timedelta
from pathlib import Path

import pytest

from service.domain.comment import Client, Original
from service.domain.status import Status
from service.domain.verdict import LABELS, Action, Who
from service.storage import open_store
from service.storage.erasure import OWN_WAY
from service.storage.records import Erasure, IdempotencyKey
from service.storage.schema import metadata
from service.storage.schema_comments import comments as comments_table
from tests.factories import (
    ADA,
    BO,
    NOON,
    after,
    courier,
    decided,
    decision,
    delivery,
    draft,
    herald,
    ids,
    label,
    move,
)

ADAS, BOS = f"key of {ADA}", f"key of {BO}"
TYPED = Original("body", b"typed")


def add(tx, site, *drafts):
    """Accept the drafts and return the comments, in order."""
    added = tx.comments.add(site.id, drafts, NOON)
    return list(added.values())


def test_written_by_finds_an_author_in_every_state(tx, site):
    other = tx.sites.add(herald())
    tx.comments.add(other.id, [draft("h-1")], NOON)
    one, two, _, four = add(
        tx, site, draft("c-1"), draft("c-2", author_key="old key"), draft("c-3", BO), draft("c-4")
    )
    decided(tx, two, Action.REJECT)
    assert ids(tx.erasure.written_by(site.id, (ADAS, "old key"), 10)) == ["c-1", "c-2", "c-4"]
    assert ids(tx.erasure.written_by(site.id, (ADAS,), 1)) == [one.id]
    assert ids(tx.erasure.written_by(site.id, (ADAS,), 10, after=one.pk, lock=True)) == [four.id]
    assert tx.erasure.written_by(site.id, (), 10) == []


def test_emptying_takes_everything_that_hangs_on_a_comment(tx, site):
    mine, his = add(
        tx,
        site,
        draft("c-1", box=b"box", originals=(TYPED,), signals={"a": 1}),
        draft("c-2", BO, box=b"his"),
    )
    for comment in (mine, his):
        tx.comments.add_idempotency_keys(
            site.id, [IdempotencyKey(f"k{comment.pk}", comment.pk, 1, "hash")], NOON
        )
        made = decided(tx, comment, Action.REJECT, who_kind=Who.SITE, reason="rude")
        tx.decisions.add_notes([made.id], "knows the mayor", "Mo", NOON)
        tx.labels.add([label(comment)])
        tx.deliveries.add([delivery(comment, made.id)])
    again = tx.comments.by_pk(mine.pk)
    assert tx.comments.revise(again, draft("c-1", body="Second thoughts."), after(1), keep_published=False)
    taken = tx.erasure.empty([mine.pk])
    for table in (
        "comments",
        "revisions",
        "notes",
        "labels",
        "contacts",
        "originals",
        "idempotency_keys",
        "deliveries",
    ):
        assert taken[table] == 1, table
    found = tx.comments.by_pk(mine.pk)
    assert (found.status, found.id, found.revision) == (Status.ERASED, "c-1", 2)
    assert (found.author_name, found.body, found.content_hash) == ("", "", "")
    assert found.website is found.author_key is found.verdict is found.published_revision is None
    assert (found.client, dict(found.signals)) == (Client(), {})
    assert tx.erasure.superseded(mine.pk) == []
    assert tx.sealed.contact_box(mine.pk) is None
    assert tx.sealed.originals(mine.pk, 1) == {}
    assert tx.comments.idempotency_keys(site.id, [f"k{mine.pk}"]) == {}
    assert tx.labels.of_comment(mine.pk) == []
    (decision,) = tx.decisions.of_comment(mine.pk)
    assert decision.reason is None
    assert tx.decisions.notes([decision.id]) == {}
    sent = {one.comment_pk: one for one in tx.deliveries.page(site.id, None, 10)}
    assert (sent[mine.pk].state, sent[mine.pk].payload) == ("dropped", b"")
    assert (sent[his.pk].state, sent[his.pk].payload) == ("waiting", b'{"type":"comment.approved"}')
    kept = tx.comments.by_pk(his.pk)
    assert (kept.body, kept.author_key, kept.status) == (his.body, BOS, Status.REJECTED)
    assert tx.sealed.contact_box(his.pk) == b"his"
    assert len(tx.labels.of_comment(his.pk)) == 1
    (untouched,) = tx.decisions.of_comment(his.pk)
    assert untouched.reason == "rude"
    assert tx.decisions.notes([untouched.id]) == {untouched.id: "knows the mayor"}


def test_what_readers_see_can_stay_without_its_author(tx, site):
    present, older = add(tx, site, draft("c-1"), draft("c-2"))
    for comment in (present, older):
        decided(tx, comment, Action.APPROVE)
    seen = tx.comments.by_pk(older.pk)
    assert tx.comments.revise(seen, draft("c-2", body="Newer, unseen."), after(1), keep_published=True)
    tx.erasure.empty([present.pk, older.pk], shown=[present.pk, older.pk])
    shown = tx.comments.published(site.id, present.article.url)
    assert [(one.id, one.author_name, one.body, one.author_key) for one in shown] == [
        ("c-1", "", present.body, None),
        ("c-2", "", older.body, None),
    ]
    newest = tx.comments.by_pk(older.pk)
    assert newest.body == ""


def test_an_older_text_under_anothers_comment_goes_alone(tx, site):
    (first,) = add(tx, site, draft("c-1", BO, originals=(TYPED,)))
    assert tx.comments.revise(first, draft("c-1", ADA, body="Mine now."), after(1), keep_published=False)
    taken = tx.erasure.forget_author(site.id, (BOS,))
    assert (taken["revisions"], taken["originals"]) == (1, 1)
    assert tx.erasure.superseded(first.pk) == []
    left = tx.comments.by_pk(first.pk)
    assert (left.body, left.author_key) == ("Mine now.", ADAS)
    assert tx.erasure.forget_author(site.id, ()) == {}


def test_an_older_text_that_readers_see_or_a_callback_carries_goes_too(tx, site):
    (first,) = add(tx, site, draft("c-1", BO))
    old = decided(tx, first, Action.APPROVE)
    tx.deliveries.add([delivery(first, old.id)])
    seen = tx.comments.by_pk(first.pk)
    newer = tx.comments.revise(seen, draft("c-1", ADA, body="Mine now."), after(1), keep_published=True)
    (number,) = tx.decisions.new_ids(1)
    new = decision(newer, number, Action.HOLD, to_status=Status.HELD)
    tx.decisions.add([new])
    tx.deliveries.add([delivery(newer, new.id)])
    assert len(tx.comments.published(site.id, first.article.url)) == 1
    assert tx.erasure.forget_author(site.id, (BOS,))["deliveries"] == 1
    assert tx.comments.published(site.id, first.article.url) == []
    left = tx.comments.by_pk(first.pk)
    assert (left.status, left.body, left.published_revision) == (Status.PENDING, "Mine now.", None)
    sent = {one.decision_id: (one.state, one.payload) for one in tx.deliveries.page(site.id, None, 10)}
    assert sent == {old.id: ("dropped", b""), new.id: ("waiting", b'{"type":"comment.approved"}')}


def test_more_older_texts_than_a_page_go_as_well(tx, site, monkeypatch):
    monkeypatch.setattr("service.storage.erasure.PLACES", 2)
    added = add(tx, site, *(draft(f"c-{n}", BO) for n in range(5)))
    for n, one in enumerate(added):
        assert tx.comments.revise(one, draft(f"c-{n}", ADA, body="Mine now."), after(1), keep_published=False)
    assert tx.erasure.forget_author(site.id, (BOS,))["revisions"] == 5
    assert [tx.erasure.superseded(one.pk) for one in added] == [[]] * 5


def test_superseded_texts_are_listed_oldest_first(tx, site):
    (first,) = add(tx, site, draft("c-1", body="One."))
    second = tx.comments.revise(first, draft("c-1", body="Two."), after(1), keep_published=False)
    assert tx.comments.revise(second, draft("c-1", body="Three."), after(2), keep_published=False)
    assert [(one.revision, one.body) for one in tx.erasure.superseded(first.pk)] == [
        (1, "One."),
        (2, "Two."),
    ]


def test_an_erasure_is_remembered_until_the_files_are_cleared(store, site):
    made = Erasure("e-1", site.id, "site", 3, "{}", NOON)
    with store.write() as tx:
        tx.erasure.add(made)
        assert tx.erasure.get("e-1") == made
        assert tx.erasure.get("e-2") is None
        assert tx.erasure.count_unpurged() == 1
        assert tx.erasure.mark_purged(NOON, after(5)) == 0
        assert tx.erasure.mark_purged(after(1), after(5)) == 1
        assert tx.erasure.count_unpurged() == 0
    assert store.purge()


@pytest.mark.parametrize("status", [Status.REJECTED, Status.SPAM, Status.WITHDRAWN])
def test_texts_expire_by_the_decision_that_stands(tx, site, status):
    old, late, held = add(tx, site, draft("c-1"), draft("c-2"), draft("c-3"))
    action = Action.SPAM if status is Status.SPAM else Action.REJECT
    for comment, moment in ((old, after(10)), (late, after(100))):
        (number,) = tx.decisions.new_ids(1)
        assert tx.comments.move([move(comment, action, number, to_status=status)])
        tx.decisions.add([decision(comment, number, action, to_status=status, effective_at=moment)])
    decided(tx, held, Action.HOLD)
    assert tx.retention.expired(site.id, status, after(10), 10) == []
    assert tx.retention.expired(site.id, status, after(11), 10) == [old.pk]
    assert tx.retention.expired(site.id, status, after(999), 10) == [old.pk, late.pk]
    assert len(tx.retention.expired(site.id, status, after(999), 1)) == 1
    tx.erasure.empty([old.pk])
    assert tx.retention.expired(site.id, status, after(999), 10) == [late.pk]


def test_clients_originals_and_deliveries_go_by_age_a_few_at_a_time(tx, site):
    comments = add(tx, site, *(draft(f"c-{n}", originals=(TYPED,)) for n in range(3)))
    tx.comments.add(site.id, [draft("young", originals=(TYPED,))], after(100))
    other = tx.sites.add(herald())
    tx.comments.add(other.id, [draft("h-1", originals=(TYPED,))], NOON)
    for n, comment in enumerate(comments):
        made = decided(tx, comment, Action.APPROVE)
        tx.deliveries.add([delivery(comment, made.id, state="waiting" if n == 0 else "delivered")])
    for verb in (tx.retention.drop_clients, tx.retention.drop_originals):
        assert [verb(site.id, after(1), 2) for _ in range(3)] == [2, 1, 0]
    assert [tx.retention.drop_deliveries(site.id, after(1), 1) for _ in range(3)] == [1, 1, 0]
    assert [one.state for one in tx.deliveries.page(site.id, None, 9)] == ["waiting"]
    assert [tx.retention.drop_deliveries(site.id, after(1), 9, waiting=True) for _ in range(2)] == [1, 0]
    young, elsewhere = tx.comments.get(site.id, "young"), tx.comments.get(other.id, "h-1")
    assert young
    assert elsewhere
    for kept in (young, elsewhere):
        assert kept.client.ip == "192.0.2.0"
        assert tx.sealed.originals(kept.pk, 1) == {"body": b"typed"}
    gone = tx.comments.get(site.id, "c-1")
    assert (gone.client, gone.body) == (Client(), comments[1].body)


def test_prune_takes_a_bounded_number(tx, site):
    mara = tx.moderators.add("Mara", "lead", NOON)
    for n in range(3):
        tx.moderators.add_sign_in(mara.id, f"link {n}", NOON)
        tx.moderators.add_session(mara.id, f"session {n}", NOON)
    tx.comments.add_idempotency_keys(site.id, [IdempotencyKey(f"k{n}", 1, 1, "hash") for n in range(3)], NOON)
    later = NOON + timedelta(days=1)
    assert [tx.retention.prune(later, later, limit=2) for _ in range(3)] == [6, 3, 0]


def test_a_site_is_removed_with_everything_of_it(tx, site):
    comments = add(tx, site, draft("c-1", box=b"box", originals=(TYPED,), idempotency_key="k"), draft("c-2"))
    other = tx.sites.add(herald())
    tx.sites.add_key(site.id, "print", "key", NOON)
    tx.sites.add_key(other.id, "other print", "key", NOON)
    (there,) = tx.comments.add(other.id, [draft("h-1", box=b"his")], NOON).values()
    made = decided(tx, comments[0], Action.REJECT)
    tx.decisions.add_notes([made.id], "a note", "Mo", NOON)
    tx.labels.add([label(comments[0])])
    tx.deliveries.add([delivery(comments[0], made.id)])
    tx.erasure.add(Erasure("e-1", site.id, "site", 3, "{}", NOON))
    taken = tx.sites.remove(site.id)
    assert taken["sites"] == 1
    assert taken["comments"] == 2
    assert tx.sites.get("courier") is None
    assert tx.sites.key_owner("print", NOON) is None
    assert tx.comments.by_pk(comments[0].pk) is None
    assert tx.deliveries.page(None, None, 9) == []
    assert tx.erasure.get("e-1") is None
    assert tx.sites.key_owner("other print", NOON) is not None
    assert tx.comments.by_pk(there.pk) is not None
    assert tx.sealed.contact_box(there.pk) == b"his"


# -- real stores -------------------------------------------------------------------------------------------------------

PERSONAL = {
    "author_name", "website", "body", "content_hash", "author_key", "ip", "user_agent", "referrer", "signals",
    "verdict", "label", "score", "doubt", "language", "lease_until", "rescore",
    *(f"score_{label}" for label in LABELS),
}  # fmt: skip
"""Columns of a comment that an erasure empties."""
BARE = {
    "pk", "site_id", "id", "revision", "status", "live", "attempts", "article_pk", "parent_id", "submitted_at",
    "received_at", "source", "decided_at", "decision_id", "published_revision",
}  # fmt: skip
"""Columns that stay: that there was a comment, where, when, and how it stood."""


def test_every_column_of_a_comment_is_answered_for():
    assert {column.name for column in comments_table.c} == PERSONAL | BARE


def test_every_table_that_knows_a_comment_is_emptied_or_has_its_own_way():
    by_decision = {
        "comments",
        "notes",
        "bulk_decision_members",
    }  # notes go with their decisions; a bulk decision holds numbers alone
    tables = metadata.tables.values()
    assert {one.name for one in tables if "decision_id" in one.c and "comment_pk" not in one.c} == by_decision
    assert {one.name for one in OWN_WAY} == {"comments", "decisions", "deliveries", "revisions", "notes"}


def test_a_word_that_was_erased_is_in_no_byte_of_the_sqlite_files(sqlite_url):
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    opened = open_store(sqlite_url)
    long = "unmistakable " * 900
    try:
        with opened.write() as tx:
            site = tx.sites.add(courier())
            added = tx.comments.add(
                site.id,
                [
                    draft(f"c-{n}", body=f"{long}{n}", author_name="Zeppelina", box=b"sealedbox")
                    for n in range(20)
                ],
                NOON,
            )
            pks = [one.pk for one in added.values()]
            tx.search.index(pks)
            tx.deliveries.add([delivery(one, 1, payload=long.encode()) for one in added.values()])
        needles = (b"unmistakable", b"zeppelina", b"sealedbox")
        assert any(needle in _bytes(path) for needle in needles)
        with opened.write() as tx:
            tx.erasure.empty(pks)
        assert opened.purge()
        assert not [needle for needle in needles if needle in _bytes(path)]
    finally:
        opened.close()


def _bytes(path):
    found = sorted(path.parent.glob(f"{path.name}*"))
    return b"".join(one.read_bytes() for one in found).lower()
