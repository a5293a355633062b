"""Every store: a stretch of time counted, and the past that a change of policy is measured on."""

from dataclasses import replace
from datetime import timedelta

import pytest

from service.domain.comment import Article
from service.domain.statistics import Judged, calibration, cell_of, confusion
from service.domain.status import Status
from service.domain.verdict import Action, Who
from service.storage.records import DecisionFilter, SiteQueue
from tests.factories import BO, NOON, after, decided, decision, delivery, draft, herald, ids, label, move


def arrive(tx, site, *names, at=0):
    """Store comments as they came in, so many seconds after noon."""
    tx.comments.add(site.id, [draft(name) for name in names], after(at))


def judge(tx, site, name, action, at, **changes):
    """Let the model hold a comment, and Mara decide it later."""
    comment = tx.comments.get(site.id, name)
    held = decided(tx, comment, Action.HOLD, created_at=comment.received_at)
    current = tx.comments.get(site.id, name)
    made = decided(tx, current, action, who_kind=Who.MODERATOR, who="Mara", created_at=after(at), **changes)
    assert made.id > held.id
    tx.labels.add([label(current, action, decision_id=made.id)])


def test_a_stretch_of_time_is_counted(tx, site):
    arrive(tx, site, "early", at=-3600)
    arrive(tx, site, "a", "b", "c")
    arrive(tx, site, "late", at=7200)
    judge(tx, site, "a", Action.APPROVE, 60)
    judge(tx, site, "b", Action.SPAM, 180)
    found = tx.statistics.tally(site.id, NOON, after(3600))
    everywhere = tx.statistics.tally(None, NOON, after(3600))
    assert found.arrived == 3
    assert found.by_status == {Status.APPROVED: 1, Status.SPAM: 1, Status.PENDING: 1}
    assert found.decided == {
        (Who.MACHINE, Action.HOLD): 2,
        (Who.MODERATOR, Action.APPROVE): 1,
        (Who.MODERATOR, Action.SPAM): 1,
    }
    assert found.by_person == {"Mara": 2}
    assert sorted(found.waited_seconds) == [60.0, 180.0]
    assert found.median_wait == 120.0
    assert [(place.name, place.arrived, place.held) for place in found.by_site] == [("courier", 3, 0)]
    assert [place.arrived for place in found.by_article] == [3]
    assert everywhere == found


def test_another_site_is_not_counted(tx, site):
    other = tx.sites.add(herald())
    arrive(tx, site, "a")
    arrive(tx, other, "a", "b")
    assert tx.statistics.tally(site.id, NOON, after(1)).arrived == 1
    found = tx.statistics.tally(None, NOON, after(1))
    assert [(place.name, place.arrived) for place in found.by_site] == [("herald", 2), ("courier", 1)]
    assert [(place.site, place.arrived) for place in found.by_article] == [("herald", 2), ("courier", 1)]
    assert len({place.url for place in found.by_article}) == 1


def test_what_is_taken_back_is_no_decision_of_a_persons(tx, site):
    arrive(tx, site, "a")
    judge(tx, site, "a", Action.SPAM, 60)
    comment = tx.comments.get(site.id, "a")
    (number,) = tx.decisions.new_ids(1)
    spam = decision(comment, number, Action.SPAM, who_kind=Who.MODERATOR, who="Mara", created_at=after(90))
    tx.decisions.add([replace(spam, action=Action.RESTORE)])
    found = tx.statistics.tally(None, NOON, after(99))
    made = tx.statistics.decided(None, NOON, after(99), DecisionFilter(who="Mara"), None, 9)
    asked = tx.statistics.decided(None, NOON, after(99), DecisionFilter(action=Action.RESTORE), None, 9)
    assert found.by_person == {"Mara": 1} == {"Mara": len(made)}
    assert found.waited_seconds == [60.0]
    assert len(asked) == 1


def test_the_oldest_that_waits_is_named(tx, site):
    arrive(tx, site, "a", "b", at=-86400)
    tx.comments.move([move(tx.comments.get(site.id, name), Action.HOLD) for name in ("a", "b")])
    found, first = tx.statistics.tally(site.id, NOON, after(1)), tx.comments.get(site.id, "a")
    assert (found.oldest_waiting_pk, found.oldest_waiting) == (first.pk, after(-86400))
    assert found.arrived == 0


def test_an_empty_installation_counts_nothing(tx, site):
    found = tx.statistics.tally(None, NOON, after(1))
    assert tx.labels.scored_lately(site.id, 10) == []
    assert (found.arrived, found.median_wait, found.oldest_waiting) == (0, None, None)


def test_the_past_comes_with_what_people_said(tx, site):
    arrive(tx, site, "a", "b", "c")
    judge(tx, site, "a", Action.APPROVE, 60)
    judge(tx, site, "b", Action.SPAM, 60)
    second = tx.comments.get(site.id, "b")
    tx.labels.retract([second.decision_id], after(90))
    found = tx.labels.scored_lately(site.id, 10)
    assert [(one.comment.id, one.judged) for one in found] == [("b", None), ("a", Action.APPROVE)]
    assert len(tx.labels.scored_lately(site.id, 1)) == 1


def test_a_readers_report_takes_no_judgement_away(tx, site):
    arrive(tx, site, "a", "b")
    judge(tx, site, "a", Action.APPROVE, 60)
    judge(tx, site, "b", Action.APPROVE, 60)
    first, second = tx.comments.get(site.id, "a"), tx.comments.get(site.id, "b")
    tx.labels.add([label(first, Action.HOLD, who_kind=Who.READER, who="reader")])
    tx.labels.add([label(second, Action.REJECT, who="Noor")])
    found = [(one.comment.id, one.judged) for one in tx.labels.scored_lately(site.id, 10)]
    assert found == [("b", Action.REJECT), ("a", Action.APPROVE)]


def test_people_and_machine_are_compared_where_people_judged(tx, site):
    arrive(tx, site, "a")
    judge(tx, site, "a", Action.SPAM, 60)
    (judged,) = tx.statistics.tally(site.id, NOON, after(3600)).judged
    comment = tx.comments.get(site.id, "a")
    assert judged == Judged(comment.verdict.scores, Action.SPAM, comment.pk)


def test_agreement_is_counted_by_label():
    judged = [
        Judged({"spam": 0.91}, Action.SPAM),
        Judged({"spam": 0.95}, Action.APPROVE),
        Judged({"spam": 0.12}, Action.APPROVE),
        Judged({"spam": 1.0}, Action.REJECT),
        Judged({}, Action.SPAM),
    ]
    found = confusion(judged, "spam")
    assert (found.both_bad, found.only_model, found.both_fine, found.only_person) == (2, 1, 1, 0)
    assert found.agreement == 0.75
    assert cell_of(judged[-1], "spam") is None
    assert confusion([], "spam").agreement is None
    assert [(one.low, one.count, round(one.refused, 3)) for one in calibration(judged, "spam")] == [
        (0.1, 1, 0.0),
        (0.9, 3, 0.667),
    ]


def test_the_comments_behind_a_number_are_listed(tx, site):
    arrive(tx, site, "early", at=-60)
    arrive(tx, site, "a", "b", "c")
    judge(tx, site, "b", Action.SPAM, 60)
    newest = tx.comments.get(site.id, "c").pk
    for asked, found in (
        ((site.id, NOON, after(1), None, None, None, 9), "cba"),
        ((site.id, NOON, after(1), Status.SPAM, None, None, 9), "b"),
        ((None, NOON, after(1), None, None, newest, 1), "b"),
        ((site.id, NOON, after(1), None, "https://courier.example/other", None, 9), ""),
    ):
        assert ids(tx.statistics.arrivals(*asked)) == [*found]


def test_the_decisions_behind_a_number_are_listed(tx, site):
    arrive(tx, site, "a", "b")
    judge(tx, site, "a", Action.SPAM, 60)
    judge(tx, site, "b", Action.REJECT, 70)
    by_people = DecisionFilter(Who.MODERATOR)
    both = tx.statistics.decided(None, NOON, after(99), by_people, None, 9)
    assert ids([one for _, one in both]) == ["b", "a"]
    for site_id, until, wanted, cursor, found in (
        (site.id, 99, by_people, both[0][0], both[1:]),
        (None, 99, DecisionFilter(action=Action.SPAM, who="Mara"), None, both[1:]),
        (None, 99, DecisionFilter(who="Noor"), None, []),
        (None, 60, by_people, None, []),
    ):
        assert tx.statistics.decided(site_id, NOON, after(until), wanted, cursor, 9) == found
    assert tx.decisions.undo([both[0][0]], after(80))
    assert tx.statistics.decided(site.id, NOON, after(99), by_people, None, 9) == both[1:]


def test_an_article_that_draws_far_more_than_usual_is_a_surge(tx, site):
    quiet, busy = Article("https://courier.example/quiet", "Quiet"), Article("https://courier.example/busy")
    for hour in range(24):
        moment = after(-3600 * (hour + 2))
        tx.comments.add(site.id, [draft(f"q-{hour}", article=quiet)], moment)
        tx.comments.add(site.id, [draft(f"b-{hour}-{n}", article=busy) for n in range(9)], moment)
    for article, name in ((quiet, "qq"), (busy, "bb")):
        tx.comments.add(site.id, [draft(f"{name}-{n}", article=article) for n in range(20)], after(-60))
    (surge,) = tx.statistics.surges(None, NOON)
    assert tx.statistics.surges(site.id, NOON) == [surge]
    assert tx.statistics.surges(site.id + 1, NOON) == []
    assert (surge.title, surge.url, surge.last_hour) == ("Quiet", quiet.url, 20)
    assert 0.9 <= surge.usual <= 1.0
    assert tx.statistics.surges(None, after(7200)) == []


def test_queues_tell_what_waits_of_each_site(tx, site):
    first, second = site, tx.sites.add(herald())
    tx.comments.add(first.id, [draft("import-1", live=False)], NOON)
    tx.comments.add(first.id, [draft("c-1"), draft("c-2", BO)], after(5))
    made = tx.comments.add(second.id, [draft("c-1"), draft("c-2", BO), draft("c-3")], after(9))
    decided(tx, made["c-2"], Action.HOLD, effective_at=after(11))
    decided(tx, made["c-1"], Action.HOLD, effective_at=after(12))
    decided(tx, made["c-3"], Action.APPROVE)
    tx.deliveries.add([delivery(made["c-3"], 1), delivery(made["c-1"], 2, state="dead")])
    queues = tx.statistics.site_queues()
    assert tx.statistics.site_queues(limit=1) == queues[:1]
    assert queues == [
        SiteQueue(first.id, "courier", 3, after(5), 0, None, 0, 0),
        SiteQueue(second.id, "herald", 0, None, 2, after(11), 1, 1),
    ]


def test_the_oldest_held_is_the_one_that_was_held_for_longest(tx, site):
    tx.comments.add(site.id, [draft("c-1"), draft("c-2", BO)], NOON)
    acts = (
        ("c-1", Action.APPROVE, 0, None),
        ("c-2", Action.HOLD, 60, 60),
        ("c-1", Action.HOLD, 900, 60),
        ("c-2", Action.APPROVE, 901, 900),
        ("c-1", Action.APPROVE, 902, None),
    )
    for name, action, at, oldest in acts:
        decided(tx, tx.comments.get(site.id, name), action, effective_at=after(at))
        (queue,) = tx.statistics.site_queues()
        assert queue.oldest_held == (after(oldest) if oldest else None)


def test_an_installation_without_sites_has_no_queues(store):
    with store.read() as tx:
        assert tx.statistics.site_queues() == []


@pytest.mark.parametrize("archived", [{"live": False}, {"submitted_at": NOON - timedelta(days=3_000)}])
def test_an_archive_that_moves_in_is_no_surge(tx, site, archived):
    tx.comments.add(site.id, [draft(f"c-{n}", **archived) for n in range(50)], after(-60))
    assert tx.statistics.surges(None, NOON) == []
