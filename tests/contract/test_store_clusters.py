"""Every store: duplicate clusters and bulk decisions."""

from service.domain.comment import Article
from service.domain.desk_records import Matter, Wanted
from service.domain.duplicates import Signature
from service.domain.verdict import Action, Reason
from tests.factories import NOON, after, decided, decision, draft, herald, ids, move, verdict

NEAR, FAR = Signature(b"\x01\x00" * 48, (1, 2, 3)), Signature(b"\x02\x00" * 48, (1 << 50, 7))
LIBRARY = Article("https://courier.example/library", "The library stays open")


def held(tx, site, count):
    comments = list(tx.comments.add(site.id, [draft(f"c-{n}") for n in range(count)], NOON).values())
    for comment in comments:
        decided(tx, comment, Action.HOLD)
    return comments


def queued(tx, wanted=None, moderator_id=1):
    return [one.comment.pk for one in tx.queue.page(wanted or Wanted(), moderator_id, NOON, 9)]


def test_a_cluster_is_found_by_any_band_of_its_site(tx, site):
    other = tx.sites.add(herald())
    near, far = tx.clusters.add(site.id, [NEAR, FAR], NOON)
    assert tx.clusters.near(site.id, [3, 4], NOON) == {3: [near]}
    assert tx.clusters.near(site.id, [1 << 50], NOON) == {1 << 50: [far]}
    assert tx.clusters.near(other.id, [3], NOON) == {}
    assert tx.clusters.near(site.id, [], NOON) == {}


def test_a_copy_at_risk_is_not_hidden_by_one_that_is_not(tx, site):
    calm, first, second, later = held(tx, site, 4)
    at_risk = verdict(reasons=(Reason("at_risk", "said", "self_harm"),), scores={"self_harm": 0.8})
    (cluster,) = tx.clusters.add(site.id, [NEAR], NOON)
    tx.clusters.join([(one.pk, cluster.id) for one in (calm, first, second, later)])
    for one in (first, second):
        assert tx.comments.move([move(tx.comments.by_pk(one.pk), Action.HOLD, verdict=at_risk)])
    assert queued(tx) == [first.pk, calm.pk]


def test_an_old_cluster_is_found_only_while_a_decision_stands(tx, site):
    (cluster,) = tx.clusters.add(site.id, [NEAR], NOON)
    assert tx.clusters.near(site.id, [1], after(60)) == {}
    bulk_decision = tx.bulk_decisions.add("Mara", Action.SPAM, "a cluster", after(10))
    tx.clusters.decide(cluster.id, bulk_decision, after(600))
    (found,) = tx.clusters.near(site.id, [1], after(60))[1]
    assert (found.action, found.decided_by, found.bulk_decision_id) == (Action.SPAM, "Mara", bulk_decision.id)
    assert found.stands(after(599))
    assert not found.stands(after(600))
    assert tx.clusters.sites_with_decisions(after(60)) == {site.id}
    tx.clusters.undecide(bulk_decision.id)
    assert tx.clusters.sites_with_decisions(after(60)) == set()


def test_a_decision_over_a_cluster_names_the_one_it_replaces(tx, site):
    (cluster,) = tx.clusters.add(site.id, [NEAR], NOON)
    first, second = (tx.bulk_decisions.add(who, Action.REJECT, "a cluster", NOON) for who in ("Lea", "Bea"))
    assert not tx.clusters.decide(cluster.id, first, after(600), replaces=second.id)
    assert tx.clusters.decide(cluster.id, first, after(600))
    assert not tx.clusters.decide(cluster.id, second, after(900))
    assert [one.bulk_decision_id for one in tx.clusters.near(site.id, [1], NOON)[1]] == [first.id]
    assert tx.clusters.decide(cluster.id, second, after(900), replaces=first.id)
    tx.clusters.undecide(first.id)
    (found,) = tx.clusters.near(site.id, [1], NOON)[1]
    assert (found.bulk_decision_id, found.decided_by, found.stands_until) == (second.id, "Bea", after(900))
    tx.clusters.undecide(second.id)
    assert not tx.clusters.decide(cluster.id, first, after(600), replaces=second.id)


def test_a_cluster_counts_its_held_members(tx, site):
    comments = held(tx, site, 3)
    near, far = tx.clusters.add(site.id, [NEAR, FAR], NOON)
    tx.clusters.join([(comment.pk, near.id) for comment in comments])
    tx.clusters.join([(comments[2].pk, far.id)])
    assert tx.clusters.sizes([near.id, far.id]) == {near.id: 2, far.id: 1}
    assert tx.clusters.of_comments([comments[0].pk, comments[2].pk]) == {
        comments[0].pk: near,
        comments[2].pk: far,
    }
    assert ids(tx.clusters.held_members(near.id, 0, 1)) == ["c-0"]
    assert ids(tx.clusters.held_members(near.id, comments[0].pk, 9)) == ["c-1"]
    decided(tx, tx.comments.by_pk(comments[0].pk), Action.SPAM)
    assert tx.clusters.sizes([near.id, far.id]) == {near.id: 1, far.id: 1}


def test_old_clusters_without_held_members_or_a_decision_are_deleted(tx, site):
    (comment,) = held(tx, site, 1)
    near, far = tx.clusters.add(site.id, [NEAR, FAR], NOON)
    tx.clusters.join([(comment.pk, near.id)])
    bulk_decision = tx.bulk_decisions.add("Mara", Action.SPAM, "a cluster", NOON)
    tx.clusters.decide(far.id, bulk_decision, after(3600))
    assert tx.clusters.prune(after(60), 10) == 0
    decided(tx, tx.comments.by_pk(comment.pk), Action.SPAM)
    assert tx.clusters.prune(after(60), 10) == 1
    assert tx.clusters.of_comments([comment.pk]) == {}
    assert set(tx.clusters.near(site.id, [1, 7], NOON)) == {7}
    assert tx.clusters.prune(after(7200), 0) == 0
    assert tx.clusters.prune(after(7200), 10) == 1


def test_a_bulk_decision_keeps_its_decisions_in_order(tx, site):
    comments = held(tx, site, 2)
    bulk_decision = tx.bulk_decisions.add("Mara", Action.REJECT, "score from .4 to .6", NOON)
    decisions = [tx.comments.by_pk(one.pk).decision_id for one in comments]
    tx.bulk_decisions.add_members(bulk_decision.id, decisions)
    assert [number for number, _ in tx.bulk_decisions.members(bulk_decision.id, 0, 9)] == decisions
    assert [one.id for _, one in tx.bulk_decisions.members(bulk_decision.id, decisions[0], 9)] == ["c-1"]
    assert tx.bulk_decisions.get(bulk_decision.id) == bulk_decision
    assert tx.bulk_decisions.mark_undone(bulk_decision.id, after(5))
    assert not tx.bulk_decisions.mark_undone(bulk_decision.id, after(6))
    assert tx.bulk_decisions.get(bulk_decision.id).undone_at == after(5)
    assert tx.bulk_decisions.get(bulk_decision.id + 1) is None


def test_acts_on_many_are_found_until_they_are_undone(tx, site):
    comments = held(tx, site, 2)
    (cluster,) = tx.clusters.add(site.id, [NEAR], NOON)
    first = tx.bulk_decisions.add("Mara", Action.SPAM, "a cluster", NOON)
    tx.clusters.decide(cluster.id, first, after(600))
    second = tx.bulk_decisions.add("Noor", Action.REJECT, "score from .4 to .6", after(5))
    numbers = tx.decisions.new_ids(2)
    tx.decisions.add([decision(one, number) for one, number in zip(comments, numbers, strict=True)])
    tx.bulk_decisions.add_members(first.id, numbers)
    assert tx.bulk_decisions.latest(9) == [(second, None), (first, after(600))]
    assert tx.bulk_decisions.latest(1) == [(second, None)]
    assert tx.bulk_decisions.latest(9, before=second.id) == [(first, after(600))]
    assert tx.bulk_decisions.sizes([first.id, second.id]) == {first.id: 2}
    assert tx.bulk_decisions.sizes([]) == {}
    tx.clusters.undecide(first.id)
    assert tx.bulk_decisions.latest(9) == [(second, None), (first, None)]
    tx.bulk_decisions.mark_undone(first.id, after(9))
    assert tx.bulk_decisions.latest(9) == [(second, None)]


def test_a_cluster_is_in_the_queue_while_its_oldest_member_is_set_aside(tx, site):
    first, second, third = held(tx, site, 3)
    (cluster,) = tx.clusters.add(site.id, [NEAR], NOON)
    tx.clusters.join([(one.pk, cluster.id) for one in (first, second, third)])
    assert queued(tx) == [first.pk]
    tx.cases.open(Matter.ASIDE, first, NOON)
    assert queued(tx) == [second.pk]
    assert (tx.queue.counts(9)["held"], tx.queue.counts(9)["aside"]) == (2, 1)


def test_a_cluster_is_shown_and_claimed_under_every_filter_of_a_member(tx, site):
    """Claiming a copy claims its cluster, though another filter would show another copy of it."""
    first, alone = held(tx, site, 2)
    mara, noor = (tx.moderators.add(name, "moderator", NOON).id for name in ("Mara", "Noor"))
    third = tx.comments.add(site.id, [draft("other", article=LIBRARY)], NOON)["other"]
    decided(tx, third, Action.HOLD)
    (cluster,) = tx.clusters.add(site.id, [NEAR], NOON)
    tx.clusters.join([(one.pk, cluster.id) for one in (first, third)])
    under = Wanted(site_id=site.id, article_url=LIBRARY.url)
    assert queued(tx, under) == [third.pk]
    assert queued(tx, Wanted(site_id=site.id)) == [first.pk, alone.pk]
    tx.queue.claim(mara, [third.pk], NOON, after(60))
    assert queued(tx, under, mara) == [third.pk]
    assert queued(tx, moderator_id=noor) == [alone.pk]
    assert queued(tx, moderator_id=mara) == [first.pk, alone.pk]
    decided(tx, tx.comments.by_pk(third.pk), Action.SPAM)
    assert queued(tx, moderator_id=noor) == [first.pk, alone.pk]
    tx.queue.claim(noor, [alone.pk], NOON, after(60))
    assert queued(tx, moderator_id=mara) == [first.pk]
