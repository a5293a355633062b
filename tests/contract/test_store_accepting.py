"""Every store: taking comments in, once each, and their revisions."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta, timezone

import pytest

from service.domain.comment import Article, Client, Original, Source
from service.domain.status import Status
from service.domain.verdict import Action
from service.storage.records import IdempotencyKey
from tests.factories import ADA, ARTICLE, BO, CHI, NOON, WORDS, after, decided, draft, herald, ids, move


def test_comment_comes_back_as_it_was_accepted(tx, site):
    written = draft(
        parent_id="c-0",
        website="https://ada.example",
        source=Source.FORM,
        client=Client("192.0.2.0", "Reader/1.0", "https://courier.example/"),
        signals={"honeypot": True, "fill_seconds": 3.5},
        live=False,
    )
    added = tx.comments.add(site.id, [written], NOON)["c-1"]
    assert (added.revision, added.status, added.attempts) == (1, Status.PENDING, 0)
    assert (added.body, added.signals, added.received_at) == (WORDS[ADA], written.signals, NOON)
    assert tx.comments.get(site.id, "c-1") == added
    assert tx.comments.by_pk(added.pk) == added
    assert tx.comments.get(site.id, "c-2") is None


def test_known_id_is_left_out_and_left_alone(tx, site):
    tx.comments.add(site.id, [draft()], NOON)
    again = tx.comments.add(site.id, [draft(body="other"), draft("c-2", BO)], after(1))
    kept = tx.comments.get(site.id, "c-1")
    assert list(again) == ["c-2"]
    assert kept.body == WORDS[ADA]


def test_one_comment_is_added_by_itself(store, site):
    sealed = draft("c-2", BO, box=b"sealed", originals=(Original("body", b"cipher"),), signals={"links": 2})
    boxed = draft("c-3", CHI, box=b"box", website="https://chi.example", parent_id="c-1", live=False)
    for written in (draft(), sealed, boxed):
        added = store.add_comment(site.id, written, NOON)
        with store.read() as tx:
            assert tx.comments.get(site.id, written.id) == added
            assert tx.sealed.contact_box(added.pk) == written.box
            assert tx.sealed.originals(added.pk, 1) == {
                one.field: one.ciphertext for one in written.originals
            }


def test_one_comment_is_not_added_over_another(store, site):
    with store.write() as tx:
        other = tx.sites.add(herald())
    first = store.add_comment(site.id, draft(box=b"first"), NOON)
    assert store.add_comment(site.id, draft(body="other", box=b"other"), after(1)) is None
    assert store.add_comment(other.id, draft(body="theirs"), after(1)) is not None
    with store.read() as tx:
        assert tx.comments.get(site.id, "c-1") == first
        assert tx.sealed.contact_box(first.pk) == b"first"


def test_one_comment_completes_its_article(store, site):
    bare = Article(ARTICLE.url)
    store.add_comment(site.id, draft(article=bare), NOON)
    later = store.add_comment(site.id, draft("c-2"), NOON)
    again = store.add_comment(site.id, draft("c-3", article=bare), NOON)
    assert later.article == again.article == ARTICLE


def test_many_come_one_by_one_at_once(store, site):
    with ThreadPoolExecutor(8) as threads:
        written = [draft(f"t-{number % 60}", body=f"text {number}") for number in range(80)]
        added = list(threads.map(lambda one: store.add_comment(site.id, one, NOON), written))
    told = {comment.id: comment for comment in added if comment}
    assert len(told) == 60
    assert sum(comment is None for comment in added) == 20
    with store.read() as tx:
        assert all(tx.comments.get(site.id, comment_id) == comment for comment_id, comment in told.items())


def test_batch_keeps_the_callers_order(tx, site):
    names = ["z-9", "a-1", "m-5"]
    tx.comments.add(site.id, [draft(name) for name in names], NOON)
    assert ids(tx.comments.page(site.id, oldest_first=True).comments) == names


def test_keys_of_imports_are_kept_for_good(tx, site):
    pk = tx.comments.add(site.id, [draft()], NOON)["c-1"].pk
    tx.comments.add_idempotency_keys(
        site.id, [IdempotencyKey(key, pk, 1, "h") for key in ("import-0a", "0a", "i0")], NOON
    )
    tx.comments.add_idempotency_keys(site.id, [IdempotencyKey("0b", pk, 1, "h")], after(60))
    assert tx.retention.prune(after(60), after(60)) == 2
    assert set(tx.comments.idempotency_keys(site.id, ["import-0a", "0a", "i0", "0b"])) == {
        "import-0a",
        "0b",
    }


def test_moments_come_back_in_utc(tx, site):
    told = (NOON + timedelta(microseconds=123457)).astimezone(timezone(timedelta(hours=5, minutes=30)))
    added = tx.comments.add(site.id, [draft(submitted_at=told)], NOON)["c-1"]
    stored = tx.comments.get(site.id, "c-1")
    assert added.submitted_at == stored.submitted_at == told
    assert stored.submitted_at.utcoffset() == timedelta(0)


def test_article_is_as_the_site_described_it_last(store, site):
    bare, wrong = Article(ARTICLE.url), replace(ARTICLE, title="The brigde", published_at=after(-9))
    with store.write() as tx:
        tx.comments.add(site.id, [draft(article=bare)], NOON)
        tx.comments.add(site.id, [draft("c-2", article=wrong)], NOON)
        tx.comments.add(site.id, [draft("c-3", article=replace(ARTICLE, published_at=None))], NOON)
    assert store.add_comment(site.id, draft("c-4"), NOON)
    assert store.add_comment(site.id, draft("c-5", article=bare), NOON)
    with store.read() as tx:
        first = tx.comments.get(site.id, "c-1")
    assert first.article == ARTICLE


def test_a_readers_form_is_not_the_site(store, site):
    typed = Article("http://www.courier.example/bridge/", "Another", after(-9))
    assert store.add_comment(site.id, draft(article=replace(ARTICLE, published_at=None)), NOON)
    assert store.add_comment(site.id, draft("c-2", source=Source.FORM, article=typed), NOON)
    with store.read() as tx:
        first = tx.comments.get(site.id, "c-1")
    assert first.article == replace(ARTICLE, published_at=after(-9))


def test_a_batch_describes_its_article_in_turn(tx, site):
    words = [replace(ARTICLE, title=title) for title in ("One", "Two", "Three")]
    added = tx.comments.add(site.id, [draft(f"c-{n}", article=one) for n, one in enumerate(words)], NOON)
    assert {one.article.title for one in added.values()} == {"Three"}


def test_box_and_originals_are_kept_beside_the_comment(tx, site):
    sealed = draft(box=b"\x00box", originals=(Original("body", b"\x01"), Original("author_name", b"\x02")))
    added = tx.comments.add(site.id, [sealed, draft("c-2", BO)], NOON)
    assert tx.sealed.contact_box(added["c-1"].pk) == b"\x00box"
    assert tx.sealed.originals(added["c-1"].pk, 1) == {"body": b"\x01", "author_name": b"\x02"}
    assert tx.sealed.contact_box(added["c-2"].pk) is None
    assert tx.sealed.originals(added["c-2"].pk, 1) == {}


def test_used_keys_are_remembered_by_site(tx, site):
    key = IdempotencyKey("key-1", comment_pk=7, revision=1, request_hash="hash")
    other = tx.sites.add(herald())
    tx.comments.add_idempotency_keys(site.id, [key], NOON)
    tx.comments.add_idempotency_keys(site.id, [replace(key, request_hash="other")], NOON)
    assert tx.comments.idempotency_keys(site.id, ["key-1", "key-2"]) == {"key-1": key}
    assert tx.comments.idempotency_keys(other.id, ["key-1"]) == {}
    assert tx.comments.idempotency_keys(site.id, []) == {}


def test_revision_is_pending_again_and_keeps_the_old_text(tx, site):
    first = tx.comments.add(site.id, [draft(box=b"one")], NOON)["c-1"]
    decided(tx, first, Action.APPROVE)
    seen = tx.comments.get(site.id, "c-1", lock=True)
    revised = tx.comments.revise(
        seen, draft(author=BO, body="Second thoughts.", box=b"two"), after(60), False
    )
    assert (revised.pk, revised.revision, revised.status) == (first.pk, 2, Status.PENDING)
    assert (revised.verdict, revised.decision_id, revised.decided_at, revised.attempts) == (
        None,
        None,
        None,
        0,
    )
    assert (revised.received_at, revised.published_revision) == (after(60), None)
    assert tx.comments.get(site.id, "c-1") == revised
    (old,) = tx.erasure.superseded(first.pk)
    assert (old.revision, old.body, old.author_name) == (1, WORDS[ADA], ADA)
    assert old.verdict == seen.verdict
    assert tx.sealed.contact_box(first.pk) == b"two"


def test_published_text_stays_when_asked(tx, site):
    first = tx.comments.add(site.id, [draft()], NOON)["c-1"]
    decided(tx, first, Action.APPROVE)
    seen = tx.comments.get(site.id, "c-1", lock=True)
    revised = tx.comments.revise(seen, draft(body="Second thoughts."), after(60), True)
    assert revised is not None
    (shown,) = tx.comments.published(site.id, ARTICLE.url)
    assert revised.published_revision == 1
    assert (shown.revision, shown.body) == (1, WORDS[ADA])


def test_stale_revision_is_refused(tx, site):
    first = tx.comments.add(site.id, [draft()], NOON)["c-1"]
    second = tx.comments.revise(first, draft(body="Second."), after(1), False)
    assert tx.comments.revise(first, draft(body="Third."), after(2), False) is None
    assert tx.comments.get(site.id, "c-1") == second


@pytest.mark.parametrize("final", [Status.WITHDRAWN, Status.ERASED])
def test_final_comment_is_not_revised(tx, site, final):
    first = tx.comments.add(site.id, [draft()], NOON)["c-1"]
    tx.comments.move([replace(move(first), to_status=final)])
    seen = tx.comments.get(site.id, "c-1")
    assert tx.comments.revise(seen, draft(body="Second."), after(1), False) is None


def test_revision_may_move_to_another_article(tx, site):
    elsewhere = Article("https://courier.example/tunnel")
    first = tx.comments.add(site.id, [draft(), draft("c-2", CHI)], NOON)["c-1"]
    tx.comments.revise(first, draft(article=elsewhere), after(1), False)
    assert ids(tx.comments.page(site.id, article_url=elsewhere.url).comments) == ["c-1"]
    assert ids(tx.comments.page(site.id, article_url=ARTICLE.url).comments) == ["c-2"]


def test_noted_signals_take_the_place_of_the_old_ones(tx, site):
    made = tx.comments.add(site.id, [draft("c-1", signals={"links": 1}), draft("c-2")], NOON)
    tx.comments.set_signals(made["c-1"].pk, {"origin": {"system": "coral", "comment_id": "7"}})
    first, second = (tx.comments.get(site.id, name) for name in ("c-1", "c-2"))
    assert dict(first.signals) == {"origin": {"system": "coral", "comment_id": "7"}}
    assert dict(second.signals) == {}
    assert first.body == draft("c-1").body
