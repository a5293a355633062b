"""A site's options: what is stored of them, and how they come back."""

from service.domain.options import READERS, Options, from_stored, frozen, stored


def test_only_what_differs_from_its_default_is_stored():
    """Defaults are not written down, so that a better default reaches the sites that chose nothing."""
    assert stored(Options()) == "{}"
    assert stored(Options(undo_seconds=3.0)) == '{"undo_seconds": 3.0}'


def test_options_come_back_as_they_were_stored():
    assert from_stored(stored(Options(undo_seconds=3.0))) == Options(undo_seconds=3.0)
    assert from_stored(None) == Options()


def test_an_option_of_another_version_is_left_out():
    assert from_stored('{"of_tomorrow": [1, 2]}') == Options()


def test_a_stored_list_cannot_change():
    assert frozen([1, {"a": [2]}]) == (1, {"a": (2,)})


def test_every_reader_belongs_to_an_option():
    assert set(READERS) <= set(Options.__dataclass_fields__)
