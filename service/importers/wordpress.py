"""Brings a WordPress export in: its threads and the states of its comments, through the same sanitizer as all others.

A comment is known by its WordPress number, `wp-4711`, or by the id that our plugin noted when it was checked. The
numbers are those of one blog; comments of another blog on the same site are `wp-` and a word of eight letters before
the number. Running an export again repeats nothing; what was decided here since then stays.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import IO, Final

from service.context import AppContext
from service.domain.comment import TITLE_LIMIT, Article, Placed, Submission
from service.domain.errors import Invalid, ReplydeskError
from service.domain.faults import Fault
from service.domain.markup import plain_text
from service.domain.site import Site
from service.domain.verdict import Action
from service.importers.jsonl import (
    BATCH,
    MENDED,
    Batch,
    LineFault,
    LineSanitizer,
    count_answers,
    faults_left_out,
)
from service.importers.wordpress_ids import Names, link_of
from service.importers.wxr import Exported, read_export
from service.privacy.sanitizer import masked_article
from service.usecases import foreign_fields, import_comments
from service.usecases.archived import read_archived

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
NOTHING: Final = frozenset({"", "http://", "https://", "0000-00-00 00:00:00"})
"""How WordPress says that there is nothing."""
READERS: Final = frozenset({"", "comment"})
"""Types of what readers wrote for all to see; others are pings, editors' notes, notes on orders and the like."""


def import_export(context: AppContext, site: Site, stream: IO[bytes], batch: int = BATCH) -> Iterator[Batch]:
    """Read a WordPress export and take its comments in as they stand there; yield what became of each batch.

    Everything yielded is committed. Counted besides the outcomes: "left_out" are pings and notes, "not_shown" comments
    of articles that are not public, and "repaired" lines with a replaced character or without a value that is no good.
    Raises Invalid where the file itself is broken; what was committed before stays, and a second run passes over it.
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
        self._names = Names(context, site)
        self._counts: Counter[str] = Counter()
        self._faults: list[LineFault] = []
        self._taken: list[Exported] = []
        self._private: set[str] = set()

    @property
    def count(self) -> int:
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
            submission, action, left_out = self._read(one)
        except Invalid as wrong:
            self._counts["refused"] += 1
            self._faults += [LineFault(one.line, fault.field, fault.message) for fault in wrong.faults]
            return None
        faults = faults_left_out(one.line, left_out)
        self._counts["repaired"] += bool(faults)
        self._faults += faults
        return _Brought(one.line, submission, action)

    def _count(self, brought: Sequence[_Brought], answers: Sequence[Placed | ReplydeskError]) -> None:
        counts, faults = count_answers([one.line for one in brought], answers)
        self._counts.update(counts)
        self._faults += faults
        self._counts["not_shown"] += sum(
            isinstance(answer, Placed) and bool(one.submission.article.private)
            for one, answer in zip(brought, answers, strict=True)
        )

    def _correct(self, brought: Sequence[_Brought], answers: Sequence[Placed | ReplydeskError]) -> None:
        """Let what the export says anew of an article count for comments that are here already."""
        here = [
            (answer.comment, one.submission.article)
            for one, answer in zip(brought, answers, strict=True)
            if isinstance(answer, Placed)
            and answer.outcome == "replay"
            and _is_news(one.submission.article, answer.comment.article)
        ]
        if here:
            with self._context.deps.store.write() as tx:
                for comment, article in here:
                    tx.articles.move_comment(comment, masked_article(self._site, article))

    def _read(self, one: Exported) -> tuple[Submission, Action, Sequence[Fault]]:
        action = STATES.get(one.state)
        if action is None:
            raise Invalid([Fault("comment_approved", "choice", words=", ".join(STATES))])
        name = self._names.of(one)
        fields = _fields(one, name, self._names.of_parent(one), self._site.url)
        submission, left_out = read_archived(fields)
        article = replace(
            submission.article,
            private=self._is_private(one),
            import_word=self._word_of(one),
            exported_at=self._made_at(one),
        )
        key = self._names.key(name, submission.body)
        return replace(submission, article=article, idempotency_key=key), action, left_out

    def _is_private(self, one: Exported) -> bool:
        """Whether its article, or another of the file under the same address, is not for everyone."""
        page = self._names.page(one)
        if one.is_private:
            self._private.add(page)
        return page in self._private

    def _made_at(self, one: Exported) -> datetime | None:
        """Return when the export was made: by now, whatever the blog's clock says."""
        made = foreign_fields.mail_date(one.made)
        return made and min(made, self._context.deps.clock())

    def _word_of(self, one: Exported) -> str:
        """Digest what the export says of the article, under a key: it may be private."""
        content = "\0".join([one.blog, one.post_id, one.link, one.title, one.published, str(one.is_private)])
        return self._context.keyring.sign("wordpress article", content.encode(), site=self._site.name)[
            :16
        ].hex()


def _is_news(said: Article, known: Article) -> bool:
    """Whether an export says of an article what is not known yet, and no newer one has said otherwise."""
    is_known = (said.import_word, said.exported_at) == (known.import_word, known.exported_at)
    return not is_known and not known.is_newer_than(said)


def _fields(one: Exported, name: str, parent: str | None, site_url: str) -> dict[str, object]:
    """Put the export's words into those of a submission."""
    return {
        "id": name,
        "article": {
            "url": link_of(one, site_url),
            "title": plain_text(one.title)[:TITLE_LIMIT] or None,
            "published_at": _given(foreign_fields.moment, one.published, one.published_local),
        },
        "parent_id": parent,
        "author": {
            "name": foreign_fields.name(plain_text(one.name), ANONYMOUS),
            "email": _given(foreign_fields.email, one.email),
            "website": _given(foreign_fields.website, one.website),
        },
        "body": plain_text(one.content),
        "submitted_at": _given(foreign_fields.moment, one.written, one.written_local),
        "client": {"ip": _given(foreign_fields.ip, one.ip)},
    }


def _given(read: Callable[[str], str | None], *said: str) -> str | None:
    """Return what can be read of several words for one thing; else one that is no good, to be named and left out."""
    good = next(filter(None, map(read, said)), None)
    return good or next((one for one in said if one not in NOTHING), None)
