"""Every store: copies are grouped, one act decides them and those still to arrive, one act undoes it all."""

from dataclasses import replace
from datetime import timedelta

import pytest

from service.domain.errors import NotFound
from service.domain.status import Status
from service.domain.verdict import Action, Who
from service.messaging.tasks import DELIVER
from service.scoring.scorer import sign
from service.usecases import Judgement, Scored, Target, bulk, record_scores, review
from service.usecases.bulk import ClusterAlreadyDecided, decide_bulk, decide_cluster, undo_bulk
from tests.factories import after, draft
from tests.stage import Stage, assessed

ADVERT = "Earn 84 dollars an hour on your laptop from home, have a look at page-{n}.example and thank me later, {name}."
NAMES = ("Ana", "Ben", "Caro", "Dina", "Emil", "Faye", "Gert", "Hana", "Ivo", "Jo")


class Room(Stage):
    def arrive(self, *bodies, first=0, spam=0.7):
        """Accept, score and settle; return the comments as they are then."""
        with self.deps.store.write() as tx:
            drafts = [draft(f"c-{first + n}", body=body) for n, body in enumerate(bodies)]
            comments = list(tx.comments.add(self.site.id, drafts, self.clock.now).values())
        scored = [
            Scored(comment, assessed(spam=spam), signature=signature)
            for comment, signature in zip(comments, sign([one.body for one in comments]), strict=True)
        ]
        record_scores(self.deps, scored)
        return [self.look(comment.id) for comment in comments]

    def cluster(self, comment):
        with self.deps.store.read() as tx:
            return tx.clusters.of_comments([comment.pk])[comment.pk]

    def size(self, cluster):
        with self.deps.store.read() as tx:
            return tx.clusters.sizes([cluster.id]).get(cluster.id, 0)

    def statuses(self, comments):
        return {self.look(comment.id).status for comment in comments}


def adverts(count, first=0):
    return [ADVERT.format(n=n, name=NAMES[n % len(NAMES)]) for n in range(first, first + count)]


def judgement(action=Action.SPAM):
    return Judgement(action, Who.MODERATOR, "Mara")


@pytest.fixture
def slices_of_ten(monkeypatch):
    monkeypatch.setattr(bulk, "SLICE", 10)


@pytest.fixture
def room(store):
    return Room.over(store)


def test_copies_join_one_cluster(room):
    *copies, other = room.arrive(*adverts(5), "The council meets on Monday to talk about the library.")
    (late,) = room.arrive(*adverts(1, first=50), first=50)
    clusters = {room.cluster(copy).id for copy in [*copies, late]}
    assert len(clusters) == 1
    assert room.size(room.cluster(late)) == 6
    assert room.cluster(other).id not in clusters


def test_what_is_not_held_is_in_no_cluster(room):
    (fine,) = room.arrive(*adverts(1), spam=0.01)
    with room.deps.store.read() as tx:
        assert tx.clusters.of_comments([fine.pk]) == {}


def test_a_site_that_does_not_group_copies_has_no_clusters(room, store):
    with store.write() as tx:
        tx.sites.save(replace(room.site, options=replace(room.site.options, duplicate_hours=None)))
    copies = room.arrive(*adverts(2))
    with store.read() as tx:
        assert tx.clusters.of_comments([copy.pk for copy in copies]) == {}


def test_one_decision_covers_the_cluster_and_what_still_arrives(room):
    """Copies that come later get the decision too, even where the model would let them pass, and say why."""
    copies = room.arrive(*adverts(12))
    cluster = room.cluster(copies[0])
    done = decide_cluster(room.deps, room.site, cluster, judgement())
    assert (done.changed, done.passed_over) == (12, 0)
    assert room.statuses(copies) == {Status.SPAM}
    held, passed = (
        room.arrive(*adverts(1, first=60), first=60),
        room.arrive(*adverts(1, first=61), first=61, spam=0.1),
    )
    assert room.statuses(held + passed) == {Status.SPAM}
    verdict = room.look(held[0].id).verdict
    assert verdict.reasons[0].code == "duplicate"
    room.clock.now = after(7 * 3600)
    assert room.statuses(room.arrive(*adverts(1, first=70), first=70)) == {Status.HELD}


def test_one_undo_reaches_all_that_the_decision_reached(room):
    copies = room.arrive(*adverts(3))
    done = decide_cluster(room.deps, room.site, room.cluster(copies[0]), judgement())
    later = room.arrive(*adverts(1, first=60), first=60)
    undone = undo_bulk(room.deps, done.bulk_decision.id, Who.MODERATOR, "Mara")
    assert (undone.changed, undone.passed_over) == (4, 0)
    assert room.statuses(copies + later) == {Status.HELD}
    assert room.statuses(room.arrive(*adverts(1, first=61), first=61)) == {Status.HELD}
    with room.deps.store.read() as tx:
        assert all(one.retracted_at for copy in copies for one in tx.labels.of_comment(copy.pk))


def test_a_cluster_is_decided_as_it_was_seen_or_not_at_all(room):
    copies = room.arrive(*adverts(3))
    seen = room.cluster(copies[0])
    first = decide_cluster(room.deps, room.site, seen, judgement(Action.REJECT))
    late = room.arrive(f"{adverts(1)[0]} {' '.join(f'https://a{n}.example/x' for n in range(6))}", first=60)
    with pytest.raises(ClusterAlreadyDecided):
        decide_cluster(room.deps, room.site, seen, judgement(Action.APPROVE))
    with room.deps.store.read() as tx:
        assert [one for one, _ in tx.bulk_decisions.latest(9)] == [first.bulk_decision]
    assert room.statuses(copies + late) == {Status.REJECTED}
    second = decide_cluster(room.deps, room.site, room.cluster(copies[0]), judgement(Action.SPAM))
    assert room.cluster(copies[0]).bulk_decision_id == second.bulk_decision.id


def test_an_approved_cluster_lifts_only_what_scores_hold(room):
    copies = room.arrive(*adverts(2))
    decide_cluster(room.deps, room.site, room.cluster(copies[0]), judgement(Action.APPROVE))
    assert room.statuses(room.arrive(*adverts(1), first=60)) == {Status.APPROVED}
    assert room.statuses(room.arrive(*adverts(1, first=63), first=63)) == {Status.HELD}
    links = " ".join(f"https://a{n}.example/x" for n in range(6))
    assert room.statuses(room.arrive(f"{adverts(1)[0]} {links}", first=61)) == {Status.HELD}
    assert room.statuses(room.arrive(*adverts(1, first=62), first=62, spam=0.99)) == {Status.SPAM}


def test_an_act_that_was_undone_covers_nothing(room):
    """A worker that read the cluster before the undo and settles after it holds the copy: the undo would miss it."""
    copies = room.arrive(*adverts(2))
    done = decide_cluster(room.deps, room.site, room.cluster(copies[0]), judgement())
    with room.deps.store.write() as tx:
        tx.bulk_decisions.mark_undone(done.bulk_decision.id, room.clock.now)
    assert room.statuses(room.arrive(*adverts(1, first=50), first=50)) == {Status.HELD}


def test_an_undo_leaves_what_another_decided_since(room):
    one, two = room.arrive(*adverts(2))
    targets = [Target(room.site, each.id, each.revision) for each in (one, two)]
    done = decide_bulk(room.deps, targets, judgement(Action.REJECT), "by hand")
    overruled = room.look(two.id).decision_id
    review(room.deps, room.site, two.id, Judgement(Action.APPROVE, Who.MODERATOR, "Noor", replaces=overruled))
    assert undo_bulk(room.deps, done.bulk_decision.id, Who.MODERATOR, "Mara").changed == 1
    assert [room.look(each.id).status for each in (one, two)] == [Status.HELD, Status.APPROVED]
    assert undo_bulk(room.deps, done.bulk_decision.id, Who.MODERATOR, "Mara").changed == 0
    with pytest.raises(NotFound):
        undo_bulk(room.deps, done.bulk_decision.id + 1, Who.MODERATOR, "Mara")


def test_more_than_a_slice_is_decided_and_undone(room, slices_of_ten):
    copies = room.arrive(*adverts(25))
    done = decide_cluster(room.deps, room.site, room.cluster(copies[0]), judgement())
    assert done.changed == 25
    assert (DELIVER, 0.0) in room.dispatcher.enqueued
    assert undo_bulk(room.deps, done.bulk_decision.id, Who.MODERATOR, "Mara").changed == 25


def chosen(room, comments):
    return [Target(room.site, each.id, each.revision) for each in comments]


def slow(room):
    """The service on a clock by which every step takes four seconds."""

    def tick():
        room.clock.now += timedelta(seconds=4)
        return room.clock.now

    return replace(room.deps, clock=tick)


def test_an_act_takes_no_longer_than_who_waits_for_it(room, slices_of_ten):
    comments = room.arrive(*adverts(25))
    done = decide_bulk(slow(room), chosen(room, comments), judgement(Action.REJECT), "by hand")
    assert (done.changed, done.stopped) == (20, True)
    assert [room.look(comments[n].id).status for n in (0, 19, 20)] == [
        Status.REJECTED,
        Status.REJECTED,
        Status.HELD,
    ]


def test_an_undo_that_ran_out_of_time_goes_on_where_it_stopped(room, slices_of_ten):
    comments = room.arrive(*adverts(35))
    done = decide_bulk(room.deps, chosen(room, comments), judgement(Action.REJECT), "by hand")
    first = undo_bulk(slow(room), done.bulk_decision.id, Who.MODERATOR, "Mara")
    assert (first.changed, first.stopped) == (20, True)
    with room.deps.store.read() as tx:
        assert tx.bulk_decisions.can_be_undone(done.bulk_decision.id)
    second = undo_bulk(room.deps, done.bulk_decision.id, Who.MODERATOR, "Mara")
    assert (second.changed, second.stopped) == (15, False)
    assert room.statuses(comments) == {Status.HELD}


def test_what_takes_long_to_decide_is_published_at_once(room, slices_of_ten):
    """More than a slice waits out the act's ten seconds besides its delay, so that the undo is free for all of it."""
    comments = room.arrive(*adverts(15))
    few = decide_bulk(room.deps, chosen(room, comments[:3]), judgement(Action.REJECT), "few", 5.0)
    many = decide_bulk(room.deps, chosen(room, comments[3:]), judgement(Action.REJECT), "many", 5.0)
    with room.deps.store.read() as tx:
        leaving = [
            {one.effective_at for one in tx.decisions.by_ids([pk for pk, _ in found]).values()}
            for found in (tx.bulk_decisions.members(each.bulk_decision.id, 0, 200) for each in (few, many))
        ]
    assert leaving == [{after(5)}, {after(15)}]


def test_an_act_that_is_undone_while_it_goes_on_stops(room, slices_of_ten):
    comments = room.arrive(*adverts(25))

    def while_undone():
        yield from chosen(room, comments[:20])
        with room.deps.store.read() as tx:
            ((bulk_decision, _),) = tx.bulk_decisions.latest(2)
        undo_bulk(room.deps, bulk_decision.id, Who.MODERATOR, "Noor")
        yield from chosen(room, comments[20:])

    done = decide_bulk(room.deps, while_undone(), judgement(Action.REJECT), "by hand")
    assert (done.changed, done.stopped) == (10, True)
    assert room.statuses(comments) == {Status.HELD}
