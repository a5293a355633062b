"""The command that opens a sealed box: with the right key it prints the address, else it says plainly what is wrong."""

import base64

import pytest
from click.testing import CliRunner

from service.cli.main import cli
from service.privacy.sealing import Address, new_contact_keys, seal

PLAIN = "Jane.Doe@bücher.example"
PUBLIC, PRIVATE = new_contact_keys()


@pytest.fixture
def key_file(tmp_path):
    """The site's private key in a file, as the site keeps it."""
    file = tmp_path / "contact.key"
    file.write_text(PRIVATE + "\n")
    return file


def opened(key, box, stdin=None):
    return CliRunner().invoke(cli, ["contact", "open", "--private-key", str(key), box], input=stdin)


def a_box():
    return base64.b64encode(seal(PUBLIC, Address.parse(PLAIN))).decode()


def test_the_box_opens_with_the_sites_key(key_file):
    for result in (opened(key_file, a_box()), opened(key_file, "-", a_box() + "\n")):
        assert (result.exit_code, result.output) == (0, PLAIN + "\n")


@pytest.mark.parametrize("box", ["", "no box", "AAAA", "é", "A" * 20_000])
def test_what_is_no_box_is_said(key_file, box):
    result = opened(key_file, box)
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert "box" in result.stderr


def test_another_sites_key_does_not_open_it(tmp_path):
    other = tmp_path / "other.key"
    other.write_text(new_contact_keys()[1])
    result = opened(other, a_box())
    assert result.exit_code == 2
    assert "does not open" in result.stderr
    assert "Jane" not in result.output


@pytest.mark.parametrize("content", [b"", b"hunter2", b"\xff\xfe", b"A" * 100_000])
def test_what_is_no_key_is_said_and_not_shown(tmp_path, content):
    file = tmp_path / "bad.key"
    file.write_bytes(content)
    result = opened(file, a_box())
    assert result.exit_code == 2
    assert "key" in result.stderr
    assert "hunter2" not in result.output


def test_a_missing_key_file_is_named(tmp_path):
    result = opened(tmp_path / "none.key", a_box())
    assert result.exit_code == 2
    assert "none.key" in result.stderr
    assert "No such file" in result.stderr


def test_boxes_of_before_and_after_a_rotation_open_with_both_keys_given(tmp_path):
    keys = [new_contact_keys() for _ in range(2)]
    files = []
    for number, (_, private) in enumerate(keys):
        file = tmp_path / f"key-{number}"
        file.write_text(private)
        files += ["--private-key", str(file)]
    for public, _ in keys:
        box = base64.b64encode(seal(public, Address.parse("ada@example.org"))).decode()
        done = CliRunner().invoke(cli, ["contact", "open", *files, box])
        assert (done.exit_code, done.output) == (0, "ada@example.org\n")
        assert CliRunner().invoke(cli, ["contact", "open", *files, box[:-8]]).exit_code == 2
