"""The sentence encoder: each text is read by itself, cut where it is long, and taken apart by token."""

import shutil

import numpy as np
import pytest
from sklearn.base import clone

from classifier import LABELS, ModelError
from classifier.encoder import CHARACTERS_PER_TOKEN, ENCODER, HERE, TOKENIZER, SentenceEncoder
from classifier.text import TextReader

TEXTS = ["The bridge opened on Monday. " * 6, "ok", "", "You are an idiot.", "\ud800 ?", "trains " * 200]


@pytest.fixture(scope="module")
def encoder():
    return SentenceEncoder()


def test_texts_are_answered_in_order_and_as_if_alone(encoder):
    together = encoder.transform(TEXTS)
    assert together.shape == (len(TEXTS), len(LABELS))
    assert np.isfinite(together).all()
    assert encoder.transform([]).shape == (0, len(LABELS))
    for texts in (TEXTS[::-1], [TEXTS[3], TEXTS[5]], *([text] for text in TEXTS)):
        rows = [TEXTS.index(text) for text in texts]
        assert np.abs(encoder.transform(texts) - together[rows]).max() < 1e-6


def test_a_long_text_is_cut(encoder):
    words = "train " * encoder.max_tokens
    assert (encoder.transform([words]) == encoder.transform([words + "You worthless idiot. " * 5000])).all()
    assert len(encoder.encode([words * 9], explain=True).tokens[0][0]) == encoder.max_tokens
    short = clone(encoder).set_params(max_tokens=8)
    assert (short.transform(["train " * 6]) == short.transform([words])).all()
    endless = "x" * (encoder.max_tokens * CHARACTERS_PER_TOKEN)
    assert (encoder.transform([endless]) == encoder.transform([endless * 100])).all()


def test_tokens_add_up_and_know_their_places(encoder):
    text = "\ud800 😀 Straße, you idiot"
    read = encoder.encode([text, ""], explain=True)
    for row, (tokens, offsets) in enumerate(read.tokens):
        assert np.abs(tokens.sum(axis=0) + encoder.bias() - read.log_odds[row]).max() < 1e-5
        assert len(tokens) == len(offsets)
    begin, end = read.tokens[0][1][-2].tolist()
    assert text[begin:end] == "idiot"


def test_a_disguised_text_is_read_as_it_reads(encoder):
    batch = TextReader(least=1).fit(["You are an idiot"]).transform(["You are an i\u200bdiot", "It is FINE"])
    assert (encoder.transform(batch) == encoder.transform(["you are an idiot", "It is FINE"])).all()


@pytest.mark.parametrize("name", [ENCODER, TOKENIZER])
def test_a_missing_or_broken_file_is_named_in_one_line(tmp_path, name):
    for file in (ENCODER, TOKENIZER):
        shutil.copy(HERE / file, tmp_path)
    (tmp_path / name).write_bytes(b"nonsense")
    with pytest.raises(ModelError, match="cannot be read") as broken:
        SentenceEncoder(str(tmp_path)).transform(["x"])
    (tmp_path / name).unlink()
    with pytest.raises(ModelError, match=f"{name} is missing") as missing:
        SentenceEncoder(str(tmp_path)).transform(["x"])
    assert "\n" not in str(broken.value) + str(missing.value)


def test_an_encoder_of_other_labels_is_refused(tmp_path):
    shutil.copy(HERE / TOKENIZER, tmp_path)
    content = (HERE / ENCODER).read_bytes()
    ours = ",".join(LABELS).encode()
    assert content.count(ours) == 1
    others = ours.replace(b"toxicity,severe", b"severity,toxics")
    (tmp_path / ENCODER).write_bytes(content.replace(ours, others))
    with pytest.raises(ModelError, match="the encoder's labels are"):
        SentenceEncoder(str(tmp_path)).transform(["x"])
