"""Comparing old scores with ours: shares, agreement and ranks, on columns small enough to count by hand."""

import pytest

from service.compat.perspective.comparing import (
    compare,
    differing,
    held_back,
    rank_correlation,
    same_share_cut,
)


def test_equal_shares_are_found_between_two_scores():
    assert same_share_cut([0.1, 0.4, 0.6, 0.9], 2) == pytest.approx(0.5)
    assert same_share_cut([0.1, 0.4], 2) == 0.1
    assert same_share_cut([0.3, 0.3, 0.3], 1) == 0.3
    assert same_share_cut([0.1], 0) is None


def test_a_row_says_what_a_threshold_would_do_here():
    row = compare("TOXICITY", [0.9, 0.8, 0.2, 0.1], [0.6, 0.1, 0.5, 0.2], [[0, 0], [0.4, 0.8], [1, 1]]).rows[
        3
    ]
    assert (row.theirs, row.held, row.ours) == (0.8, 2, 0.35)
    assert (row.differ, row.agree, row.unchanged_share, row.mapped_share) == (2, 0.5, 0.0, 0.5)


def test_the_texts_that_differ_come_furthest_first():
    theirs, ours = [0.9, 0.8, 0.3, 0.2, 0.1], [0.01, 0.9, 0.5, 0.6, 0.02]
    assert differing(0.8, theirs, ours, 10) == [0, 3]
    assert differing(0.8, theirs, ours, 1) == [0]
    assert differing(0.99, theirs, ours, 5) == []


def test_ranks_correlate_from_minus_one_to_one():
    assert rank_correlation([1, 2, 3], [10, 20, 30]) == pytest.approx(1)
    assert rank_correlation([1, 2, 3], [3, 2, 1]) == pytest.approx(-1)
    assert rank_correlation([1, 1, 2], [5, 5, 7]) == pytest.approx(1)
    assert rank_correlation([1, 1, 1], [1, 2, 3]) == 0


def test_the_held_back_half_is_measured_apart():
    theirs = [n / 1000 for n in range(1000)]
    for one in held_back(theirs, [value**4 for value in theirs]):
        assert one.theirs == pytest.approx(1 - one.cut, abs=0.002)
        assert abs(one.mapped - one.theirs) < 0.01 < abs(one.plain - one.theirs)
