"""Where on the desk a moderator is: queue, order, filters and cursor, carried by addresses and forms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from flask import url_for

from service.domain.comment import URL_LIMIT
from service.domain.desk import Cursor, Sort, Wanted
from service.domain.verdict import LABELS
from service.storage import Tx

QUEUES: Final = ("held", "late", "reported", "aside", "appeals", "decided")
DIGITS: Final = 18  # more than any row number has, fewer than a database refuses
NAME_LIMIT: Final = 63
LANGUAGE_LIMIT: Final = 8
QUERY_LIMIT: Final = 2_600
HAVE_LIMIT: Final = 100
AT_RISK: Final = "r"


@dataclass(frozen=True, slots=True)
class Place:
    """A queue, its order and filters, and the cursor behind which the page begins; None is its beginning."""

    queue: str = "held"
    sort: Sort = Sort.AGE
    site: str | None = None
    article: str | None = None
    label: str | None = None
    language: str | None = None
    after: Cursor | None = None

    @classmethod
    def of(cls, values: Mapping[str, str]) -> Place:
        """Read a place from a query, or from a form's field `at`; what makes no sense is left out."""
        if "at" in values:
            values = dict(parse_qsl(values["at"][:QUERY_LIMIT], max_num_fields=20))
        queue, sort = values.get("queue", "held"), values.get("sort", "age")
        return cls(
            queue=queue if queue in QUEUES else "held",
            sort=Sort(sort) if sort in tuple(Sort) else Sort.AGE,
            site=_word(values.get("site"), NAME_LIMIT),
            article=_word(values.get("article"), URL_LIMIT),
            label=label if (label := values.get("label", "")) in LABELS else None,
            language=_word(values.get("language"), LANGUAGE_LIMIT),
            after=_cursor(values.get("after")),
        )

    @classmethod
    def opened_from(cls, values: Mapping[str, str]) -> Place:
        """Read the place that a page beside the queue was reached from; its own query is none."""
        return cls.of({"at": values.get("at", "")})

    def query(self) -> dict[str, Any]:
        """Return the place as a query, without what goes without saying."""
        query = {
            "queue": None if self.queue == "held" else self.queue,
            "sort": None if self.sort is Sort.AGE else self.sort.value,
            "site": self.site,
            "article": self.article,
            "label": self.label,
            "language": self.language,
            "after": _written(self.after),
        }
        return {name: value for name, value in query.items() if value}

    @property
    def at(self) -> str:
        """The place as forms carry it, in one field."""
        return urlencode(self.query())

    @property
    def is_filtered(self) -> bool:
        """Whether anything is left out."""
        return any((self.site, self.article, self.label, self.language))

    def without(self, *names: str) -> Place:
        """Return the same place with these filters taken off, from the beginning."""
        taken_off: dict[str, Any] = dict.fromkeys(names)
        return replace(self, after=None, **taken_off)

    @property
    def unsorted(self) -> Place:
        """The same filters from the beginning, in no order of their own."""
        return replace(self, sort=Sort.AGE, after=None)

    def following(self, cursor: Cursor) -> Place:
        """Return the place of the page behind `cursor`."""
        return replace(self, after=cursor)

    def url(
        self,
        *,
        anchor: int | None = None,
        done: int | None = None,
        undone: int | None = None,
        answered: int | None = None,
        left: int | None = None,
        waits: int | None = None,
    ) -> str:
        """Return the address of this place, with what was just done and the comment to stand at."""
        return url_for(
            "desk.queue",
            **self.query(),
            done=done,
            undone=undone,
            answered=answered,
            left=left,
            waits=waits,
            _anchor=f"c{anchor}" if anchor else None,
        )

    def wanted(self, tx: Tx, without: tuple[int, ...] = ()) -> Wanted:
        """Return what the place asks of the queue; a site that is not there matches nothing."""
        site = tx.sites.get(self.site) if self.site else None
        return Wanted(
            sort=self.sort,
            site_id=(site.id if site else 0) if self.site else None,
            article_url=self.article,
            label=self.label,
            language=self.language,
            after=self.after,
            without=without,
        )


def number(text: str | None) -> int | None:
    """Read a row number that a browser sent; None for everything that is none."""
    plain = text is not None and text.isascii() and text.isdigit() and len(text) <= DIGITS
    return int(text) if plain and text else None


def numbers(text: str | None) -> tuple[int, ...]:
    """Read the row numbers that a script on the page sent, as far as they are any."""
    found = (number(one) for one in (text or "")[: HAVE_LIMIT * 20].split(",")[:HAVE_LIMIT])
    return tuple(one for one in found if one)


def _word(text: str | None, limit: int) -> str | None:
    return text if text and len(text) <= limit and text.isprintable() else None


def _cursor(text: str | None) -> Cursor | None:
    """Read "17", or "17_0.25" where the order has a rank; "r17" is among those that come before every order."""
    text = (text or "")[:60]
    pk, _, rank = text.removeprefix(AT_RISK).partition("_")
    known = number(pk)
    if not known:
        return None
    try:
        ranked = float(rank) if rank else None
    except ValueError:
        return None
    return Cursor(known, ranked if ranked is None or -1 <= ranked <= 1 else None, text.startswith(AT_RISK))


def _written(cursor: Cursor | None) -> str | None:
    if cursor is None:
        return None
    pk = f"{AT_RISK if cursor.at_risk else ''}{cursor.pk}"
    return pk if cursor.rank is None else f"{pk}_{cursor.rank!r}"
