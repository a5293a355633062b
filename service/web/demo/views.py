"""The demo paper's pages: its front, and each article with its form and its thread."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from flask import Response, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import format_datetime

from service.domain.comment import normalise_url
from service.domain.site import Site
from service.web.demo import blueprint
from service.web.demo.articles import ARTICLES, article
from service.web.pages import message_page
from service.web.reach import context
from service.web.reply.views import blank_form
from service.web.speech import gettext
from service.web.threads import published_page, threaded, without_parent

SITE: Final = "demo"
DIGITS: Final = 18  # more than any row number has, fewer than a database refuses


@blueprint.get("", strict_slashes=False)
def front() -> ResponseReturnValue:
    """Show the paper's front page."""
    site = _site()
    if site is None:
        return _no_demo()
    return _fresh(render_template("demo/front.html", site=site, articles=ARTICLES))


@blueprint.get("/<slug>")
def page(slug: str) -> ResponseReturnValue:
    """Show an article with the form and the published comments under it; of very many, a page of them."""
    site, found = _site(), article(slug)
    if site is None:
        return _no_demo()
    if found is None:
        return _no_article()
    article_url = normalise_url(f"{site.url.rstrip('/')}/demo/{found.slug}")
    after = _cursor(request.args.get("after", ""))
    with context().deps.store.read() as tx:
        shown = published_page(tx, site.id, article_url, after=after)
        orphans = without_parent(tx, site.id, shown.comments)
    form = blank_form(site, article_url, title=found.title, parent_id=request.args.get("reply_to"))
    return _fresh(
        render_template(
            "demo/article.html",
            site=site,
            article=found,
            form=form,
            thread=threaded(shown.comments, lambda comment: comment),
            orphans=orphans,
            after=after,
            onward=shown.next,
            day=day,
        )
    )


@blueprint.get("/<slug>/static")
def embedded(slug: str) -> ResponseReturnValue:
    """Show an article as a static site would have it: its thread and its form come from a script at its end."""
    site, found = _site(), article(slug)
    if site is None or found is None:
        return _no_article()
    article_url = normalise_url(f"{site.url.rstrip('/')}/demo/{found.slug}")
    shown = render_template("demo/embedded.html", site=site, article=found, article_url=article_url)
    return _fresh(shown)


def day(moment: datetime) -> str:
    """Write a moment as 22 November 2026, 19:05, in UTC and in the reader's language."""
    return str(format_datetime(moment.astimezone(UTC), gettext("d MMMM y, HH:mm"), rebase=False))


def _cursor(text: str) -> int:
    """Read the row number behind which a page begins; what is none is the beginning."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= DIGITS else 0


def _site() -> Site | None:
    with context().deps.store.read() as tx:
        return tx.sites.get(SITE)


def _no_demo() -> Response:
    return message_page(
        404, gettext("There is no demo here"), gettext("This installation serves its own sites alone.")
    )


def _no_article() -> Response:
    return message_page(
        404, gettext("There is no such article"), gettext("The demo paper has two: see its front page.")
    )


def _fresh(html: str) -> Response:
    response = make_response(html)
    response.headers["Cache-Control"] = "no-store"
    return response
