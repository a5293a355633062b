"""Bringing a file of comments in: line by line, in batches, and safely twice; a faulty line is named and left out.

A line without an id is given one made from its content, so that running the import again repeats nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Final

from service.actions import submit
from service.moderation.comment import Source
from service.moderation.errors import Invalid, ReplydeskError
from service.ports import Placed, Site, Submission
from service.submission import SubmissionGiven, read, to_submission

if TYPE_CHECKING:
    from service.wiring import Parts

BATCH: Final = 500
LINE_LIMIT: Final = 256 * 1024
COUNTED: Final = {"new": "imported", "replay": "replayed", "revised": "revised"}


@dataclass(frozen=True, slots=True)
class LineFault:
    """What is wrong with one line: its number from 1, the field and the mend; never the value."""

    line: int
    field: str
    message: str


@dataclass(frozen=True, slots=True)
class Batch:
    """What became of a stretch of lines: how many of each outcome, what was wrong, and how many bytes that was."""

    counts: Counter[str]
    faults: tuple[LineFault, ...]
    read_bytes: int


def import_lines(parts: Parts, site: Site, lines: IO[bytes], batch: int = BATCH) -> Iterator[Batch]:
    """Read JSON lines and accept them as a backfill, a batch in each transaction; yield what became of each batch.

    Everything yielded is committed. Memory stays the same however long the file is, but for 16 bytes for each line
    that has no id.
    """
    reader = _Reader(parts, site, lines)
    while taken := reader.take(batch):
        faults, counts = reader.faults, Counter(refused=len({fault.line for fault in reader.faults}))
        for (number, _), answer in zip(
            taken, submit(parts.house, parts.sealer, site, [s for _, s in taken]), strict=True
        ):
            if isinstance(answer, Placed):
                counts[COUNTED[answer.outcome]] += 1
            else:
                counts["refused"] += 1
                faults.append(_refusal(number, answer))
        yield Batch(counts, tuple(sorted(faults, key=lambda fault: fault.line)), reader.read_bytes)
    yield Batch(
        Counter(refused=len({fault.line for fault in reader.faults})), tuple(reader.faults), reader.read_bytes
    )


class _Reader:
    """Takes submissions off a file; remembers what it saw of lines without ids, to tell equal ones apart."""

    def __init__(self, parts: Parts, site: Site, lines: IO[bytes]) -> None:
        self._keyring, self._site, self._lines = parts.keyring, site, lines
        self._number = 0
        self._seen: Counter[bytes] = Counter()
        self.faults: list[LineFault] = []
        self.read_bytes = 0

    def take(self, count: int) -> list[tuple[int, Submission]]:
        """Return the next submissions with their line numbers, none at the end of the file; faults are kept aside."""
        self.faults, self.read_bytes = [], 0
        taken: list[tuple[int, Submission]] = []
        while len(taken) < count and (raw := self._lines.readline(LINE_LIMIT + 1)):
            self._number += 1
            self.read_bytes += len(raw)
            if len(raw) > LINE_LIMIT and not raw.endswith(b"\n"):
                self._skip_line()
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
            given = read(raw)
            if given.id is None:
                given = self._named(given, raw)
            submission = to_submission(
                given, Source.IMPORT, email_required=self._site.email_required, live=False
            )
        except Invalid as wrong:
            self.faults += [LineFault(self._number, one.field or "line", one.message) for one in wrong.faults]
            return []
        return [(self._number, submission)]

    def _named(self, given: SubmissionGiven, raw: bytes) -> SubmissionGiven:
        """Name a line by a keyed digest of its bytes, and the second of two equal lines by its being the second."""
        content = self._keyring.sign("import line", raw.strip(), site=self._site.name)[:16]
        self._seen[content] += 1
        place = self._seen[content].to_bytes(8, "big")
        name = self._keyring.sign("import id", content + place, site=self._site.name)[:16]
        return given.model_copy(update={"id": f"i-{name.hex()}"})


def _refusal(number: int, error: ReplydeskError) -> LineFault:
    return LineFault(number, "id", error.detail)
