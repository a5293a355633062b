"""Brings a WordPress export in: its threads and the states of its comments, through the same door as all others.

A comment is known by its WordPress number, `wp-4711`, or by the id that our plugin noted when it was checked. Running
an export again repeats nothing; what was decided here since then stays.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING, Final

from service import salvage
from service.actions import adopt
from service.importing import BATCH, COUNTED, Batch, LineDoor, LineFault
from service.markup import plain_text
from service.moderation.comment import TITLE_LIMIT, Source
from service.moderation.errors import Fault, Invalid
from service.moderation.verdict import Action
from service.ports import Placed, Site, Submission
from service.submission import ID, check, to_submission
from service.wxr import Exported, read_export

if TYPE_CHECKING:
    from service.wiring import Parts

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
NOT_COMMENTS: Final = frozenset({"pingback", "trackback"})
KNOWN_AS: Final = re.compile(ID)
KNOWN_LIMIT: Final = 500_000
"""So many comments of one article can be named as parents by the ids that our plugin gave them."""


def import_export(parts: Parts, site: Site, stream: IO[bytes], batch: int = BATCH) -> Iterator[Batch]:
    """Read a WordPress export and take its comments in as they stand there; yield what became of each batch.

    Everything yielded is committed. Pings are counted as "left_out". Raises Invalid where the file itself is broken;
    what was committed before stays, and a second run passes over it.
    """
    sizes: list[int] = []
    taken = _Taken(parts, site)
    for one in read_export(stream, sizes):
        taken.add(one)
        if len(taken.brought) >= batch:
            yield taken.commit(sizes)
    yield taken.commit(sizes)


class _Taken:
    """Comments on their way into the next transaction, and what was wrong with others."""

    def __init__(self, parts: Parts, site: Site) -> None:
        self._parts, self._site = parts, site
        self._door = LineDoor(parts.sealer)
        self._own_ids: dict[str, str] = {}
        self._counts: Counter[str] = Counter()
        self._faults: list[LineFault] = []
        self.brought: list[tuple[Submission, Action]] = []
        self._lines: list[int] = []

    def add(self, one: Exported) -> None:
        """Read one comment; its faults are kept aside."""
        if one.kind in NOT_COMMENTS:
            self._counts["left_out"] += 1
            return
        try:
            submission, action = self._read(one)
        except Invalid as wrong:
            self._counts["refused"] += 1
            self._faults += [LineFault(one.line, fault.field, fault.message) for fault in wrong.faults]
            return
        self.brought.append((submission, action))
        self._lines.append(one.line)

    def commit(self, sizes: list[int]) -> Batch:
        """Store what was taken; say what became of it."""
        brought, lines = self.brought, self._lines
        self.brought, self._lines = [], []
        answers = adopt(self._parts.house, self._door, self._site, brought, "import") if brought else []
        for line, answer in zip(lines, answers, strict=True):
            if isinstance(answer, Placed):
                self._counts[COUNTED[answer.outcome]] += 1
            else:
                self._counts["refused"] += 1
                self._faults.append(LineFault(line, "id", answer.detail))
        done = Batch(self._counts, tuple(sorted(self._faults, key=lambda fault: fault.line)), sum(sizes))
        self._counts, self._faults = Counter(), []
        sizes.clear()
        return done

    def _read(self, one: Exported) -> tuple[Submission, Action]:
        action = STATES.get(one.state)
        if action is None:
            raise Invalid(_fault("comment_approved", f"must be one of {', '.join(STATES)}"))
        name = self._id(one)
        given = check(_fields(one, name, self._parent(one)))
        submission = to_submission(
            given,
            Source.IMPORT,
            email_required=False,  # old comments were written under old rules
            idempotency_key=self._key(name, given.body),
            live=False,
        )
        return submission, action

    def _id(self, one: Exported) -> str:
        if not one.number.isdigit():
            raise Invalid(_fault("comment_id", "must be a number"))
        known_as = one.known_as if KNOWN_AS.fullmatch(one.known_as) else None
        if known_as and len(self._own_ids) < KNOWN_LIMIT:
            self._own_ids[one.number] = known_as
        return known_as or f"wp-{one.number}"

    def _parent(self, one: Exported) -> str | None:
        if one.parent in ("", "0"):
            return None
        return self._own_ids.get(one.parent, f"wp-{one.parent}")

    def _key(self, name: str, body: str) -> str:
        """Name the comment in this wording by a keyed digest, which is kept for good."""
        told = f"{name}\0{body}".encode()
        return self._parts.keyring.sign("wordpress comment", told, site=self._site.name)[:16].hex()


def _fields(one: Exported, name: str, parent: str | None) -> dict[str, object]:
    """Put the export's words into those of a submission; what is optional and no good is left out, not refused."""
    return {
        "id": name,
        "article": {
            "url": one.link,
            "title": plain_text(one.title)[:TITLE_LIMIT] or None,
            "published_at": salvage.moment(one.published),
        },
        "parent_id": parent,
        "author": {
            "name": salvage.name(plain_text(one.name), ANONYMOUS),
            "email": salvage.email(one.email),
            "website": salvage.website(one.website),
        },
        "body": plain_text(one.content),
        "submitted_at": salvage.moment(one.written),
        "client": {"ip": salvage.ip(one.ip)},
    }


def _fault(field: str, message: str) -> list[Fault]:
    return [Fault(field, message)]
