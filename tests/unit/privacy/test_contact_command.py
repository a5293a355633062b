"""The command that opens a sealed box: with the right key it prints the address, else it says plainly what is wrong."""

import base64

import pytest
from click.testing import CliRunner

from service.cli.main import cli
from service.privacy.sealing import Address, new_contact_keys, seal

PLAIN = "Jane.Doe@bücher.example"
PUBLIC, PRIVATE = new_contact_keys()
OTHER_PUBLIC, OTHER_PRIVATE = new_contact_keys()


def a_box(public=PUBLIC):
    return base64.b64encode(seal(public, Address.parse(PLAIN))).decode()


@pytest.fixture
def opened(tmp_path):
    def opens(box, *contents, stdin=None):
        options = []
        for number, content in enumerate(contents):
            file = tmp_path / f"key-{number}"
            if content is not None:
                file.write_bytes(content if isinstance(content, bytes) else content.encode())
            options += ["--private-key", str(file)]
        return CliRunner().invoke(cli, ["contact", "open", *options, box], input=stdin)

    return opens


def test_a_box_opens_with_the_sites_key_before_and_after_a_rotation(opened):
    for result in (
        opened(a_box(), PRIVATE + "\n"),
        opened("-", PRIVATE, stdin=a_box() + "\n"),
        opened(a_box(), OTHER_PRIVATE, PRIVATE),
        opened(a_box(OTHER_PUBLIC), OTHER_PRIVATE, PRIVATE),
    ):
        assert (result.exit_code, result.output) == (0, PLAIN + "\n")


@pytest.mark.parametrize(
    ("box", "key", "said"),
    [
        *((box, PRIVATE, "box") for box in ("", "no box", "AAAA", "é", "A" * 20_000, a_box()[:-8])),
        (a_box(), OTHER_PRIVATE, "does not open"),
        *((a_box(), key, "key") for key in (b"", b"hunter2", b"\xff\xfe", b"A" * 100_000)),
        (a_box(), None, "key-0: No such file"),
    ],
    ids=range(12),  # keys are new in each process
)
def test_what_is_wrong_is_said_in_one_line_that_shows_nothing(opened, box, key, said):
    result = opened(box, key)
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert said in result.stderr
    assert "hunter2" not in result.output
    assert "Jane" not in result.output
