"""`replydesk article`: describe an article without a comment, and move its thread to another address."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import click

from service.cli.console import Refused, json_option, naming, opened_installation, show, site_named

if TYPE_CHECKING:
    from service.domain.comment import Article

WHO: Final = "operator"


@click.group()
def article() -> None:
    """Describe articles, and move their threads."""


@article.command("set")
@click.argument("url")
@click.option("--site", "site_name", required=True, help="The site whose article it is.")
@click.option("--title", help="Its title; empty: none is known.")
@click.option("--published-at", help="When it appeared, such as 2026-11-22T19:00:00Z; empty: not known.")
@click.option(
    "--private/--public", default=None, help="Whether comments imported under it are kept from readers."
)
@json_option
def describe(
    url: str, site_name: str, title: str | None, published_at: str | None, private: bool | None, as_json: bool
) -> None:
    """Set what is known of the article URL; what is not given stays as it is."""
    from service.usecases.articles import describe_article

    given = {"title": title, "published_at": published_at, "private": private}
    said = {name: _read(name, value) for name, value in given.items() if value is not None}
    with opened_installation() as context:
        made = describe_article(context, site_named(context, site_name), _page(url), said, WHO)
    _show(made, {}, as_json)


@article.command()
@click.argument("url")
@click.argument("to")
@click.option("--site", "site_name", required=True, help="The site whose article it is.")
@click.option(
    "--redirect/--no-redirect", default=True, help="Whether the old address leads there from now on."
)
@json_option
def move(url: str, to: str, site_name: str, redirect: bool, as_json: bool) -> None:
    """Move all comments of the article URL to the address TO; where that has comments, both threads become one."""
    from service.usecases.articles import move_thread

    with opened_installation() as context:
        moved = move_thread(context, site_named(context, site_name), _page(url), _page(to), WHO, redirect)
    _show(moved.article, {"moved": moved.comments}, as_json)


def _page(url: str) -> str:
    from service.privacy.masking import page_url

    with naming("URL"):
        return page_url(url)


def _read(name: str, value: str | bool) -> Any:
    """Read an option; an empty one takes away what is known."""
    if value == "":
        return None
    from service.domain.comment import TITLE_LIMIT

    if name == "title" and len(str(value)) > TITLE_LIMIT:
        raise Refused(f"--title: must be at most {TITLE_LIMIT} characters")
    if name != "published_at":
        return value
    try:
        read = datetime.fromisoformat(str(value))
        return (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Refused("--published-at: must be like 2026-11-22T19:00:00Z") from None


def _show(made: Article, more: dict[str, object], as_json: bool) -> None:
    from service.domain.events import instant

    values = {
        "url": made.url,
        "title": made.title,
        "published_at": instant(made.published_at),
        "private": bool(made.private),
        **more,
    }
    show(values, (f"{name}: {'—' if value is None else value}" for name, value in values.items()), as_json)
