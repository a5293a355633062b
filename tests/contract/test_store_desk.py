"""The desk's promises of every store: queues, claims, matters, appeals, authors, words and views."""

from dataclasses import replace
from datetime import timedelta

import pytest

from service.domain.author_status import AuthorStatus, AuthorStatusEntry
from service.domain.comment import Article
from service.domain.desk_records import Appeal, Cursor, Matter, Report, Sort, Wanted
from service.domain.status import Status
from service.domain.verdict import Action, Reason, Who
from service.storage import search
from tests.factories import ADA, BO, CHI, NOON, after, decided, draft, herald, ids, move, verdict

LATER = after(60)


def held(tx, site, comment_id, score=0.7, label="insult", **more):
    told = more.pop("verdict", None) or verdict(
        reasons=(Reason("score", "said", label),),
        scores={label: score, "obscene": 0.01},
        language=more.pop("language", "en"),
    )
    comment = tx.comments.add(site.id, [draft(comment_id, **more)], NOON)[comment_id]
    (decision_id,) = tx.decisions.new_ids(1)
    assert tx.comments.move([replace(move(comment, Action.HOLD, decision_id), verdict=told)]) == {comment.pk}
    return comment


def order(tx, wanted, moderator_id=1, limit=9):
    return ids([one.comment for one in tx.queue.page(wanted, moderator_id, NOON, limit)])


def one_by_one(page, wanted):
    """The ids of what a queue shows on pages of one."""
    seen, cursor = [], None
    while found := page(replace(wanted, after=cursor)):
        seen.append(found[0].comment.id)
        cursor = found[0].cursor
    return seen


def test_writers_at_risk_come_before_every_order(tx, site):
    rows = (("a", 0.9, "threat"), ("b", 0.4, "self_harm"), ("c", 0.2, "insult"), ("d", 0.8, "self_harm"))
    found = {name: held(tx, site, name, score, label) for name, score, label in rows}
    for wanted, expected in (
        (Wanted(), "bdac"),
        (Wanted(Sort.SCORE), "dbac"),
        (Wanted(Sort.DOUBT), "bdca"),
        (Wanted(label="self_harm"), "bd"),
        (Wanted(label="insult"), "c"),
        (Wanted(site_id=site.id, without=(found["b"].pk,)), "dac"),
    ):
        assert order(tx, wanted) == [*expected]
        assert order(tx, wanted, limit=2) == [*expected[:2]]
        assert one_by_one(lambda one: tx.queue.page(one, 1, NOON, 1), wanted) == [*expected]


def test_what_was_approved_automatically_is_listed_newest_first(tx, site):
    other = tx.sites.add(herald())
    there = Article("https://herald.example/d")
    one, two, three = (held(tx, site, "a"), held(tx, other, "b", article=there), held(tx, site, "c"))
    by_person, refused = held(tx, site, "p"), held(tx, site, "r")
    for comment, action, who in (
        (one, Action.APPROVE, Who.MACHINE),
        (two, Action.APPROVE, Who.MACHINE),
        (three, Action.APPROVE, Who.MACHINE),
        (by_person, Action.APPROVE, Who.MODERATOR),
        (refused, Action.REJECT, Who.MACHINE),
    ):
        decided(tx, tx.comments.by_pk(comment.pk), action, who_kind=who)
    for wanted, expected in (
        (Wanted(), "cba"),
        (Wanted(site_id=site.id), "ca"),
        (Wanted(article_url=there.url), "b"),
        (Wanted(label="threat"), ""),
        (Wanted(without=(three.pk,)), "ba"),
    ):
        assert ids([each.comment for each in tx.queue.published(wanted, 9)]) == [*expected]
        assert one_by_one(lambda each: tx.queue.published(each, 1), wanted) == [*expected]


@pytest.mark.parametrize("queue", ["held", "reported", "appeals"])
def test_every_queue_has_the_orders_and_filters(tx, site, queue):
    other = tx.sites.add(herald())
    here, there = "https://courier.example/bridge", "https://herald.example/d"
    found = [
        held(tx, site, "a", 0.5),
        held(tx, site, "b", 0.9, label="threat"),
        held(tx, other, "c", 0.7, language="de"),
        held(tx, other, "d", 0.7, label="threat", article=Article(there)),
    ]
    for n, comment in enumerate(found if queue != "held" else ()):
        tx.cases.open(Matter.REPORTED, comment, NOON)
        tx.appeals.add(Appeal(0, comment.site_id, comment.pk, n, None, "Look again.", NOON))

    def shown(wanted, limit=1):
        if queue == "appeals":
            return [queued for _, queued in tx.appeals.unanswered(wanted, limit)]
        if queue == "held":
            return tx.queue.page(wanted, 1, NOON, limit)
        return tx.queue.with_matter(Matter.REPORTED, wanted, 1, NOON, limit)

    for wanted, expected in (
        (Wanted(), "abcd"),
        (Wanted(Sort.SCORE), "bcda"),
        (Wanted(Sort.DOUBT), "acdb"),
        (Wanted(Sort.SCORE, site_id=other.id), "cd"),
        (Wanted(site_id=0), ""),
        (Wanted(label="threat"), "bd"),
        (Wanted(language="de"), "c"),
        (Wanted(article_url=here), "abc"),
        (Wanted(article_url=there), "d"),
        (Wanted(site_id=other.id, article_url=here, language="de"), "c"),
        (Wanted(site_id=other.id, article_url=here, label="threat"), ""),
        (Wanted(without=(found[0].pk, found[3].pk)), "bc"),
    ):
        assert ids([queued.comment for queued in shown(wanted, 9)]) == [*expected]
        assert one_by_one(shown, wanted) == [*expected]
    assert tx.queue.languages() == ["de", "en"]
    assert tx.queue.count_newer(Wanted(label="threat"), 0, 9) == 2
    assert tx.queue.count_newer(Wanted(), 0, 2) == 2


def test_what_is_held_without_a_score_is_the_most_uncertain(tx, site):
    held(tx, site, "a", 0.6)
    held(tx, site, "b", verdict=verdict(reasons=(), scores={}, language=None))
    assert order(tx, Wanted(Sort.SCORE)) == ["a", "b"]
    assert order(tx, Wanted(Sort.DOUBT)) == ["b", "a"]


def test_a_claim_is_one_moderators_until_it_runs_out(tx, site):
    mara, noor = (
        tx.moderators.add("Mara", "moderator", NOON),
        tx.moderators.add("Noor", "moderator", NOON),
    )
    pks = [held(tx, site, name).pk for name in ("a", "b")]
    assert tx.queue.claim(mara.id, [pks[0]], NOON, LATER) == {pks[0]}
    assert tx.queue.claim(noor.id, pks, NOON, LATER) == {pks[1]}
    assert tx.queue.claim(mara.id, [pks[0], 999], NOON, after(90)) == {pks[0]}
    assert order(tx, Wanted(), mara.id) == ["a"]
    assert order(tx, Wanted(), noor.id) == ["b"]
    assert [(one.comment_pk, one.moderator, one.until) for one in tx.queue.claims(NOON)] == [
        (pks[0], "Mara", after(90)),
        (pks[1], "Noor", LATER),
    ]
    assert [one.moderator for one in tx.queue.claims(LATER)] == ["Mara"]
    assert ids([one.comment for one in tx.queue.page(Wanted(), noor.id, after(90), 9)]) == ["a", "b"]
    tx.queue.release_claims(noor.id, [pks[0]])
    tx.queue.release_claims(mara.id)
    assert [one.moderator for one in tx.queue.claims(NOON)] == ["Noor"]
    assert tx.queue.claim(noor.id, [pks[0]], NOON, LATER) == {pks[0]}


def test_what_was_decided_is_in_nobodys_hands(tx, site):
    mara = tx.moderators.add("Mara", "moderator", NOON)
    waiting, done, reported, appealed = (held(tx, site, name) for name in ("a", "b", "c", "d"))
    every = [one.pk for one in (waiting, done, reported, appealed)]
    assert tx.queue.claim(mara.id, every, NOON, LATER) == set(every)
    for one in (done, reported, appealed):
        known = tx.comments.by_pk(one.pk)
        made = decided(tx, known, Action.REJECT)
    tx.cases.open(Matter.REPORTED, reported, NOON)
    tx.appeals.add(Appeal(0, site.id, appealed.pk, made.id, "Mara", "Why?", NOON))
    assert [one.comment_pk for one in tx.queue.claims(NOON)] == [waiting.pk, reported.pk, appealed.pk]


def test_reports_count_once_a_reader(tx, site):
    comment = tx.comments.add(site.id, [draft()], NOON)["c-1"]
    for by, fresh in (("one", True), ("two", True), ("one", False)):
        assert tx.cases.add_report(Report(comment.pk, 1, by, "rude", after(len(by)))) is fresh
        if fresh:
            tx.cases.open(Matter.REPORTED, comment, NOON)
    assert tx.cases.open_matters([comment.pk]) == {comment.pk: {Matter.REPORTED: 2}}
    found = tx.cases.reports_of({comment.pk, 999_999})
    assert [(pk, one.by) for pk in found for one in found[pk]] == [
        (comment.pk, "one"),
        (comment.pk, "two"),
    ]
    assert [one.by for one in tx.cases.reports_of([comment.pk], limit=1)[comment.pk]] == ["one"]
    assert tx.cases.reports_of(()) == {}
    (queued,) = tx.queue.with_matter(Matter.REPORTED, Wanted(), 1, NOON, 9)
    assert queued.comment.id == "c-1"
    assert tx.queue.with_matter(Matter.REPORTED, Wanted(after=queued.cursor), 1, NOON, 9) == []
    assert tx.queue.counts(9)["reported"] == 1


def test_a_decision_closes_matters_and_its_undo_opens_them(tx, site):
    comment = held(tx, site, "a")
    tx.cases.open(Matter.REPORTED, comment, NOON)
    assert tx.cases.close_matters({comment.pk: 70}, NOON) == 1
    tx.cases.open(Matter.ASIDE, comment, NOON, 70)
    assert order(tx, Wanted()) == []
    assert tx.cases.open_matters([comment.pk]) == {comment.pk: {Matter.ASIDE: 1}}
    tx.cases.undo([70])
    assert tx.cases.open_matters([comment.pk]) == {comment.pk: {Matter.REPORTED: 1}}
    assert order(tx, Wanted()) == ["a"]
    assert tx.cases.close_matters({comment.pk: 71}, NOON) == 1
    assert (tx.cases.closed_by(71), tx.cases.closed_by(72)) == ({comment.pk}, set())
    tx.cases.open(Matter.REPORTED, comment, NOON)
    tx.cases.undo([71])  # raised anew meanwhile
    assert tx.cases.open_matters([comment.pk]) == {comment.pk: {Matter.REPORTED: 1}}
    assert tx.cases.close_matters({comment.pk: None}, NOON) == 1
    tx.cases.undo([70])
    assert tx.cases.open_matters([comment.pk]) == {}


def test_an_appeal_is_made_once_and_answered_once(tx, site):
    comment = tx.comments.add(site.id, [draft()], NOON)["c-1"]
    decision = decided(tx, comment, Action.REJECT)
    wanted = Appeal(0, site.id, comment.pk, decision.id, "Noor", "Look again.", NOON)
    made = tx.appeals.add(wanted)
    assert tx.appeals.add(wanted) is None
    assert [(one.id, found.comment.id) for one, found in tx.appeals.unanswered(Wanted(), 9)] == [
        (made.id, "c-1")
    ]
    assert tx.appeals.unanswered(Wanted(after=Cursor(made.id)), 9) == []
    assert tx.appeals.answer(made.id, "Mara", "You are right.", 88, LATER)
    assert not tx.appeals.answer(made.id, "Noor", "No.", None, LATER)
    answered = tx.appeals.get(made.id, lock=True)
    assert tx.appeals.of_comments({comment.pk, 999_999}) == {comment.pk: [answered]}
    assert tx.appeals.of_comments(()) == {}
    assert (answered.answer, answered.answered_by, answered.reversed_by) == ("You are right.", "Mara", 88)
    assert tx.queue.counts(9)["appeals"] == 0
    assert not tx.appeals.take_answer_back(made.id), "the decision that the answer made is what is undone"
    tx.appeals.reopen({88: None})
    assert tx.appeals.of_comment(comment.pk) == [made]
    assert not tx.appeals.take_answer_back(made.id)
    assert tx.appeals.answer(made.id, "Mara", "It stays.", None, LATER)
    assert tx.appeals.take_answer_back(made.id)
    assert tx.appeals.of_comment(comment.pk) == [made]
    assert tx.appeals.answer(made.id, "Mara", "You are right.", 89, LATER)
    tx.appeals.reopen({89: 90})
    assert tx.appeals.of_comment(comment.pk) == [replace(made, decision_id=90)]


def test_histories_count_an_authors_comments_on_one_site(tx, site):
    one, two = site, tx.sites.add(herald())
    for n in range(3):
        tx.comments.add(one.id, [draft(f"a-{n}", ADA)], after(n))
    tx.comments.add(two.id, [draft("other", ADA)], NOON - timedelta(days=9))
    decided(tx, tx.comments.get(one.id, "a-1"), Action.APPROVE)
    tx.comments.add(one.id, [draft("b", BO)], NOON)
    found = tx.authors.histories(one.id, [f"key of {ADA}", f"key of {CHI}"])
    assert list(found) == [f"key of {ADA}"]
    assert found[f"key of {ADA}"].counts == {Status.PENDING: 2, Status.APPROVED: 1}
    assert found[f"key of {ADA}"].first_seen == NOON
    assert ids(tx.authors.comments(one.id, f"key of {ADA}", None, 2)) == ["a-2", "a-1"]
    newest = tx.authors.comments(one.id, f"key of {ADA}", None, 9)
    assert ids(tx.authors.comments(one.id, f"key of {ADA}", newest[1].pk, 9)) == ["a-0"]
    assert ids(list(tx.comments.by_ids(one.id, ["b", "other", "none"]).values())) == ["b"]


def test_an_author_is_known_since_the_first_comment_was_written(tx, site):
    """Whenever an archive came in, and however often a comment was edited; a date to come is none."""
    old = NOON - timedelta(days=3_000)
    tx.comments.add(site.id, [draft("live", ADA), draft("other", BO, submitted_at=LATER)], NOON)
    tx.comments.add(site.id, [draft("archived", ADA, submitted_at=old)], NOON)
    archived = tx.comments.get(site.id, "archived")
    tx.comments.revise(archived, draft("archived", ADA, submitted_at=old, body="Edited."), LATER, False)
    found = tx.authors.histories(site.id, [f"key of {ADA}", f"key of {BO}"])
    assert (found[f"key of {ADA}"].first_seen, found[f"key of {BO}"].first_seen) == (old, NOON)


def test_one_author_status_counts_until_its_end(tx, site):
    banned = AuthorStatusEntry(site.id, "k", AuthorStatus.BANNED, "Mara", NOON, "rude", LATER)
    first = tx.authors.set_status(replace(banned, status=AuthorStatus.TRUSTED, until=None))
    second = tx.authors.set_status(banned)
    assert first.id != second.id
    assert tx.authors.statuses(site.id, ["k", "x"], NOON) == {"k": second}
    assert tx.authors.statuses(site.id, ["k"], LATER) == {}
    assert tx.authors.end_status(site.id, "k", NOON)
    assert not tx.authors.end_status(site.id, "k", NOON)
    assert tx.authors.statuses(site.id, ["k"], NOON) == {}


def test_rare_words_are_found_however_old_their_comments_are(tx, site, monkeypatch):
    monkeypatch.setattr(search, "WINDOWS", {"sqlite": (1, 2, None), "postgresql": (1, None)})
    one, two = site, tx.sites.add(herald())
    for n in range(6):
        (made,) = tx.comments.add((one, two)[n % 2].id, [draft(f"c-{n}", body="A ferry.")], NOON).values()
        tx.search.index([made.pk])
    assert ids(tx.search.find(["ferry"], None, None, 9)) == [f"c-{n}" for n in (5, 4, 3, 2, 1, 0)]
    assert ids(tx.search.find(["ferry"], None, None, 4)) == ["c-5", "c-4", "c-3", "c-2"]
    assert ids(tx.search.find(["ferry"], one.id, None, 2)) == ["c-4", "c-2"]
    third = tx.comments.get(two.id, "c-3")
    assert ids(tx.search.find(["a", "ferry"], None, third.pk, 2)) == ["c-2", "c-1"]
    assert tx.search.find(["nowhere"], None, None, 9) == []


def test_words_find_comments(tx, site):
    one, two = site, tx.sites.add(herald())
    texts = {"a": "The old ferry was cheaper.", "b": "A ferry, a FERRY!", "c": 'Größe zählt "nicht".'}
    pks = [tx.comments.add(one.id, [draft(k, body=v)], NOON)[k].pk for k, v in texts.items()]
    pks.append(tx.comments.add(two.id, [draft("d", BO, body="ferry elsewhere")], NOON)["d"].pk)
    assert tx.search.find(["ferry"], None, None, 9) == []
    tx.search.index(pks)
    tx.search.index(pks[:1])
    assert ids(tx.search.find(["ferry"], None, None, 9)) == ["d", "b", "a"]
    assert ids(tx.search.find(["ferry"], one.id, None, 9)) == ["b", "a"]
    assert ids(tx.search.find(["ferry"], None, pks[1], 9)) == ["a"]
    assert ids(tx.search.find(["ferry", "old"], None, None, 9)) == ["a"]
    assert ids(tx.search.find(["größe"], None, None, 9)) == ["c"]
    assert ids(tx.search.find(["bo"], None, None, 9)) == ["d"]
    assert tx.search.find([], None, None, 9) == []
    assert tx.search.find(["AND", '"', "*"], None, None, 9) == []
    tx.search.forget(pks[:1])
    assert ids(tx.search.find(["ferry"], one.id, None, 9)) == ["b"]


def test_forgetting_a_text_forgets_what_was_said_about_it(tx, site):
    comment = tx.comments.add(site.id, [draft()], NOON)["c-1"]
    tx.cases.add_report(Report(comment.pk, 1, "one", "She wrote that …", NOON))
    tx.appeals.add(Appeal(0, site.id, comment.pk, 5, None, "I only wrote that …", NOON))
    tx.search.forget([comment.pk])
    assert tx.cases.reports_of([comment.pk]) == {}
    assert tx.appeals.of_comment(comment.pk) == []


def test_views_are_kept_by_name_and_moderator(tx):
    mara, noor = (
        tx.moderators.add("Mara", "moderator", NOON),
        tx.moderators.add("Noor", "moderator", NOON),
    )
    tx.moderators.add_view(mara.id, "mine", "sort=age", NOON)
    tx.moderators.add_view(mara.id, "mine", "sort=score", NOON)
    (view,) = tx.moderators.views(mara.id)
    assert (view.name, view.query) == ("mine", "sort=score")
    tx.moderators.drop_view(noor.id, view.id)
    assert tx.moderators.views(mara.id) == [view]
    for n in range(21):
        tx.moderators.add_view(noor.id, f"view {n:02}", "", NOON)
    assert [one.name for one in tx.moderators.views(noor.id)] == [f"view {n:02}" for n in range(1, 21)]
    tx.moderators.drop_view(mara.id, view.id)
    assert tx.moderators.views(mara.id) == []
