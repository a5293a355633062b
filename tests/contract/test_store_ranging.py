"""Every store: held comments by their leading score, counted, drawn from and paged."""

from service.domain.comment import Article
from service.domain.desk_records import Matter, Wanted
from service.domain.verdict import LABELS, Action, Reason
from service.storage.records import ScoreRange
from tests.factories import NOON, after, draft, herald, ids, move, verdict

ALL = ScoreRange(0.0, 1.0)


def held(tx, site, *scores, label="spam", first=0):
    names = [draft(f"c-{first + n}") for n in range(len(scores))]
    comments = list(tx.comments.add(site.id, names, NOON).values())
    for comment, score in zip(comments, scores, strict=True):
        given = verdict(scores=dict.fromkeys(LABELS, 0.0) | {label: score}, reasons=())
        assert tx.comments.move([move(comment, Action.HOLD, verdict=given)])
    return comments


def test_held_comments_spread_over_their_score(tx, site):
    held(tx, site, 0.05, 0.1, 0.19, 0.95, 1.0)
    held(tx, site, 0.95, label="insult", first=10)
    assert list(tx.ranges.histogram(ALL, 10).counts) == [1, 2, 0, 0, 0, 0, 0, 0, 0, 3]
    assert (
        list(
            tx.ranges.histogram(ScoreRange(0, 1, wanted=Wanted(label="insult", site_id=site.id)), 10).counts
        )[9]
        == 1
    )
    assert sum(tx.ranges.histogram(ScoreRange(0, 1, wanted=Wanted(label="threat")), 10).counts) == 0


def test_a_stretch_holds_its_edges(tx, site):
    comments = held(tx, site, 0.4, 0.5, 0.6, 0.7)
    other = tx.sites.add(herald())
    held(tx, other, 0.5)
    late = held(tx, site, 0.5, first=20)
    seen = ScoreRange(0.4, 0.6, None, Wanted(label="spam", site_id=site.id), comments[-1].pk)
    assert tx.ranges.histogram(seen, 10).inside == 3
    assert tx.ranges.histogram(ScoreRange(0.4, 0.6), 10).inside == 5
    assert tx.queue.newest_pk() == late[0].pk
    assert sorted(ids(tx.ranges.sample(seen, 9))) == ["c-0", "c-1", "c-2"]
    assert len(tx.ranges.sample(seen, 2)) == 2
    assert tx.ranges.sample(ScoreRange(0.8, 0.9), 2) == []


def test_a_stretch_is_paged_without_what_others_have_in_hand(tx, site):
    first, second, third, fourth = held(tx, site, 0.5, 0.5, 0.5, 0.5)
    mara = tx.moderators.add("Mara", "moderator", NOON)
    noor = tx.moderators.add("Noor", "moderator", NOON)
    tx.queue.claim(noor.id, [second.pk], NOON, after(60))
    tx.cases.open(Matter.ASIDE, fourth, NOON)
    stretch = ScoreRange(0.0, 1.0)
    assert ids(tx.ranges.page(stretch, 0, 9, mara.id, NOON)) == [first.id, third.id]
    assert ids(tx.ranges.page(stretch, first.pk, 9, noor.id, NOON)) == [second.id, third.id]
    assert ids(tx.ranges.page(stretch, 0, 1, mara.id, after(61))) == [first.id]


def test_a_stretch_goes_by_any_score(tx, site):
    comments = list(tx.comments.add(site.id, [draft(f"c-{n}") for n in range(4)], NOON).values())
    given = [{"insult": 0.9, "threat": score} for score in (0.0, 0.123456, 0.6, 1.0)]
    for comment, scores in zip(comments, given, strict=True):
        assert tx.comments.move([move(comment, Action.HOLD, verdict=verdict(scores=scores, reasons=()))])
    by_threat = ScoreRange(0.123456, 0.6, by="threat")
    assert list(tx.ranges.histogram(by_threat, 10).counts) == [1, 1, 0, 0, 0, 0, 1, 0, 0, 1]
    assert tx.ranges.histogram(by_threat, 10).inside == 2
    assert tx.ranges.histogram(ScoreRange(0.1235, 0.6, by="threat"), 10).inside == 1
    assert ids(tx.ranges.sample(by_threat, 9)) == ["c-1", "c-2"]
    assert ids(tx.ranges.page(by_threat, 0, 9, 1, NOON)) == ["c-1", "c-2"]
    assert sum(tx.ranges.histogram(ScoreRange(0, 1, by="obscene"), 10).counts) == 0
    assert tx.ranges.histogram(ScoreRange(0, 1, by="threat", wanted=Wanted(label="threat")), 10).inside == 1


def test_a_stretch_has_the_filters_of_its_queue(tx, site):
    held(tx, site, 0.5, 0.6)
    (german,) = tx.comments.add(
        site.id, [draft("de", article=Article("https://c.example/de"))], NOON
    ).values()
    assert tx.comments.move([move(german, Action.HOLD, verdict=verdict(scores={"spam": 0.5}, language="de"))])
    assert tx.ranges.histogram(ScoreRange(0, 1, "spam", Wanted(language="de")), 10).inside == 1
    assert tx.ranges.histogram(ScoreRange(0, 1, "spam", Wanted(language="en")), 10).inside == 2
    here = ScoreRange(0, 1, "spam", Wanted(article_url="https://c.example/de"))
    assert tx.ranges.histogram(here, 10).inside == 1
    assert list(tx.ranges.histogram(here, 2).counts) == [0, 1]
    assert ids(tx.ranges.page(here, 0, 9, 1, NOON)) == ["de"]


def test_a_comment_without_a_label_is_in_none_of_its_ranges(tx, site):
    (scored,) = held(tx, site, 0.5)
    (older,) = tx.comments.add(site.id, [draft("older")], NOON).values()
    assert tx.comments.move([move(older, Action.HOLD, verdict=verdict(scores={"spam": 0.5}))])
    by_refuse = ScoreRange(0, 1, by="refuse")
    assert sum(tx.ranges.histogram(by_refuse, 10).counts) == tx.ranges.histogram(by_refuse, 10).inside == 1
    assert ids(tx.ranges.sample(by_refuse, 9)) == ids(tx.ranges.page(by_refuse, 0, 9, 1, NOON)) == [scored.id]


def test_writers_at_risk_are_in_no_range_but_their_own(tx, site):
    held(tx, site, 0.5)
    (comment,) = tx.comments.add(site.id, [draft("at-risk")], NOON).values()
    told = verdict(scores={"spam": 0.5, "self_harm": 0.9}, reasons=(Reason("at_risk", "said", "self_harm"),))
    assert tx.comments.move([move(comment, Action.HOLD, verdict=told)])
    for stretch, found in (
        (ALL, ["c-0"]),
        (ScoreRange(0, 1, by="spam"), ["c-0"]),
        (ScoreRange(0.5, 1, by="self_harm"), ["at-risk"]),
        (ScoreRange(0, 1, wanted=Wanted(label="self_harm")), ["at-risk"]),
    ):
        assert tx.ranges.histogram(stretch, 10).inside == len(found)
        assert ids(tx.ranges.sample(stretch, 9)) == ids(tx.ranges.page(stretch, 0, 9, 1, NOON)) == found


def test_what_comes_back_to_be_held_is_in_its_ranges_again(tx, site):
    (comment,) = held(tx, site, 0.5)
    stretch = ScoreRange(0.5, 0.5, by="spam")
    now = tx.comments.by_pk(comment.pk)
    assert tx.comments.move([move(now, Action.APPROVE, verdict=None)])
    assert tx.ranges.histogram(stretch, 10).inside == 0
    approved = tx.comments.by_pk(comment.pk)
    assert tx.comments.move([move(approved, verdict=None)])
    assert tx.ranges.histogram(stretch, 10).inside == 1
    assert sum(tx.ranges.histogram(stretch, 10).counts) == 1
