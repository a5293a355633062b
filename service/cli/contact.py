"""The command `replydesk contact`: the site's side of the promise, offline, with the key that only the site holds."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

import click

from service.cli.console import Refused

KEY_LIMIT: Final = 4096
BOX_LIMIT: Final = 16 * 1024


@click.group()
def contact() -> None:
    """Open the sealed addresses of your site's commenters; needs no server and no network."""


@contact.command("open")
@click.option(
    "--private-key",
    "key_files",
    required=True,
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The file with the site's contact_private_key, as `site add` showed it once; after a rotation give both.",
)
@click.argument("box")
def open_command(key_files: tuple[Path, ...], box: str) -> None:
    """Print the address in BOX, the base64 text from GET /v1/comments/{id}/contact; - reads it from standard input."""
    from service.privacy.sealing import BoxError, open_box  # here, so that --help stays fast

    *others, last = [_key(file) for file in key_files]
    text = sys.stdin.read(BOX_LIMIT) if box == "-" else box
    for key in others:
        with suppress(BoxError):  # sealed for another key, before or after the rotation
            click.echo(open_box(key, text))
            return
    click.echo(open_box(last, text))


def _key(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(KEY_LIMIT).decode("ascii").strip()
    except OSError as error:
        raise Refused(f"--private-key: cannot read {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise Refused(f"--private-key: {path} does not hold a key: give its base64 text") from None
