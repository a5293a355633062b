"""The reply form: what it shows, what a reader sent with it, and each fault said so that the reader can fix it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from flask import Request
from flask_babel import format_decimal

from service.domain.article_url import host_of
from service.domain.comment import BODY_LIMIT, NAME_LIMIT, Comment, Source, Submission
from service.domain.errors import Invalid
from service.domain.faults import Fault, InvalidValue
from service.domain.site import Site
from service.privacy.masking import page_url
from service.storage import Tx
from service.usecases.submission import ID, read_submission
from service.web.reply.ticket import Ticket
from service.web.security import callers_network
from service.web.speech import gettext

FIELDS: Final = ("comment", "name", "email", "website")
HONEYPOT: Final = "topic"
AGENT_LIMIT: Final = 1_000
FIELD_OF: Final = {
    "body": "comment",
    "author.name": "name",
    "author.email": "email",
    "author.website": "website",
    "parent_id": "comment",
}


def _l(sentence: str) -> str:
    """Mark a sentence for the catalog; `field_errors` returns it."""
    return sentence


MENDS: Final = {
    ("comment", "blank"): _l("Write your comment."),
    ("comment", "too_long"): _l("Shorten your comment to %(limit)s characters."),
    ("name", "blank"): _l("Give your name, or the name you write under."),
    ("name", "too_long"): _l("Shorten your name to %(limit)s characters."),
    ("email", "missing"): _l("Give your email address; it will not be published."),
    ("email", "email"): _l("Give an email address such as name@example.org."),
}
OTHERWISE: Final = {
    "comment": _l("Your comment holds a character that cannot be kept; take it out."),
    "name": _l("Your name holds a character that cannot be kept; take it out."),
    "email": _l("Give an email address such as name@example.org."),
    "website": _l("Give a web address such as https://example.org, or leave this empty."),
}
LIMITS: Final = {"comment": BODY_LIMIT, "name": NAME_LIMIT}


@dataclass(frozen=True, slots=True)
class Form:
    """The form as it is shown: what was typed is kept, faults stand at their fields, `line` says the rest."""

    site: Site
    article_url: str
    ticket: str = field(repr=False)
    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    faults: Mapping[str, str] = field(default_factory=dict)
    line: str | None = None
    parent: Comment | None = field(default=None, repr=False)
    orphan: bool = False
    """The comment to be answered is not (or no longer) published, so this one would stand on its own."""


def article_of(site: Site, url: str) -> str:
    """Return the article's address, normalised and without any email address.

    Raises InvalidValue when it is none, not on the site's own host, or holds an email address outside its query.
    """
    article_url = page_url(url)
    if host_of(article_url) != host_of(site.url):  # a demo is reached on any port
        raise InvalidValue("url.other_host", name=host_of(site.url))
    return article_url


def parent_of(tx: Tx, site: Site, article_url: str, parent_id: str) -> Comment | None:
    """Return the comment to be answered if readers can see it under this article."""
    found = tx.comments.get(site.id, parent_id) if re.fullmatch(ID, parent_id) else None
    there = tx.articles.get(site.id, article_url)
    if found is None or there is None or not found.is_public:
        return None
    return found if found.article.identity == there.identity else None


def shown_again(request: Request) -> dict[str, str]:
    """Return what the reader typed, field by field, for the form that is shown again; the email field comes back empty.

    An address typed into the comment, name or website is shown again, to its writer alone: here nothing is masked yet.
    """
    return {name: typed for name, typed in _typed(request).items() if name != "email"}


def _typed(request: Request) -> dict[str, str]:
    return {name: request.form.get(name, "") for name in FIELDS}


def read_form(
    request: Request, site: Site, ticket: Ticket, now: datetime, parent: Comment | None
) -> Submission:
    """Return the submission in a posted form. Raises Invalid; each fault names a field of the form, none a value."""
    values = _typed(request)
    given = {
        "article": {"url": ticket.article_url, "title": ticket.title},
        "author": {
            "name": values["name"].strip(),
            "email": values["email"].strip() or None,
            "website": _with_scheme(values["website"].strip()) or None,
        },
        "body": values["comment"].replace("\r\n", "\n"),
        "parent_id": parent.id if parent else None,
        "client": {"ip": callers_network(request), "user_agent": _agent(request)},
    }
    signals = {
        "fill_seconds": ticket.fill_seconds(now),
        **({"honeypot": True} if request.form.get(HONEYPOT) else {}),
    }
    try:
        return read_submission(
            given,
            Source.FORM,
            email_required=site.email_required,
            idempotency_key=ticket.idempotency_key,
            signals=signals,
        )
    except Invalid as invalid:
        raise Invalid(_all_faults(invalid.faults, values, site)) from None


def field_errors(faults: Sequence[Fault]) -> dict[str, str]:
    """Return for each field at fault, in the form's order, the sentence that says how to fix it."""
    found: dict[str, str] = {}
    for fault in faults:
        name = FIELD_OF.get(fault.field, "comment")
        found.setdefault(name, _message(name, fault.code))
    return {name: found[name] for name in FIELDS if name in found}


def _message(name: str, code: str) -> str:
    text = MENDS.get((name, code), OTHERWISE[name])
    return (
        gettext(text, limit=format_decimal(LIMITS[name]))
        if code == "too_long" and name in LIMITS
        else gettext(text)
    )


def _all_faults(faults: list[Fault], values: Mapping[str, str], site: Site) -> list[Fault]:
    """Name a missing address together with the other faults, not after they are fixed."""
    is_named = any(fault.field == "author.email" for fault in faults)
    missing = site.email_required and not values["email"].strip() and not is_named
    return faults + ([Fault("author.email", "missing")] if missing else [])


def _with_scheme(website: str) -> str:
    """Readers write example.org and mean https://example.org."""
    return f"https://{website}" if website and "://" not in website else website


def _agent(request: Request) -> str | None:
    agent = request.headers.get("User-Agent", "")[:AGENT_LIMIT].replace("\0", "")
    return agent or None
