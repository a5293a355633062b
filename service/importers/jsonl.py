"""Bringing a file of comments in: line by line, in batches, and safely twice; a faulty line is named and left out.

Characters that no text can have are replaced, optional values that are no good are left out, and their line is named.

Each line has an idempotency key made from its content, which is kept for good: running the import again repeats
nothing, and brings no text back that was edited since. A line without an id is given one made in the same way.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import IO, Any, Final

from service.context import AppContext
from service.domain.comment import Draft, Placed, Submission
from service.domain.effort import FAST_WANTED
from service.domain.errors import Invalid, ReplydeskError
from service.domain.faults import Fault
from service.domain.site import Site
from service.privacy.sanitizer import Sanitizer
from service.storage.schema import KEPT_FOR_GOOD
from service.usecases import submit
from service.usecases.archived import CHARACTERS, read_archived

BATCH: Final = 500
LINE_LIMIT: Final = 4 * 1024 * 1024
"""Bytes: JSON may take six or twelve for each character of a text."""
MENDED: Final = "held a character that no text can have; it is replaced or dropped"
LEFT_OUT: Final = "is left out: it %s"
COUNTED: Final = {"new": "imported", "replay": "replayed", "revised": "revised"}


@dataclass(frozen=True, slots=True)
class LineFault:
    """What is wrong with one line: its number from 1, the field and the fix; never the value."""

    line: int
    field: str
    message: str


@dataclass(frozen=True, slots=True)
class Batch:
    """What became of a stretch of lines: how many of each outcome, what was wrong, and how many bytes that was."""

    counts: Counter[str]
    faults: tuple[LineFault, ...]
    read_bytes: int


def import_lines(
    context: AppContext, site: Site, lines: IO[bytes], batch: int = BATCH, fast: bool = False
) -> Iterator[Batch]:
    """Read JSON lines and accept them as a backfill, a batch in each transaction; yield what became of each batch.

    With `fast` they are to be scored by the fast effort.

    Everything yielded is committed. Memory stays the same however long the file is, but for a digest of each
    line, which takes some 85 bytes.
    """
    reader, sanitizer = _Reader(context, site, lines, fast), LineSanitizer(context.keyring)
    while taken := reader.take(batch):
        numbers = [number for number, _ in taken]
        answers = submit(context.deps, sanitizer, site, [submission for _, submission in taken])
        counts, refused = count_answers(numbers, answers)
        counts.update(reader.counts())
        faults = [*reader.faults, *refused]
        yield Batch(counts, tuple(sorted(faults, key=lambda fault: fault.line)), reader.read_bytes)
    yield Batch(reader.counts(), tuple(reader.faults), reader.read_bytes)


class LineSanitizer(Sanitizer):
    """The sanitizer, but the key of a line is kept for good and names the line."""

    def draft(self, site: Site, submission: Submission, now: datetime) -> Draft:
        """Return the draft as the sanitizer makes it; the site's settings do not change the key of a line."""
        draft = super().draft(site, submission, now)
        return replace(draft, request_hash=draft.idempotency_key or draft.request_hash)

    def key_of(self, site: Site, key: str) -> str:
        """Return the key that is kept for good."""
        return f"{KEPT_FOR_GOOD}{super().key_of(site, key)}"


class _Reader:
    """Takes submissions off a file; remembers a digest of each line, to tell equal ones apart."""

    def __init__(self, context: AppContext, site: Site, lines: IO[bytes], fast: bool) -> None:
        self._keyring, self._site, self._lines = context.keyring, site, lines
        self._signals = FAST_WANTED if fast else {}
        self._number = 0
        self._seen: Counter[bytes] = Counter()
        self.faults: list[LineFault] = []
        self.repaired = self.refused = 0
        self.read_bytes = 0

    def counts(self) -> Counter[str]:
        """Return how many of the lines taken last were refused and repaired."""
        return Counter(refused=self.refused, repaired=self.repaired)

    def take(self, count: int) -> list[tuple[int, Submission]]:
        """Return the next submissions with their line numbers, none at the end of the file; faults are kept aside."""
        self.faults, self.repaired, self.refused, self.read_bytes = [], 0, 0, 0
        taken: list[tuple[int, Submission]] = []
        while len(taken) < count and (raw := self._lines.readline(LINE_LIMIT + 1)):
            self._number += 1
            self.read_bytes += len(raw)
            if len(raw) > LINE_LIMIT and not raw.endswith(b"\n"):
                self._skip_line()
                self.refused += 1
                self.faults.append(LineFault(self._number, "line", f"must be at most {LINE_LIMIT} bytes"))
            elif raw.strip():
                taken += self._read(raw.removeprefix(b"\xef\xbb\xbf") if self._number == 1 else raw)
        return taken

    def _skip_line(self) -> None:
        while (rest := self._lines.readline(LINE_LIMIT)) and not rest.endswith(b"\n"):
            self.read_bytes += len(rest)
        self.read_bytes += len(rest)

    def _read(self, raw: bytes) -> list[tuple[int, Submission]]:
        try:
            submission = self._submission(raw)
        except Invalid as wrong:
            self.refused += 1
            self.faults += [LineFault(self._number, one.field or "line", one.message) for one in wrong.faults]
            return []
        name = self._name(raw)
        named = replace(submission, id=submission.id or f"i-{name}", idempotency_key=name)
        return [(self._number, named)]

    def _submission(self, raw: bytes) -> Submission:
        """Return what a line holds, without what is optional and no good, and with characters replaced."""
        faults = []
        try:
            submission, left_out = read_archived(parsed(raw), self._signals)
        except Invalid as wrong:
            if {fault.code for fault in wrong.faults}.isdisjoint({"malformed", *CHARACTERS}):
                raise
            try:
                mended = _repaired(json.loads(raw.decode("utf-8", "replace"), strict=False))
                submission, left_out = read_archived(mended, self._signals)
            except (Invalid, ValueError, RecursionError):
                raise wrong from None
            faults = [LineFault(self._number, "character", MENDED)]
        faults += faults_left_out(self._number, left_out)
        self.faults += faults
        self.repaired += bool(faults)
        return submission

    def _name(self, raw: bytes) -> str:
        """Name a line by a keyed digest of its bytes, and the second of two equal lines by its being the second."""
        content = self._keyring.sign("import line", raw.strip(), site=self._site.name)[:16]
        self._seen[content] += 1
        place = self._seen[content].to_bytes(8, "big")
        return self._keyring.sign("import id", content + place, site=self._site.name)[:16].hex()


def faults_left_out(line: int, faults: Iterable[Fault]) -> list[LineFault]:
    """Say what was left out of the comment of a line."""
    return [LineFault(line, fault.field, LEFT_OUT % fault.message) for fault in faults]


def parsed(raw: bytes) -> object:
    """Return the JSON value of a line. Raises Invalid."""
    try:
        return json.loads(raw)
    except RecursionError:
        raise Invalid([Fault("", "malformed.deep")]) from None
    except UnicodeDecodeError:
        raise Invalid([Fault("", "malformed")]) from None
    except json.JSONDecodeError as wrong:
        raise Invalid([Fault("", "malformed.at", column=wrong.colno)]) from None
    except ValueError:
        raise Invalid([Fault("", "malformed.digits")]) from None


def _repaired(value: Any) -> Any:
    """Return a JSON value in which every text is one: half a surrogate pair is replaced, U+0000 is left out."""
    if isinstance(value, str):
        return value.replace("\0", "").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {name: _repaired(one) for name, one in value.items()}
    return [_repaired(one) for one in value] if isinstance(value, list) else value


def count_answers(
    lines: Sequence[int], answers: Sequence[Placed | ReplydeskError]
) -> tuple[Counter[str], list[LineFault]]:
    """Count the answers to the comments of these lines by outcome; say what refused the others."""
    counts: Counter[str] = Counter()
    faults: list[LineFault] = []
    for line, answer in zip(lines, answers, strict=True):
        if isinstance(answer, Placed):
            counts[COUNTED[answer.outcome]] += 1
        else:
            counts["refused"] += 1
            faults.append(LineFault(line, "id", answer.detail))
    return counts, faults
