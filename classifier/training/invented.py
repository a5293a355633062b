"""Invented texts for training: comment spam from a grammar, identity sentences in pairs, and genuine small talk.

Every sentence of grammar.txt was written for it. The teacher knows no such texts, so the labels are ours.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from classifier.labels import LABELS
from classifier.training.data import Corpus, Floats, unknown
from classifier.words import sections

_SLOT = re.compile(r"\{([^{}]*)\}")
_NAMED = re.compile(r"<(\w+)>")
_GRAMMAR = Path(__file__).with_name("grammar.txt")

_ABUSED = 0.55
"""Share of identity sentences about the groups whose names the sources use as insults most often."""

_PAIRED = 0.6
"""Share of identity sentences that come in pairs: the same words about the same group, kind and cruel."""
_FIRST = (
    "Tom", "Aisha", "Kim", "Lena", "Omar", "Priya", "Jack", "Rosa", "Wei", "Nina", "Paul", "Fatima", "Ingrid",
    "Kofi", "Yusuf", "Mei", "Sven", "Carla", "Amir", "Chloe", "Dmitri", "Ada", "Hassan", "Yuki", "Bruno",
    "Leila", "Ivan", "Grace", "Tariq", "Zofia", "Nadia", "Pedro", "Kwame", "Anh", "Elif", "Marco", "Ruth",
    "Jin", "Samira", "Ola", "Dana", "Ravi", "Luca", "Hana", "Felix", "Noor", "Igor", "Maya", "Hugo", "Tess",
    "Emeka", "Lars", "Irene", "Said", "Paola", "Mina", "Greta", "Boris", "Wanjiru", "Colin",
)  # fmt: skip
_WHO = "{I am|You are|They are|He|She|<first>|<first>|<first>|<first>|My {boss|sister|doctor|landlord|uncle|coach}}"


def grammar(section: str) -> tuple[str, ...]:
    """Return the lines of a section of grammar.txt."""
    return sections(_GRAMMAR)[section]


def lookups(section: str = "named") -> dict[str, str]:
    """Return the choices that a section names."""
    return dict(line.split(" = ", 1) for line in grammar(section))


def spin(template: str, rng: np.random.Generator, named: dict[str, str]) -> str:
    """Fill a template: `{a|b}` chooses, `<name>` looks up; inner choices first, at most 60 rounds."""
    text = template
    for _ in range(60):
        chosen = _SLOT.sub(lambda match: str(rng.choice(match.group(1).split("|"))), text)
        chosen = _NAMED.sub(lambda match: named.get(match.group(1), match.group(0)), chosen)
        if chosen == text:
            break
        text = chosen
    return re.sub(r" {2,}", " ", text).strip()


def invent(spam: int, identity: int, seed: int, lists: Path | None = None) -> Corpus:
    """Invent texts: `spam` of them spam and its innocent neighbours, `identity` about groups, kind and cruel."""
    rng = np.random.default_rng(seed)
    texts: list[str] = []
    labels: list[Floats] = []
    phrases = _phrases(lists)
    for _ in range(spam):
        _spam(texts, labels, rng, phrases)
    while len(texts) < spam + identity:
        if rng.random() < _PAIRED:
            _pair(texts, labels, rng)
        else:
            _identity(texts, labels, rng)
    count = spam + identity
    sources = np.where(np.arange(count) < spam, "invented_spam", "invented_identity")
    return Corpus(texts[:count], sources, np.full(count, "en"), np.stack(labels[:count]), unknown(count))


def _spam(texts: list[str], labels: list[Floats], rng: np.random.Generator, phrases: list[str]) -> None:
    """Add one spam comment, or one genuine comment that shares its words."""
    row = np.full(len(LABELS), np.nan, np.float32)
    if rng.random() < 0.3:
        texts.append(spin(str(rng.choice(grammar("genuine"))), rng, lookups()))
        row[:] = 0.02
    else:
        named = lookups()
        if phrases and rng.random() < 0.5:
            named["phrase"] = "{" + "|".join(rng.choice(phrases, 8)) + "}"
        text = spin(str(rng.choice(grammar("spam"))), rng, named)
        if "http" in text and rng.random() < 0.15:
            text = re.sub(r"(https?://\S+)", r'<a href="\1">here</a>', text, count=1)
        texts.append(text)
        row[6] = 0.98
        row[[1, 3, 5]] = 0.01
    labels.append(row)


def group(rng: np.random.Generator) -> str:
    """Draw the name of a group of people, those that the sources use as insults more often than others."""
    return str(rng.choice(grammar("abused" if rng.random() < _ABUSED else "terms")))


def _identity(texts: list[str], labels: list[Floats], rng: np.random.Generator) -> None:
    """Add one sentence about a group of people: kind two times in three, cruel otherwise."""
    cruel = bool(rng.random() < 0.33)
    named = {"term": group(rng), "first": str(rng.choice(_FIRST))}
    text = spin(str(rng.choice(grammar("cruel" if cruel else "kind"))), rng, named)
    texts.append(text[0].upper() + text[1:] if rng.random() < 0.7 else text.lower().rstrip("."))
    labels.append(_about_a_group(cruel))


def _pair(texts: list[str], labels: list[Floats], rng: np.random.Generator) -> None:
    """Add two sentences about one group that differ in the one word that makes them kind or cruel."""
    template, term = str(rng.choice(grammar("pair"))), group(rng)
    seed, lowered = int(rng.integers(2**32)), rng.random() < 0.3
    for cruel in (False, True):
        words = lookups("pair_cruel" if cruel else "pair_kind")
        named = words | {"term": term, "first": "{" + "|".join(_FIRST) + "}", "who": _WHO}
        text = _agreeing(spin(template, np.random.default_rng(seed), named))
        texts.append(text.lower().rstrip(".") if lowered else text[0].upper() + text[1:])
        labels.append(_about_a_group(cruel))


_VERB = re.compile(r"\b(am|are) (?:is|was|will always be|has always been)\b")
_ARTICLE = re.compile(r"\b([Aa]) (?=[aeiouAEIOU])")


def _agreeing(text: str) -> str:
    """Correct verb and article: "I am is a honest" becomes "I am an honest"."""
    return _ARTICLE.sub(r"\1n ", _VERB.sub(r"\1", text))


def _about_a_group(cruel: bool) -> Floats:
    """Return what a kind or cruel sentence about a group teaches, NaN where it leaves a label open."""
    row = np.full(len(LABELS), np.nan, np.float32)
    row[[0, 4, 5]] = (0.95, 0.8, 0.93) if cruel else (0.04, 0.03, 0.03)
    row[[1, 2, 3]] = (np.nan, np.nan, np.nan) if cruel else (0.01, 0.02, 0.01)
    row[6] = 0.01
    return row


def _phrases(lists: Path | None) -> list[str]:
    """Read spam phrases from the list of the data directory, where there is one."""
    path = None if lists is None else lists / "wordpress_comment_blocklist.txt"
    if path is None or not path.is_file():
        return []
    lines = path.read_text(errors="replace").splitlines()
    return sorted(
        {line for line in lines if 6 <= len(line) <= 40 and " " in line and not set(line) & set("{}|<>_")}
    )
