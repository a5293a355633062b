"""Finding comments: by their words, and by the article they stand under, with its thread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from flask import request, url_for
from flask.typing import ResponseReturnValue

from service.actions.watching_articles import HOURS, watch_article
from service.moderation.comment import URL_LIMIT
from service.moderation.text import asked_words
from service.web.desk import blueprint
from service.web.desk.access import back_to, moderator, requires
from service.web.desk.frame import missing, page, unfit
from service.web.desk.place import Place, number
from service.web.desk.shown import Card, cards
from service.web.reach import parts

PAGE: Final = 20
THREAD: Final = 100
WORDS_LIMIT: Final = 8
TEXT_LIMIT: Final = 200
DEPTH: Final = 3


@dataclass(frozen=True, slots=True)
class Answer:
    """A comment in its thread; `depth` 0 answers nobody who is on the page."""

    card: Card
    depth: int


@blueprint.get("/search")
@requires("moderator")
def search() -> ResponseReturnValue:
    """Show comments that contain every word asked for, newest first, in any state."""
    asked, before = request.args.get("q", "")[:TEXT_LIMIT], number(request.args.get("before"))
    words, here = asked_words(asked, WORDS_LIMIT), parts()
    with here.house.store.read() as tx:
        sites = {site.id: site for site in tx.sites()}
        name = request.args.get("site") or None
        chosen = next((one.id for one in sites.values() if one.name == name), None)
        if name and chosen is None:
            return missing()
        found = tx.search(words, chosen, before, PAGE + 1)
        shown = cards(tx, found[:PAGE], sites, here.house.clock())
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
    here, url = parts(), request.args.get("url", "")
    after = number(request.args.get("before"))
    with here.house.store.read() as tx:
        site = tx.site(request.args.get("site", "")[:63])
        if site is None or not url:
            return missing()
        found = tx.comments(site.id, article_url=url, after=after, limit=THREAD)
        shown = cards(tx, found.comments, {site.id: site}, here.house.clock())
    if not shown:
        return missing()
    held = [until for url, until in site.options.held_articles if url == shown[0].comment.article.url]
    now = here.house.clock()
    return page(
        "desk/article.html",
        200,
        site=site,
        head=shown[0],
        thread=threaded(shown),
        before=found.next,
        place=Place.behind(request.args),
        held_until=datetime.fromtimestamp(held[0], UTC) if held and held[0] > now.timestamp() else None,
    )


@blueprint.post("/article")
@requires("moderator")
def watch() -> ResponseReturnValue:
    """Let everything new under an article wait for a person for a day, or end that."""
    url, name, asked = (request.form.get(field, "")[:URL_LIMIT] for field in ("url", "site", "watch"))
    if asked not in ("yes", "no"):
        return unfit()
    here = parts()
    with here.house.store.read() as tx:
        site = tx.site(name[:63])
        known = bool(site and tx.comments(site.id, article_url=url, limit=1).comments)
    if site is None or not known:
        return missing()
    watch_article(here.house, site.name, url, moderator().name, HOURS if asked == "yes" else 0)
    return back_to(url_for("desk.article", site=site.name, url=url, at=Place.behind(request.args).at or None))


def threaded(shown: Sequence[Card]) -> list[Answer]:
    """Put answers below what they answer, oldest first; deeper than three levels they stand side by side."""
    by_id = {card.comment.id: card for card in shown}
    below: dict[str | None, list[Card]] = {}
    for card in sorted(shown, key=lambda card: card.pk):
        parent = by_id.get(card.comment.parent_id or "")
        # what claims to answer something later answers nothing: no circles
        below.setdefault(parent.comment.id if parent and parent.pk < card.pk else None, []).append(card)
    found: list[Answer] = []
    waiting = [(card, 0) for card in reversed(below.get(None, []))]
    while waiting:
        card, depth = waiting.pop()
        found.append(Answer(card, min(depth, DEPTH)))
        waiting += [(answer, depth + 1) for answer in reversed(below.get(card.comment.id, []))]
    return found
