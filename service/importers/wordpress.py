"""Brings a WordPress export in: its threads and the states of its comments, through the same sanitizer as all others.

A comment is known by its WordPress number, `wp-4711`, or by the id that our plugin noted when it was checked. The
numbers are those of one blog; comments of another blog on the same site are `wp-` and a word of eight letters before
the number. Running an export again repeats nothing; what was decided here since then stays.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import IO, TYPE_CHECKING, Final
from urllib.parse import urlsplit

from service.domain.article_url import article_key, host_of
from service.domain.comment import TITLE_LIMIT, Comment, Placed, Source, Submission
from service.domain.errors import Invalid, ReplydeskError
from service.domain.faults import Fault
from service.domain.markup import plain_text
from service.domain.site import Site
from service.domain.verdict import Action
from service.importers.jsonl import BATCH, COUNTED, MENDED, Batch, LineFault, LineSanitizer
from service.importers.wxr import Exported, read_export
from service.privacy.sanitizer import masked_article
from service.storage import Tx
from service.usecases import import_comments, lenient
from service.usecases.submission import ID, check_archived, to_submission

if TYPE_CHECKING:
    from service.context import AppContext

STATES: Final = {
    "1": Action.APPROVE,
    "approved": Action.APPROVE,
    "0": Action.HOLD,
    "hold": Action.HOLD,
    "spam": Action.SPAM,
    "trash": Action.REJECT,
    "post-trashed": Action.REJECT,
}
"""What `wp:comment_approved` says, and the decision that it stands for."""
ANONYMOUS: Final = "Anonymous"
"""What WordPress shows for a comment without a name."""
READERS: Final = frozenset({"", "comment"})
"""Types of what readers wrote for all to see; others are pings, editors' notes, notes on orders and the like."""
PLAIN: Final = "wp-"
"""What stands before the numbers of the first blog's comments."""
KNOWN_AS: Final = re.compile(ID)
KNOWN_LIMIT: Final = 500_000
"""So many comments of one file can be named as parents by ids that are not made of their numbers."""


def import_export(context: AppContext, site: Site, stream: IO[bytes], batch: int = BATCH) -> Iterator[Batch]:
    """Read a WordPress export and take its comments in as they stand there; yield what became of each batch.

    Everything yielded is committed. Counted besides the outcomes: "left_out" are pings and notes, "not_shown" comments
    of articles that are not public, and "repaired" lines with a replaced character. Raises Invalid where the file
    itself is broken; what was committed before stays, and a second run passes over it.
    """
    sizes: list[int] = []
    repaired: list[int] = []
    taken = _Taken(context, site)
    try:
        for one in read_export(stream, sizes, repaired):
            taken.add(one)
            if taken.count >= batch:
                yield taken.commit(sizes, repaired)
    except Invalid:
        yield taken.commit(sizes, repaired)
        raise
    yield taken.commit(sizes, repaired)


@dataclass(frozen=True, slots=True)
class _Brought:
    """A comment on its way in, and the line that it began in."""

    line: int
    submission: Submission
    action: Action


class _Taken:
    """Comments on their way into the next transaction, and what was wrong with others."""

    def __init__(self, context: AppContext, site: Site) -> None:
        self._context, self._site = context, site
        self._sanitizer = LineSanitizer(context.keyring)
        self._names = _Names(context, site)
        self._counts: Counter[str] = Counter()
        self._faults: list[LineFault] = []
        self._taken: list[Exported] = []
        self._private: set[str] = set()

    @property
    def count(self) -> int:
        """How many wait for their transaction."""
        return len(self._taken)

    def add(self, one: Exported) -> None:
        """Take one comment, unless it is none of a reader."""
        if one.kind.lower() in READERS:
            self._taken.append(one)
        else:
            self._counts["left_out"] += 1

    def commit(self, sizes: list[int], repaired: list[int]) -> Batch:
        """Store what was taken; say what became of it."""
        self._repaired(repaired)
        self._names.look(self._taken)
        brought = [made for one in self._taken if (made := self._brought(one))]
        self._taken = []
        moving = [(one.submission, one.action) for one in brought]
        answers = (
            import_comments(self._context.deps, self._sanitizer, self._site, moving, "import")
            if brought
            else []
        )
        self._count(brought, answers)
        self._correct(brought, answers)
        done = Batch(self._counts, tuple(sorted(self._faults, key=lambda fault: fault.line)), sum(sizes))
        self._counts, self._faults = Counter(), []
        sizes.clear()
        return done

    def _repaired(self, lines: list[int]) -> None:
        self._counts["repaired"] += len(lines)
        self._faults += [LineFault(line, "character", MENDED) for line in lines]
        lines.clear()

    def _brought(self, one: Exported) -> _Brought | None:
        try:
            submission, action = self._read(one)
        except Invalid as wrong:
            self._counts["refused"] += 1
            self._faults += [LineFault(one.line, fault.field, fault.message) for fault in wrong.faults]
            return None
        return _Brought(one.line, submission, action)

    def _count(self, brought: Sequence[_Brought], answers: Sequence[Placed | ReplydeskError]) -> None:
        for one, answer in zip(brought, answers, strict=True):
            if isinstance(answer, Placed):
                self._counts[COUNTED[answer.outcome]] += 1
                self._counts["not_shown"] += bool(one.submission.article.private)
            else:
                self._counts["refused"] += 1
                self._faults.append(LineFault(one.line, "id", answer.detail))

    def _correct(self, brought: Sequence[_Brought], answers: Sequence[Placed | ReplydeskError]) -> None:
        """Let what the export says anew of an article count for comments that are here already."""
        here = [
            (answer.comment, one.submission.article)
            for one, answer in zip(brought, answers, strict=True)
            if isinstance(answer, Placed)
            and answer.outcome == "replay"
            and answer.comment.article.import_word != one.submission.article.import_word
        ]
        if here:
            with self._context.deps.store.write() as tx:
                for comment, article in here:
                    tx.articles.move_comment(comment, masked_article(self._site, article))

    def _read(self, one: Exported) -> tuple[Submission, Action]:
        action = STATES.get(one.state)
        if action is None:
            raise Invalid([Fault("comment_approved", "choice", words=", ".join(STATES))])
        name = self._names.of(one)
        given = check_archived(_fields(one, name, self._names.of_parent(one), self._site.url))
        submission = to_submission(
            given,
            Source.IMPORT,
            email_required=False,  # old comments were written under old rules
            idempotency_key=self._names.key(name, given.body),
            signals={"cut": True} if given.is_cut else None,
            live=False,
        )
        article = replace(submission.article, private=self._is_private(one), import_word=self._word_of(one))
        return replace(submission, article=article), action

    def _is_private(self, one: Exported) -> bool:
        """Whether its article, or another of the file under the same address, is not for everyone."""
        page = self._names.page(one)
        if one.is_private:
            self._private.add(page)
        return page in self._private

    def _word_of(self, one: Exported) -> str:
        """Digest what the export says of the article, under a key: it may be private."""
        content = "\0".join([one.blog, one.post_id, one.link, one.title, one.published, str(one.is_private)])
        return self._context.keyring.sign("wordpress article", content.encode(), site=self._site.name)[
            :16
        ].hex()


class _Names:
    """Gives the comments of a file their ids, so that those of two blogs are never taken for each other."""

    def __init__(self, context: AppContext, site: Site) -> None:
        self._context, self._site = context, site
        self._prefix: str | None = None
        self._own: dict[tuple[str, str], str] = {}

    def look(self, taken: Sequence[Exported]) -> None:
        """See which blog the file is of, and which of these comments are known by other ids than their numbers."""
        if not taken:
            return
        if self._prefix is None:
            self._prefix = self._prefix_for(taken)
        for one in taken:
            if KNOWN_AS.fullmatch(one.known_as):
                self._note(one, one.number, one.known_as)
        with self._context.deps.store.read() as tx:
            self._note_posted(tx, taken)
            unknown = [one for one in taken if self._place(one, one.number) not in self._own]
            numbers = {one.number for one in unknown} | {one.parent for one in taken}
            wanted = [name for number in numbers if KNOWN_AS.fullmatch(name := f"{self._prefix}{number}")]
            stored = tx.comments.by_ids(self._site.id, wanted)
        hosts = {f"{self._prefix}{number}": "" for number in numbers}
        hosts |= {name: host_of(known.article.url) for name, known in stored.items()}
        first: dict[str, Exported] = {}
        for one in unknown:
            known = stored.get(f"{self._prefix}{one.number}")
            is_plain = known is None or _is_same(known, one, self.page(one))
            if is_plain and self._is_one(first.setdefault(one.number, one), one):
                hosts[f"{self._prefix}{one.number}"] = self._host(one)
            else:
                self._note(one, one.number)
        for one in taken:
            is_named = self._place(one, one.parent) in self._own
            if not is_named and hosts[f"{self._prefix}{one.parent}"] not in ("", self._host(one)):
                self._note(one, one.parent)  # a parent that is still to come: that number is another blog's

    def _note_posted(self, tx: Tx, taken: Sequence[Exported]) -> None:
        """See which of another blog's comments the site has posted by itself, under their plain numbers."""
        if self._prefix == PLAIN:
            return
        numbers = {f"{PLAIN}{one.number}": one for one in taken}
        for name, known in tx.comments.by_ids(self._site.id, _named(PLAIN, taken)).items():
            one = numbers[name]
            is_own = known.source is not Source.IMPORT or _is_written_then(known, one)
            if is_own and article_key(known.article.url) == self.page(one):
                self._note(one, one.number, name)

    def of(self, one: Exported) -> str:
        """Return the comment's id. Raises Invalid where its number is none."""
        if not (one.number.isascii() and one.number.isdigit()):
            raise Invalid([Fault("comment_id", "whole")])
        if KNOWN_AS.fullmatch(one.known_as):
            return one.known_as
        return self._own.get(self._place(one, one.number), f"{self._prefix}{one.number}")

    def of_parent(self, one: Exported) -> str | None:
        """Return the id of the comment that this one answers."""
        if one.parent in ("", "0"):
            return None
        return self._own.get(self._place(one, one.parent), f"{self._prefix}{one.parent}")

    def key(self, name: str, body: str) -> str:
        """Name the comment in this wording by a keyed digest, which is kept for good."""
        content = f"{name}\0{body}".encode()
        return self._context.keyring.sign("wordpress comment", content, site=self._site.name)[:16].hex()

    def page(self, one: Exported) -> str:
        """Return the key of its article."""
        return article_key(_link(one, self._site.url))

    def _host(self, one: Exported) -> str:
        return host_of(_link(one, self._site.url))

    def _place(self, one: Exported, number: str) -> tuple[str, str]:
        """Say which number it is, under which article: another may hold it too, where two blogs are in one file."""
        return self.page(one)[:8], number

    def _is_one(self, first: Exported, one: Exported) -> bool:
        """Whether two of a file are the same comment, and not of two blogs."""
        return first.written == one.written or self.page(first) == self.page(one)

    def _note(self, one: Exported, number: str, name: str = "") -> None:
        """Give what has this number under the article of `one` a name of its own: with the article's in it."""
        if len(self._own) < KNOWN_LIMIT:
            page, _ = place = self._place(one, number)
            self._own[place] = name or f"wp-{page}-{number}"

    def _prefix_for(self, taken: Sequence[Exported]) -> str:
        """Return what stands before the numbers: of the first blog nothing but `wp-`."""
        blog = _blog_of(taken[0])
        with self._context.deps.store.write() as tx:
            site = tx.sites.by_id(self._site.id) or self._site
            known, prefix = site.options.wordpress_blog, f"{PLAIN}{blog[:8]}-"
            was_another = known not in (None, blog) and tx.comments.by_ids(site.id, _named(prefix, taken))
            if was_another or (known != blog and self._is_another(tx, taken, known is not None)):
                return prefix
            if known != blog:
                tx.sites.save(replace(site, options=replace(site.options, wordpress_blog=blog)))
        return PLAIN

    def _is_another(self, tx: Tx, taken: Sequence[Exported], is_known: bool) -> bool:
        """Whether these are comments of another blog than those that are here: none is here in the same words.

        A blog that moved to another address has most of them in common.
        """
        numbers = {f"{PLAIN}{one.number}": one for one in taken}
        sanitizer = LineSanitizer(self._context.keyring)
        keys = [
            sanitizer.key_of(self._site, self.key(name, plain_text(one.content)))
            for name, one in numbers.items()
        ]
        if tx.comments.idempotency_keys(self._site.id, keys):
            return False
        if is_known:
            return True
        there = tx.comments.by_ids(self._site.id, _named(PLAIN, taken))
        pairs = [(known, numbers[name]) for name, known in there.items()]
        return bool(pairs) and not any(_is_same(known, one, self.page(one)) for known, one in pairs)


def _named(prefix: str, taken: Sequence[Exported]) -> list[str]:
    """Return the ids that the comments have with this prefix."""
    return [name for one in taken if KNOWN_AS.fullmatch(name := f"{prefix}{one.number}")]


def _is_same(known: Comment, one: Exported, page: str) -> bool:
    """Whether a comment that is here under this number is the exported one: written then, or under that article.

    The site may have posted it by itself, with the number that WordPress gave it.
    """
    return _is_written_then(known, one) or page == article_key(known.article.url)


def _is_written_then(known: Comment, one: Exported) -> bool:
    """Whether the export gives the moment of a comment that is here, or none."""
    written = lenient.moment(one.written) or lenient.moment(one.written_local)
    return written is None or written == known.submitted_at.isoformat().replace("+00:00", "Z")


def _blog_of(one: Exported) -> str:
    """Return the key of the blog: of its address, else of the host of its articles."""
    parts = urlsplit(one.link)
    return article_key(one.blog or f"{parts.scheme}://{parts.netloc}/")


def _link(one: Exported, site_url: str) -> str:
    """Return the article's address; a draft that has none has one like WordPress' own."""
    if lenient.website(one.link) or not one.post_id.isdigit():
        return one.link
    return f"{(lenient.website(one.blog) or site_url).rstrip('/')}/?p={one.post_id}"


def _fields(one: Exported, name: str, parent: str | None, site_url: str) -> dict[str, object]:
    """Put the export's words into those of a submission; what is optional and no good is left out, not refused."""
    published = lenient.moment(one.published) or lenient.moment(one.published_local)
    written = lenient.moment(one.written) or lenient.moment(one.written_local)
    return {
        "id": name,
        "article": {
            "url": _link(one, site_url),
            "title": plain_text(one.title)[:TITLE_LIMIT] or None,
            "published_at": published,
        },
        "parent_id": parent if parent and KNOWN_AS.fullmatch(parent) else None,
        "author": {
            "name": lenient.name(plain_text(one.name), ANONYMOUS),
            "email": lenient.email(one.email),
            "website": lenient.website(one.website),
        },
        "body": plain_text(one.content),
        "submitted_at": written,
        "client": {"ip": lenient.ip(one.ip)},
    }
