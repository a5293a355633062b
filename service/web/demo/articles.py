"""The demo paper's articles, written for it: nothing in them happened anywhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class DemoArticle:
    """One article: its slug, headline, opening sentence, writer and text."""

    slug: str
    title: str
    lead: str
    writer: str
    text: str
    picture: str | None = None
    caption: str = ""

    @property
    def paragraphs(self) -> list[str]:
        """The text, cut at its blank lines."""
        return self.text.strip().split("\n\n")


ARTICLES: Final = (
    DemoArticle(
        slug="the-bridge",
        title="The bridge opens",
        lead="After six years and two floods, the footbridge between Oldharbour and the mill side carries "
        "its first commuters.",
        writer="Ines Marlow",
        picture="bridge.svg",
        caption="The footbridge on its first evening. Drawing: The Demo Courier",
        text="""
At ten to six on Monday morning, a nurse on her way home became the first person to cross the Lode on foot
since the flood took the old bridge. She had not planned it. “The gate was open,” she said, “and my bed is
on the other side.”

By eight the counters at the mill end showed 1,140 people, a third of them on bicycles, although the signs
ask riders to dismount until the railings are finished. Nobody was seen dismounting.

The town paid 8.4 million for the crossing, 2.1 million more than was voted. The council blames the second
flood and the price of steel; the opposition blames the council. Both agree that the lamps, which were saved
from the old bridge, were worth having back.

What it changes is easiest to see at the bus stop on Weir Street, where the detour used to begin. On Monday
it was empty. The driver of the 14 waited a minute longer than she had to, she said, out of habit.

The railings are to be done by spring. Until then a warden stands at each end from seven to seven, and says
good morning to everyone.
""",
    ),
    DemoArticle(
        slug="library-hours",
        title="The library will stay open until ten",
        lead="From January the reading rooms close two hours later. The books get new neighbours: a kitchen "
        "table, and a door that locks itself.",
        writer="Tomas Reed",
        text="""
The town library has counted who stands before its locked doors at eight in the evening: forty people on an
average Tuesday, most of them under twenty-five. From January they will be let in.

For the last two hours there will be no staff, only a card reader and a telephone. The libraries of two
neighbouring towns have worked that way for three years and report the loss of nine books and one kettle.

Readers who like silence need not worry, the director says: the new kitchen table is on the ground floor,
and the second floor stays what it is. She will try it herself for a week before the first of January, “with
my shoes off”.
""",
    ),
)


def article(slug: str) -> DemoArticle | None:
    """Return the article of that slug."""
    return next((one for one in ARTICLES if one.slug == slug), None)
