"""Finding comments: by their words, and by the article they stand under, with its thread."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from flask import request, url_for
from flask.typing import ResponseReturnValue

from service.domain.article_surges import is_held
from service.domain.comment import URL_LIMIT
from service.domain.errors import NotFound
from service.domain.faults import InvalidValue
from service.domain.site import Site
from service.domain.text import asked_words
from service.privacy.masking import page_url
from service.usecases.articles import HOURS, describe_article, move_thread, watch_article
from service.web.desk import blueprint
from service.web.desk.access import back_to, moderator, requires
from service.web.desk.frame import missing, page, unfit
from service.web.desk.place import Place, number
from service.web.desk.shown import cards
from service.web.desk.speech import in_words
from service.web.reach import context
from service.web.threads import threaded

PAGE: Final = 20
THREAD: Final = 100
WORDS_LIMIT: Final = 8
TEXT_LIMIT: Final = 200
LEADS: Final = ("lead", "admin")


@blueprint.get("/search")
@requires("moderator")
def search() -> ResponseReturnValue:
    """Show comments that contain every word asked for, newest first, in any state."""
    asked, before = request.args.get("q", "")[:TEXT_LIMIT], number(request.args.get("before"))
    words, here = asked_words(asked, WORDS_LIMIT), context()
    with here.deps.store.read() as tx:
        sites = {site.id: site for site in tx.sites.all()}
        name = request.args.get("site") or None
        chosen = next((one.id for one in sites.values() if one.name == name), None)
        if name and chosen is None:
            return missing()
        if asked.startswith(("http://", "https://")):
            for site in (one for one in sites.values() if chosen in (None, one.id)):
                if tx.articles.get(site.id, _page_of(request.args["q"])):
                    return _to_article(site, request.args["q"])
        found = tx.search.find(words, chosen, before, PAGE + 1)
        shown = cards(tx, found[:PAGE], sites, here.deps.clock())
    return page(
        "desk/search.html",
        200,
        asked=asked,
        words=words,
        cards=shown,
        sites=sites.values(),
        chosen=request.args.get("site"),
        before=shown[-1].pk if len(found) > PAGE else None,
    )


@blueprint.get("/article")
@requires("moderator")
def article() -> ResponseReturnValue:
    """Show the newest comments under an article as they answer each other."""
    return _article(request.args.get("site", ""), request.args.get("url", ""))


def _article(name: str, address: str, status: int = 200, **shown_again: str | None) -> ResponseReturnValue:
    here, url = context(), _page_of(address)
    before = number(request.args.get("before"))
    with here.deps.store.read() as tx:
        site = tx.sites.get(name[:63])
        if site is None or not url:
            return missing()
        found = tx.comments.thread(site.id, url, before, THREAD + 1)
        shown = cards(tx, found[:THREAD], {site.id: site}, here.deps.clock())
    if not shown:
        return missing()
    now, options = here.deps.clock(), site.options
    held = [one for one in options.held_articles if is_held([one], shown[0].comment.article.url, now)]
    return page(
        "desk/article.html",
        status,
        site=site,
        head=shown[0],
        thread=threaded(shown, lambda card: card.comment),
        before=shown[-1].pk if len(found) > THREAD else None,
        place=Place.opened_from(request.args),
        held_until=datetime.fromtimestamp(held[0][1], UTC) if held else None,
        leads=moderator().role in LEADS,
        **shown_again,
    )


@blueprint.post("/article")
@requires("moderator")
def watch() -> ResponseReturnValue:
    """Let everything new under an article wait for a person for a day, or end that."""
    url, name, asked = (request.form.get(field, "")[:URL_LIMIT] for field in ("url", "site", "watch"))
    if asked not in ("yes", "no"):
        return unfit()
    here = context()
    with here.deps.store.read() as tx:
        site = tx.sites.get(name[:63])
        known = bool(site and tx.comments.page(site.id, article_url=url, limit=1).comments)
    if site is None or not known:
        return missing()
    watch_article(here.deps, site.name, url, moderator().name, HOURS if asked == "yes" else 0)
    return _to_article(site, url)


@blueprint.post("/article/move")
@requires("lead")
def move_article() -> ResponseReturnValue:
    """Move the thread of an article to another address, and lead there."""
    url, name, to = (request.form.get(field, "") for field in ("url", "site", "to"))
    site = _site(name)
    if site is None:
        return missing()
    try:
        target = page_url(to.strip())
    except InvalidValue as wrong:
        return _article(name, url, 400, to=to[:URL_LIMIT], fault=in_words(wrong))
    redirect = request.form.get("redirect") == "yes"
    try:
        moved = move_thread(context(), site, _page_of(url), target, moderator().name, redirect)
    except NotFound:
        return missing()
    return _to_article(site, moved.article.url)


@blueprint.post("/article/open")
@requires("lead")
def open_article() -> ResponseReturnValue:
    """Show readers what was imported under an article that was private."""
    site, url = _site(request.form.get("site", "")), _page_of(request.form.get("url", ""))
    with context().deps.store.read() as tx:
        known = tx.articles.get(site.id, url) if site else None
    if site is None or known is None:
        return missing()
    describe_article(context(), site, known.url, {"private": False}, moderator().name)
    return _to_article(site, known.url)


def _site(name: str) -> Site | None:
    with context().deps.store.read() as tx:
        return tx.sites.get(name[:63])


def _to_article(site: Site, url: str) -> ResponseReturnValue:
    at = Place.opened_from(request.args).at or None
    return back_to(url_for("desk.article", site=site.name, url=url, at=at))


def _page_of(text: str) -> str:
    """Return the address of a page as it is kept; what is none leads nowhere."""
    try:
        return page_url(text.strip())
    except ValueError:
        return text
