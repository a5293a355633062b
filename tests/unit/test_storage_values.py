"""How values lie in the tables: what goes in comes out equal, and what cannot lie there is refused."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.domain.verdict import LABELS, Action, Effort, Reason, Span, Verdict
from service.storage.columns import from_microseconds, to_json, to_microseconds
from service.storage.rows import verdict_of, verdict_text
from service.storage.schema import word

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
verdicts = st.builds(
    Verdict,
    action=st.sampled_from(Action),
    reasons=st.lists(st.builds(Reason, texts, texts, st.none() | texts), max_size=3).map(tuple),
    scores=st.dictionaries(st.sampled_from(LABELS), st.floats(0, 1)),
    spans=st.lists(
        st.builds(Span, st.integers(0, 9), st.integers(0, 9), texts, st.floats(-9, 9)), max_size=3
    ).map(tuple),
    reads_as=st.none() | texts,
    language=st.none() | texts,
    model=st.none() | texts,
    policy=st.integers(0, 99),
    effort=st.none() | st.sampled_from(Effort),
)


@given(verdicts)
@settings(derandomize=True, max_examples=100, deadline=None)
def test_verdict_survives_its_text(verdict):
    assert verdict_of(verdict_text(verdict)) == verdict


def test_a_verdict_of_an_older_version_says_no_effort_and_none_is_no_text():
    older = json.loads(verdict_text(Verdict(Action.HOLD, ())) or "")
    del older["effort"]
    assert verdict_of(json.dumps(older)) == Verdict(Action.HOLD, ())
    assert verdict_text(None) is verdict_of(None) is None


@given(st.datetimes(timezones=st.just(UTC)))
@settings(derandomize=True, max_examples=100, deadline=None)
def test_moment_survives_as_a_number(moment):
    assert from_microseconds(to_microseconds(moment)) == moment


def test_moments_sort_as_their_numbers():
    noon = datetime(1969, 12, 31, 12, tzinfo=UTC)
    moments = [noon + timedelta(hours=hours, microseconds=1) for hours in range(0, 48, 5)]
    numbers = [to_microseconds(moment) for moment in moments]
    assert numbers == sorted(numbers)


@pytest.mark.parametrize(
    ("write", "value", "said"),
    [
        (to_microseconds, datetime(2026, 11, 22, 12, 0), "without a time zone"),  # noqa: DTZ001
        (to_json, {"toxicity": float("nan")}, "JSON"),
        *((word, told, "no word") for told in ("held' OR '1'='1", "", "two words", "é")),
    ],
)
def test_what_cannot_lie_in_a_column_is_refused(write, value, said):
    with pytest.raises(ValueError, match=said):
        write(value)
