"""The shipped model: a probability per label for anything, the same alone and in any batch, its own doubts told."""

import math
import time
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifier import EFFORTS, LABELS, Model, Signals
from classifier.model import BATCH_CHARACTERS
from classifier.reading import LONG, MARGIN, PIECE, cut
from classifier.text import read_as

PLAIN = [
    "You are an idiot and a liar.",
    "Thank you for this article, the part about the budget was new to me.",
    "I will find you and kill you",
    "Cheap viagra without prescription, visit http://pills-4-you.xyz now",
    "y0u 4r3 4n 1d10t",
    "Das ist ein guter Artikel, vielen Dank an die Redaktion.",
    "",
    "😀😀",
]
HOSTILE = {
    "empty": "",
    "one character": "x",
    "only emoji": "😀" * 500,
    "only zero width": "\u200b" * 5000,
    "lone surrogates": "\ud800 a \udfff" * 50,
    "right to left overrides": "\u202e" * 1000 + "toidi",
    "combining marks": "a" + "\u0301" * 100_000,
    "NUL bytes": "\x00" * 100 + "hello\x00you",
    "beyond every table": "\U0010ffff\U000f0000" * 100,
    "one word": "a" * 50_000,
    "a million of one letter": "a" * 1_000_000,
    "a million of words": "trains and people " * 55_556,
    "all stars": "*" * 20_000,
    "all dots": "i." * 20_000,
    "all spaced": "a " * 20_000,
    "all leet": "1d10t " * 5_000,
    "all tags": "<b>" * 10_000,
    "open tags": "<b" * 10_000,
    "entities": "&amp;&#105;" * 5_000,
    "brackets": "[" * 20_000,
    "quotes": "'" * 20_000,
    "new lines": "\r\n\x85\u2028" * 2000,
    "ligatures": "ﷺ㍿ﬃ" * 2000,
}
each_effort = pytest.mark.parametrize("effort", EFFORTS)


def probabilities(scores):
    return np.array([list(score.scores.values()) for score in scores])


@each_effort
def test_every_label_gets_a_probability(model, effort):
    for score in model.score(PLAIN, effort=effort):
        assert tuple(score.scores) == LABELS
        assert all(math.isfinite(value) and 0 <= value <= 1 for value in score.scores.values())
        assert (score.model, score.effort) == (model.version, effort)


@each_effort
def test_it_tells_abuse_threats_and_spam_from_thanks_and_a_disguise(model, effort):
    scores = model.score(PLAIN[:5], effort=effort)
    assert (scores[0].reads_as, scores[4].reads_as) == (None, "you are an idiot")
    assert scores[0].disguise == 0 < scores[4].disguise <= 1
    insult, thanks, threat, spam, leet = (score.scores for score in scores)
    told = [("toxicity", insult), ("insult", insult), ("toxicity", leet), ("threat", threat), ("spam", spam)]
    for label, one in told:
        assert one[label] > 0.5 > 0.3 > thanks[label]
        assert one["refuse"] > thanks["refuse"]


@each_effort
def test_a_text_scores_the_same_alone_and_in_any_batch(model, effort):
    texts = [*PLAIN, "The trains and the people who ride them. " * 40, "You worthless idiot. " * 2]
    alone = np.concatenate([probabilities(model.score([text], effort=effort)) for text in texts])
    for order in (list(range(len(texts))) * 3, list(reversed(range(len(texts))))):
        together = probabilities(model.score([texts[at] for at in order], effort=effort))
        assert np.abs(together - alone[order]).max() < 1e-6
        odds = model.log_odds([texts[at] for at in order], effort)
        assert np.abs(1 / (1 + np.exp(-odds)) - together).max() < 1e-6


def test_no_text_has_no_score_and_no_other_effort_exists(model):
    assert (model.score([]), list(model.assess([]))) == ([], [])
    assert model.log_odds([]).shape == (0, len(LABELS))
    for call in (model.score, model.log_odds, model.assess):
        with pytest.raises(ValueError, match="effort: 'quick' is not one of full, fast"):
            call(["x"], effort="quick")


def test_fast_asks_no_encoder(model, monkeypatch):
    expected = model.score([PLAIN[5]])[0].scores

    def encode(*_):
        raise AssertionError("the encoder was asked")

    monkeypatch.setattr(model.reader.encoder, "encode", encode)
    assert len(model.score([PLAIN[0], PLAIN[1] * 30], effort="fast")) == 2
    assert model.score([PLAIN[5]])[0].scores == expected
    assert model.score([PLAIN[5]], effort="fast")[0].scores == pytest.approx(expected, abs=1e-12)
    with pytest.raises(AssertionError):
        model.score([PLAIN[0]])


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_gets_finite_scores_that_add_up(model, name):
    for effort in EFFORTS:
        score, explanation = model.score_and_explain(HOSTILE[name], effort=effort)
        assert all(math.isfinite(value) and 0 <= value <= 1 for value in score.scores.values())
        assert abs(explanation.total() - explanation.log_odds) < 1e-6


ODD = "aeiou 01345$@!*.-_<>[]&#;'\n\u200b\u0301\u202eаеоѕ😀"
SURROGATES = st.characters(min_codepoint=0xD800, max_codepoint=0xDFFF)
STRANGE = st.text(st.one_of(st.characters(), st.sampled_from(ODD), SURROGATES), max_size=60)


@settings(max_examples=40, deadline=None)
@given(st.lists(STRANGE, min_size=50, max_size=50), st.sampled_from(EFFORTS))
def test_two_thousand_strange_texts_are_scored(texts, effort):
    found = probabilities(Model.load().score(texts, effort=effort))
    assert found.shape == (50, len(LABELS))
    assert ((found > 0) & (found < 1)).all()


@each_effort
@pytest.mark.parametrize(
    "piece", ["1d10t y0u ", "i d i o t ", "sooo f*ck ", "you are ", "\u200ba\u0301<b>", "уоu "]
)
def test_time_grows_with_length_and_no_faster(model, piece, effort):
    def seconds(length):
        taken = []
        for _ in range(2):
            begin = time.process_time()
            model.score([(piece * length)[:length]], effort=effort)
            taken.append(time.process_time() - begin)
        return min(taken)

    assert seconds(80_000) < 8 * 4 * max(seconds(10_000), 0.002)


@each_effort
@pytest.mark.parametrize("place", [0, 3000, 9000], ids=["first", "middle", "last"])
def test_abuse_is_not_hidden_by_what_stands_around_it(model, place, effort):
    kind = "Thank you for this report about the trains and the people who ride them every day. " * 120
    insult = "You are a worthless idiot and a liar. "
    text = kind[:place] + insult + kind[place:]
    score, explanation = model.score_and_explain(text, "insult", effort=effort)
    assert score.scores["insult"] > 0.1 > model.score([kind], effort=effort)[0].scores["insult"]
    assert explanation.probability == pytest.approx(score.scores["insult"], abs=1e-9)
    assert abs(explanation.total() - explanation.log_odds) < 1e-6
    heaviest = explanation.spans[0]
    assert place <= heaviest.begin < heaviest.end <= place + len(insult)


def test_a_piece_counts_only_where_it_is_clearly_graver_than_the_whole(model):
    kind = "Thank you for this report about the trains. " * 60
    for text in (kind, kind + "You worthless idiot. " + kind):
        whole = model.reader.read([text], effort="fast").whole[0]
        pieces = [text[begin:end] for begin, end in cut(text)]
        counted = np.maximum(whole, model.log_odds(pieces, "fast").max(axis=0) - MARGIN)
        assert model.log_odds([text], "fast")[0] == pytest.approx(counted, abs=1e-9)


def test_a_long_text_is_cut_into_pieces_without_a_gap():
    for text in ("word " * 1000, "x" * 5000, "word " * 300 + "y", "x", "a " + "b" * 500):
        places = cut(text)
        assert (places[0][0], places[-1][1]) == (0, len(text))
        assert all(one[1] == two[0] for one, two in pairwise(places))
        assert all(0 < end - begin <= PIECE for begin, end in places)
    words = "word " * 1000
    assert all(words[end - 1] == " " for _, end in cut(words))
    assert cut("") == []


@pytest.fixture
def sizes(monkeypatch):
    sizes = []

    def counting(texts, lexicon):
        sizes.append(sum(map(len, texts)))
        return read_as(texts, lexicon)

    monkeypatch.setattr("classifier.text.read_as", counting)
    return sizes


def test_a_text_is_read_once_and_a_long_one_in_pieces_too(model, sizes):
    short, long = "You worthless idiot. ", "Thank you for this report about the trains. " * 60
    assert len(short) < LONG < len(long)
    bounds = ((short, "full", 1.0), (short, "fast", 1.0), (long, "fast", 2.0), (long, "full", 3.0))
    for text, effort, most in bounds:
        for call in (model.score, model.assess):
            sizes.clear()
            list(call([text], effort=effort))
            assert len(text) <= sum(sizes) <= most * len(text)


def test_long_texts_are_read_a_few_at_a_time(model, sizes):
    texts = [f"{number} trains, and the people who ride them. " * 450 for number in range(16)]
    signals = [Signals(website="http://x.example" if number % 2 else None) for number in range(16)]
    assert sum(map(len, texts)) > 2 * BATCH_CHARACTERS
    scores = model.score(texts, signals, "fast")
    assert max(sizes) <= BATCH_CHARACTERS
    sizes.clear()
    assessed = model.assess(texts, signals, lambda _, score: score.scores["insult"] >= 0.9, effort="fast")
    assert [score for score, _ in assessed] == scores
    assert max(sizes) <= BATCH_CHARACTERS
    for row in (0, 7, 15):
        alone = model.score([texts[row]], [signals[row]], "fast")[0]
        assert scores[row].scores == pytest.approx(alone.scores, abs=1e-6)


def test_a_text_that_is_longer_than_a_batch_may_be_is_read_by_itself(model, sizes):
    texts = ["You are an idiot.", "x" * (BATCH_CHARACTERS + 1), "thank you"]
    scores = model.score(texts, effort="fast")
    assert sizes.count(len(texts[1])) == 1
    assert [score.scores["insult"] > 0.5 for score in scores][::2] == [True, False]


@each_effort
def test_explaining_many_of_the_longest_takes_the_memory_of_a_few(model, effort):
    text = ("You worthless idiots, and the trains that you do not run. " * 400)[:20_000]
    peaks = []
    for count in (7, 21):
        tracemalloc.start()
        for _, explained in model.assess([text] * count, effort=effort):
            assert explained is not None
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0]


def test_threads_may_share_a_model(model):
    expected = probabilities(model.score(PLAIN))
    with ThreadPoolExecutor(8) as threads:
        found = [threads.submit(model.score, PLAIN) for _ in range(8)]
    assert all(np.abs(probabilities(each.result()) - expected).max() < 1e-6 for each in found)


@each_effort
def test_signals_count(model, effort):
    text = "Great article, thank you for sharing this."
    known = Signals(author_name="cheap seo", website="http://x.example")
    for given_text in (text, text * 20):
        bare, other = model.score([given_text] * 2, [Signals(), known], effort)
        assert bare.scores["spam"] < other.scores["spam"]
        assert bare.scores == pytest.approx(model.score([given_text], effort=effort)[0].scores, abs=1e-9)
    with pytest.raises(ValueError, match="signals: 1 given for 2 texts"):
        model.score([text, text], [Signals()])


def test_the_shipped_model_is_loaded_once(model):
    assert Model.load() is model
    assert repr(model) == f"Model({model.version!r})"
    assert model.version.startswith(model.manifest["released"])
