"""A copy is a copy of what was written, quotations aside; what is said beside it, trust and staff are judged alone."""

import time

import pytest

from service.domain.author_status import AuthorStatus
from service.domain.quotations import adds_remark, own_words
from service.domain.status import Status
from service.domain.verdict import LABELS, Action, Assessment, Effort, Who
from service.privacy.sealing import Address
from service.scoring.scorer import sign
from service.usecases import (
    Judgement,
    Scored,
    StatusChange,
    record_scores,
    rescore,
    set_author_status,
    withdraw,
)
from service.usecases.bulk import decide_cluster
from tests.factories import ON_SQLITE
from tests.stage import Stage, assessed

PARAGRAPH = (
    "The council will close the old bridge on Monday for at least eight months, and all buses over the river will take "
    "the long way round by the harbour, which the mayor called a small price for a structure that engineers have "
    "warned about since the flood, when the first cracks were found in it."
)
INSULTS = ("You idiots deserve it, every single one of you.", "What a pack of liars and thieves you all are!")
CIVIL = "I think this is the right decision, and I thank the engineers for their patience."
FORMS = {
    "bare": "{quoted} {said}",
    "bare, behind": "{said} {quoted}",
    "quoted": "“{quoted}” {said}",
    "quoted plainly": '"{quoted}" {said}',
    "quoted in German": "„{quoted}“ {said}",
    "line": "> {quoted}\n\n{said}",
    "block": "<blockquote>{quoted}</blockquote>{said}",
    "code": "[quote=Ada]{quoted}[/quote]\n{said}",
    "nested": "[quote]x [quote]{quoted}[/quote] y[/quote] {said}",
    "escaped line": "&gt; {quoted}\n\n{said}",
    "full-width line": "＞ {quoted}\n\n{said}",
    "quoted singly": "‘{quoted}’ {said}",
    "quoted in Swedish": "”{quoted}” {said}",
    "quoted in French": "« {quoted} » {said}",
    "quoted in angles": "‹{quoted}› {said}",
    "quoted low and plainly": '„{quoted}" {said}',
    "quoted plainly and high": '"{quoted}” {said}',
    "quoted full-width": "＂{quoted}＂ {said}",
    "quoted in Chinese": "《{quoted}》{said}",
    "escaped marks": "&quot;{quoted}&quot; {said}",
    "escaped block": "&lt;blockquote&gt;{quoted}&lt;/blockquote&gt;{said}",
    "cited": "<cite>{quoted}</cite> {said}",
}
MARKED = [form for form in FORMS if form not in ("bare", "bare, behind")]
ADVERT = (
    "Earn 84 dollars an hour on your laptop from home, have a look at page-{n}.example and thank me later."
)


class Crowd(Stage):
    """Readers who post, one after the other."""

    count = 0

    def write(self, body, scores, who="ada", **changes):
        """One comment, scored and settled with its signature as the worker makes it."""
        Crowd.count += 1
        return self.write_again(f"n-{Crowd.count}", body, scores, who, **changes)

    def write_again(self, name, body, scores, who="ada", **changes):
        address = Address.parse(f"{who}@mail.example")
        self.post(body, id=name, email=address, author_name=who, **changes)
        self.settle(name, scores)
        return self.look(name)

    def settle(self, name, scores, act=record_scores, **how):
        told = Assessment(dict.fromkeys(LABELS, 0.01) | dict(scores), "made-up-1", language="en", **how)
        act(self.deps, [Scored(self.look(name), told)], sign)

    def clusters(self, *comments):
        """The cluster of each comment that is in one, by primary key."""
        with self.deps.store.read() as tx:
            return tx.clusters.of_comments([one.pk for one in comments])

    def decide_copies(self, comment, action):
        cluster = self.clusters(comment)[comment.pk]
        decide_cluster(self.deps, self.site, cluster, Judgement(action, Who.MODERATOR, "Mara"))

    def make(self, comment, status):
        set_author_status(self.deps, self.site, comment.pk, StatusChange(status, "Mara"))

    def quote(self, form, said, scores, who):
        return self.write(FORMS[form].format(quoted=PARAGRAPH, said=said), scores, who)


@pytest.fixture
def crowd(store):
    return Crowd.over(store)


RUDE = {"insult": 0.9}
REFUSED = {Action.SPAM: Status.SPAM, Action.REJECT: Status.REJECTED}


@ON_SQLITE
@pytest.mark.parametrize("form", [form for form in FORMS if form != "bare"])
def test_who_quotes_the_same_paragraph_is_no_copy(crowd, form):
    quote_after_trolls(crowd, form, Action.SPAM)


@pytest.mark.parametrize("action", [Action.SPAM, Action.REJECT])
def test_who_quotes_a_bare_paragraph_is_no_copy(crowd, action):
    quote_after_trolls(crowd, "bare", action)


def quote_after_trolls(crowd, form, action):
    """Two trolls quote a paragraph and are refused; whoever quotes it with a civil remark is published."""
    for troll in [crowd.quote(form, said, RUDE, f"troll{n}") for n, said in enumerate(INSULTS)]:
        crowd.decide_copies(crowd.look(troll.id), action)
    civil = crowd.quote(form, CIVIL, {}, "chi")
    assert (civil.status, civil.published_revision) == (Status.APPROVED, 1)
    assert crowd.quote(form, "", {}, "dan").status is Status.APPROVED
    assert crowd.quote(form, f"{CIVIL} Really.", RUDE, "eve").status is Status.HELD


@ON_SQLITE
@pytest.mark.parametrize("form", MARKED)
def test_a_short_word_beside_a_quotation_is_ones_own(crowd, form):
    for troll in [crowd.quote(form, said, RUDE, said) for said in ("Idiots.", "Liars!")]:
        if crowd.clusters(troll):
            crowd.decide_copies(troll, Action.SPAM)
    for n, said in enumerate(("Well said.", "+1", "👏👏")):
        assert crowd.quote(form, said, {}, f"chi{n}").status is Status.APPROVED, said


@ON_SQLITE
@pytest.mark.parametrize("form", FORMS)
def test_who_quotes_before_the_decision_is_no_copy_either(crowd, form):
    civil = crowd.quote(form, CIVIL, RUDE, "chi")
    crowd.decide_copies(crowd.quote(form, INSULTS[0], RUDE, "troll"), Action.SPAM)
    assert crowd.look(civil.id).status is Status.HELD


@pytest.mark.parametrize("text", [CIVIL, "Nice one."])
def test_an_edit_leaves_the_copies(crowd, text):
    first, second = (crowd.write(ADVERT.format(n=n), RUDE, f"bot{n}") for n in range(2))
    crowd.write_again(second.id, text, RUDE, "bot1")
    crowd.decide_copies(first, Action.SPAM)
    assert crowd.look(second.id).status is Status.HELD


def test_an_author_trusted_later_is_no_copy(crowd):
    first, second, third = (crowd.write(ADVERT.format(n=n), RUDE, f"bot{n}") for n in range(3))
    crowd.make(second, AuthorStatus.TRUSTED)
    crowd.make(third, AuthorStatus.WATCHED)
    crowd.decide_copies(first, Action.SPAM)
    found = [crowd.look(one.id).status for one in (first, second, third)]
    assert found == [Status.SPAM, Status.HELD, Status.SPAM]


def test_a_trusted_author_scored_again_is_no_copy(crowd):
    first = crowd.write(ADVERT.format(n=1), RUDE, "bot")
    crowd.decide_copies(first, Action.SPAM)
    crowd.make(first, AuthorStatus.TRUSTED)
    crowd.post(ADVERT.format(n=2), id="fast", email=Address.parse("bot@mail.example"), author_name="bot")
    crowd.settle("fast", {"threat": 0.06}, effort=Effort.FAST)
    crowd.settle("fast", {"threat": 0.9}, rescore, effort=Effort.FULL)
    found = crowd.look("fast")
    assert (found.status, crowd.clusters(found)) == (Status.HELD, {})


@ON_SQLITE
@pytest.mark.parametrize("form", MARKED)
def test_trolls_who_quote_the_same_are_no_copies_of_each_other(crowd, form):
    """What they say themselves differs, so that each stands in a row of its own."""
    one, other = (crowd.quote(form, said, RUDE, f"troll{n}") for n, said in enumerate(INSULTS))
    clusters = crowd.clusters(one, other)
    assert clusters[one.pk].id != clusters[other.pk].id


def test_the_same_remark_on_other_quotations_is_a_copy(crowd):
    said = "Nobody believes a single word of this rubbish, you paid liars of the council."
    first = crowd.write(f"> {PARAGRAPH}\n{said}", RUDE, "troll")
    crowd.decide_copies(first, Action.SPAM)
    assert crowd.write(f"> {CIVIL * 3}\n{said}", {}, "troll2").status is Status.SPAM


def test_copies_that_differ_a_little_are_still_decided(crowd):
    first = crowd.write(ADVERT.format(n=1), {"spam": 0.7})
    crowd.decide_copies(first, Action.SPAM)
    for n, body in enumerate(("{}", "Hi all! {}", "{} Best, Ana", "{}!!!"), 2):
        assert crowd.write(body.format(ADVERT.format(n=n)), {}, f"bot{n}").status is Status.SPAM
    assert crowd.write(f'"{ADVERT.format(n=9)}"', {}, "bot9").status is Status.SPAM


@pytest.mark.parametrize("form", ["bare", "bare, behind"])
@pytest.mark.parametrize("action", [Action.SPAM, Action.REJECT])
def test_other_short_sentences_beside_a_paragraph_wait_for_a_person(crowd, form, action):
    trolls = [crowd.quote(form, said, RUDE, f"troll{n}") for n, said in enumerate(("Idiots.", "What liars!"))]
    crowd.decide_copies(trolls[0], action)
    for n, said in enumerate(("Sensible.", "Well said!", "👏👏.", "Très bien !", "賛成です。")):
        civil = crowd.quote(form, said, {}, f"chi{n}")
        assert (civil.status, civil.verdict.reasons[0].code) == (Status.HELD, "duplicate"), said
    assert crowd.quote(form, "Idiots.", {}, "troll3").status is REFUSED[action]


def test_other_links_make_no_remark(crowd):
    first = crowd.write(ADVERT.format(n=1), {"spam": 0.7})
    crowd.decide_copies(first, Action.SPAM)
    links = " ".join(f"https://elsewhere-{n}.example/of-my-own" for n in range(3))
    assert crowd.write(f"{ADVERT.format(n=2)} {links}", {}, "bot").status is Status.SPAM


def test_an_approved_paragraph_lifts_no_insult_beside_it(crowd):
    first = crowd.write(PARAGRAPH, RUDE)
    crowd.decide_copies(first, Action.APPROVE)
    assert crowd.write(PARAGRAPH, RUDE, "bo").status is Status.APPROVED
    assert crowd.write(f"{PARAGRAPH} {INSULTS[0]}", RUDE, "troll").status is Status.HELD


@pytest.mark.parametrize(
    "body",
    [
        "{} You fool.",
        "{} 🖕",
        "{} https://casino.example/now",
        '{} "Long live all the liars and the thieves of this council"',
        "> You fool.\n{}",
    ],
)
def test_an_approval_is_for_what_was_seen(crowd, body):
    crowd.decide_copies(crowd.write(PARAGRAPH, RUDE), Action.APPROVE)
    assert crowd.write(f"{PARAGRAPH.upper()}!", RUDE, "bo").status is Status.APPROVED
    assert crowd.write(body.format(PARAGRAPH), RUDE, "troll").status is Status.HELD


def test_an_approval_is_for_no_other_word_nor_a_website(crowd):
    crowd.decide_copies(crowd.write(PARAGRAPH, RUDE), Action.APPROVE)
    assert crowd.write(PARAGRAPH.replace("mayor", "pig"), RUDE, "troll").status is Status.HELD
    spam = crowd.write(PARAGRAPH, {"spam": 0.7}, "bot", website="https://casino.example")
    assert spam.status is Status.HELD


ANSWER = (
    "Thank you for your question. Deliveries that are late can be claimed by telephone until ten o'clock in the "
    "morning, and we credit the day to your account. Your customer service."
)


@pytest.mark.parametrize("who", ["trusted", "staff"])
def test_trusted_authors_and_staff_are_no_copies(crowd, who):
    given = {"signals": {"staff": True}} if who == "staff" else {}
    first = crowd.write(ANSWER, {}, "service", **given)
    if who == "trusted":
        crowd.make(first, AuthorStatus.TRUSTED)
    copies = [crowd.write(ANSWER, {"spam": 0.7}, f"troll{n}") for n in range(2)]
    crowd.decide_copies(copies[0], Action.SPAM)
    assert crowd.write(ANSWER, {}, "troll9").status is Status.SPAM
    again = crowd.write(ANSWER, {}, "service", **given)
    assert (again.status, again.published_revision) == (Status.APPROVED, 1)
    held = crowd.write(f"{ANSWER} Again.", {"threat": 0.9}, "service", **given)
    assert (held.status, crowd.clusters(held)) == (Status.HELD, {})


HELD_BY = {
    "a word list": {"hold_words": "council"},
    "links": {"link_limit": "0"},
    "a first comment": {"hold_first_time": "yes"},
    "a score": {"toxicity.hold": "0.01"},
}


@pytest.mark.parametrize("why", HELD_BY)
def test_copies_are_one_row_whatever_holds_them(crowd, why):
    crowd.tune(HELD_BY[why])
    text = f"{PARAGRAPH} See https://page.example for more."
    first, second = (crowd.write(text, {}, who) for who in ("ada", "bo"))
    assert (first.status, second.status) == (Status.HELD, Status.HELD)
    found = crowd.clusters(first, second)
    assert found[first.pk].id == found[second.pk].id
    crowd.decide_copies(first, Action.SPAM)
    crowd.tune(HELD_BY[why] | {"hold_words": "", "link_limit": "9"})
    assert crowd.write(text, {}, "chi").status is Status.SPAM


def test_only_what_is_compared_is_signed(crowd):
    asked = []

    def watching(texts):
        asked.extend(texts)
        return sign(texts)

    def write(text, scores):
        (one,) = crowd.post(text, id=f"w-{text}"[:9].replace(" ", "-"))
        record_scores(crowd.deps, [Scored(one, assessed(**scores))], watching)

    held = "A held comment about the bridge and everything that goes over it."
    write("Clear comments are compared with nothing, so that they cost nothing.", {})
    write("Spam that is refused by its score is compared with nothing either.", {"spam": 0.99})
    assert asked == []
    write(held, {"toxicity": 0.9})
    assert asked == [held]


def test_what_cannot_be_signed_is_decided_by_itself(crowd):
    (one,) = crowd.post("A held comment.", id="c-1")
    record_scores(crowd.deps, [Scored(one, assessed(toxicity=0.9))], lambda texts: 1 / 0)
    assert crowd.look("c-1").status is Status.HELD
    assert crowd.clusters(one) == {}


def test_new_text_does_not_lift_what_a_person_decided_about_copies(crowd):
    first = crowd.write(ADVERT.format(n=1), {"spam": 0.7})
    crowd.decide_copies(first, Action.SPAM)
    late = crowd.write(ADVERT.format(n=2), {}, "bot")
    assert late.status is Status.SPAM
    assert crowd.write_again(late.id, CIVIL, {}, "bot").status is Status.HELD


def test_watched_and_banned_authors_are_caught_as_before(crowd):
    first = crowd.write(ANSWER, {"spam": 0.7}, "troll")
    crowd.decide_copies(first, Action.SPAM)
    watched = crowd.write("A first word.", {}, "bo")
    crowd.make(watched, AuthorStatus.WATCHED)
    assert crowd.write(ANSWER, {}, "bo").status is Status.SPAM


def test_a_decision_counts_though_its_first_copy_is_gone(crowd):
    first = crowd.write(ADVERT.format(n=1), {"spam": 0.7})
    crowd.decide_copies(first, Action.SPAM)
    with crowd.deps.store.write() as tx:
        tx.erasure.empty([first.pk])
    assert crowd.write(ADVERT.format(n=2), {}, "bo").status is Status.SPAM


@pytest.mark.parametrize("said", [CIVIL, "Thank you, well put."])
def test_who_quotes_is_no_copy_though_the_trolls_are_withdrawn(crowd, said):
    for n, insult in enumerate(INSULTS):
        troll = crowd.write(f"{PARAGRAPH} {insult}", RUDE, f"troll{n}")
        crowd.decide_copies(troll, Action.SPAM)
        withdraw(crowd.deps, crowd.site, troll.id, "site courier")
    assert crowd.write(f"{PARAGRAPH} {INSULTS[-1]}", {}, "troll9").status is Status.SPAM
    assert crowd.write(f"{PARAGRAPH} {said}", {}, "chi").status is Status.APPROVED


def test_who_quotes_is_no_copy_though_the_trolls_are_forgotten(crowd):
    troll = crowd.write(f"{PARAGRAPH} {INSULTS[0]}", RUDE, "troll")
    crowd.decide_copies(troll, Action.SPAM)
    with crowd.deps.store.write() as tx:
        tx.erasure.empty([troll.pk])
    assert crowd.write(f"{PARAGRAPH} {CIVIL}", {}, "chi").status is Status.APPROVED


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("> quoted line\nmine is this one here", " \nmine is this one here"),
        ("mine is this one here", "mine is this one here"),
        ("> all of it is quoted", "> all of it is quoted"),
        ("He said “no” to the whole plan", "He said “no” to the whole plan"),
        (f'"No" {CIVIL} "yes"', f'"No" {CIVIL} "yes"'),
        (f"« Non » {CIVIL} « oui »", f"« Non » {CIVIL} « oui »"),
        (f"”Nej” {CIVIL} ”ja”", f"”Nej” {CIVIL} ”ja”"),
        (f"> {CIVIL}\nYes!", " \nYes!"),
        (f"> {CIVIL}\n...", f"> {CIVIL}\n..."),
        ("[quote]not closed, so it is mine", "[quote]not closed, so it is mine"),
        ("[/quote] opened nowhere, so it is mine", "[/quote] opened nowhere, so it is mine"),
        ("a <b>bold</b> word is no quotation", "a <b>bold</b> word is no quotation"),
    ],
)
def test_quotations_are_known_by_their_marks(text, own):
    assert own_words(text) == own


@pytest.mark.parametrize("piece", ['"a ', "> a\n", "[quote]", "“a ", "<q>", "a ", "橋", "[/quote]", "»a«"])
def test_the_longest_text_is_read_at_once(piece):
    text = (piece * 20_000)[:20_000]
    started = time.process_time()
    own_words(text)
    adds_remark(text, f"{text[:10_000]} x")
    assert time.process_time() - started < 2.0
