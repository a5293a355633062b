"""Every store: one article whatever the spelling of its address, threads by date, and threads that move."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from service.domain.comment import Article, Source
from service.domain.desk import Wanted
from service.domain.verdict import Action
from service.storage import open_store
from tests.factories import ADA, ARTICLE, BO, CHI, NOON, after, courier, draft, herald, ids, move
from tests.processes import until
from tests.servers import lock_waits

SPELLINGS = [
    "https://courier.example/caf%C3%A9",
    "https://courier.example/caf%c3%a9",
    "https://courier.example/café",
    "https://courier.example/x/../cafe%CC%81/",
    "http://www.courier.example/caf%C3%A9/",
]
TUNNEL = Article("https://courier.example/tunnel", "The tunnel")


def approved(tx, site, *drafts):
    added = tx.comments.add(site.id, list(drafts), NOON)
    tx.comments.move([move(one, Action.APPROVE) for one in added.values()])
    return added


def under(store, site, url):
    """The ids of what is published under an address."""
    with store.read() as tx:
        return ids(tx.comments.published(site.id, url))


# -- one article -------------------------------------------------------------------------------------------------------


def test_every_spelling_is_one_article(store, site):
    with store.write() as tx:
        approved(tx, site, *(draft(f"c-{n}", article=Article(url)) for n, url in enumerate(SPELLINGS[:3])))
    for n, url in enumerate(SPELLINGS[3:], 3):
        assert store.add_comment(site.id, draft(f"c-{n}", BO, article=Article(url)), NOON)
    with store.read() as tx:
        for url in SPELLINGS:
            assert ids(tx.comments.published(site.id, url)) == ["c-0", "c-1", "c-2"]
            assert len(tx.comments.page(site.id, article_url=url).comments) == 5
            assert len(tx.comments.page(None, article_url=url).comments) == 5
            assert len(tx.comments.thread(site.id, url)) == 5
            assert len(tx.comments.late(site.id, after(60), 9, url)) == 2
            assert len(tx.statistics.arrivals(site.id, after(-9), after(9), None, url, None, 9)) == 5
            found = tx.articles.get(site.id, url)
            assert found.url == SPELLINGS[-1]
        assert tx.articles.get(site.id, "https://courier.example/cafe") is None
        assert tx.comments.published(site.id, "no address") == []


def test_the_queue_of_an_article_takes_any_spelling(store, site):
    with store.write() as tx:
        added = tx.comments.add(site.id, [draft(article=Article(SPELLINGS[0]))], NOON)
        tx.comments.move([move(added["c-1"])])
        for url in SPELLINGS:
            assert [one.comment.id for one in tx.queue.page(Wanted(article_url=url), 1, NOON, 9)] == ["c-1"]


def test_sites_do_not_share_articles(store, site):
    with store.write() as tx:
        other = tx.sites.add(herald())
        approved(tx, site, draft(article=Article(SPELLINGS[0])))
        approved(tx, other, draft(article=Article(SPELLINGS[1])))
    assert under(store, site, SPELLINGS[2]) == under(store, other, SPELLINGS[2]) == ["c-1"]


def test_a_site_that_keeps_spellings_apart_has_two_articles(store, site):
    with store.write() as tx:
        options = replace(site.options, articles_apart=("slash",))
        tx.sites.save(replace(site, options=options))
        tx.articles.rekey(site.id)
        keys = [Article(f"{ARTICLE.url}{end}", key=key) for end, key in (("", "k1"), ("/", "k2"))]
        from service.domain.article_url import article_key

        keys = [replace(one, key=article_key(one.url, ("slash",))) for one in keys]
        approved(tx, site, draft("c-1", article=keys[0]), draft("c-2", BO, article=keys[1]))
    assert under(store, site, ARTICLE.url) == ["c-1"]
    assert under(store, site, ARTICLE.url.replace("https", "http") + "/") == ["c-2"]
    with store.write() as tx:
        tx.sites.save(site)
        tx.articles.rekey(site.id)
    assert under(store, site, ARTICLE.url) == under(store, site, f"{ARTICLE.url}/") == ["c-1", "c-2"]


# -- threads by date ---------------------------------------------------------------------------------------------------


def test_threads_are_read_by_date_whatever_came_first(store, site):
    days = {"today": 0, "noon": -3_600, "old-2": -400_000_000, "old-1": -400_000_600, "old-3": -400_000_000}
    with store.write() as tx:
        approved(tx, site, *(draft(name, submitted_at=after(when)) for name, when in days.items()))
    expected = ["old-1", "old-2", "old-3", "noon", "today"]
    assert under(store, site, ARTICLE.url) == expected
    seen = []
    earlier = []
    with store.read() as tx:
        cursor = 0
        while page := tx.comments.published(site.id, ARTICLE.url, 2, cursor):
            seen, cursor = seen + ids(page), page[-1].pk
        before = None
        while some := tx.comments.thread(site.id, ARTICLE.url, before, 2):
            earlier, before = earlier + ids(some), some[-1].pk
        assert tx.comments.published(site.id, ARTICLE.url, 2, 999_999) == []
    assert seen == expected
    assert earlier == expected[::-1]


def test_a_thread_holds_every_state(store, site):
    with store.write() as tx:
        approved(tx, site, draft("c-1"))
        tx.comments.add(site.id, [draft("c-2", BO)], NOON)
        assert ids(tx.comments.thread(site.id, ARTICLE.url)) == ["c-2", "c-1"]
        assert tx.comments.thread(site.id, TUNNEL.url) == []


# -- what is private ---------------------------------------------------------------------------------------------------


def test_what_was_imported_under_a_private_article_is_not_shown(store, site):
    members = replace(ARTICLE, private=True)
    with store.write() as tx:
        approved(tx, site, draft("old", article=members, source=Source.IMPORT), draft("live", BO))
    assert under(store, site, ARTICLE.url) == ["live"]
    with store.write() as tx:
        approved(tx, site, draft("more", CHI))  # says nothing of that, so it stays
        stored = tx.comments.get(site.id, "old")
        assert (stored.is_public, stored.article.private) == (False, True)
    assert under(store, site, ARTICLE.url) == ["live", "more"]
    with store.write() as tx:
        tx.articles.save(site.id, replace(ARTICLE, private=False))
    assert sorted(under(store, site, ARTICLE.url)) == ["live", "more", "old"]


# -- threads that move -------------------------------------------------------------------------------------------------


def test_a_thread_moves_to_a_new_address(store, site):
    with store.write() as tx:
        approved(tx, site, draft("c-1"), draft("c-2", BO))
        assert (
            tx.articles.move_thread(site.id, "http://www.courier.example/bridge/?utm_source=x", TUNNEL, True)
            == 2
        )
    assert under(store, site, TUNNEL.url) == under(store, site, ARTICLE.url) == ["c-1", "c-2"]
    assert store.add_comment(site.id, draft("c-3", CHI), NOON)
    with store.write() as tx:
        approved(tx, site, draft("c-4"))
        (first, *_) = tx.comments.published(site.id, TUNNEL.url)
        assert first.article.url == TUNNEL.url
        assert first.article.title == ARTICLE.title
        assert len(tx.comments.page(site.id, article_url=TUNNEL.url).comments) == 4
        assert len(tx.comments.page(site.id, article_url=ARTICLE.url).comments) == 4


def test_a_thread_moves_and_its_old_address_begins_anew(store, site):
    with store.write() as tx:
        approved(tx, site, draft("c-1"))
        assert tx.articles.move_thread(site.id, ARTICLE.url, TUNNEL, False) == 1
        approved(tx, site, draft("c-2", BO))
    assert under(store, site, TUNNEL.url) == ["c-1"]
    assert under(store, site, ARTICLE.url) == ["c-2"]


def test_two_threads_become_one(store, site):
    bare = Article(TUNNEL.url)
    members = replace(ARTICLE, private=True)
    with store.write() as tx:
        approved(
            tx,
            site,
            draft("c-1", article=members),
            draft("c-2", BO, article=members, source=Source.IMPORT),
            draft("c-3", CHI, article=bare),
        )
        assert tx.articles.move_thread(site.id, ARTICLE.url, bare, True) == 2
        found = tx.articles.get(site.id, TUNNEL.url)
    assert found == replace(ARTICLE, url=TUNNEL.url)
    assert under(store, site, ARTICLE.url) == under(store, site, TUNNEL.url) == ["c-1", "c-3"]


def test_a_thread_moves_on_and_back(store, site):
    library = Article("https://courier.example/library")
    with store.write() as tx:
        approved(tx, site, draft("c-1"))
        approved(tx, site, draft("c-2", BO, article=library))
        assert tx.articles.move_thread(site.id, ARTICLE.url, TUNNEL, True) == 1
        assert tx.articles.move_thread(site.id, TUNNEL.url, library, True) == 1
    for url in (ARTICLE.url, TUNNEL.url, library.url):
        assert under(store, site, url) == ["c-1", "c-2"]
    with store.write() as tx:
        assert tx.articles.move_thread(site.id, ARTICLE.url, ARTICLE, True) == 2
        found = tx.articles.get(site.id, library.url)
        assert found.url == ARTICLE.url
    for url in (ARTICLE.url, TUNNEL.url, library.url):
        assert under(store, site, url) == ["c-1", "c-2"]


def test_a_thread_moves_to_another_spelling_of_its_address(store, site):
    with store.write() as tx:
        approved(tx, site, draft("c-1"))
        assert (
            tx.articles.move_thread(site.id, ARTICLE.url, Article("http://courier.example/bridge/"), True)
            == 1
        )
        found = tx.articles.get(site.id, ARTICLE.url)
        assert found.url == "http://courier.example/bridge/"
        assert tx.articles.move_thread(site.id, "https://courier.example/none", TUNNEL, True) is None


def test_a_thread_of_another_site_stays(store, site):
    with store.write() as tx:
        other = tx.sites.add(herald())
        approved(tx, site, draft("c-1"))
        approved(tx, other, draft("c-1"))
        assert tx.articles.move_thread(site.id, ARTICLE.url, TUNNEL, True) == 1
    assert under(store, other, ARTICLE.url) == ["c-1"]
    assert under(store, other, TUNNEL.url) == []


def test_a_comment_moves_with_its_answers(store, site):
    with store.write() as tx:
        added = approved(
            tx,
            site,
            draft("c-1"),
            draft("c-2", BO, parent_id="c-1"),
            draft("c-3", CHI, parent_id="c-2"),
            draft("c-4", ADA, body="Beside it."),
            draft("c-5", ADA, body="In a circle.", parent_id="c-5"),
        )
        moved = tx.articles.move_comment(added["c-1"], TUNNEL)
        assert moved.article == TUNNEL
        assert tx.articles.move_comment(moved, TUNNEL).article == TUNNEL
    assert under(store, site, TUNNEL.url) == ["c-1", "c-2", "c-3"]
    assert under(store, site, ARTICLE.url) == ["c-4", "c-5"]


def test_a_comment_that_comes_in_while_its_thread_moves_is_not_left_behind(clean_postgres_url):
    store = open_store(clean_postgres_url)
    with store.write() as tx:
        site = tx.sites.add(courier())
        approved(tx, site, draft("c-1"))

    def batch():
        with store.write() as tx:
            tx.comments.add(site.id, [draft("c-3", CHI)], NOON)

    with ThreadPoolExecutor(2) as threads:
        with store.write() as tx:
            assert tx.articles.move_thread(site.id, ARTICLE.url, TUNNEL, True) == 1
            late = [threads.submit(store.add_comment, site.id, draft("c-2", BO), NOON), threads.submit(batch)]
            until(lambda: lock_waits(clean_postgres_url) == 2)
        for one in late:
            one.result(10)
    with store.read() as tx:
        assert {one.article.url for one in tx.comments.page(site.id).comments} == {TUNNEL.url}
    store.close()
