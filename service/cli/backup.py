"""`replydesk backup` and `restore`: the whole database at one moment, counted, and put back into an empty one.

The copy comes with a note beside it: schema, rows of each table at that very moment, and a print of the master key,
by which `restore` tells whether what it put back is whole and can be opened here. The key itself is never in it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from service.cli import dumps
from service.cli.console import Refused, json_option, opened_installation, show
from service.usecases import advance_sequence

if TYPE_CHECKING:
    from service.config import Settings

NOTE_LIMIT: Final = 1024 * 1024
PRINT: Final = "backup"
"""What the master key signs to be recognised; nothing else is ever signed for this purpose."""


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@json_option
def backup(file: Path, as_json: bool) -> None:
    """Copy the database as it is at this moment to FILE, and a note of it to FILE.json, while the service runs.

    The master key is not in it. Keep it apart: without it the copy's secrets and masked contacts stay closed.
    """
    from service.storage import migrate

    with opened_installation() as context:
        for path in (file, _note_of(file)):
            if path.exists():
                raise Refused(f"{path}: there is one already; name another file")
        known = context.settings
        with _taken_back_unless_whole(file, _note_of(file)):
            rows = dumps.copy(known, file)
            note = {
                "replydesk": "backup",
                "store": _kind(known),
                "schema": migrate.current(known.database_url),
                "taken_at": context.deps.clock().isoformat(timespec="seconds"),
                "master_key": _print_of(context.keyring.sign(PRINT, b"")),
                "bytes": file.stat().st_size,
                "rows": rows,
            }
            _write_private(_note_of(file), json.dumps(note, indent=1) + "\n")
    told = f"{file}: {note['bytes']:,} bytes, {sum(rows.values()):,} rows at schema {note['schema']}."
    show(note, (told, "The master key is not in it; keep a copy of it apart."), as_json)


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
def restore(file: Path, as_json: bool) -> None:
    """Put the backup FILE into the empty database that the settings name, bring it up to date, and count its rows.

    Stop the service first. A database that has tables already is refused. What is decided from now on has numbers and
    webhook-ids that no site has seen, as `replydesk restored` explains.
    """
    from service.config import load
    from service.storage import migrate

    known, note = load(), _read_note(file)
    if note["store"] != _kind(known):
        raise Refused(f"{file} is a backup of {note['store']}; the settings name {_kind(known)}")
    dumps.load(known, file)
    found = dumps.count(known, list(note["rows"]))
    migrate.upgrade(known.database_url)
    wrong = [name for name, rows in note["rows"].items() if found.get(name) != rows]
    if wrong:
        raise Refused(f"{', '.join(wrong)}: other rows than the note counts; the backup is not whole")
    with opened_installation() as context:
        advance_sequence(context.deps)
        same = any(
            _print_of(context.keyring.sign(PRINT, b"", version=version)) == note["master_key"]
            for version in context.keyring.versions
        )
    result = {"rows": found, "schema": migrate.current(known.database_url), "master_key_fits": same}
    rows = f"{sum(found.values()):,} rows, every table as it was counted"
    show(result, (f"Put back: {rows}; now at schema {result['schema']}.",), as_json)
    if not same:
        raise Refused(
            "REPLYDESK_MASTER_KEY: another key than the backup's; the rows are back, but no site's key works and "
            "nothing encrypted opens until the old master key is set"
        )


@click.command()
def restored() -> None:
    """Say that the database was put back by other means than `replydesk restore`: run it before the service starts.

    The decisions made since the backup are forgotten here, but the sites know them. From now on sequence numbers and
    webhook-ids go on far beyond theirs, so that nobody takes a new decision for one that was heard before. Running it
    twice does no harm.
    """
    with opened_installation() as context:
        click.echo(f"What is decided from now on is numbered from {advance_sequence(context.deps) + 1}.")


# -- the note ----------------------------------------------------------------------------------------------------------


def _note_of(file: Path) -> Path:
    return file.with_name(f"{file.name}.json")


def _print_of(tag: bytes) -> str:
    return tag.hex()[:16]


def _read_note(file: Path) -> dict[str, Any]:
    path = _note_of(file)
    try:
        with path.open(encoding="utf-8") as opened:
            note = json.loads(opened.read(NOTE_LIMIT))
        if note["replydesk"] != "backup" or not all(isinstance(rows, int) for rows in note["rows"].values()):
            raise ValueError
        return dict(note)
    except OSError as failure:
        raise Refused(f"{path}: {failure.strerror}; the note that came with the backup is needed") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Refused(f"{path}: this is no note of a backup") from None


@contextmanager
def _taken_back_unless_whole(*files: Path) -> Iterator[None]:
    """Take the files away again when the copy does not come to its end."""
    try:
        yield
    except BaseException:
        for path in files:
            path.unlink(missing_ok=True)
        raise


def _write_private(path: Path, text: str) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)


def _kind(known: Settings) -> str:
    return "SQLite" if dumps.is_sqlite(known) else "PostgreSQL"
