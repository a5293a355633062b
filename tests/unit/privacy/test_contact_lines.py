"""The lines of the evidence on contacts: what is found there stays found, and nothing else is masked."""

import pytest

from tools.evidence.contacts import lines, ours, tally

LINES = list(lines())


@pytest.mark.parametrize("style", sorted({one.style for one in LINES}))
def test_every_contact_of_the_lines_is_masked_and_nothing_else(style):
    given = [one for one in LINES if one.style == style]
    for with_region in (False, True):
        counts = tally(given, ours, with_region)
        assert (counts.recall, counts.precision) == (1.0, 1.0)
