"""Every store: what is carried out on many at once comes to the same as one by one, at the price of one."""

import pytest
from sqlalchemy import event

from service.context import Dependencies
from service.domain.errors import ReplydeskError
from service.domain.verdict import LABELS, Action, Assessment, Who
from service.messaging.dispatcher import RecordingDispatcher
from service.usecases import (
    Judgement,
    Scored,
    Target,
    dismiss,
    publish_due,
    record_scores,
    report,
    review,
    undo,
    withdraw,
)
from service.usecases.bulk import decide_bulk, undo_bulk
from tests.factories import NOON, after, courier, draft, herald

NOOR = Judgement(Action.APPROVE, Who.MODERATOR, "Noor")


class Twins:
    """Two sites with the same comments: on one they are decided one by one, on the other together."""

    def __init__(self, store):
        self.now, self.store = NOON, store
        self.deps = Dependencies(store, RecordingDispatcher(), lambda: self.now)
        with store.write() as tx:
            self.one = tx.sites.add(courier())
            self.other = tx.sites.add(herald(callback_url="https://herald.example/callback"))

    def both(self, act):
        act(self.one)
        act(self.other)

    def held(self, site, *names):
        with self.store.write() as tx:
            found = list(tx.comments.add(site.id, [draft(one) for one in names], self.now).values())
        scores = dict.fromkeys(LABELS, 0.01) | {"toxicity": 0.7}
        record_scores(self.deps, [Scored(one, Assessment(scores, "made-up-1")) for one in found])
        return found

    def alike(self):
        """See that both sites stand where the other does."""
        with self.store.read() as tx:
            assert told(tx, self.one) == told(tx, self.other)


def told(tx, site):
    """All that is kept of a site's comments, without the numbers that rows have."""
    return [_told(tx, one) for one in tx.comments.page(site.id, oldest_first=True, limit=100).comments]


def _told(tx, comment):
    decisions = tx.decisions.of_comment(comment.pk)
    place = {one.id: n for n, one in enumerate(decisions)}
    mail = [one for one in tx.deliveries.page(comment.site_id, None, 500) if one.comment_pk == comment.pk]
    return [
        (comment.id, comment.status, comment.revision, comment.published_revision, comment.decided_at),
        (place.get(comment.decision_id), tx.cases.open_matters([comment.pk]).get(comment.pk)),
        [
            (one.action, one.who, one.from_status, one.to_status, one.effective_at, one.undone_at, one.reason)
            for one in decisions
        ],
        [
            (one.seq is None, place.get(one.previous), place.get(one.replaces), one.from_published)
            for one in decisions
        ],
        [tx.decisions.notes([one.id]).get(one.id) for one in decisions],
        [
            (one.action, one.who, one.revision, place.get(one.decision_id), one.created_at, one.retracted_at)
            for one in tx.labels.of_comment(comment.pk)
        ],
        sorted((one.type, place.get(one.decision_id), one.state) for one in mail),
    ]


@pytest.fixture
def twins(store):
    return Twins(store)


def newsday(twins, site):
    """Comments in every state that a moderator may meet, each as it was seen before the others acted."""
    deps = twins.deps
    names = ["held", "reported", "aside", "decided", "leaving", "moved", "gone"]
    seen = twins.held(site, *names)
    with twins.store.write() as tx:
        seen += tx.comments.add(site.id, [draft("unscored")], twins.now).values()
    report(deps, site, "reported", "reader", "rude")
    review(deps, site, "aside", Judgement(Action.HOLD, Who.MODERATOR, "Noor", note="Whose is it?"))
    review(deps, site, "decided", NOOR)
    review(deps, site, "leaving", Judgement(Action.HOLD, Who.MODERATOR, "Noor"), delay=60.0)
    withdraw(deps, site, "gone", "courier")
    targets = [Target(site, one.id, one.revision) for one in seen]
    targets[names.index("moved")] = Target(site, "moved", 2)
    return [*targets, Target(site, "nowhere", 1)]


def one_by_one(twins, targets, judgement, delay):
    """Carry it out on each in an act of its own; return how many it was carried out on."""
    done = 0
    for one in targets:
        seen = Judgement(
            judgement.action, judgement.who_kind, judgement.who, one.revision, note=judgement.note
        )
        try:
            review(twins.deps, one.site, one.comment_id, seen, delay)
        except ReplydeskError:
            continue
        done += 1
    return done


@pytest.mark.parametrize("delay", [0.0, 5.0])
@pytest.mark.parametrize("action", [Action.APPROVE, Action.REJECT, Action.HOLD])
def test_a_bulk_decision_is_the_same_as_one_by_one(twins, action, delay):
    judgement = Judgement(action, Who.MODERATOR, "Mara", note="All of these.")
    first, second = newsday(twins, twins.one), newsday(twins, twins.other)
    done = one_by_one(twins, first, judgement, delay)
    made = decide_bulk(twins.deps, second, judgement, "by hand", delay)
    assert (made.changed, made.passed_over) == (done, len(second) - done)
    assert done == 5
    twins.alike()
    twins.now = after(2)
    twins.both(lambda site: _take_back(twins, site, ["held", "unscored", "leaving"]))
    twins.alike()
    twins.now = after(10)
    publish_due(twins.deps)
    twins.alike()
    _take_back(twins, twins.one, ["held", "reported", "aside", "decided", "leaving", "unscored"])
    undo_bulk(twins.deps, made.bulk_decision.id, Who.MODERATOR, "Mara")
    twins.alike()


def _take_back(twins, site, names):
    """Undo what Mara decided and still stands, one by one."""
    for name in names:
        with twins.store.read() as tx:
            comment = tx.comments.get(site.id, name)
            current = tx.decisions.get(comment.decision_id) if comment and comment.decision_id else None
        if current and current.who == "Mara" and current.action is not Action.RESTORE:
            undo(twins.deps, site, name, Who.MODERATOR, "Mara", current.id)


def test_a_comment_that_is_named_twice_is_decided_once(twins):
    twins.held(twins.one, "c-1")
    targets = [Target(twins.one, "c-1", 1)] * 2
    made = decide_bulk(twins.deps, targets, Judgement(Action.SPAM, Who.MODERATOR, "Mara"), "by hand")
    assert (made.changed, made.passed_over) == (1, 1)
    assert undo_bulk(twins.deps, made.bulk_decision.id, Who.MODERATOR, "Mara").changed == 1


def test_a_bulk_decision_over_two_sites_numbers_each_by_itself(twins):
    twins.both(lambda site: twins.held(site, *(f"c-{n}" for n in range(3))))
    targets = [Target(site, f"c-{n}", 1) for n in range(3) for site in (twins.one, twins.other)]
    judgement = Judgement(Action.SPAM, Who.MODERATOR, "Mara")
    assert decide_bulk(twins.deps, targets, judgement, "by hand").changed == 6
    with twins.store.read() as tx:
        for site in (twins.one, twins.other):
            feed = tx.decisions.feed(site.id, 0, 50)
            assert [one.seq for one, _ in feed] == [1, 2, 3, 4, 5, 6]
            assert [about.id for _, about in feed[3:]] == ["c-0", "c-1", "c-2"]
        assert [link.act.act for link in tx.audit_log.after(0, 50) if link.act] == ["decision"] * 6


def test_an_act_on_many_takes_as_many_statements_as_on_few(store):
    twins = Twins(store)
    report(twins.deps, twins.one, twins.held(twins.one, "first")[0].id, "reader", None)
    dismiss(twins.deps, twins.one, "first", 1, "Mara")  # begins the chain of acts
    few = [Target(twins.one, one.id, 1) for one in twins.held(twins.one, *(f"few-{n}" for n in range(9)))]
    many = [Target(twins.one, one.id, 1) for one in twins.held(twins.one, *(f"many-{n}" for n in range(90)))]
    assert _statements(twins, few) == _statements(twins, many)


def _statements(twins, targets):
    """Count the statements of a decision, a publication, and both undos."""
    counted = []
    judgement = Judgement(Action.REJECT, Who.MODERATOR, "Mara")

    def count(*_given):
        counted[-1] += 1

    event.listen(twins.store.engine, "before_cursor_execute", count)
    for leaves in (False, True):
        counted.append(0)
        made = decide_bulk(twins.deps, targets, judgement, "by hand", 5.0)
        counted.append(0)
        if leaves:
            twins.now = after((twins.now - NOON).total_seconds() + 10)
            assert publish_due(twins.deps) == len(targets)
        counted.append(0)
        assert undo_bulk(twins.deps, made.bulk_decision.id, Who.MODERATOR, "Mara").changed == len(targets)
    event.remove(twins.store.engine, "before_cursor_execute", count)
    return counted
