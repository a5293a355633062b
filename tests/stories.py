"""Invented readers, comments and articles for the desk's tests and pictures: a quiet morning and a busy day."""

from __future__ import annotations

import random

from service import usecases
from service.domain.author_status import AuthorStatus
from service.domain.comment import Article, Comment, Source, Submission
from service.domain.site import Site
from service.domain.status import Status
from service.domain.verdict import LABELS, Action, Assessment, Span, Who
from service.privacy.sealing import Address
from service.scoring.scorer import sign
from service.usecases import Judgement, Scored
from tests.web.pages.installation import Small

BRIDGE = Article("https://courier.example/bridge", "The new bridge opens after nine years")
SCHOOL = Article("https://courier.example/school", "Council keeps the village school open")
TRAM = Article("https://herald.example/tram", "Tram line 4 to run through the night")


def told(
    small: Small,
    author: str,
    body: str,
    scores: dict[str, float],
    words: tuple[tuple[str, str, float], ...] = (),
    article: Article = BRIDGE,
    site: Site | None = None,
    reads_as: str | None = None,
    **more: object,
) -> Comment:
    """One comment with the verdict that these scores and words make."""
    address = Address.parse(f"{''.join(filter(str.isalpha, author)).lower()}@mail.example")
    comment = small.submit(site, author_name=author, body=body, article=article, email=address, **more)
    spans = tuple(
        Span(begin, begin + len(word), label, weight)
        for word, label, weight in words
        if (begin := body.find(word)) >= 0
    )
    given = dict.fromkeys(LABELS, 0.02) | scores
    assessment = Assessment(given, "reader-2026-11", spans=spans, reads_as=reads_as, language="en")
    usecases.record_scores(small.context.deps, [Scored(comment, assessment)])
    return small.again(comment)


def newsroom(small: Small) -> dict[str, Comment]:
    """A morning at the Courier: a past, a queue in which each comment shows something else, reports and appeals."""
    deps, known = small.context.deps, {}
    small.clock.pass_seconds(-86_400 * 40)
    for n in range(6):
        told(small, "Hanne Vogt", f"Thank you for the clear report, part {n + 1}.", {}, article=SCHOOL)
    for n in range(2):
        rude = told(
            small, "Rufus", f"You lot are clowns, all of you, again and again ({n}).", {"insult": 0.7}
        )
        small.judge(rude, Action.REJECT, "Noor")
    small.clock.pass_seconds(86_400 * 40 - 7_000)
    known["parent"] = told(
        small, "Marlene K.", "Nine years, and the old ferry was cheaper. Who checked the sums?", {}
    )
    known["focus"] = told(
        small,
        "Rufus",
        "Marlene, only an utter fool misses that rusty ferry.\n\nRead the report before you write: it lists every "
        "euro, and the clowns on the council signed it.",
        {"toxicity": 0.71, "insult": 0.86},
        (("utter fool", "insult", 1.92), ("clowns", "insult", 0.94), ("rusty", "toxicity", 0.21)),
        parent_id=known["parent"].id,
    )
    small.clock.pass_seconds(900)
    known["disguised"] = told(
        small,
        "bargain king",
        "Ch3ap w a t c h e s at my page, h u r r y: watches.example/now",
        {"spam": 0.83},
        (("Ch3ap w a t c h e s", "spam", 2.3), ("h u r r y", "spam", 1.1)),
        reads_as="cheap watches at my page, hurry: watches.example/now",
    )
    small.clock.pass_seconds(600)
    known["severe"] = told(
        small,
        "Nobody in particular",
        "Whoever drew this bridge should be thrown off it, and I know where the office is.",
        {"toxicity": 0.88, "threat": 0.79, "severe_toxicity": 0.55},
        (("thrown off it", "threat", 2.6), ("I know where", "threat", 1.2)),
    )
    small.clock.pass_seconds(500)
    known["plain"] = told(
        small,
        "Hanne Vogt",
        "It is a crime against the skyline, and I will say so at the meeting on Thursday. The lamps are ugly, too.",
        {"toxicity": 0.38},
        (("crime against", "toxicity", 0.6), ("ugly", "toxicity", 0.52)),
    )
    small.clock.pass_seconds(700)
    told(
        small,
        "Ilse from the hill",
        "Has anyone counted the buses? Ours is a joke, sorry.",
        {"toxicity": 0.35},
        (("a joke", "toxicity", 0.5),),
        article=SCHOOL,
    )
    small.clock.pass_seconds(400)
    told(
        small,
        "Night owl",
        "At last a tram after midnight! Stupid that it took so long.",
        {"insult": 0.52, "toxicity": 0.4},
        (("Stupid", "insult", 1.0),),
        article=TRAM,
        site=small.herald,
    )
    reported = told(small, "Greta", "My neighbour at number 12 parks on the new pavement every night.", {})
    usecases.report(deps, small.courier, reported.id, "reader one", "names a private person")
    usecases.report(deps, small.courier, reported.id, "reader two", None)
    known["reported"] = reported
    appealed = told(small, "Otto", "This council could not run a bath.", {"insult": 0.66, "toxicity": 0.5})
    given = Judgement(Action.REJECT, Who.MODERATOR, "Noor", appealed.revision, reason="insult")
    usecases.review(deps, small.courier, appealed.id, given)
    usecases.appeal(
        deps,
        small.courier,
        appealed.id,
        "It is a figure of speech about an institution, and it insults nobody. Please look again.",
    )
    known["appealed"] = appealed
    usecases.set_author_status(
        deps,
        small.courier,
        rude.pk,
        usecases.StatusChange(AuthorStatus.WATCHED, "Noor", "Insults other readers again and again"),
    )
    small.clock.pass_seconds(300)
    return known


def longer(small: Small, number: int, **more: object) -> list[Comment]:
    """So many short held comments by as many readers."""
    return [
        told(
            small,
            f"Reader {n + 1}",
            f"Comment number {n + 1}: only a silly goose would think so.",
            {"insult": 0.5 + (n % 40) / 100},
            (("silly goose", "insult", 1.1),),
            **more,  # type: ignore[arg-type]
        )
        for n in range(number)
    ]


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


def copies(small: Small, count: int, first: int = 0) -> list[Comment]:
    """Copies of one advert as they arrive, each a little different."""
    written = [
        (NAMES[n % 10], ADVERT.format(n=40 + n, name=NAMES[-n % 10]), ARTICLES[n % 3])
        for n in range(first, first + count)
    ]
    return arrive_together(small, written, {"spam": 0.72})


def busy_day(small: Small, held: int = 160, duplicates: int = 24, seed: int = 3) -> list[Comment]:
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
    fine = [(draw.choice(NAMES), f"A fine report, part {n + 1}.", draw.choice(ARTICLES)) for n in range(40)]
    arrive_together(small, fine, {})
    return copies(small, duplicates)


def arrive(small: Small, author: str, body: str, scores: dict[str, float], article: Article) -> Comment:
    """One comment, scored as given, with what can be compared of its text."""
    return arrive_together(small, [(author, body, article)], scores)[0]


def arrive_together(
    small: Small, written: list[tuple[str, str, Article]], scores: dict[str, float], compared: bool = True
) -> list[Comment]:
    """Comments that come and are scored at once (author, text and article of each), and may be copies."""
    given = [
        Submission(article, author, body, Source.API, email=Address.parse(f"{author.lower()}@mail.example"))
        for author, body, article in written
    ]
    placed = usecases.submit(small.context.deps, small.context.sanitizer, small.courier, given)
    found = Assessment(dict.fromkeys(LABELS, 0.02) | scores, "reader-2026-11", language="en")
    signatures = sign([body for _, body, _ in written]) if compared else [None] * len(written)
    scored = [
        Scored(one.comment, found, signature=mark) for one, mark in zip(placed, signatures, strict=True)
    ]
    usecases.record_scores(small.context.deps, scored)
    return [small.again(one.comment) for one in scored]
