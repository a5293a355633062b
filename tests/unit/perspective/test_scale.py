"""The map to Perspective-like values: monotone, faithful to shares, and fitted for the model that ships."""

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier.model import Model
from service.compat.perspective.attributes import LABEL_OF
from service.compat.perspective.comparing import fitted
from service.compat.perspective.scale import mapped, shipped, shipped_for

shares = st.floats(0, 1, allow_nan=False)


def test_the_shipped_map_is_whole_and_of_the_shipped_model():
    assert set(LABEL_OF) - set(shipped()) == {"SEXUALLY_EXPLICIT", "LIKELY_TO_REJECT"}
    for knots in shipped().values():
        assert (list(knots[0]), list(knots[-1])) == ([0.0, 0.0], [1.0, 1.0])
        assert all(a[0] < b[0] and a[1] <= b[1] for a, b in pairwise(knots))
    assert shipped_for() == Model.load().version


@given(a=shares, b=shares)
def test_the_map_never_turns_an_order_around(a, b):
    for knots in shipped().values():
        low, high = sorted((mapped(knots, a), mapped(knots, b)))
        assert 0 <= low <= high <= 1
        assert mapped(knots, max(a, b)) == high


def test_a_fitted_map_keeps_the_held_share():
    chance = random.Random(7)
    ours = [chance.random() ** 3 for _ in range(8_000)]
    theirs = [chance.random() ** 1.5 for _ in range(8_000)]
    knots = fitted(ours[:4_000], theirs[:4_000])
    for cut in (0.5, 0.7, 0.8, 0.9):
        there = sum(value >= cut for value in theirs[4_000:]) / 4_000
        here = sum(mapped(knots, value) >= cut for value in ours[4_000:]) / 4_000
        assert here == pytest.approx(there, abs=0.03)


def test_columns_of_one_value_or_of_nearly_one_still_give_a_map_that_rises():
    for value in (0.0, 0.5, 1.0):
        knots = fitted([value] * 30, [0.3] * 30)
        assert mapped(knots, 0.0) <= mapped(knots, 1.0) == 1.0
    knots = fitted([0.5 + n * 1e-9 for n in range(30)], [n / 30 for n in range(30)])
    assert all(a[0] < b[0] and a[1] <= b[1] for a, b in pairwise(knots))


def test_too_few_or_unpaired_scores_are_refused():
    for ours, theirs in ((19, 19), (30, 29)):
        with pytest.raises(ValueError, match="at least 20"):
            fitted([0.5] * ours, [0.5] * theirs)
