"""Akismet's words and ours: what a client tells of a comment, and what a verdict is in its protocol. No web, no I/O."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from service.domain.article_url import article_key
from service.domain.comment import BODY_LIMIT, TITLE_LIMIT, Source, Submission, normalise_url
from service.domain.facts import Facts
from service.domain.markup import plain_text
from service.domain.severity import is_at_risk
from service.domain.site import Site
from service.domain.status import Status
from service.domain.text import as_seen
from service.domain.verdict import OUTCOME, Action, Verdict
from service.privacy.sealing import Address
from service.usecases import foreign_fields
from service.usecases.submission import read_submission

GUID: Final = re.compile(r"[A-Za-z0-9._:-]{1,128}")
RECHECK_SECONDS: Final = 300
"""After so long a client may ask again about a comment that waits for a person; WordPress waits twice that."""
SPAM_NAMES: Final = frozenset({"viagra-test-123", "akismet-guaranteed-spam"})
SPAM_EMAIL: Final = "akismet-guaranteed-spam@example.com"
ANONYMOUS: Final = "Anonymous"
FALSE: Final = frozenset({"", "0", "false", "no", "off"})
SLASHED: Final = re.compile(r"\\([\\'\"0])")
BARE_QUOTE: Final = re.compile(r"(?<!\\)(?:\\\\)*['\"]")


@dataclass(frozen=True, slots=True)
class AkismetComment:
    """A comment as a client sent it, with only its valid optional fields; its repr holds no value."""

    blog: str = field(repr=False)
    text: str = field(repr=False)
    name: str = field(repr=False)
    email: str | None = field(repr=False)
    website: str | None = field(repr=False)
    article: str = field(repr=False)
    ip: str | None = field(repr=False)
    user_agent: str | None = field(repr=False)
    referrer: str | None = field(repr=False)
    written: str | None = None
    parent: str | None = None
    guid: str | None = None
    honeypot: bool = False
    is_cut: bool = False
    is_test: bool = False
    wants_discard: bool = False
    is_spam_by_name: bool = False
    is_administrator: bool = False
    is_recheck: bool = False

    @property
    def address(self) -> Address | None:
        """The author's address, wrapped, for the sanitizer to find it in the text."""
        return Address.parse(self.email) if self.email else None

    @property
    def signals(self) -> dict[str, object]:
        """What is noted of the comment besides its text."""
        return {name: True for name, is_so in (("honeypot", self.honeypot), ("cut", self.is_cut)) if is_so}

    @property
    def facts(self) -> Facts:
        """What the policy is told besides the text."""
        return Facts(body=self.text, honeypot=self.honeypot, cut=self.is_cut)

    @property
    def key(self) -> str:
        """Name the comment by what a later submit-spam says too: where it stands, who wrote it from where, and what.

        What nobody sees, the slashes that some versions add and how the page's address is spelt do not count, so that
        the same comment is found again.
        """
        values = (article_key(self.article), self.name, self.ip or "", self.text)
        return "akismet\0" + "\0".join(map(as_seen, values))

    def submission(self, comment_id: str) -> Submission:
        """Return the comment as the verbs take it. Raises Invalid where there is no text, or no page for it."""
        return read_submission(
            {
                "id": comment_id,
                "article": {"url": self.article},
                "parent_id": self.parent,
                "author": {"name": self.name, "email": self.email, "website": self.website},
                "body": self.text,
                "submitted_at": self.written,
                "client": {"ip": self.ip, "user_agent": self.user_agent, "referrer": self.referrer},
            },
            Source.COMPAT,
            email_required=False,  # the client's own form asked for what its site wants
            signals=self.signals,
        )


def read_comment(fields: Mapping[str, str]) -> AkismetComment:
    """Read the fields of a call; drop invalid optional ones."""
    blog = fields.get("blog", "").strip()
    raw, name = _without_slashes(fields.get("comment_content", ""), fields.get("comment_author", ""))
    text = plain_text(raw).strip()
    email = fields.get("comment_author_email", "").strip()
    trap = fields.get("honeypot_field_name", "")
    return AkismetComment(
        blog=blog,
        text=text[:BODY_LIMIT],
        name=foreign_fields.name(plain_text(name), ANONYMOUS),
        email=foreign_fields.email(email),
        website=foreign_fields.website(fields.get("comment_author_url", "").strip()),
        article=_article(fields.get("permalink", "").strip(), blog),
        ip=foreign_fields.ip(fields.get("user_ip", "")),
        user_agent=foreign_fields.line(fields.get("user_agent", "")),
        referrer=foreign_fields.line(fields.get("referrer", "")),
        written=foreign_fields.moment(fields.get("comment_date_gmt", "")),
        parent=_parent(fields),
        guid=_guid(fields.get("guid", "")),
        honeypot=bool(trap and fields.get(trap, "").strip()),
        is_cut=len(text) > BODY_LIMIT,
        is_test=is_true(fields.get("is_test", "")),
        wants_discard=is_true(fields.get("test_discard", "")),
        is_spam_by_name=name.strip() in SPAM_NAMES or email.lower() == SPAM_EMAIL,
        is_administrator=fields.get("user_role", "").strip().lower() == "administrator",
        is_recheck=bool(fields.get("recheck_reason", "").strip()),
    )


def is_true(text: str) -> bool:
    """Read a flag: `1`, `true`, `True` and whatever else is not no."""
    return text.strip().lower() not in FALSE


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said of a comment: the bare word, our word for it, and the headers that mean something."""

    is_spam: bool
    status: Status
    recheck: bool = False
    discard: bool = False

    @property
    def word(self) -> str:
        """Akismet's word."""
        return "true" if self.is_spam else "false"


def answer_of(site: Site, status: Status, discard: bool = False, at_risk: bool = False) -> Answer:
    """Say where a comment stands: refused is spam, approved is not; what waits for a person is asked about again.

    What somebody wrote who may be at risk is not called spam while it waits.
    """
    if status in (Status.SPAM, Status.REJECTED):
        return Answer(True, status, discard=discard and status is Status.SPAM)
    if status is Status.APPROVED:
        return Answer(False, status)
    held_is_spam = site.options.akismet_held == "spam" and not at_risk
    return Answer(held_is_spam, Status.HELD, recheck=not held_is_spam)


def judged(site: Site, verdict: Verdict) -> Answer:
    """Say what the policy concluded; blatant spam, by the site's own measure, may be thrown away unseen."""
    least = site.options.akismet_discard
    blatant = verdict.action is Action.SPAM and least is not None and verdict.scores.get("spam", 0.0) >= least
    return answer_of(site, OUTCOME[verdict.action], discard=blatant, at_risk=is_at_risk(verdict))


def _without_slashes(content: str, name: str) -> tuple[str, str]:
    r"""Undo what WordPress does to quotes (`it\'s`) before it asks; a text with a bare quote was not slashed."""
    if "\\" not in content + name or BARE_QUOTE.search(content) or BARE_QUOTE.search(name):
        return content, name
    return SLASHED.sub(r"\1", content), SLASHED.sub(r"\1", name)


def _article(permalink: str, blog: str) -> str:
    """Return the page of the comment: its own address, else the blog's."""
    for url in (permalink, blog):
        try:
            return normalise_url(url)
        except ValueError:
            continue
    return blog[:TITLE_LIMIT]


def _parent(fields: Mapping[str, str]) -> str | None:
    """Return the id of the comment that this one answers, as our plugin tells it, or as an import has named it."""
    known = _guid(fields.get("comment_parent_guid", ""))
    number = fields.get("comment_parent", "").strip()
    if known:
        return known
    return (
        f"wp-{number}"
        if number.isascii() and number.isdigit() and 0 < len(number) < 20 and int(number)
        else None
    )


def _guid(text: str) -> str | None:
    return text if GUID.fullmatch(text) else None
