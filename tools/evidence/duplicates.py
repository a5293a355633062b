"""Duplicate detection on a set written for it: edited copies, and comments that only look alike.

`python -m tools.evidence.duplicates` prints precision and recall over pairs, by how alike two signatures must be.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator
from typing import Final

from classifier.similarity import bands, likeness, signatures

SEED: Final = 7
COPIES: Final = 12

COPIED: Final = (
    (
        "My neighbour makes 84 dollars an hour on her laptop. She lost her job in spring, and last month her "
        "cheque was 9,412 dollars for a few hours of work. Look at page-one.example to see how."
    ),
    (
        "Great article, I learned so much from it! If you want to know more about roof repair in your town, "
        "have a look at my blog roofs.example, you will not regret it."
    ),
    (
        "Crypto changed my life. I gave Mrs Adler 500 dollars and she returned 6,000 within a week. Write to "
        "her on the messenger, her name there is adler trades, and thank me later."
    ),
    (
        "This newspaper is paid by the mayor to hide the truth about the waterworks. Cancel your subscription "
        "today and tell everyone you know to do the same."
    ),
    (
        "All of us on Mill Lane are against the new car park. Sign the petition at the bakery before Friday, "
        "every name counts, and come to the meeting in the school hall."
    ),
    (
        "The referee was bought. Everybody saw the hand in the last minute, nobody whistled, and tomorrow the "
        "association will say that all was fine. Shame on all of them."
    ),
    (
        "Buy cheap tablets without a prescription, delivered in two days in a plain envelope. Thousands of "
        "happy customers cannot be wrong. Order at pills.example while it lasts."
    ),
    (
        "Do you need a loan without questions? We lend from 1,000 to 90,000 at three percent to anyone, even "
        "with bad credit. Send us a line and have the money tomorrow."
    ),
    (
        "I was sceptical about this spell caster, but my husband came back after three days. If your marriage "
        "is in trouble, contact him, he helps everyone."
    ),
    (
        "Nobody asked us about the wind turbines. Our views are ruined, our houses lose their worth, and the "
        "council laughs all the way to the bank. Vote them out in March."
    ),
    (
        "Stop printing lies about the hospital. My mother was treated there and every nurse was wonderful. "
        "Come and see for yourselves before you write such rubbish again."
    ),
    (
        "Lonely tonight? Beautiful women from your area are waiting to chat with you for free. No card "
        "needed, just make a profile at hearts.example and say hello."
    ),
)
"""Texts that come again and again, each time a little different."""

LOOKALIKES: Final = (
    ("The new bus line is the best thing that has happened to this town in years.",
     "The old bus line was never on time, so I am glad that somebody in this town has woken up."),
    ("I have read this newspaper for thirty years and this is the best article in a long time.",
     "I have bought this newspaper for ten years, but after such an article I shall think twice."),
    ("Thank you for this report on the school. My children go there and I had no idea.",
     "Thank you for the interview with the head teacher. My son goes there and he likes it."),
    ("The mayor should have asked the residents before he sold the library.",
     "Before the library was sold, residents were asked twice, and the mayor has the minutes to show it."),
    ("Does anybody know when the swimming pool opens again? The web page says nothing.",
     "Does anybody know who pays for the swimming pool? The report says nothing about it."),
    ("Rents in this town have doubled while wages stand still. Something has to happen.",
     "Wages in this town have risen more than rents, if one looks at the figures of the office for statistics."),
    ("The goalkeeper saved us again. Without him we would be at the bottom of the table.",
     "The goalkeeper cost us the match again. It is time to let the young one play."),
    ("What a wonderful concert! The orchestra was in great form, and so was the soprano.",
     "What a disappointing concert. The orchestra sounded tired and the soprano could not be heard."),
)  # fmt: skip
"""Pairs on one subject, written by different people: they must not be grouped."""


def main() -> None:
    """Print the table."""
    texts, clusters = written()
    signed = [signature or b"" for signature in signatures(texts)]
    pairs = list(itertools.combinations(range(len(texts)), 2))
    truth = {pair for pair in pairs if clusters[pair[0]] == clusters[pair[1]]}
    found = _candidates(signed)
    alike = {pair: likeness(signed[pair[0]], signed[pair[1]]) for pair in found}
    print(
        f"{len(texts)} texts, {len(pairs):,} pairs, {len(truth):,} of one cluster; {len(found):,} share a band"
    )
    print(f"{'alike at least':>16} {'precision':>10} {'recall':>8}")
    exact = {pair for pair in pairs if texts[pair[0]] == texts[pair[1]]}
    _line("the same text", exact, truth)
    for percent in range(20, 85, 5):
        _line(f"{percent / 100:.2f}", {pair for pair in found if alike[pair] >= percent / 100}, truth)


def written() -> tuple[list[str], list[int]]:
    """Return the set: texts, and for each the number of its cluster; lookalikes are clusters of one."""
    draw = random.Random(SEED)
    texts: list[str] = []
    clusters: list[int] = []
    for number, text in enumerate(COPIED):
        copies = [text, *(_edited(text, draw) for _ in range(COPIES - 1))]
        texts += copies
        clusters += [number] * len(copies)
    singles = list(itertools.chain.from_iterable(LOOKALIKES))
    return texts + singles, clusters + list(range(len(COPIED), len(COPIED) + len(singles)))


def _edited(text: str, draw: random.Random) -> str:
    """Return a copy as spammers make them: one to three edits."""
    for edit in draw.sample(EDITS, draw.randint(1, 3)):
        text = edit(text, draw)
    return text


def _swap_words(text: str, draw: random.Random) -> str:
    """Put other words in the place of one in eight."""
    fillers = ("really", "people", "always", "today", "friend", "simply", "house", "something", "honest")
    return " ".join(draw.choice(fillers) if draw.random() < 1 / 8 else word for word in text.split())


def _drop_words(text: str, draw: random.Random) -> str:
    return " ".join(word for word in text.split() if draw.random() > 1 / 10)


def _other_numbers(text: str, draw: random.Random) -> str:
    return "".join(str(draw.randint(1, 9)) if character.isdigit() else character for character in text)


def _mistype(text: str, draw: random.Random) -> str:
    """Let two neighbouring letters change places in one word of ten."""
    words = text.split()
    for n, word in enumerate(words):
        if len(word) > 3 and draw.random() < 1 / 10:
            at = draw.randint(0, len(word) - 2)
            words[n] = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    return " ".join(words)


def _greet(text: str, draw: random.Random) -> str:
    before = (
        "Hi all,",
        "Hello dear readers!",
        "Well,",
        "Good evening everybody, listen.",
        "As I said before:",
    )
    return f"{draw.choice(before)} {text}"


def _sign(text: str, draw: random.Random) -> str:
    after = (
        "Best wishes, Ana",
        "God bless",
        "Your friend in the north",
        "Share this!",
        "That is all I have to say.",
    )
    return f"{text} {draw.choice(after)}"


def _shout(text: str, _: random.Random) -> str:
    return text.upper().replace(".", "!!!")


def _cut_off(text: str, _: random.Random) -> str:
    return text[: len(text) * 4 // 5]


def _turn_sentences(text: str, draw: random.Random) -> str:
    sentences = text.split(". ")
    draw.shuffle(sentences)
    return ". ".join(sentences)


EDITS: Final[tuple[Callable[[str, random.Random], str], ...]] = (
    _swap_words, _drop_words, _other_numbers, _mistype, _greet, _sign, _shout, _cut_off, _turn_sentences,
)  # fmt: skip


def _candidates(signed: list[bytes]) -> set[tuple[int, int]]:
    """Return the pairs that share a band: the only ones that the store would ever compare."""
    holders: dict[int, list[int]] = {}
    for n, signature in enumerate(signed):
        for band in bands(signature):
            holders.setdefault(band, []).append(n)
    return set(_pairs(holders))


def _pairs(holders: dict[int, list[int]]) -> Iterator[tuple[int, int]]:
    for group in holders.values():
        yield from itertools.combinations(group, 2)


def _line(name: str, called: set[tuple[int, int]], truth: set[tuple[int, int]]) -> None:
    right = len(called & truth)
    precision = f"{right / len(called):.3f}" if called else "-"
    print(f"{name:>16} {precision:>10} {right / len(truth):>8.3f}")


if __name__ == "__main__":
    main()
