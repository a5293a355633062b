"""What the desk's pictures and its evidence show: readers, comments and articles invented for them."""

from __future__ import annotations

from service import usecases
from service.domain.author_status import AuthorStatus
from service.domain.comment import Article, Comment
from service.domain.site import Site
from service.domain.verdict import LABELS, Action, Assessment, Span, Who
from service.privacy.sealing import Address
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
    usecases.settle(small.context.deps, [Scored(comment, assessment)])
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
