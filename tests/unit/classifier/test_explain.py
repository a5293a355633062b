"""Explanations: parts that add up, spans that lie in the text, words that carry the blame."""

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifier import EFFORTS, LABELS, Model, Signals

TEXTS = [
    "You are an idiot and a liar.",
    "Thank you, this was a helpful article about the hospital.",
    "y0u 4r3 4n i d i o t",
    "Buy cheap pills at http://pills.example/now or call ⟦phone⟧!!!",
    "du bist ein dummer mensch",
    "<b>stu</b>pid ｃｌｏｗｎ s\u200bcum",
    "",
    "?",
]


each_effort = pytest.mark.parametrize("effort", EFFORTS)


@each_effort
@pytest.mark.parametrize("text", TEXTS)
def test_the_parts_add_up_to_the_score(model, text, effort):
    for label, probability in model.score([text], effort=effort)[0].scores.items():
        explanation = model.explain(text, label, effort=effort)
        assert explanation.label == label
        assert abs(explanation.total() - explanation.log_odds) < 1e-6
        assert explanation.probability == pytest.approx(probability, abs=1e-9)
        assert abs(explanation.total() - math.log(probability / (1 - probability))) < 1e-6


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200), st.sampled_from(LABELS), st.sampled_from(EFFORTS))
def test_the_parts_add_up_for_any_text(text, label, effort):
    explanation = Model.load().explain(text, label, effort=effort)
    assert abs(explanation.total() - explanation.log_odds) < 1e-6
    assert all(0 <= part.begin < part.end <= len(text) for part in explanation.words)


@each_effort
@pytest.mark.parametrize("around", ["Thank you, a helpful article about the hospital. ", "y0u r3ad th1s, "])
def test_the_parts_of_a_long_text_add_up_and_lie_in_it(model, around, effort):
    text = around * 20 + "You worthless idiot, I will kill you. " + around * 20
    for label in LABELS:
        explanation = model.explain(text, label, effort=effort)
        assert abs(explanation.total() - explanation.log_odds) < 1e-6
        assert all(0 <= part.begin < part.end <= len(text) for part in explanation.words)
        assert explanation.reads_as == model.score([text], effort=effort)[0].reads_as


def test_fast_has_no_sentence(model):
    german = "Das ist ein guter Artikel, vielen Dank an die Redaktion."
    assert model.explain(TEXTS[0], effort="full").sentence != 0
    assert model.explain(TEXTS[0], effort="fast").sentence == 0
    assert model.explain(german, effort="full").sentence == 0


def test_signals_are_parts_too(model):
    known = Signals(author_name="seo service", website="http://x.example")
    explanation = model.explain("Nice post", "spam", known)
    assert {"website", "name_is_keyword"} <= set(explanation.signals)
    assert abs(explanation.total() - explanation.log_odds) < 1e-6


@each_effort
@pytest.mark.parametrize(
    ("text", "insult", "words"),
    [
        ("Dear editor, you are an idiot, with respect.", "idiot", None),
        ("well, you i d\u200b i o t!", "i d\u200b i o t", {"well", "you", "i d\u200b i o t"}),
    ],
)
def test_the_insult_carries_the_weight_and_is_covered_as_written(model, text, insult, words, effort):
    explanation = model.explain(text, "insult", effort=effort)
    heaviest = explanation.spans[0]
    assert text[heaviest.begin : heaviest.end] == insult
    if words:
        assert {text[part.begin : part.end] for part in explanation.words} == words
        assert explanation.reads_as == "well, you idiot!"


def test_without_its_insult_a_text_scores_lower(model):
    text, signals = "You are an idiot, and an i d i o t.", Signals(website="http://x.example")
    explained = model.explain(text, "toxicity", signals)
    found = model.without(text, explained.spans[:2], signals)
    assert [span for span, _ in found] == list(explained.spans[:2])
    for span, chance in found:
        alone = model.score([text[: span.begin] + text[span.end :]], [signals])[0].scores["toxicity"]
        assert chance == pytest.approx(alone, abs=1e-9)
        left = explained.log_odds - span.weight
        assert abs(chance - 1 / (1 + math.exp(-left))) > 1e-6
    text = "You are an idiot."
    (span, chance), *_ = model.without(text, model.explain(text, "insult").spans[:1])
    assert chance < model.score([text])[0].scores["insult"] - 0.2
    assert model.without("thank you", []) == []


def test_the_label_defaults_to_the_most_probable_and_is_checked(model):
    scores = model.score(["You are an idiot."])[0].scores
    assert model.explain("You are an idiot.").label == max(scores, key=scores.__getitem__)
    with pytest.raises(ValueError, match="label: 'rude' is not one of"):
        model.explain("x", "rude")
    explanation = model.explain("idiot stupid moron fool liar clown", "toxicity", limit=2)
    assert (len(explanation.spans), len(explanation.words)) == (2, 6)  # the limit bounds the spans alone


@each_effort
def test_explained_in_a_batch_as_alone(model, effort):
    texts = ["You are an idiot.", "", "y0u 4re a m0r0n", "thank you", "I will kill you. " * 60, "Idiot!"]
    signals = [Signals(), Signals(website="http://x.example"), *[Signals()] * 4]

    def is_grave(_, score):
        return max(score.scores.values()) >= 0.5

    assessed = list(model.assess(texts, signals, is_grave, effort=effort))
    for text, known, (score, explained) in zip(texts, signals, assessed, strict=True):
        alone = model.score([text], [known], effort)[0]
        assert score.scores == pytest.approx(alone.scores, abs=1e-6)
        assert (explained is not None) == is_grave(text, alone)
        if explained is not None:
            single = model.explain(text, explained.label, known, effort=effort)
            assert score.scores[explained.label] == pytest.approx(max(score.scores.values()), abs=1e-9)
            assert explained.reads_as == single.reads_as
            assert explained.log_odds == pytest.approx(single.log_odds, abs=1e-6)
            assert explained.total() == pytest.approx(explained.log_odds, abs=1e-6)
            assert [span.begin for span in explained.spans] == [span.begin for span in single.spans]
    assert assessed[0][1] is not None
    assert assessed[3][1] is None
    assert all(explained is None for _, explained in model.assess(texts, None, None, effort=effort))


def test_a_long_text_in_a_batch_is_explained_by_the_reading_that_counted(model):
    rng = random.Random(1)
    words = "you are so stupid maybe but the article is not good and people like you should think first"
    texts = [" ".join(rng.choices(words.split(), k=rng.randint(330, 500))) for _ in range(20)]
    wholes = 0
    for text, (score, explained) in zip(texts, model.assess(texts, effort="fast"), strict=True):
        assert explained.probability == pytest.approx(score.scores[explained.label], abs=1e-9)
        wholes += explained.words[0].begin == 0 and explained.words[-1].end == len(text)
    assert wholes >= 2
