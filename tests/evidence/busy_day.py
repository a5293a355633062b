"""A busy day at the Courier: many held comments over the whole scale, a cluster of copies, and people who judged."""

from __future__ import annotations

import random

from service import usecases
from service.domain.comment import Article, Comment
from service.domain.status import Status
from service.domain.verdict import LABELS, Action, Assessment
from service.privacy.sealing import Address
from service.scoring.scorer import sign
from service.usecases import Scored
from tests.web.pages.installation import Small

ARTICLES = (
    Article("https://courier.example/bridge", "The new bridge opens after nine years"),
    Article("https://courier.example/school", "Council keeps the village school open"),
    Article("https://courier.example/market", "Saturday market moves to the harbour"),
)
ADVERT = "I earn {n} dollars an hour on my laptop since spring. Look at page-{n}.example, {name}, and thank me later."
OPENINGS = (
    "Honestly,",
    "As a nurse I say:",
    "My neighbour thinks",
    "For once",
    "Again and again",
    "Nobody told us that",
)
SUBJECTS = (
    "the mayor",
    "this council",
    "the harbour office",
    "the bus company",
    "the editor",
    "the planning board",
)
VERDICTS = (
    "is asleep at the wheel.",
    "could not run a bath.",
    "should be ashamed of that report.",
    "has finally listened to people who live here.",
    "treats us like children.",
    "spends what others have earned.",
)
NAMES = ("Ines", "Jorge", "Kaya", "Lotte", "Mats", "Nadia", "Ole", "Pia", "Quirin", "Rosa")


def busy_day(small: Small, held: int = 160, copies: int = 24, seed: int = 3) -> list[Comment]:
    """Fill the service; return the copies."""
    draw = random.Random(seed)
    for n in range(held):
        body = f"{draw.choice(OPENINGS)} {draw.choice(SUBJECTS)} {draw.choice(VERDICTS)} ({n + 1})"
        label = draw.choice(("insult", "toxicity", "identity_attack", "insult"))
        score = min(0.94, max(0.36, draw.betavariate(2.2, 2.6) * 0.6 + 0.34))
        comment = arrive(small, draw.choice(NAMES), body, {label: round(score, 3)}, draw.choice(ARTICLES))
        if n % 3 == 0 and comment.status is Status.HELD:
            small.clock.pass_seconds(draw.randint(20, 240))
            bad = draw.random() < score
            small.judge(comment, Action.REJECT if bad else Action.APPROVE, draw.choice(("Noor", "Mara")))
    for n in range(40):
        arrive(small, draw.choice(NAMES), f"A fine report, part {n + 1}.", {}, draw.choice(ARTICLES))
    return [
        arrive(
            small, NAMES[n % 10], ADVERT.format(n=40 + n, name=NAMES[-n % 10]), {"spam": 0.72}, ARTICLES[2]
        )
        for n in range(copies)
    ]


def arrive(small: Small, author: str, body: str, scores: dict[str, float], article: Article) -> Comment:
    """One comment, scored as given, with what can be compared of its text."""
    address = Address.parse(f"{author.lower()}@mail.example")
    comment = small.submit(author_name=author, body=body, article=article, email=address)
    assessment = Assessment(dict.fromkeys(LABELS, 0.02) | scores, "reader-2026-11", language="en")
    (signature,) = sign([body])
    usecases.settle(small.context.deps, [Scored(comment, assessment, signature=signature)])
    return small.again(comment)
