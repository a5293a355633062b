"""Evidence on contacts in texts: precision and recall beside a plain regular expression, and time against length.

    python -m tools.evidence.contacts [--misses] [--write docs/contacts.md]

The lines in contacts.txt were written for this table, eleven languages in ten styles. A contact counts as found when
none of its letters and digits is left; a placeholder counts as right when it stands where a contact stood. The finder
was improved for what it missed there; the lines of contacts_held_back.txt, in eleven other languages and dialects, were
written after that, and it was not improved for them.
"""

from __future__ import annotations

import argparse
import re
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from service.privacy.masking import Masked, mask

LINES: Final = Path(__file__).with_name("contacts.txt")
HELD_BACK: Final = Path(__file__).with_name("contacts_held_back.txt")
MARKED: Final = re.compile(r"\{([eph]):((?:[^{}])*)\}")
PLAIN: Final = re.compile(
    r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}|\+?\(?\d[\d ().-]{7,}\d|(?:https?://)?t\.me/\w+"
)
"""What is commonly pasted from the first answer of a search."""
KINDS: Final = {"e": "email", "p": "phone", "h": "handle"}
Span = tuple[int, int]
Finder = Callable[[str, str | None], list[Span]]


@dataclass(frozen=True)
class Line:
    """One line without its marks, and where the contacts stand in it."""

    language: str
    region: str
    style: str
    text: str
    contacts: tuple[tuple[int, int, str], ...]


@dataclass
class Tally:
    """Counts of one row of the table."""

    lines: int = 0
    contacts: int = 0
    found: int = 0
    masked: int = 0
    right: int = 0

    @property
    def recall(self) -> float:
        """The share of contacts that are gone."""
        return self.found / self.contacts if self.contacts else 1.0

    @property
    def precision(self) -> float:
        """The share of placeholders that stand for a contact."""
        return self.right / self.masked if self.masked else 1.0


def lines(file: Path = LINES) -> Iterator[Line]:
    """Read the lines and take the marks out."""
    language = region = ""
    for raw in file.read_text(encoding="utf-8").splitlines():
        if raw.startswith("== "):
            language, region = raw[3:].split()
        elif raw and not raw.startswith("#"):
            style, _, marked = raw.partition(" | ")
            yield line(language, region, style, marked)


def line(language: str, region: str, style: str, marked: str) -> Line:
    """Take the marks out of one line."""
    text, contacts, at = "", [], 0
    for mark in MARKED.finditer(marked):
        text += marked[at : mark.start()]
        contacts.append((len(text), len(text) + len(mark[2]), KINDS[mark[1]]))
        text += mark[2]
        at = mark.end()
    return Line(language, region, style, text + marked[at:], tuple(contacts))


def ours(text: str, region: str | None) -> list[Span]:
    """Where the sanitizer puts placeholders."""
    return places(mask(text, region=region))


def places(masked: Masked) -> list[Span]:
    """Return the masked stretches of the text as it was written."""
    found, moved = [], 0
    for contact in masked.found:
        begin = contact.begin + moved
        found.append((begin, begin + len(contact.original)))
        moved += len(contact.original) - (contact.end - contact.begin)
    return found


def plain(text: str, region: str | None) -> list[Span]:  # one shape for both
    """Where a plain regular expression would."""
    return [match.span() for match in PLAIN.finditer(text)]


def is_gone(text: str, begin: int, end: int, spans: Iterable[Span]) -> bool:
    """Whether no letter or digit of the contact is left."""
    left = [place for place in range(begin, end) if not any(one <= place < other for one, other in spans)]
    return not any(text[place].isalnum() for place in left)


def tally(given: Iterable[Line], finder: Finder, with_region: bool) -> Tally:
    """Count one row."""
    counts = Tally()
    for one in given:
        spans = finder(one.text, one.region if with_region else None)
        counts.lines += 1
        counts.contacts += len(one.contacts)
        counts.found += sum(is_gone(one.text, begin, end, spans) for begin, end, _ in one.contacts)
        counts.masked += len(spans)
        counts.right += sum(
            any(begin < until and at < end for begin, end, _ in one.contacts) for at, until in spans
        )
    return counts


def table(given: list[Line]) -> list[str]:
    """Return the table as Markdown: by style, by language, and in all."""
    told = [
        "| | lines | contacts | recall | precision | with region: recall | precision | plain: recall | precision |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    groups: list[tuple[str, list[Line]]] = [
        (style, [one for one in given if one.style == style])
        for style in dict.fromkeys(one.style for one in given)
    ]
    groups += [
        (language, [one for one in given if one.language == language])
        for language in dict.fromkeys(one.language for one in given)
    ]
    held_back = ("**held back**", list(lines(HELD_BACK)))
    for name, group in [*groups, ("**all of them**", given), held_back]:
        bare, regional, other = (
            tally(group, ours, False),
            tally(group, ours, True),
            tally(group, plain, False),
        )
        told.append(
            f"| {name} | {bare.lines} | {bare.contacts} | {bare.recall:.3f} | {bare.precision:.3f}"
            f" | {regional.recall:.3f} | {regional.precision:.3f} | {other.recall:.3f} | {other.precision:.3f} |"
        )
    return told


def faults(given: list[Line]) -> Iterator[str]:
    """Name each contact that was missed and each placeholder too many, as they are without a region."""
    for one in given:
        for region in (None, one.region):
            spans = ours(one.text, region)
            missed = [one.text[b:e] for b, e, _ in one.contacts if not is_gone(one.text, b, e, spans)]
            extra = [one.text[b:e] for b, e in spans if not any(b < u and a < e for a, u, _ in one.contacts)]
            if missed or extra:
                yield f"{one.language} {region or '--'} {one.style}: missed {missed} extra {extra} in {one.text!r}"


def times(given: list[Line]) -> list[str]:
    """Return time against length: all lines joined, repeated up to a megabyte, and three hostile texts."""
    joined = " ".join(one.text for one in given) + " "
    texts = {
        "these lines": joined,
        "`a@` repeated": "a@",
        "digits and dashes": "12-345 ",
        "`x dot ` repeated": "x dot ",
    }
    sizes = (1_000, 10_000, 100_000, 1_000_000)
    told = [
        "| text | " + " | ".join(f"{size:,} characters" for size in sizes) + " | µs a character at most |",
        "|---|" + "--:|" * (len(sizes) + 1),
    ]
    for name, seed in texts.items():
        spent = []
        for size in sizes:
            text = (seed * (size // len(seed) + 1))[:size]
            begun = time.perf_counter()
            mask(text, "DE")
            spent.append(time.perf_counter() - begun)
        worst = max(one / size for one, size in zip(spent, sizes, strict=True)) * 1e6
        told.append(
            f"| {name} | " + " | ".join(f"{one * 1000:,.1f} ms" for one in spent) + f" | {worst:.2f} |"
        )
    return told


def main() -> None:
    """Print the tables; write them where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--misses", action="store_true", help="name every miss and every placeholder too many"
    )
    parser.add_argument("--write", type=Path, help="a Markdown file for the tables")
    options = parser.parse_args()
    given = list(lines())
    told = "\n".join([*table(given), "", *times(given)])
    print(told)
    if options.misses:
        print(*faults([*given, *lines(HELD_BACK)]), sep="\n")
    if options.write:
        intro = f"<!-- What tools/evidence/contacts.py measured on {len(given)} lines; written by it. -->\n\n"
        options.write.write_text(f"{intro}# Contacts in texts, measured\n\n{told}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
