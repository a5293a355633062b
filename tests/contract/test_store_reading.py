"""Every store: pages, counts, what readers see, and who was approved before."""

from dataclasses import replace

import pytest

from service.domain.comment import Article, Source
from service.domain.status import Status
from service.domain.verdict import Action
from service.storage.records import Page
from service.web.threads import published_page
from tests.factories import (
    ADA,
    APPROVED,
    ARTICLE,
    BO,
    CHI,
    HELD,
    NOON,
    PENDING,
    after,
    decided,
    draft,
    herald,
    ids,
    move,
)


@pytest.mark.parametrize("oldest_first", [True, False])
def test_pages_follow_each_other_without_gap_or_overlap(tx, site, oldest_first):
    names = [f"c-{number}" for number in range(7)]
    tx.comments.add(site.id, [draft(name) for name in names], NOON)
    met, page = [], Page((), 0 if oldest_first else None)
    while not met or page.next is not None:
        page = tx.comments.page(site.id, after=page.next, limit=3, oldest_first=oldest_first)
        met += ids(page.comments)
    assert met == (names if oldest_first else names[::-1])
    assert tx.comments.page(site.id, limit=7).next is None


def test_pages_keep_to_site_status_and_article(tx, site):
    elsewhere = Article("https://courier.example/tunnel")
    other = tx.sites.add(herald())
    mine = tx.comments.add(
        site.id, [draft("c-1"), draft("c-2", BO), draft("c-3", CHI, article=elsewhere)], NOON
    )
    theirs = tx.comments.add(other.id, [draft("h-1", CHI)], NOON)
    tx.comments.move([move(mine["c-2"]), move(theirs["h-1"])])
    assert ids(tx.comments.page(site.id).comments) == ["c-3", "c-2", "c-1"]
    assert ids(tx.comments.page(None, status=HELD, oldest_first=True).comments) == ["c-2", "h-1"]
    assert ids(tx.comments.page(site.id, status=PENDING).comments) == ["c-3", "c-1"]
    assert ids(tx.comments.page(site.id, status=PENDING, article_url=ARTICLE.url).comments) == ["c-1"]
    assert ids(tx.comments.page(None, article_url=ARTICLE.url).comments) == ["h-1", "c-2", "c-1"]
    assert tx.comments.page(site.id, article_url="https://courier.example/none") == Page(())
    assert tx.comments.page(site.id, status=APPROVED) == Page(())


def test_page_has_a_bound(tx, site):
    tx.comments.add(site.id, [draft(f"c-{number}") for number in range(1_001)], NOON)
    assert len(tx.comments.page(site.id, limit=5_000).comments) == 1_000
    assert len(tx.comments.page(site.id, limit=0).comments) == 1


def test_counts_are_by_status_and_site(tx, site):
    other = tx.sites.add(herald())
    mine = tx.comments.add(site.id, [draft("c-1"), draft("c-2", BO)], NOON)
    tx.comments.add(other.id, [draft("h-1", CHI)], NOON)
    tx.comments.move([move(mine["c-2"])])
    assert [
        tx.comments.count(site.id, PENDING),
        tx.comments.count(site.id, HELD),
        tx.comments.count(None, PENDING),
    ] == [1, 1, 2]


def test_readers_see_what_is_published_oldest_first(tx, site):
    other = tx.sites.add(herald())
    mine = tx.comments.add(site.id, [draft("c-1"), draft("c-2", BO), draft("c-3", CHI)], NOON)
    theirs = tx.comments.add(other.id, [draft("h-1", CHI)], NOON)
    tx.comments.move(
        [move(mine["c-3"], Action.APPROVE), move(mine["c-1"], Action.APPROVE), move(mine["c-2"])]
    )
    tx.comments.move([move(theirs["h-1"], Action.APPROVE)])
    assert ids(tx.comments.published(site.id, ARTICLE.url)) == ["c-1", "c-3"]
    assert ids(tx.comments.published(site.id, ARTICLE.url, limit=1)) == ["c-1"]
    assert tx.comments.published(site.id, "https://courier.example/none") == []


def test_what_came_by_a_compat_api_is_never_shown_to_readers(tx, site):
    added = tx.comments.add(site.id, [draft("c-1", source=Source.COMPAT), draft("c-2", BO)], NOON)
    tx.comments.move([move(one, Action.APPROVE) for one in added.values()])
    assert ids(tx.comments.published(site.id, ARTICLE.url)) == ["c-2"]


def test_readers_can_be_shown_every_comment_of_a_long_thread(tx, site):
    names = [f"c-{number:04}" for number in range(1_002)]
    added = tx.comments.add(site.id, [draft(name) for name in names], NOON)
    tx.comments.move([move(added[name], Action.APPROVE) for name in names])
    assert ids(tx.comments.published(site.id, ARTICLE.url, 5_000)) == names[:1_001]
    first = published_page(tx, site.id, ARTICLE.url)
    second = published_page(tx, site.id, ARTICLE.url, after=first.next or 0)
    assert ids([*first.comments, *second.comments]) == names
    assert (first.next, second.next) == (added[names[999]].pk, None)


def test_approved_authors_are_known_on_their_site_alone(tx, site):
    other = tx.sites.add(herald())
    mine = tx.comments.add(
        site.id, [draft("c-1"), draft("c-2", BO), draft("c-3", CHI, author_key=None)], NOON
    )
    tx.comments.move(
        [move(mine["c-1"], Action.APPROVE), move(mine["c-2"]), move(mine["c-3"], Action.APPROVE)]
    )
    asked = [f"key of {name}" for name in (ADA, BO, CHI)]
    assert tx.authors.with_approved(site.id, asked) == {"key of Ada"}
    assert tx.authors.with_approved(other.id, asked) == set()
    assert tx.authors.with_approved(site.id, []) == set()


def test_backlog_counts_what_waits(tx, site):
    other = tx.sites.add(herald())
    tx.comments.add(site.id, [draft("old-import", live=False)], NOON)
    tx.comments.add(other.id, [draft("h-1", CHI)], after(20))
    mine = tx.comments.add(site.id, [draft("c-1"), draft("c-2", BO)], after(10))
    decided(tx, mine["c-2"], Action.HOLD, published=False, effective_at=after(30))
    early, late = tx.statistics.backlog(after(29)), tx.statistics.backlog(after(30))
    assert (early.pending, early.held, early.oldest_unscored) == (3, 1, after(10))
    assert (early.due_decisions, late.due_decisions) == (0, 1)


def test_an_empty_installation_has_no_backlog(tx):
    backlog = tx.statistics.backlog(NOON)
    assert backlog.oldest_unscored is None
    assert backlog.pending == backlog.held == backlog.deliveries_waiting == backlog.deliveries_dead == 0


def test_late_comments_are_live_pending_and_oldest_first(tx, site):
    other = tx.sites.add(herald())
    tx.comments.add(other.id, [draft("h-1", CHI)], NOON)
    tx.comments.add(site.id, [draft("import", live=False)], NOON)
    first = tx.comments.add(site.id, [draft("c-1"), draft("c-2", BO)], NOON)
    tx.comments.add(site.id, [draft("c-3", CHI)], after(60))
    tx.comments.move([move(first["c-2"])])
    tx.scoring.lease_pending(after(1), after(31), 1)
    assert ids(tx.comments.late(site.id, after(60), 10)) == ["c-1"]
    assert ids(tx.comments.late(site.id, after(61), 10)) == ["c-1", "c-3"]
    assert ids(tx.comments.late(site.id, after(61), 1)) == ["c-1"]
    (first, _) = tx.comments.late(site.id, after(61), 10)
    assert ids(tx.comments.late(site.id, after(61), 10, first.article.url))[0] == "c-1"
    assert tx.comments.late(site.id, after(61), 10, "https://nowhere.example/") == []


@pytest.mark.parametrize(
    "write",
    [
        lambda tx, site, one: tx.comments.add(site.id, [draft()], NOON),
        lambda tx, site, one: tx.sites.save(replace(site, title="Other")),
        lambda tx, site, one: tx.queue.claim(1, [one.pk], NOON, after(60)),
        lambda tx, site, one: tx.cases.close_matters({one.pk: None}, NOON),
        lambda tx, site, one: tx.search.index([one.pk]),
    ],
)
def test_reading_transaction_cannot_write(store, site, write):
    with store.write() as tx:
        (one,) = tx.comments.add(site.id, [draft("c-2")], NOON).values()
    with pytest.raises(RuntimeError, match="only reads"), store.read() as tx:
        write(tx, site, one)


def test_states_come_back_as_words(tx, site):
    added = tx.comments.add(site.id, [draft(status.value) for status in Status], NOON)
    tx.comments.move([replace(move(added[status.value]), to_status=status) for status in Status])
    assert {one.id: one.status for one in tx.comments.page(site.id).comments} == {
        one.value: one for one in Status
    }
