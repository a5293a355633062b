"""Every store: one article whatever the spelling of its address, threads by date, and threads that move."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from service.domain.article_url import article_key
from service.domain.comment import Article, Source
from service.domain.desk_records import Wanted
from service.domain.verdict import Action
from tests.factories import ADA, ARTICLE, BO, CHI, NOON, ON_POSTGRESQL, after, draft, herald, ids, move
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


def under(tx, site, url):
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


def test_the_queue_of_an_article_takes_any_spelling(tx, site):
    added = tx.comments.add(site.id, [draft(article=Article(SPELLINGS[0]))], NOON)
    tx.comments.move([move(added["c-1"])])
    for url in SPELLINGS:
        assert [one.comment.id for one in tx.queue.page(Wanted(article_url=url), 1, NOON, 9)] == ["c-1"]


def test_sites_do_not_share_articles(tx, site):
    other = tx.sites.add(herald())
    approved(tx, site, draft(article=Article(SPELLINGS[0])))
    approved(tx, other, draft(article=Article(SPELLINGS[1])))
    assert under(tx, site, SPELLINGS[2]) == under(tx, other, SPELLINGS[2]) == ["c-1"]


def test_a_site_that_keeps_spellings_apart_has_two_articles(tx, site):
    plain, slashed = (
        Article(url, key=article_key(url, ("slash",))) for url in (ARTICLE.url, f"{ARTICLE.url}/")
    )
    tx.sites.save(replace(site, options=replace(site.options, articles_apart=("slash",))))
    tx.articles.rekey(site.id)
    approved(tx, site, draft("c-1", article=plain), draft("c-2", BO, article=slashed))
    assert under(tx, site, ARTICLE.url) == ["c-1"]
    assert under(tx, site, ARTICLE.url.replace("https", "http") + "/") == ["c-2"]
    tx.sites.save(site)
    tx.articles.rekey(site.id)
    assert under(tx, site, plain.url) == under(tx, site, slashed.url) == ["c-1", "c-2"]


# -- threads by date ---------------------------------------------------------------------------------------------------


def test_threads_are_read_by_date_whatever_came_first(tx, site):
    days = {"today": 0, "noon": -3_600, "old-2": -400_000_000, "old-1": -400_000_600, "old-3": -400_000_000}
    expected = ["old-1", "old-2", "old-3", "noon", "today"]
    approved(tx, site, *(draft(name, submitted_at=after(when)) for name, when in days.items()))
    seen, cursor, earlier, before = [], 0, [], None
    while page := tx.comments.published(site.id, ARTICLE.url, 2, cursor):
        seen, cursor = seen + ids(page), page[-1].pk
    while some := tx.comments.thread(site.id, ARTICLE.url, before, 2):
        earlier, before = earlier + ids(some), some[-1].pk
    assert tx.comments.published(site.id, ARTICLE.url, 2, 999_999) == []
    assert under(tx, site, ARTICLE.url) == seen == earlier[::-1] == expected


def test_a_thread_holds_every_state(tx, site):
    approved(tx, site, draft("c-1"))
    tx.comments.add(site.id, [draft("c-2", BO)], NOON)
    assert ids(tx.comments.thread(site.id, ARTICLE.url)) == ["c-2", "c-1"]
    assert tx.comments.thread(site.id, TUNNEL.url) == []


# -- what is private ---------------------------------------------------------------------------------------------------


def test_what_was_imported_under_a_private_article_is_not_shown(tx, site):
    members = replace(ARTICLE, private=True)
    approved(tx, site, draft("old", article=members, source=Source.IMPORT), draft("live", BO))
    assert under(tx, site, ARTICLE.url) == ["live"]
    approved(tx, site, draft("more", CHI))  # says nothing of that, so it stays
    stored = tx.comments.get(site.id, "old")
    assert (stored.is_public, stored.article.private) == (False, True)
    assert under(tx, site, ARTICLE.url) == ["live", "more"]
    tx.articles.save(site.id, replace(ARTICLE, private=False))
    assert sorted(under(tx, site, ARTICLE.url)) == ["live", "more", "old"]


# -- threads that move -------------------------------------------------------------------------------------------------


def test_a_thread_moves_to_a_new_address(store, site):
    with store.write() as tx:
        approved(tx, site, draft("c-1"), draft("c-2", BO))
        old = "http://www.courier.example/bridge/?utm_source=x"
        assert tx.articles.move_thread(site.id, old, TUNNEL, True) == 2
        for url in (TUNNEL.url, ARTICLE.url):
            assert ids(tx.comments.published(site.id, url)) == ["c-1", "c-2"]
    assert store.add_comment(site.id, draft("c-3", CHI), NOON)
    with store.write() as tx:
        approved(tx, site, draft("c-4"))
        (first, *_) = tx.comments.published(site.id, TUNNEL.url)
        assert (first.article.url, first.article.title) == (TUNNEL.url, ARTICLE.title)
        for url in (TUNNEL.url, ARTICLE.url):
            assert len(tx.comments.page(site.id, article_url=url).comments) == 4


def test_a_thread_moves_and_its_old_address_begins_anew(tx, site):
    approved(tx, site, draft("c-1"))
    assert tx.articles.move_thread(site.id, ARTICLE.url, TUNNEL, False) == 1
    approved(tx, site, draft("c-2", BO))
    assert under(tx, site, TUNNEL.url) == ["c-1"]
    assert under(tx, site, ARTICLE.url) == ["c-2"]


def test_two_threads_become_one(tx, site):
    bare = Article(TUNNEL.url)
    members = replace(ARTICLE, private=True)
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
    assert under(tx, site, ARTICLE.url) == under(tx, site, TUNNEL.url) == ["c-1", "c-3"]


def test_a_thread_moves_on_and_back(tx, site):
    library = Article("https://courier.example/library")
    approved(tx, site, draft("c-1"))
    approved(tx, site, draft("c-2", BO, article=library))
    assert tx.articles.move_thread(site.id, ARTICLE.url, TUNNEL, True) == 1
    assert tx.articles.move_thread(site.id, TUNNEL.url, library, True) == 1
    for url in (ARTICLE.url, TUNNEL.url, library.url):
        assert under(tx, site, url) == ["c-1", "c-2"]
    assert tx.articles.move_thread(site.id, ARTICLE.url, ARTICLE, True) == 2
    found = tx.articles.get(site.id, library.url)
    assert found.url == ARTICLE.url
    for url in (ARTICLE.url, TUNNEL.url, library.url):
        assert under(tx, site, url) == ["c-1", "c-2"]


def test_a_thread_moves_to_another_spelling_of_its_address(tx, site):
    approved(tx, site, draft("c-1"))
    assert tx.articles.move_thread(site.id, ARTICLE.url, Article("http://courier.example/bridge/"), True) == 1
    found = tx.articles.get(site.id, ARTICLE.url)
    assert found.url == "http://courier.example/bridge/"
    assert tx.articles.move_thread(site.id, "https://courier.example/none", TUNNEL, True) is None


def test_a_thread_of_another_site_stays(tx, site):
    other = tx.sites.add(herald())
    approved(tx, site, draft("c-1"))
    approved(tx, other, draft("c-1"))
    assert tx.articles.move_thread(site.id, ARTICLE.url, TUNNEL, True) == 1
    assert under(tx, other, ARTICLE.url) == ["c-1"]
    assert under(tx, other, TUNNEL.url) == []


def test_a_comment_moves_with_its_answers(tx, site):
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
    assert under(tx, site, TUNNEL.url) == ["c-1", "c-2", "c-3"]
    assert under(tx, site, ARTICLE.url) == ["c-4", "c-5"]


@ON_POSTGRESQL
def test_a_comment_that_comes_in_while_its_thread_moves_is_not_left_behind(store, site, clean_postgres_url):
    with store.write() as tx:
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
