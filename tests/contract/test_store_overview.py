"""Every store: a stretch of time counted, and the past that a change of policy is measured on."""

from dataclasses import replace
from datetime import timedelta

import pytest

from service.domain.comment import Article
from service.domain.statistics import Judged, calibration, cell_of, confusion
from service.domain.status import Status
from service.domain.verdict import Action, Who
from service.storage.records import DecisionFilter
from tests.factories import NOON, after, courier, decided, decision, draft, herald, ids, label, move


@pytest.fixture
def site(store):
    with store.write() as tx:
        return tx.sites.add(courier())


def arrive(store, site, *names, at=0):
    """Store comments as they came in, so many seconds after noon."""
    with store.write() as tx:
        tx.comments.add(site.id, [draft(name) for name in names], after(at))


def judge(store, site, name, action, at, **changes):
    """Let the model hold a comment, and Mara decide it later."""
    with store.write() as tx:
        comment = tx.comments.get(site.id, name)
        held = decided(tx, comment, Action.HOLD, created_at=comment.received_at)
        current = tx.comments.get(site.id, name)
        assert current is not None
        made = decided(
            tx, current, action, who_kind=Who.MODERATOR, who="Mara", created_at=after(at), **changes
        )
        assert made.id > held.id
        tx.labels.add([label(current, action, decision_id=made.id)])


def test_a_stretch_of_time_is_counted(store, site):
    arrive(store, site, "early", at=-3600)
    arrive(store, site, "a", "b", "c")
    arrive(store, site, "late", at=7200)
    judge(store, site, "a", Action.APPROVE, 60)
    judge(store, site, "b", Action.SPAM, 180)
    with store.read() as tx:
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


def test_another_site_is_not_counted(store, site):
    with store.write() as tx:
        other = tx.sites.add(herald())
    arrive(store, site, "a")
    arrive(store, other, "a", "b")
    with store.read() as tx:
        assert tx.statistics.tally(site.id, NOON, after(1)).arrived == 1
        found = tx.statistics.tally(None, NOON, after(1))
    assert [place.name for place in found.by_site] == ["herald", "courier"]
    assert [(place.site, place.arrived) for place in found.by_site] == [("herald", 2), ("courier", 1)]
    assert [(place.site, place.arrived) for place in found.by_article] == [("herald", 2), ("courier", 1)]
    assert len({place.url for place in found.by_article}) == 1


def test_what_is_taken_back_is_no_decision_of_a_persons(store, site):
    arrive(store, site, "a")
    judge(store, site, "a", Action.SPAM, 60)
    with store.write() as tx:
        comment = tx.comments.get(site.id, "a")
        assert comment is not None
        (number,) = tx.decisions.new_ids(1)
        spam = decision(
            comment, number, Action.SPAM, who_kind=Who.MODERATOR, who="Mara", created_at=after(90)
        )
        tx.decisions.add([replace(spam, action=Action.RESTORE)])
        found = tx.statistics.tally(None, NOON, after(99))
        made = tx.statistics.decided(None, NOON, after(99), DecisionFilter(who="Mara"), None, 9)
        asked = tx.statistics.decided(None, NOON, after(99), DecisionFilter(action=Action.RESTORE), None, 9)
    assert found.by_person == {"Mara": 1} == {"Mara": len(made)}
    assert found.waited_seconds == [60.0]
    assert len(asked) == 1


def test_the_oldest_that_waits_is_named(store, site):
    arrive(store, site, "a", "b", at=-86400)
    with store.write() as tx:
        for name in ("a", "b"):
            comment = tx.comments.get(site.id, name)
            assert comment is not None
            assert tx.comments.move([move(comment, Action.HOLD)])
    with store.read() as tx:
        found, first = tx.statistics.tally(site.id, NOON, after(1)), tx.comments.get(site.id, "a")
    assert (found.oldest_waiting_pk, found.oldest_waiting) == (first.pk, after(-86400))
    assert found.arrived == 0


def test_an_empty_installation_counts_nothing(store, site):
    with store.read() as tx:
        found = tx.statistics.tally(None, NOON, after(1))
        assert tx.labels.scored_lately(site.id, 10) == []
    assert (found.arrived, found.median_wait, found.oldest_waiting) == (0, None, None)


def test_the_past_comes_with_what_people_said(store, site):
    arrive(store, site, "a", "b", "c")
    judge(store, site, "a", Action.APPROVE, 60)
    judge(store, site, "b", Action.SPAM, 60)
    with store.write() as tx:
        second = tx.comments.get(site.id, "b")
        assert second.decision_id is not None
        tx.labels.retract([second.decision_id], after(90))
    with store.read() as tx:
        found = tx.labels.scored_lately(site.id, 10)
        assert [(one.comment.id, one.judged) for one in found] == [("b", None), ("a", Action.APPROVE)]
        assert len(tx.labels.scored_lately(site.id, 1)) == 1


def test_a_readers_report_takes_no_judgement_away(store, site):
    arrive(store, site, "a", "b")
    judge(store, site, "a", Action.APPROVE, 60)
    judge(store, site, "b", Action.APPROVE, 60)
    with store.write() as tx:
        first, second = tx.comments.get(site.id, "a"), tx.comments.get(site.id, "b")
        assert first is not None
        assert second is not None
        tx.labels.add([label(first, Action.HOLD, who_kind=Who.READER, who="reader")])
        tx.labels.add([label(second, Action.REJECT, who="Noor")])
    with store.read() as tx:
        found = [(one.comment.id, one.judged) for one in tx.labels.scored_lately(site.id, 10)]
    assert found == [("b", Action.REJECT), ("a", Action.APPROVE)]


def test_people_and_machine_are_compared_where_people_judged(store, site):
    arrive(store, site, "a")
    judge(store, site, "a", Action.SPAM, 60)
    with store.read() as tx:
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


def test_the_comments_behind_a_number_are_listed(store, site):
    arrive(store, site, "early", at=-60)
    arrive(store, site, "a", "b", "c")
    judge(store, site, "b", Action.SPAM, 60)
    with store.read() as tx:
        all_of_them = tx.statistics.arrivals(site.id, NOON, after(1), None, None, None, 9)
        assert ids(all_of_them) == ["c", "b", "a"]
        assert ids(tx.statistics.arrivals(site.id, NOON, after(1), Status.SPAM, None, None, 9)) == ["b"]
        assert ids(tx.statistics.arrivals(None, NOON, after(1), None, None, all_of_them[0].pk, 1)) == ["b"]
        assert (
            tx.statistics.arrivals(site.id, NOON, after(1), None, "https://courier.example/other", None, 9)
            == []
        )


def test_the_decisions_behind_a_number_are_listed(store, site):
    arrive(store, site, "a", "b")
    judge(store, site, "a", Action.SPAM, 60)
    judge(store, site, "b", Action.REJECT, 70)
    with store.write() as tx:
        both = tx.statistics.decided(None, NOON, after(99), DecisionFilter(Who.MODERATOR), None, 9)
        assert ids([one for _, one in both]) == ["b", "a"]
        paged = tx.statistics.decided(site.id, NOON, after(99), DecisionFilter(Who.MODERATOR), both[0][0], 9)
        assert paged == both[1:]
        spam = tx.statistics.decided(
            None, NOON, after(99), DecisionFilter(action=Action.SPAM, who="Mara"), None, 9
        )
        assert spam == both[1:]
        assert tx.statistics.decided(None, NOON, after(99), DecisionFilter(who="Noor"), None, 9) == []
        assert tx.statistics.decided(None, NOON, after(60), DecisionFilter(Who.MODERATOR), None, 9) == []
        assert tx.decisions.undo([both[0][0]], after(80))
        assert (
            tx.statistics.decided(site.id, NOON, after(99), DecisionFilter(Who.MODERATOR), None, 9)
            == both[1:]
        )


def test_an_article_that_draws_far_more_than_usual_is_a_surge(store, site):
    quiet, busy = Article("https://courier.example/quiet", "Quiet"), Article("https://courier.example/busy")
    with store.write() as tx:
        for hour in range(24):
            moment = after(-3600 * (hour + 2))
            tx.comments.add(site.id, [draft(f"q-{hour}", article=quiet)], moment)
            tx.comments.add(site.id, [draft(f"b-{hour}-{n}", article=busy) for n in range(9)], moment)
        for article, name in ((quiet, "qq"), (busy, "bb")):
            tx.comments.add(site.id, [draft(f"{name}-{n}", article=article) for n in range(20)], after(-60))
    with store.read() as tx:
        (surge,) = tx.statistics.surges(None, NOON)
        assert tx.statistics.surges(site.id, NOON) == [surge]
        assert tx.statistics.surges(site.id + 1, NOON) == []
        assert (surge.title, surge.url, surge.last_hour) == ("Quiet", quiet.url, 20)
        assert 0.9 <= surge.usual <= 1.0
        assert tx.statistics.surges(None, after(7200)) == []


@pytest.mark.parametrize("archived", [{"live": False}, {"submitted_at": NOON - timedelta(days=3_000)}])
def test_an_archive_that_moves_in_is_no_surge(store, site, archived):
    with store.write() as tx:
        tx.comments.add(site.id, [draft(f"c-{n}", **archived) for n in range(50)], after(-60))
    with store.read() as tx:
        assert tx.statistics.surges(None, NOON) == []
