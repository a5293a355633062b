"""Search by words, and an article's page with its thread."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from flask import Response, request, url_for
from flask.typing import ResponseReturnValue

from service.domain.article_surges import is_held
from service.domain.comment import URL_LIMIT
from service.domain.faults import InvalidValue
from service.domain.site import Site
from service.domain.text import asked_words
from service.privacy.masking import page_url
from service.usecases.articles import WATCHED_HOURS, describe_article, move_thread, watch_article
from service.web.desk import blueprint
from service.web.desk.access import moderator, redirect_to, requires
from service.web.desk.cards import cards
from service.web.desk.filters import NAME_LIMIT, QueueFilters, number
from service.web.desk.lists import Paged, Row, comment_list, paged
from service.web.desk.pages import FormIncomplete, found, page
from service.web.reach import context
from service.web.speech import in_words
from service.web.threads import threaded

PAGE: Final = 20
THREAD: Final = 100
WORDS_LIMIT: Final = 8
TEXT_LIMIT: Final = 200


@blueprint.get("/search")
@requires("moderator")
def search() -> ResponseReturnValue:
    """Show comments that contain every word asked for, newest first, in any state; an article's address leads to it."""
    asked, name = request.args.get("q", ""), request.args.get("site") or None
    words = asked_words(asked[:TEXT_LIMIT], WORDS_LIMIT)
    with context().deps.store.read() as tx:
        chosen = found(tx.sites.get(name[:NAME_LIMIT])) if name else None
        sites = tx.sites.all()
        if asked.startswith(("http://", "https://")):
            for site in [chosen] if chosen else sites:
                if tx.articles.get(site.id, _page_of(asked)):
                    return _to_article(site, asked)
        matches = tx.search.find(
            words, chosen.id if chosen else None, number(request.args.get("before")), PAGE + 1
        )
        return page(
            "desk/search.html",
            asked=asked[:TEXT_LIMIT],
            words=words,
            comments=comment_list(tx, matches, PAGE),
            sites=sites,
            chosen=name,
        )


@blueprint.get("/article")
@requires("moderator")
def article() -> ResponseReturnValue:
    """Show the newest comments under an article as they answer each other."""
    return _article(request.args.get("site", ""), request.args.get("url", ""))


def _article(name: str, address: str, status: int = 200, **shown_again: str | None) -> Response:
    here, url = context(), _page_of(address)
    site = _site(name)
    with here.deps.store.read() as tx:
        before = number(request.args.get("before"))
        some = paged(tx.comments.thread(site.id, url, before, THREAD + 1), THREAD, lambda one: one.pk)
        shown = cards(tx, some.rows)
    head = found(shown[0] if shown else None)
    address, now = head.comment.article.url, here.deps.clock()
    held = [one for one in site.options.held_articles if is_held([one], address, now)]
    placed = threaded(shown, lambda card: card.comment)
    return page(
        "desk/article.html",
        status,
        site=site,
        head=head,
        comments=Paged([Row(one.one, depth=one.depth, orphan=one.orphan) for one in placed], some.next),
        filters=QueueFilters.opened_from(request.args),
        held_until=datetime.fromtimestamp(held[0][1], UTC) if held else None,
        **shown_again,
    )


@blueprint.post("/article")
@requires("moderator")
def watch() -> ResponseReturnValue:
    """Hold everything new under an article for a day, or end that."""
    asked, url = request.form.get("watch"), request.form.get("url", "")[:URL_LIMIT]
    if asked not in ("yes", "no"):
        raise FormIncomplete
    site, here = _site(request.form.get("site", "")), context()
    with here.deps.store.read() as tx:
        found(tx.comments.page(site.id, article_url=url, limit=1).comments or None)
    watch_article(here.deps, site.name, url, moderator().name, WATCHED_HOURS if asked == "yes" else 0)
    return _to_article(site, url)


@blueprint.post("/article/move")
@requires("lead")
def move_article() -> ResponseReturnValue:
    """Move the thread of an article to another address, and lead there."""
    url, name, to = (request.form.get(field, "") for field in ("url", "site", "to"))
    site = _site(name)
    try:
        target = page_url(to.strip())
    except InvalidValue as wrong:
        return _article(name, url, 400, to=to[:URL_LIMIT], fault=in_words(wrong))
    redirect = request.form.get("redirect") == "yes"
    moved = move_thread(context(), site, _page_of(url), target, moderator().name, redirect)
    return _to_article(site, moved.article.url)


@blueprint.post("/article/open")
@requires("lead")
def open_article() -> ResponseReturnValue:
    """Show readers what was imported under an article that was private."""
    site, url = _site(request.form.get("site", "")), _page_of(request.form.get("url", ""))
    with context().deps.store.read() as tx:
        known = found(tx.articles.get(site.id, url))
    describe_article(context(), site, known.url, {"private": False}, moderator().name)
    return _to_article(site, known.url)


def _site(name: str) -> Site:
    with context().deps.store.read() as tx:
        return found(tx.sites.get(name[:NAME_LIMIT]))


def _to_article(site: Site, url: str) -> Response:
    at = QueueFilters.opened_from(request.args).at or None
    return redirect_to(url_for("desk.article", site=site.name, url=url, at=at))


def _page_of(text: str) -> str:
    """Return the address of a page as it is stored; an address that is none matches nothing."""
    try:
        return page_url(text.strip())
    except ValueError:
        return text
