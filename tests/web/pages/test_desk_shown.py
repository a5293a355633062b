"""How a comment is put before a moderator: marks over its text, ages in words."""

from datetime import timedelta
from itertools import groupby

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.domain.status import Status
from service.domain.verdict import Action, Decision, Span, Who
from service.web.desk.cards import Piece, age, marked
from service.web.desk.words import decider
from tests.factories import NOON


@pytest.mark.parametrize(
    ("spans", "pieces"),
    [
        ([], [("abcdef", 0)]),
        ([(0, 6, 0.1)], [("abcdef", 1)]),
        ([(0, 2, 0.3)], [("ab", 2), ("cdef", 0)]),
        ([(2, 4, 0.8)], [("ab", 0), ("cd", 3), ("ef", 0)]),
        ([(4, 6, 9.0)], [("abcd", 0), ("ef", 4)]),
        ([(0, 4, 0.3), (2, 6, 2.0)], [("ab", 2), ("cdef", 4)]),
        ([(0, 6, 0.1), (2, 4, 2.0)], [("ab", 1), ("cd", 4), ("ef", 1)]),
        ([(0, 6, -2.0)], [("abcdef", 0)]),
        ([(0, 99, 0.1)], [("abcdef", 1)]),
        ([(50, 99, 0.1)], [("abcdef", 0)]),
    ],
)
def test_the_heaviest_span_marks_the_text(spans, pieces):
    found = marked("abcdef", [Span(begin, end, "insult", weight) for begin, end, weight in spans])
    runs = groupby(found, lambda piece: piece.strength)
    assert [("".join(piece.text for piece in run), strength) for strength, run in runs] == pieces


@given(
    st.text(max_size=60),
    st.lists(st.tuples(st.integers(-5, 80), st.integers(-5, 80), st.floats(-3, 3)), max_size=12),
)
@settings(derandomize=True, max_examples=60, deadline=None)
def test_marking_never_changes_the_text(text, spans):
    pieces = marked(text, [Span(begin, end, "spam", weight) for begin, end, weight in spans])
    assert "".join(piece.text for piece in pieces) == text
    assert all(isinstance(piece, Piece) and 0 <= piece.strength <= 4 for piece in pieces)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "just now"),
        (59, "just now"),
        (60, "1 minute ago"),
        (3_599, "59 minutes ago"),
        (7_200, "2 hours ago"),
        (86_400 * 3, "3 days ago"),
    ],
)
def test_an_age_is_said_in_the_largest_unit(seconds, words):
    assert age(NOON, NOON + timedelta(seconds=seconds)) == words


def test_each_hand_that_decides_has_its_name():
    moments = {"created_at": NOON, "effective_at": NOON}
    for kind, name in (
        (Who.MODERATOR, "Mara"),
        (Who.MACHINE, "the classifier and the site’s policy"),
        (Who.SITE, "the site"),
        (Who.AUTHOR, "the commenter"),
    ):
        made = Decision(1, 1, 1, 1, Action.HOLD, kind, "Mara", Status.PENDING, Status.HELD, **moments)
        assert decider(made) == name
