"""Nearness: signatures that are alike for copies with edits, and for nothing else."""

import pytest

from classifier.similarity import BANDS, LIMIT, bands, likeness, signatures
from service.domain.duplicates import ALIKE
from tools.evidence.duplicates import COPIED, LOOKALIKES, written


def _signed(*texts):
    made = [signature for signature in signatures(texts) if signature is not None]
    assert len(made) == len(texts)
    return made


def test_case_spacing_punctuation_and_digits_do_not_count():
    one, other = _signed(
        "Call me: 555 0100, cheap LOANS for all!", "call me   555-0199 -- cheap loans, for all"
    )
    assert one == other


@pytest.mark.parametrize("text", ["", "so true", "12345678901234567890", "\u200b" * 50, "\ud800", "!?"])
def test_a_batch_is_signed_like_each_text_but_for_those_of_too_few_letters(text):
    assert signatures([*COPIED, text]) == [*(signatures([one])[0] for one in COPIED), None]
    assert signatures([]) == []


def test_copies_are_alike_and_lookalikes_are_not():
    texts, clusters = written()
    signed = _signed(*texts)
    near = [
        likeness(signed[n], signed[clusters.index(cluster)]) >= ALIKE
        for n, cluster in enumerate(clusters)
        if cluster < len(COPIED)
    ]
    assert sum(near) / len(near) > 0.9
    assert all(likeness(*_signed(*pair)) < ALIKE for pair in LOOKALIKES)


def test_bands_fit_a_signed_column_and_keep_their_places():
    first, second = (bands(signature) for signature in _signed(COPIED[0], COPIED[1]))
    assert len(first) == len(set(first)) == BANDS
    assert all(0 <= band < 2**63 for band in first + second)
    assert not set(first) & set(second)


def test_a_signature_reads_no_more_than_its_limit():
    assert _signed("advert " * 150_000) == _signed(("advert " * 150_000)[:LIMIT])
