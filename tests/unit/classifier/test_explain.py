"""Explanations: parts that add up, spans that lie in the text, words that carry the blame."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifier import LABELS, Model, Signals

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


@pytest.fixture(scope="module")
def model() -> Model:
    """The shipped model."""
    return Model.load()


@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize("text", TEXTS)
def test_the_parts_add_up_to_the_score(model: Model, text: str, label: str) -> None:
    """Bias, signals and parts sum to the log-odds that the score came from, within a millionth."""
    explanation = model.explain(text, label)
    probability = model.score([text])[0].scores[label]
    assert abs(explanation.total() - explanation.log_odds) < 1e-6
    assert abs(explanation.total() - math.log(probability / (1 - probability))) < 1e-6


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200), st.sampled_from(LABELS))
def test_the_parts_add_up_for_any_text(text: str, label: str) -> None:
    """Whatever the text, its parts add up and its spans lie inside it."""
    explanation = Model.load().explain(text, label)
    assert abs(explanation.total() - explanation.log_odds) < 1e-6
    assert all(0 <= part.begin < part.end <= len(text) for part in explanation.parts)


def test_signals_are_parts_too(model: Model) -> None:
    """What the form said about the author appears by name and adds up."""
    explanation = model.explain(
        "Nice post", "spam", Signals(author_name="seo service", website="http://x.example")
    )
    assert "website" in explanation.signals
    assert "name_is_keyword" in explanation.signals
    assert abs(explanation.total() - explanation.log_odds) < 1e-6


def test_the_insult_carries_the_weight(model: Model) -> None:
    """The heaviest span of an insult is the insulting word."""
    text = "Dear editor, you are an idiot, with respect."
    heaviest = model.explain(text, "toxicity").spans[0]
    assert text[heaviest.begin : heaviest.end] == "idiot"


def test_the_spans_of_a_disguised_word_cover_it_as_written(model: Model) -> None:
    """Offsets are those of the text as given, code point for code point."""
    text = "well, you i d\u200b i o t!"
    explanation = model.explain(text, "toxicity")
    heaviest = explanation.spans[0]
    assert text[heaviest.begin : heaviest.end] == "i d\u200b i o t"
    assert explanation.reads_as == "well, you idiot!"


def test_without_its_insult_a_text_scores_lower(model: Model) -> None:
    """A counterfactual is a second score of the text without the word, with what the form said, and no subtraction."""
    text, signals = "You are an idiot, and an i d i o t.", Signals(website="http://x.example")
    explained = model.explain(text, "toxicity", signals)
    found = model.without(text, explained.spans[:2], signals)
    assert [span for span, _ in found] == list(explained.spans[:2])
    for span, chance in found:
        alone = model.score([text[: span.begin] + text[span.end :]], [signals])[0].scores["toxicity"]
        assert chance == pytest.approx(alone, abs=1e-9)
        left = explained.log_odds - span.weight
        assert abs(chance - 1 / (1 + math.exp(-left))) > 1e-6
    (span, chance), *_ = model.without("You are an idiot.", model.explain("You are an idiot.").spans[:1])
    assert chance < 0.7
    assert model.without("thank you", []) == []


def test_the_label_defaults_to_the_most_probable_and_is_checked(model: Model) -> None:
    """No label means the highest; an unknown one is refused by name."""
    scores = model.score(["You are an idiot."])[0].scores
    assert model.explain("You are an idiot.").label == max(scores, key=lambda label: scores[label])
    with pytest.raises(ValueError, match="label: 'rude' is not one of"):
        model.explain("x", "rude")


def test_limit_bounds_the_spans_alone(model: Model) -> None:
    """`limit` cuts the list of spans; the parts stay whole."""
    explanation = model.explain("idiot stupid moron fool liar clown", "toxicity", limit=2)
    assert len(explanation.spans) == 2
    assert len(explanation.parts) == 6


def test_explained_in_a_batch_as_alone() -> None:
    """A text's explanation is the same whoever else is in the batch, and only the grave are explained."""
    model = Model.load()
    texts = [
        "You are an idiot.",
        "",
        "y0u 4re a m0r0n",
        "thank you",
        "I will kill you " * 120,
        "You are an idiot.",
    ]
    signals = [Signals(), Signals(website="http://x.example"), *[Signals()] * 4]
    assessed = list(model.assess(texts, signals, least=0.2))
    assert [explained is not None for _, explained in assessed] == [True, False, True, False, True, True]
    for text, known, (score, explained) in zip(texts, signals, assessed, strict=True):
        alone = model.score([text], [known])[0]
        assert score.scores == pytest.approx(alone.scores, abs=1e-9)
        if explained is not None:
            single = model.explain(text, explained.label, known)
            assert score.scores[explained.label] == pytest.approx(max(score.scores.values()), abs=1e-9)
            assert explained.reads_as == single.reads_as
            assert explained.log_odds == pytest.approx(single.log_odds, abs=1e-9)
            assert explained.total() == pytest.approx(explained.log_odds, abs=1e-6)
            assert [span.begin for span in explained.spans] == [span.begin for span in single.spans]
    assert list(model.assess([])) == []


def test_a_long_text_in_a_batch_is_explained_by_the_reading_that_counted(model: Model) -> None:
    """Where the whole of a long text is graver than its pieces, the explanation is the whole's, in any batch."""
    rng = random.Random(1)
    words = [
        "you",
        "are",
        "so",
        "stupid",
        "maybe",
        "but",
        "the",
        "article",
        "is",
        "not",
        "good",
        "and",
        "people",
        "like",
        "you",
        "should",
        "think",
        "first",
    ]
    texts = [" ".join(rng.choices(words, k=rng.randint(330, 500))) for _ in range(60)]
    wholes = 0
    for text, (score, explained) in zip(texts, model.assess(texts), strict=True):
        assert explained is not None
        assert explained.probability == pytest.approx(score.scores[explained.label], abs=1e-9)
        wholes += explained.parts[0].begin == 0 and explained.parts[-1].end == len(text)
    assert wholes >= 5
