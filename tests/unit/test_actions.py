"""The verbs over SQLite: what each promises, one story a test."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from service.context import Dependencies
from service.domain.comment import Article, Client, Placed, Source, Submission
from service.domain.errors import Conflict, Final, IdempotencyMismatch, NotFound, NothingToUndo
from service.domain.policy import Policy
from service.domain.policy_terms import change
from service.domain.status import Status
from service.domain.verdict import LABELS, Action, Assessment, Who
from service.messaging.dispatcher import RecordingDispatcher
from service.messaging.tasks import DELIVER, PUBLISH, SCORE
from service.privacy.keys import Keyring
from service.privacy.sanitizer import Sanitizer
from service.privacy.sealing import Address
from service.usecases import Judgement, Scored, publish_due, record_scores, review, submit, undo, withdraw
from tests.factories import NOON, courier, finish_delivery, herald, sqlite_store

APPROVE, REJECT, SPAM, HOLD = Action.APPROVE, Action.REJECT, Action.SPAM, Action.HOLD


class Desk:
    """An installation with a clock that the test sets and short words for what the stories do."""

    def __init__(self, **site):
        self.now = NOON
        self.dispatcher = RecordingDispatcher()
        self.deps = Dependencies(store=sqlite_store(), dispatcher=self.dispatcher, clock=lambda: self.now)
        self.sanitizer = Sanitizer(Keyring(bytes(32)))
        with self.deps.store.write() as tx:
            self.site = tx.sites.add(courier(**site))

    def tune(self, terms):
        changed = change(self.site.policy, terms, self.site.policy.version + 1)
        self.site = replace(self.site, policy=changed)
        with self.deps.store.write() as tx:
            tx.sites.save(self.site)

    def tick(self, seconds):
        self.now += timedelta(seconds=seconds)
        return self.now

    def post(self, *given):
        return submit(self.deps, self.sanitizer, self.site, given)

    def accept(self, name="c-1", **changes):
        (placed,) = self.post(comment(name, **changes))
        return placed.comment

    def score(self, accepted, **scores):
        record_scores(self.deps, [Scored(accepted, assessed(**scores))])
        return self.look(accepted.id)

    def decide(self, name, action, delay=0.0, **seen):
        return review(self.deps, self.site, name, Judgement(action, Who.MODERATOR, "Mo", **seen), delay)

    def undo(self, name, decision_id=None):
        return undo(self.deps, self.site, name, Who.MODERATOR, "Mo", decision_id)

    def look(self, name="c-1"):
        with self.deps.store.read() as tx:
            found = tx.comments.get(self.site.id, name)
        assert found is not None
        return found

    def mail(self):
        with self.deps.store.read() as tx:
            return tx.deliveries.page(self.site.id, None, 100)

    def told(self):
        return [one.type.removeprefix("comment.") for one in self.mail()]

    def feed(self):
        with self.deps.store.read() as tx:
            return [
                (decision.seq, str(decision.action))
                for decision, _ in tx.decisions.feed(self.site.id, 0, 100)
            ]

    def published(self):
        with self.deps.store.read() as tx:
            return [one.body for one in tx.comments.published(self.site.id, "https://courier.example/bridge")]

    def labels(self, name="c-1"):
        with self.deps.store.read() as tx:
            return [
                (one.action, one.retracted_at is None) for one in tx.labels.of_comment(self.look(name).pk)
            ]

    def enqueued(self):
        names = [name for name, _ in self.dispatcher.enqueued]
        self.dispatcher.enqueued.clear()
        return names


def comment(name="c-1", body="The bridge is open.", **changes):
    written = Submission(
        article=Article("https://courier.example/bridge"),
        author_name="Ada",
        body=body,
        source=Source.API,
        id=name,
        email=Address.parse("ada@example.org"),
    )
    return replace(written, **changes)


def assessed(**scores):
    """An assessment with these scores; labels not named score nothing."""
    return Assessment(scores=dict.fromkeys(LABELS, 0.0) | scores, model="made-up-1")


@pytest.fixture
def desk():
    """A desk for the courier, which publishes after a decision and wants callbacks."""
    return Desk()


# -- submit ------------------------------------------------------------------------------------------------------------


def test_a_new_comment_waits_for_its_score(desk):
    (placed,) = desk.post(comment())
    assert (placed.outcome, placed.comment.status, placed.comment.revision) == ("new", Status.PENDING, 1)
    assert desk.look() == placed.comment
    assert (desk.published(), desk.mail(), desk.enqueued()) == ([], [], [SCORE])


def test_the_same_id_and_content_again_is_a_replay(desk):
    desk.accept()
    desk.enqueued()
    (again,) = desk.post(comment())
    assert (again.outcome, again.comment.revision, desk.enqueued()) == ("replay", 1, [])


def test_the_same_id_with_new_text_is_the_next_revision(desk):
    desk.score(desk.accept())
    (revised,) = desk.post(comment(body="The bridge is closed."))
    assert (revised.outcome, revised.comment.revision, revised.comment.status) == (
        "revised",
        2,
        Status.PENDING,
    )
    assert desk.look().body == "The bridge is closed."


def test_under_pre_moderation_a_revision_takes_the_old_text_off(desk):
    desk.score(desk.accept())
    assert desk.published() == ["The bridge is open."]
    desk.post(comment(body="The bridge is closed."))
    assert desk.published() == []


def test_under_post_moderation_the_old_text_stays_until_the_new_is_decided():
    desk = Desk(policy=Policy(moderation="post"))
    desk.score(desk.accept())
    desk.post(comment(body="The bridge is closed."))
    assert desk.published() == ["The bridge is open."]
    desk.score(desk.look())
    assert desk.published() == ["The bridge is closed."]


def test_a_batch_answers_each_item_in_order(desk):
    answers = desk.post(comment("a"), comment("b"), comment("a"), comment("a", body="Other."), comment("b"))
    assert [one.outcome for one in answers if isinstance(one, Placed)] == [
        "new",
        "new",
        "replay",
        "revised",
        "replay",
    ]


def test_without_an_id_the_same_by_the_same_author_is_there_already(desk):
    first, second = desk.post(comment(None), comment(None, body="The  bridge is open. "))
    (third,) = desk.post(comment(None, author_name="Ada L."))
    for again in (second, third):
        assert (again.outcome, again.comment.pk) == ("replay", first.comment.pk)


OTHERS = {
    "author": {"email": Address.parse("bo@mail.example")},
    "text": {"body": "The bridge is closed."},
    "article": {"article": Article("https://courier.example/elsewhere")},
    "answered comment": {"parent_id": "c-7"},
    "id": {"id": "c-9"},
    "nobody in particular": {"email": None},
    "way in": {"source": Source.COMPAT},
}


@pytest.mark.parametrize("other", OTHERS)
def test_without_an_id_what_differs_is_another_comment(desk, other):
    desk.post(comment(None))
    (placed,) = desk.post(comment(None, **OTHERS[other]))
    assert placed.outcome == "new"


def test_without_an_address_one_network_and_name_is_one_author(desk):
    client = Client("192.0.2.7", "Agent/1")
    told = {"email": None, "client": client}
    first, second = desk.post(comment(None, **told), comment(None, **told))
    elsewhere = replace(client, ip="198.51.100.7")
    others = desk.post(
        comment(None, email=None, client=elsewhere),
        comment(None, **told, author_name="Bo"),
        comment(None, email=None),
    )
    assert [one.outcome for one in (first, second, *others) if isinstance(one, Placed)] == [
        "new",
        "replay",
        "new",
        "new",
        "new",
    ]


def test_what_was_edited_or_taken_off_may_be_posted_again(desk):
    (first,) = desk.post(comment(None))
    desk.post(comment(first.comment.id, body="Edited."))
    (again,) = desk.post(comment(None))
    assert again.outcome == "new"
    (other,) = desk.post(comment(None, body="Other."))
    withdraw(desk.deps, desk.site, other.comment.id, "courier")
    (anew,) = desk.post(comment(None, body="Other."))
    assert anew.outcome == "new"


def test_what_a_moderator_refused_is_not_posted_anew(desk):
    accepted = desk.accept(None)
    desk.decide(accepted.id, REJECT)
    (again,) = desk.post(comment(None))
    assert (again.outcome, again.comment.status) == ("replay", Status.REJECTED)


def test_another_key_for_the_same_comment_is_told_of_the_first(desk):
    first, second = (desk.post(comment(None, idempotency_key=key))[0] for key in ("k-1", "k-2"))
    (third,) = desk.post(comment(None, idempotency_key="k-2"))
    for again in (second, third):
        assert (again.outcome, again.comment.pk) == ("replay", first.comment.pk)
    (other,) = desk.post(comment(None, body="Other.", idempotency_key="k-2"))
    assert isinstance(other, IdempotencyMismatch)


def test_an_idempotency_key_makes_one_comment(desk):
    first, second = desk.post(comment(None, idempotency_key="k"), comment(None, idempotency_key="k"))
    assert (first.comment.pk, second.outcome) == (second.comment.pk, "replay")


def test_an_idempotency_key_is_not_used_for_other_content(desk):
    desk.accept(None, idempotency_key="k")
    (answer,) = desk.post(comment(None, body="Other.", idempotency_key="k"))
    assert isinstance(answer, IdempotencyMismatch)


def test_an_idempotency_key_stands_for_one_submission_whole(desk):
    first = comment("a-1", idempotency_key="k")
    desk.post(first)
    others = (
        replace(first, id="b-1"),
        replace(first, article=Article("https://courier.example/elsewhere")),
        replace(first, parent_id="c-0"),
        replace(first, email=Address.parse("bo@mail.example")),
    )
    assert [type(answer) for other in others for answer in desk.post(other)] == [IdempotencyMismatch] * 4
    (again,) = desk.post(first)
    assert (again.outcome, again.comment.id) == ("replay", "a-1")


def test_a_key_without_an_id_stands_for_one_article(desk):
    first = comment(None, idempotency_key="k", body="Agreed.")
    desk.post(first)
    (answer,) = desk.post(replace(first, article=Article("https://courier.example/elsewhere")))
    assert isinstance(answer, IdempotencyMismatch)


def test_a_withdrawn_comment_takes_no_revision(desk):
    desk.accept()
    withdraw(desk.deps, desk.site, "c-1", "courier")
    replayed, refused = desk.post(comment(), comment(body="Other."))
    assert isinstance(replayed, Placed)
    assert isinstance(refused, Final)


def test_two_sites_may_use_one_id(desk):
    desk.accept()
    with desk.deps.store.write() as tx:
        other = tx.sites.add(herald())
    (placed,) = submit(desk.deps, desk.sanitizer, other, [comment()])
    assert placed.outcome == "new"


# -- settle ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scores", "status", "told"),
    [
        ({}, Status.APPROVED, "approved"),
        ({"toxicity": 0.7}, Status.HELD, "held"),
        ({"toxicity": 0.99}, Status.HELD, "held"),
        ({"insult": 0.99}, Status.REJECTED, "rejected"),
        ({"spam": 0.99}, Status.SPAM, "spam"),
    ],
)
def test_a_scored_comment_is_decided_and_the_site_told(desk, scores, status, told):
    desk.tune({"insult.reject": 0.9})
    accepted = desk.accept()
    desk.enqueued()
    after = desk.score(accepted, **scores)
    assert (after.status, after.verdict is not None) == (status, True)
    assert (desk.told(), desk.feed()[0][0], desk.enqueued()) == ([told], 1, [DELIVER])
    assert desk.published() == (["The bridge is open."] if status is Status.APPROVED else [])


def test_the_site_is_told_of_a_writer_at_risk(desk):
    desk.score(desk.accept(), self_harm=0.8, spam=0.99)
    desk.decide("c-1", REJECT)
    told = [json.loads(one.payload)["data"] for one in desk.mail()]
    assert [(one["action"], one["reason"], one["at_risk"]) for one in told] == [
        ("hold", "at_risk", True),
        ("reject", None, True),
    ]
    desk.score(desk.accept("c-2"), toxicity=0.9)
    assert not json.loads(desk.mail()[-1].payload)["data"]["at_risk"]


def test_a_verdict_names_its_policy_and_model(desk):
    after = desk.score(desk.accept(), toxicity=0.7)
    assert after.verdict
    assert (after.verdict.policy, after.verdict.model, after.verdict.scores["toxicity"]) == (
        1,
        "made-up-1",
        0.7,
    )
    assert after.decided_at == NOON


def test_a_moderator_who_acted_first_wins(desk):
    accepted = desk.accept()
    desk.decide("c-1", REJECT)
    assert len(record_scores(desk.deps, [Scored(accepted, assessed())])) == 0
    assert (desk.look().status, desk.told()) == (Status.REJECTED, ["rejected"])


def test_a_verdict_on_an_old_revision_is_dropped(desk):
    accepted = desk.accept()
    desk.post(comment(body="Other."))
    assert len(record_scores(desk.deps, [Scored(accepted, assessed())])) == 0
    assert (desk.look().status, desk.published()) == (Status.PENDING, [])


def test_settling_twice_moves_once(desk):
    accepted = desk.accept()
    assert len(record_scores(desk.deps, [Scored(accepted, assessed())])) == 1
    assert len(record_scores(desk.deps, [Scored(accepted, assessed())])) == 0
    assert desk.told() == ["approved"]


def test_no_score_is_held_and_says_so(desk):
    record_scores(desk.deps, [Scored(desk.accept("a"), None), Scored(desk.accept("b"), None, exhausted=True)])
    reasons = [one.verdict.reasons[0].code for name in ("a", "b") if (one := desk.look(name)).verdict]
    assert (reasons, desk.look("a").status, desk.look("b").status) == (
        ["unscored", "unscorable"],
        "held",
        "held",
    )


def test_a_site_without_a_callback_gets_no_mail():
    desk = Desk(callback_url=None)
    desk.score(desk.accept())
    assert (desk.mail(), len(desk.feed())) == ([], 1)


def test_a_first_time_author_is_held_until_approved_once():
    desk = Desk(policy=Policy(hold_first_time=True))
    assert desk.score(desk.accept("a")).status is Status.HELD
    desk.decide("a", APPROVE)
    assert desk.score(desk.accept("b")).status is Status.APPROVED
    other = desk.accept("c", email=Address.parse("bo@example.org"))
    assert desk.score(other).status is Status.HELD
    nobody = desk.accept("d", email=None)
    assert desk.score(nobody).status is Status.HELD


def test_signals_of_the_form_are_heard(desk):
    assert desk.score(desk.accept("a", signals={"honeypot": True})).status is Status.HELD
    assert desk.score(desk.accept("b", signals={"fill_seconds": 0.3})).status is Status.HELD
    assert desk.score(desk.accept("c", signals={"fill_seconds": 30})).status is Status.APPROVED


def test_comments_of_several_sites_settle_together(desk):
    with desk.deps.store.write() as tx:
        other = tx.sites.add(herald(policy=Policy(cuts={}), callback_url="https://herald.example/hook"))
    (placed,) = submit(desk.deps, desk.sanitizer, other, [comment()])
    both = [Scored(desk.accept(), assessed(toxicity=0.7)), Scored(placed.comment, assessed(toxicity=0.7))]
    assert len(record_scores(desk.deps, both)) == 2
    with desk.deps.store.read() as tx:
        at_herald = tx.comments.get(other.id, "c-1")
        numbers = [
            decision.seq for site in (desk.site, other) for decision, _ in tx.decisions.feed(site.id, 0, 9)
        ]
    assert (desk.look().status, at_herald.status, numbers) == ("held", "approved", [1, 1])


def test_settling_nothing_is_nothing(desk):
    assert len(record_scores(desk.deps, [])) == 0


# -- review ------------------------------------------------------------------------------------------------------------


def test_a_decision_over_the_api_takes_effect_at_once(desk):
    desk.score(desk.accept(), toxicity=0.7)
    decision = desk.decide("c-1", APPROVE, revision=1, reason="fine", note="Knows the mayor.")
    assert (desk.look().status, desk.published()) == (Status.APPROVED, ["The bridge is open."])
    assert (desk.told(), desk.feed()) == (["held", "approved"], [(1, "hold"), (2, "approve")])
    assert desk.labels() == [(APPROVE, True)]
    with desk.deps.store.read() as tx:
        assert tx.decisions.notes([decision.id]) == {decision.id: "Knows the mayor."}


def test_a_decision_on_the_desk_waits_for_its_moment(desk):
    desk.score(desk.accept(), toxicity=0.7)
    desk.enqueued()
    desk.decide("c-1", APPROVE, delay=5)
    assert desk.dispatcher.enqueued == [(PUBLISH, 5)]
    assert (desk.look().status, desk.published(), desk.told(), len(desk.feed())) == (
        "approved",
        [],
        ["held"],
        1,
    )
    assert publish_due(desk.deps) == 0
    desk.tick(5)
    assert publish_due(desk.deps) == 1
    assert (desk.published(), desk.told()) == (["The bridge is open."], ["held", "approved"])
    assert desk.feed()[-1] == (2, "approve")
    assert publish_due(desk.deps) == 0


def test_a_pending_comment_can_be_decided(desk):
    desk.accept()
    desk.decide("c-1", SPAM)
    assert desk.look().status is Status.SPAM


def test_a_stale_revision_is_refused_with_the_current_state(desk):
    desk.accept()
    desk.post(comment(body="Other."))
    with pytest.raises(Conflict) as refused:
        desk.decide("c-1", APPROVE, revision=1)
    assert (refused.value.current.revision, refused.value.current.body) == (2, "Other.")
    assert desk.look().status is Status.PENDING


def test_a_decided_comment_is_overruled_only_by_name(desk):
    desk.score(desk.accept(), spam=0.99)
    current = desk.look().decision_id
    assert current is not None
    for names in (None, current + 1):
        with pytest.raises(Conflict) as refused:
            desk.decide("c-1", APPROVE, replaces=names)
        assert refused.value.decision.id == current
    decision = desk.decide("c-1", APPROVE, replaces=current)
    assert (decision.replaces, desk.look().status) == (current, Status.APPROVED)


def test_a_held_comment_takes_a_decision_without_naming_any(desk):
    desk.score(desk.accept(), toxicity=0.7)
    assert desk.decide("c-1", REJECT).to_status is Status.REJECTED


def test_a_decision_not_yet_published_is_replaced_without_a_trace_outside(desk):
    desk.score(desk.accept(), toxicity=0.7)
    first = desk.decide("c-1", APPROVE, delay=5)
    second = desk.decide("c-1", SPAM, delay=5, replaces=first.id)
    assert (second.from_status, second.previous) == (first.from_status, first.previous)
    desk.tick(5)
    assert publish_due(desk.deps) == 1
    assert (desk.told(), desk.published(), desk.look().status) == (["held", "spam"], [], Status.SPAM)
    assert desk.labels() == [(APPROVE, False), (SPAM, True)]


def test_undoing_a_unpublished_replacement_goes_back_before_both(desk):
    held = desk.score(desk.accept(), toxicity=0.7)
    first = desk.decide("c-1", APPROVE, delay=5)
    desk.decide("c-1", SPAM, delay=5, replaces=first.id)
    after = desk.undo("c-1")
    assert (after.status, after.decision_id) == (Status.HELD, held.decision_id)
    desk.tick(10)
    assert (publish_due(desk.deps), desk.told()) == (0, ["held"])


def test_there_must_be_a_comment_to_decide_on(desk):
    with pytest.raises(NotFound):
        desk.decide("nothing", APPROVE)
    desk.accept()
    with desk.deps.store.write() as tx:
        other = tx.sites.add(herald())
    with pytest.raises(NotFound):
        review(desk.deps, other, "c-1", Judgement(APPROVE, Who.SITE, "herald"))


def test_a_revision_leaves_a_waiting_decision_behind(desk):
    desk.score(desk.accept(), toxicity=0.7)
    desk.decide("c-1", APPROVE, delay=5)
    desk.post(comment(body="Something vile."))
    desk.tick(5)
    assert (publish_due(desk.deps), desk.published(), desk.look().status) == (0, [], Status.PENDING)


# -- undo --------------------------------------------------------------------------------------------------------------


def test_undo_before_publication_is_free(desk):
    held = desk.score(desk.accept(), toxicity=0.7)
    decision = desk.decide("c-1", APPROVE, delay=5)
    after = desk.undo("c-1", decision.id)
    assert (after.status, after.decision_id) == (Status.HELD, held.decision_id)
    desk.tick(60)
    assert (publish_due(desk.deps), desk.told(), desk.published()) == (0, ["held"], [])
    assert desk.labels() == [(APPROVE, False)]


def test_undoing_a_waiting_decision_on_a_pending_comment_leaves_it_pending(desk):
    accepted = desk.accept()
    desk.decide("c-1", APPROVE, delay=5)
    assert desk.undo("c-1").status is Status.PENDING
    assert SCORE in [name for name, _ in desk.dispatcher.enqueued]
    desk.tick(6)
    assert publish_due(desk.deps) == 0
    assert desk.score(accepted).status is Status.APPROVED


def test_an_overruled_judgement_teaches_nothing(desk):
    desk.score(desk.accept(), toxicity=0.7)
    first = desk.decide("c-1", APPROVE)
    desk.decide("c-1", REJECT, replaces=first.id)
    with desk.deps.store.read() as tx:
        labels = [
            (label.action, label.retracted_at is None) for label in tx.labels.of_comment(desk.look().pk)
        ]
    assert labels == [(APPROVE, False), (REJECT, True)]


def test_an_approval_that_waits_makes_nobody_known(desk):
    with desk.deps.store.write() as tx:
        desk.site = replace(desk.site, policy=Policy(version=2, hold_first_time=True))
        tx.sites.save(desk.site)
    desk.score(desk.accept("c-1"))
    desk.decide("c-1", APPROVE, delay=5)
    assert desk.score(desk.accept("c-2", body="And another one.")).status is Status.HELD


def test_undo_after_publication_tells_the_site(desk):
    desk.score(desk.accept(), toxicity=0.7)
    desk.decide("c-1", APPROVE)
    after = desk.undo("c-1")
    assert (after.status, desk.published()) == (Status.HELD, [])
    assert desk.told() == ["held", "approved", "restored"]
    assert [seq for seq, _ in desk.feed()] == [1, 2, 3]
    assert desk.labels() == [(APPROVE, False)]


def test_undoing_a_rejection_of_a_published_comment_publishes_it_again(desk):
    approved = desk.score(desk.accept())
    desk.decide("c-1", REJECT, replaces=approved.decision_id)
    assert desk.published() == []
    desk.undo("c-1")
    assert (desk.published(), desk.look().status) == (["The bridge is open."], Status.APPROVED)
    assert json.loads(desk.mail()[-1].payload)["data"]["status"] == "approved"


def test_undoing_the_machine_asks_a_person(desk):
    desk.score(desk.accept())
    assert desk.undo("c-1").status is Status.HELD


def test_undo_names_the_decision_it_saw(desk):
    desk.accept()
    with pytest.raises(NothingToUndo):
        desk.undo("c-1")
    desk.decide("c-1", REJECT)
    with pytest.raises(NothingToUndo):
        desk.undo("c-1", 999)
    desk.undo("c-1")
    with pytest.raises(NothingToUndo):
        desk.undo("c-1")
    assert desk.told() == ["rejected", "restored"]


# -- withdraw ----------------------------------------------------------------------------------------------------------


def test_a_withdrawn_comment_is_gone_from_the_page(desk):
    desk.score(desk.accept())
    for _ in range(2):
        assert withdraw(desk.deps, desk.site, "c-1", "courier").status is Status.WITHDRAWN
    assert (desk.published(), desk.told(), desk.feed()) == (
        [],
        ["approved", "withdrawn"],
        [(1, "approve"), (2, "withdraw")],
    )


def test_a_withdrawal_overtakes_a_waiting_decision(desk):
    desk.score(desk.accept(), toxicity=0.7)
    desk.decide("c-1", APPROVE, delay=5)
    withdraw(desk.deps, desk.site, "c-1", "courier")
    desk.tick(5)
    assert (publish_due(desk.deps), desk.published(), desk.look().status) == (0, [], Status.WITHDRAWN)


def test_withdrawn_is_final(desk):
    accepted = desk.accept()
    withdraw(desk.deps, desk.site, "c-1", "courier")
    with pytest.raises(Final):
        desk.decide("c-1", APPROVE)
    with pytest.raises(Final):
        desk.undo("c-1")
    assert len(record_scores(desk.deps, [Scored(accepted, assessed())])) == 0


def test_what_is_not_there_cannot_be_withdrawn(desk):
    with pytest.raises(NotFound):
        withdraw(desk.deps, desk.site, "nothing", "courier")


def test_the_withdrawal_is_the_last_the_site_hears(desk):
    desk.score(desk.accept())
    withdraw(desk.deps, desk.site, "c-1", "site")
    with desk.deps.store.write() as tx:
        told = [one.type for one in tx.deliveries.page(None, "waiting", 10)]
    assert told == ["comment.approved", "comment.withdrawn"]


def test_a_dead_approval_is_not_replayed_after_the_withdrawal(desk):
    desk.score(desk.accept())
    with desk.deps.store.write() as tx:
        (one,) = tx.deliveries.lease(desk.now, desk.now + timedelta(seconds=60), 10)
        finish_delivery(tx, one.id, one.attempts, "dead", "gone", None, desk.now)
    withdraw(desk.deps, desk.site, "c-1", "site")
    with desk.deps.store.write() as tx:
        assert tx.deliveries.replay(None, None, desk.now) == 0
        assert [one.type for one in tx.deliveries.page(None, "waiting", 10)] == ["comment.withdrawn"]
