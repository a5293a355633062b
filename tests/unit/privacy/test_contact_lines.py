"""The lines of the evidence on contacts: what is found there stays found, and nothing else is masked."""

from __future__ import annotations

import pytest

from tests.evidence.contacts import Line, is_gone, line, lines, ours, plain, tally

LINES = list(lines())


def test_there_are_enough_lines() -> None:
    """At least 300 lines, ten styles, ten languages; most with a contact, a good third without."""
    assert len(LINES) >= 300
    assert len({one.style for one in LINES}) >= 10
    assert len({one.language for one in LINES}) >= 10
    assert 0.25 < sum(not one.contacts for one in LINES) / len(LINES) < 0.5


@pytest.mark.parametrize("style", sorted({one.style for one in LINES}))
def test_every_contact_of_the_lines_is_masked_and_nothing_else(style: str) -> None:
    """In each style no contact is missed and no placeholder stands where there was none, with a region and without."""
    given = [one for one in LINES if one.style == style]
    for with_region in (False, True):
        counts = tally(given, ours, with_region)
        assert (counts.recall, counts.precision) == (1.0, 1.0)


def test_a_plain_expression_does_worse() -> None:
    """The table's other column is a real measure: it misses contacts and takes numbers for phones."""
    counts = tally(LINES, plain, False)
    assert counts.recall < 0.8
    assert counts.precision < 0.95


def test_the_measure_sees_a_miss() -> None:
    """A contact of which a letter is left is not gone."""
    one: Line = line("en", "GB", "plain", "so {e:jane@example.org} it is")
    ((begin, end, kind),) = one.contacts
    assert (one.text[begin:end], kind) == ("jane@example.org", "email")
    assert is_gone(one.text, begin, end, [(begin, end)])
    assert not is_gone(one.text, begin, end, [(begin, end - 1)])
