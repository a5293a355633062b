"""The desk's promises of every store: queues, claims, matters, appeals, authors, words and views."""

from dataclasses import replace
from datetime import timedelta

import pytest

from service.domain.author_status import AuthorStatus, AuthorStatusEntry
from service.domain.comment import Article
from service.domain.desk import Appeal, Cursor, Matter, Report, Sort, Wanted
from service.domain.status import Status
from service.domain.verdict import Action, Reason
from service.storage import searching
from tests.factories import ADA, BO, CHI, NOON, after, courier, decided, draft, herald, ids, move, verdict

LATER = after(60)


def held(tx, site, comment_id, score=0.7, label="insult", **more):
    told = more.pop("verdict", None) or verdict(
        reasons=(Reason("score", "said", label),),
        scores={label: score, "obscene": 0.01},
        language=more.pop("language", "en"),
    )
    comment = tx.add_comments(site.id, [draft(comment_id, **more)], NOON)[comment_id]
    (decision_id,) = tx.new_decision_ids(1)
    assert tx.move([replace(move(comment, Action.HOLD, decision_id), verdict=told)]) == {comment.pk}
    return comment


def order(tx, wanted, moderator_id=1, limit=9):
    """The ids of what a moderator would be given."""
    return ids([one.comment for one in tx.queue(wanted, moderator_id, NOON, limit)])


def test_a_queue_is_sorted_by_age_score_or_doubt(store):
    with store.write() as tx:
        site = tx.add_site(courier())
        for name, score in (("a", 0.5), ("b", 0.9), ("c", 0.7), ("d", 0.7)):
            held(tx, site, name, score)
    with store.read() as tx:
        assert order(tx, Wanted()) == ["a", "b", "c", "d"]
        assert order(tx, Wanted(Sort.SCORE)) == ["b", "c", "d", "a"]
        assert order(tx, Wanted(Sort.DOUBT)) == ["a", "c", "d", "b"]
        for sort in Sort:
            seen, cursor = [], None
            for _ in range(4):
                (one,) = tx.queue(Wanted(sort, after=cursor), 1, NOON, 1)
                seen.append(one.comment.id)
                cursor = one.cursor
            assert seen == order(tx, Wanted(sort))
            assert tx.queue(Wanted(sort, after=cursor), 1, NOON, 1) == []


def test_writers_at_risk_come_before_every_order(store):
    with store.write() as tx:
        site = tx.add_site(courier())
        for name, score, label in (
            ("a", 0.9, "threat"),
            ("b", 0.4, "self_harm"),
            ("c", 0.2, "insult"),
            ("d", 0.8, "self_harm"),
        ):
            held(tx, site, name, score, label)
    with store.read() as tx:
        assert order(tx, Wanted()) == ["b", "d", "a", "c"]
        assert order(tx, Wanted(Sort.SCORE)) == ["d", "b", "a", "c"]
        assert order(tx, Wanted(Sort.DOUBT)) == ["b", "d", "c", "a"]
        assert order(tx, Wanted(), limit=3) == ["b", "d", "a"]
        assert order(tx, Wanted(label="self_harm")) == ["b", "d"]
        assert order(tx, Wanted(label="insult")) == ["c"]
        assert order(tx, Wanted(site_id=site.id, without=(tx.comment(site.id, "b").pk,))) == ["d", "a", "c"]
        for wanted in (*map(Wanted, Sort), Wanted(label="self_harm")):
            seen, cursor = [], None
            while page := tx.queue(replace(wanted, after=cursor), 1, NOON, 1):
                seen.append(page[0].comment.id)
                cursor = page[0].cursor
            assert seen == order(tx, wanted)


def test_a_queue_is_filtered(store):
    """Site, article, label and language each leave out what is something else, alone and together."""
    with store.write() as tx:
        one, two = tx.add_site(courier()), tx.add_site(herald())
        held(tx, one, "a", label="threat")
        held(tx, one, "b", language="de")
        held(tx, two, "c", label="threat", language="de")
    with store.read() as tx:
        url = tx.queue(Wanted(), 1, NOON, 1)[0].comment.article.url
        assert order(tx, Wanted(site_id=one.id)) == ["a", "b"]
        assert order(tx, Wanted(label="threat")) == ["a", "c"]
        assert order(tx, Wanted(language="de")) == ["b", "c"]
        assert order(tx, Wanted(article_url=url)) == ["a", "b", "c"]
        assert order(tx, Wanted(site_id=two.id, article_url=url, label="threat", language="de")) == ["c"]
        assert order(tx, Wanted(site_id=0)) == []
        assert order(tx, Wanted(without=(tx.comment(one.id, "a").pk,))) == ["b", "c"]
        assert tx.languages() == ["de", "en"]
        assert tx.arrived(Wanted(label="threat"), 0, 9) == 2
        assert tx.arrived(Wanted(), 0, 2) == 2


@pytest.mark.parametrize("queue", ["reported", "appeals"])
def test_every_queue_has_the_orders_and_filters(store, queue):
    with store.write() as tx:
        one, two = tx.add_site(courier()), tx.add_site(herald())
        found = [
            held(tx, one, "a", 0.5),
            held(tx, one, "b", 0.9, label="threat"),
            held(tx, two, "c", 0.7, language="de"),
            held(tx, two, "d", 0.7, label="threat", article=Article("https://herald.example/d")),
        ]
        for n, comment in enumerate(found):
            tx.open_matter(Matter.REPORTED, comment, NOON)
            tx.add_appeal(Appeal(0, comment.site_id, comment.pk, n, None, "Look again.", NOON))

        def shown(wanted, limit=9):
            if queue == "appeals":
                return [queued for _, queued in tx.appeals_open(wanted, limit)]
            return tx.matters(Matter.REPORTED, wanted, 1, NOON, limit)

        def order(wanted):
            return ids([queued.comment for queued in shown(wanted)])

        assert order(Wanted()) == ["a", "b", "c", "d"]
        assert order(Wanted(Sort.SCORE)) == ["b", "c", "d", "a"]
        assert order(Wanted(Sort.DOUBT)) == ["a", "c", "d", "b"]
        assert order(Wanted(Sort.SCORE, site_id=two.id)) == ["c", "d"]
        assert order(Wanted(label="threat")) == ["b", "d"]
        assert order(Wanted(language="de")) == ["c"]
        assert order(Wanted(article_url="https://herald.example/d")) == ["d"]
        assert order(Wanted(without=(found[0].pk, found[3].pk))) == ["b", "c"]
        for sort in Sort:
            seen, cursor = [], None
            for _ in found:
                (queued,) = shown(Wanted(sort, after=cursor), 1)
                seen.append(queued.comment.id)
                cursor = queued.cursor
            assert seen == order(Wanted(sort))
            assert shown(Wanted(sort, after=cursor)) == []


def test_what_is_held_without_a_score_is_the_most_uncertain(store):
    with store.write() as tx:
        site = tx.add_site(courier())
        held(tx, site, "a", 0.6)
        held(tx, site, "b", verdict=verdict(reasons=(), scores={}, language=None))
    with store.read() as tx:
        assert order(tx, Wanted(Sort.SCORE)) == ["a", "b"]
        assert order(tx, Wanted(Sort.DOUBT)) == ["b", "a"]


def test_a_claim_is_one_moderators_until_it_runs_out(store):
    """Nobody else is given what one has in hand; renewing keeps it; afterwards whoever asks next has it."""
    with store.write() as tx:
        site = tx.add_site(courier())
        mara, noor = tx.add_moderator("Mara", "moderator", NOON), tx.add_moderator("Noor", "moderator", NOON)
        pks = [held(tx, site, name).pk for name in ("a", "b")]
        assert tx.claim(mara.id, [pks[0]], NOON, LATER) == {pks[0]}
        assert tx.claim(noor.id, pks, NOON, LATER) == {pks[1]}
        assert tx.claim(mara.id, [pks[0], 999], NOON, after(90)) == {pks[0]}
    with store.read() as tx:
        assert order(tx, Wanted(), mara.id) == ["a"]
        assert order(tx, Wanted(), noor.id) == ["b"]
        assert [(one.comment_pk, one.moderator, one.until) for one in tx.claims(NOON)] == [
            (pks[0], "Mara", after(90)),
            (pks[1], "Noor", LATER),
        ]
        assert [one.moderator for one in tx.claims(LATER)] == ["Mara"]
        assert ids([one.comment for one in tx.queue(Wanted(), noor.id, after(90), 9)]) == ["a", "b"]
    with store.write() as tx:
        tx.release_claims(noor.id, [pks[0]])
        tx.release_claims(mara.id)
        assert [one.moderator for one in tx.claims(NOON)] == ["Noor"]
        assert tx.claim(noor.id, [pks[0]], NOON, LATER) == {pks[0]}


def test_what_was_decided_is_in_nobodys_hands(store):
    with store.write() as tx:
        site = tx.add_site(courier())
        mara = tx.add_moderator("Mara", "moderator", NOON)
        waiting, done, reported, appealed = (held(tx, site, name) for name in ("a", "b", "c", "d"))
        every = [one.pk for one in (waiting, done, reported, appealed)]
        assert tx.claim(mara.id, every, NOON, LATER) == set(every)
        for one in (done, reported, appealed):
            known = tx.comment_by_pk(one.pk)
            assert known is not None
            made = decided(tx, known, Action.REJECT)
        tx.open_matter(Matter.REPORTED, reported, NOON)
        tx.add_appeal(Appeal(0, site.id, appealed.pk, made.id, "Mara", "Why?", NOON))
        assert [one.comment_pk for one in tx.claims(NOON)] == [waiting.pk, reported.pk, appealed.pk]


def test_reports_count_once_a_reader(store):
    with store.write() as tx:
        site = tx.add_site(courier())
        comment = tx.add_comments(site.id, [draft()], NOON)["c-1"]
        for by, fresh in (("one", True), ("two", True), ("one", False)):
            assert tx.add_report(Report(comment.pk, 1, by, "rude", after(len(by)))) is fresh
            if fresh:
                tx.open_matter(Matter.REPORTED, comment, NOON)
    with store.read() as tx:
        assert tx.open_matters([comment.pk]) == {comment.pk: {Matter.REPORTED: 2}}
        assert [one.by for one in tx.reports(comment.pk)] == ["one", "two"]
        assert tx.reports_about({comment.pk, 999_999}) == {comment.pk: tx.reports(comment.pk)}
        assert [one.by for one in tx.reports_about([comment.pk], limit=1)[comment.pk]] == ["one"]
        assert tx.reports_about(()) == {}
        (queued,) = tx.matters(Matter.REPORTED, Wanted(), 1, NOON, 9)
        assert queued.comment.id == "c-1"
        assert tx.matters(Matter.REPORTED, Wanted(after=queued.cursor), 1, NOON, 9) == []
        assert tx.queue_counts(9)["reported"] == 1


def test_a_decision_closes_matters_and_its_undo_opens_them(store):
    with store.write() as tx:
        site = tx.add_site(courier())
        comment = held(tx, site, "a")
        tx.open_matter(Matter.REPORTED, comment, NOON)
        assert tx.close_matters({comment.pk: 70}, NOON) == 1
        tx.open_matter(Matter.ASIDE, comment, NOON, 70)
        assert order(tx, Wanted()) == []
        assert tx.open_matters([comment.pk]) == {comment.pk: {Matter.ASIDE: 1}}
        tx.undo_matters([70])
        assert tx.open_matters([comment.pk]) == {comment.pk: {Matter.REPORTED: 1}}
        assert order(tx, Wanted()) == ["a"]
        assert tx.close_matters({comment.pk: 71}, NOON) == 1
        assert (tx.closed_matters(71), tx.closed_matters(72)) == ({comment.pk}, set())
        tx.open_matter(Matter.REPORTED, comment, NOON)
        tx.undo_matters([71])  # raised anew meanwhile
        assert tx.open_matters([comment.pk]) == {comment.pk: {Matter.REPORTED: 1}}
        assert tx.close_matters({comment.pk: None}, NOON) == 1
        tx.undo_matters([70])
        assert tx.open_matters([comment.pk]) == {}


def test_an_appeal_is_made_once_and_answered_once(store):
    with store.write() as tx:
        site = tx.add_site(courier())
        comment = tx.add_comments(site.id, [draft()], NOON)["c-1"]
        decision = decided(tx, comment, Action.REJECT)
        wanted = Appeal(0, site.id, comment.pk, decision.id, "Noor", "Look again.", NOON)
        made = tx.add_appeal(wanted)
        assert tx.add_appeal(wanted) is None
        assert [(one.id, found.comment.id) for one, found in tx.appeals_open(Wanted(), 9)] == [
            (made.id, "c-1")
        ]
        assert tx.appeals_open(Wanted(after=Cursor(made.id)), 9) == []
        assert tx.answer_appeal(made.id, "Mara", "You are right.", 88, LATER)
        assert not tx.answer_appeal(made.id, "Noor", "No.", None, LATER)
        answered = tx.appeal(made.id, lock=True)
        assert tx.appeals_about({comment.pk, 999_999}) == {comment.pk: [answered]}
        assert tx.appeals_about(()) == {}
        assert (answered.answer, answered.answered_by, answered.reversed_by) == ("You are right.", "Mara", 88)
        assert tx.queue_counts(9)["appeals"] == 0
        assert not tx.take_answer_back(made.id), "the decision that the answer made is what is undone"
        tx.reopen_appeals({88: None})
        assert tx.appeals_of(comment.pk) == [made]
        assert not tx.take_answer_back(made.id)
        assert tx.answer_appeal(made.id, "Mara", "It stays.", None, LATER)
        assert tx.take_answer_back(made.id)
        assert tx.appeals_of(comment.pk) == [made]
        assert tx.answer_appeal(made.id, "Mara", "You are right.", 89, LATER)
        tx.reopen_appeals({89: 90})
        assert tx.appeals_of(comment.pk) == [replace(made, decision_id=90)]


def test_histories_count_an_authors_comments_on_one_site(store):
    with store.write() as tx:
        one, two = tx.add_site(courier()), tx.add_site(herald())
        for n in range(3):
            tx.add_comments(one.id, [draft(f"a-{n}", ADA)], after(n))
        tx.add_comments(two.id, [draft("other", ADA)], NOON - timedelta(days=9))
        decided(tx, tx.comment(one.id, "a-1"), Action.APPROVE)
        tx.add_comments(one.id, [draft("b", BO)], NOON)
    with store.read() as tx:
        found = tx.histories(one.id, [f"key of {ADA}", f"key of {CHI}"])
        assert list(found) == [f"key of {ADA}"]
        assert found[f"key of {ADA}"].counts == {Status.PENDING: 2, Status.APPROVED: 1}
        assert found[f"key of {ADA}"].first_seen == NOON
        assert ids(tx.by_author(one.id, f"key of {ADA}", None, 2)) == ["a-2", "a-1"]
        newest = tx.by_author(one.id, f"key of {ADA}", None, 9)
        assert ids(tx.by_author(one.id, f"key of {ADA}", newest[1].pk, 9)) == ["a-0"]
        assert ids(list(tx.named(one.id, ["b", "other", "none"]).values())) == ["b"]


def test_one_author_status_counts_until_its_end(store):
    with store.write() as tx:
        site = tx.add_site(courier())
        banned = AuthorStatusEntry(site.id, "k", AuthorStatus.BANNED, "Mara", NOON, "rude", LATER)
        first = tx.set_author_status(replace(banned, status=AuthorStatus.TRUSTED, until=None))
        second = tx.set_author_status(banned)
        assert first.id != second.id
        assert tx.author_statuses(site.id, ["k", "x"], NOON) == {"k": second}
        assert tx.author_statuses(site.id, ["k"], LATER) == {}
        assert tx.end_author_status(site.id, "k", NOON)
        assert not tx.end_author_status(site.id, "k", NOON)
        assert tx.author_statuses(site.id, ["k"], NOON) == {}


def test_rare_words_are_found_however_old_their_comments_are(store, monkeypatch):
    monkeypatch.setattr(searching, "WINDOWS", {"sqlite": (1, 2, None), "postgresql": (1, None)})
    with store.write() as tx:
        one, two = tx.add_site(courier()), tx.add_site(herald())
        for n in range(6):
            (made,) = tx.add_comments((one, two)[n % 2].id, [draft(f"c-{n}", body="A ferry.")], NOON).values()
            tx.index_texts([made.pk])
    with store.read() as tx:
        assert ids(tx.search(["ferry"], None, None, 9)) == [f"c-{n}" for n in (5, 4, 3, 2, 1, 0)]
        assert ids(tx.search(["ferry"], None, None, 4)) == ["c-5", "c-4", "c-3", "c-2"]
        assert ids(tx.search(["ferry"], one.id, None, 2)) == ["c-4", "c-2"]
        third = tx.comment(two.id, "c-3")
        assert third
        assert ids(tx.search(["a", "ferry"], None, third.pk, 2)) == ["c-2", "c-1"]
        assert tx.search(["nowhere"], None, None, 9) == []


def test_words_find_comments(store):
    with store.write() as tx:
        one, two = tx.add_site(courier()), tx.add_site(herald())
        texts = {"a": "The old ferry was cheaper.", "b": "A ferry, a FERRY!", "c": 'Größe zählt "nicht".'}
        pks = [tx.add_comments(one.id, [draft(k, body=v)], NOON)[k].pk for k, v in texts.items()]
        pks.append(tx.add_comments(two.id, [draft("d", BO, body="ferry elsewhere")], NOON)["d"].pk)
        assert tx.search(["ferry"], None, None, 9) == []
        tx.index_texts(pks)
        tx.index_texts(pks[:1])
    with store.read() as tx:
        assert ids(tx.search(["ferry"], None, None, 9)) == ["d", "b", "a"]
        assert ids(tx.search(["ferry"], one.id, None, 9)) == ["b", "a"]
        assert ids(tx.search(["ferry"], None, pks[1], 9)) == ["a"]
        assert ids(tx.search(["ferry", "old"], None, None, 9)) == ["a"]
        assert ids(tx.search(["größe"], None, None, 9)) == ["c"]
        assert ids(tx.search(["bo"], None, None, 9)) == ["d"]
        assert tx.search([], None, None, 9) == []
        assert tx.search(["AND", '"', "*"], None, None, 9) == []
    with store.write() as tx:
        tx.forget_texts(pks[:1])
        assert ids(tx.search(["ferry"], one.id, None, 9)) == ["b"]


def test_forgetting_a_text_forgets_what_was_said_about_it(store):
    with store.write() as tx:
        site = tx.add_site(courier())
        comment = tx.add_comments(site.id, [draft()], NOON)["c-1"]
        tx.add_report(Report(comment.pk, 1, "one", "She wrote that …", NOON))
        tx.add_appeal(Appeal(0, site.id, comment.pk, 5, None, "I only wrote that …", NOON))
        tx.forget_texts([comment.pk])
        assert tx.reports(comment.pk) == []
        assert tx.appeals_of(comment.pk) == []


def test_views_are_kept_by_name_and_moderator(store):
    with store.write() as tx:
        mara, noor = tx.add_moderator("Mara", "moderator", NOON), tx.add_moderator("Noor", "moderator", NOON)
        tx.add_view(mara.id, "mine", "sort=age", NOON)
        tx.add_view(mara.id, "mine", "sort=score", NOON)
        (view,) = tx.views(mara.id)
        assert (view.name, view.query) == ("mine", "sort=score")
        tx.drop_view(noor.id, view.id)
        assert tx.views(mara.id) == [view]
        for n in range(21):
            tx.add_view(noor.id, f"view {n:02}", "", NOON)
        assert [one.name for one in tx.views(noor.id)] == [f"view {n:02}" for n in range(1, 21)]
        tx.drop_view(mara.id, view.id)
        assert tx.views(mara.id) == []


WRITES = {
    "claim": lambda tx, pk: tx.claim(1, [pk], NOON, LATER),
    "close": lambda tx, pk: tx.close_matters({pk: None}, NOON),
    "index": lambda tx, pk: tx.index_texts([pk]),
}


@pytest.mark.parametrize("act", WRITES)
def test_the_desk_writes_only_where_it_may(store, act):
    with store.write() as tx:
        site = tx.add_site(courier())
        pk = tx.add_comments(site.id, [draft()], NOON)["c-1"].pk
    with store.read() as tx, pytest.raises(RuntimeError, match="only reads"):
        WRITES[act](tx, pk)
