"""The table of growth: figures go where their command stands in the page, and a ratio is of the outermost sizes."""

import pytest

from tests.bench.growth import MILLISECONDS, PAGE, PAGES, articles_of, put_in, ratio, table

COMMAND = "python -m tests.bench.growth --write"


def test_figures_replace_those_of_the_same_command_alone() -> None:
    """The text around, and what another command measured, stay as they are."""
    page = "a\n<!-- one -->\nold\n<!-- end -->\nb\n<!-- two -->\nkept\n<!-- end -->\nc\n"
    told = put_in(page, "one", ["new"])
    assert told == "a\n<!-- one -->\n\nnew\n\n<!-- end -->\nb\n<!-- two -->\nkept\n<!-- end -->\nc\n"
    assert put_in(told, "one", ["new"]) == told


def test_figures_of_a_command_without_a_place_are_refused() -> None:
    """They are not put just anywhere."""
    with pytest.raises(ValueError, match="no <!-- one -->"):
        put_in("a\n<!-- two -->\n<!-- end -->\n", "one", ["new"])


@pytest.mark.parametrize("asked", ["", " --sizes 10000,10000000 --on postgresql"])
def test_the_page_has_a_place_for_each_run_it_names(asked: str) -> None:
    """docs/growth.md can be written by the commands that its text gives."""
    assert put_in(PAGE.read_text(), COMMAND + asked, ["| new |"]).count("| new |") == 1


def test_a_row_ends_with_the_ratio_of_the_greatest_size_to_the_smallest() -> None:
    """Milliseconds have a bound beside them; pages are counted whole."""
    assert ratio([2.0, 9.0, 3.0]) == 1.5
    assert table("sqlite", MILLISECONDS, [1, 2, 3], {"lease": [2.0, 9.0, 3.0]}) == [
        "| store | median ms | 1 rows | 2 rows | 3 rows | ratio (≤ 1.3) |",
        "| --- | --- | --- | --- | --- | --- |",
        "| sqlite | lease | 2.00 | 9.00 | 3.00 | 1.50 |",
    ]
    assert (
        table("postgresql", PAGES, [1, 2], {"lease": [10, 12]})[2]
        == "| postgresql | lease | 10 | 12 | 1.20 |"
    )


def test_an_installation_that_ran_longer_has_more_articles_and_no_more_at_a_time() -> None:
    """A hundred articles for every ten thousand comments."""
    assert [articles_of(size) for size in (100, 10_000, 10_001, 1_000_000)] == [100, 100, 200, 10_000]
