"""A queue with its order, filters and cursor, as addresses and forms carry them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from flask import url_for

from service.domain.comment import URL_LIMIT
from service.domain.desk_records import Cursor, Sort, Wanted
from service.domain.verdict import LABELS
from service.storage import Tx

QUEUES: Final = ("held", "late", "reported", "aside", "appeals", "published", "decided")
DIGITS: Final = 18  # more than any row number has, fewer than a database refuses
NAME_LIMIT: Final = 63
LANGUAGE_LIMIT: Final = 8
QUERY_LIMIT: Final = 2_600
HAVE_LIMIT: Final = 100
AT_RISK: Final = "r"


@dataclass(frozen=True, slots=True)
class QueueFilters:
    """`after` is the cursor behind which the page begins, None for the first page."""

    queue: str = "held"
    sort: Sort = Sort.AGE
    site: str | None = None
    article: str | None = None
    label: str | None = None
    language: str | None = None
    after: Cursor | None = None

    @classmethod
    def of(cls, values: Mapping[str, str]) -> QueueFilters:
        """Read the filters from a query, or from a form's field `at`; what makes no sense is left out."""
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
    def opened_from(cls, values: Mapping[str, str]) -> QueueFilters:
        """Read the queue that another page was opened from; that page's own query is not the queue's."""
        return cls.of({"at": values.get("at", "")})

    def query(self) -> dict[str, Any]:
        """Return the filters as a query, without the defaults."""
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
        """The filters as one field of a form."""
        return urlencode(self.query())

    @property
    def is_filtered(self) -> bool:
        return any((self.site, self.article, self.label, self.language))

    def without(self, *names: str) -> QueueFilters:
        """Return the first page without these filters."""
        removed: dict[str, Any] = dict.fromkeys(names)
        return replace(self, after=None, **removed)

    @property
    def unsorted(self) -> QueueFilters:
        """The first page in the default order."""
        return replace(self, sort=Sort.AGE, after=None)

    def following(self, cursor: Cursor) -> QueueFilters:
        """Return the page behind `cursor`."""
        return replace(self, after=cursor)

    def url(self, *, anchor: int | None = None, **done: Any) -> str:
        """Return the queue's address; `done` names what was just done, `anchor` the comment to scroll to."""
        return url_for("desk.queue", **self.query(), **done, _anchor=f"c{anchor}" if anchor else None)

    def wanted(self, tx: Tx, without: tuple[int, ...] = ()) -> Wanted:
        """Return what the filters ask of the queue; a site that does not exist matches nothing."""
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
    """Read a row number that a browser sent; None for anything else."""
    plain = text is not None and text.isascii() and text.isdigit() and len(text) <= DIGITS
    return int(text) if plain and text else None


def numbers(text: str | None) -> tuple[int, ...]:
    """Read the row numbers that a script on the page sent; anything else is left out."""
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
