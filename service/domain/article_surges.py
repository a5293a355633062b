"""Surges: articles under which far more comments arrive than usual, and those whose new comments wait for a person."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from service.domain.article_url import article_key

LEAST: Final = 20
"""Comments in an hour below which nothing is a surge."""
TIMES: Final = 4.0
"""So many times the usual hour's number make a surge."""
USUAL_HOURS: Final = 24
HELD_ARTICLES_LIMIT: Final = 50

Held = tuple[str, float]
"""An article's normalised address, and until when (seconds since 1970) what arrives under it is held."""


@dataclass(frozen=True, slots=True)
class Surge:
    """An article under which more arrives than usual: its number in the last hour, and in an hour of the day before."""

    site_id: int
    title: str
    url: str
    last_hour: int
    usual: float


def is_surge(last_hour: int, usual: float) -> bool:
    """Whether so many in an hour are far more than usual."""
    return last_hour >= LEAST and last_hour >= TIMES * usual


def still_held(held: Iterable[Held], now: datetime) -> list[Held]:
    """Return the articles whose new comments are held at that moment."""
    return [(url, until) for url, until in held if until > now.timestamp()]


def is_held(held: Iterable[Held], article_url: str, now: datetime) -> bool:
    """Whether what arrives under the article now waits for a person."""
    return any(article_key(url) == article_key(article_url) for url, _ in still_held(held, now))
