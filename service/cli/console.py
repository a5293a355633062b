"""What every command needs: the service opened, its faults told in plain lines, and what it found printed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from typing import IO, TYPE_CHECKING, Any

import click

from service.domain.errors import Invalid, ReplydeskError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from service.context import AppContext
    from service.domain.site import Site

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


class Refused(click.ClickException):
    """What the command will not or cannot do, one fault a line; exit code 2."""

    exit_code = 2

    def show(self, file: IO[Any] | None = None) -> None:
        """Write the lines to standard error, as every refusal of this command line looks."""
        for line in self.message.splitlines():
            click.echo(f"replydesk: {line}", file=file, err=file is None)


@contextmanager
def report_faults() -> Iterator[None]:
    """Turn whatever is wrong with the service into plain lines and exit code 2."""
    try:
        yield
    except Exception as failure:
        if (lines := _plain_lines(failure)) is None:
            raise
        raise Refused(lines) from None


def _plain_lines(failure: Exception) -> str | None:
    """Say what is wrong; None for what is no fault of the service."""
    if isinstance(failure, Invalid):
        return "\n".join(f"{fault.field}: {fault.message}" for fault in failure.faults)
    if isinstance(failure, ReplydeskError):
        return failure.detail
    if isinstance(failure, OSError) and not isinstance(failure, BrokenPipeError):
        return f"{failure.filename or 'The system'}: {failure.strerror or type(failure).__name__}"
    from sqlalchemy.exc import OperationalError, ProgrammingError, SQLAlchemyError  # here: --help stays fast

    if isinstance(failure, OperationalError) or (
        isinstance(failure, ProgrammingError)
        and failure.statement is None  # a word of the address is unknown
    ):
        reason = str(failure.orig).strip().splitlines()[:1]
        return f"The database cannot be used: {reason[0] if reason else type(failure).__name__}"
    if isinstance(failure, SQLAlchemyError):  # its own message may quote a row
        return f"The database does not do as asked ({type(failure).__name__}): is it up, and not full?"
    return None


@contextmanager
def naming(option: str) -> Iterator[None]:
    """Let a refusal of the value in this block name the option that gave it."""
    try:
        yield
    except (ReplydeskError, ValueError) as wrong:
        raise Refused(f"{option}: {wrong}") from None


@contextmanager
def opened_installation() -> Iterator[AppContext]:
    """Build the service from the environment, and close it afterwards."""
    from service.config import load
    from service.context import build_context

    with closing(build_context(load())) as context:
        yield context


def site_named(context: AppContext, name: str) -> Site:
    """Return the site of this name. Raises a ReplydeskError for any other."""
    from service.usecases.sites import find_site

    with context.deps.store.read() as tx:
        return find_site(tx, name)


def print_json(value: object) -> None:
    """Write one JSON document on one line."""
    click.echo(json.dumps(value, ensure_ascii=False))


def show(value: object, lines: Iterable[str], as_json: bool) -> None:
    """Write what was found: the value as JSON, or the lines that say it."""
    if as_json:
        print_json(value)
    else:
        for line in lines:
            click.echo(line)


def one_line(text: str, limit: int) -> str:
    """Return the beginning of a text on one line, without what could steer a terminal."""
    printable = "".join(one if one.isprintable() else "�" for one in " ".join(text.split()))
    return printable if len(printable) <= limit else printable[: limit - 1] + "…"


def make_console() -> Console:
    """Return what tables are printed to; it colours a terminal alone."""
    from rich.console import Console

    return Console(highlight=False)


def grid(pairs: Mapping[str, object]) -> Table:
    """Lay out names with their values, which may be rich's Text; an empty one is a dash."""
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in pairs.items():
        said = ", ".join(map(str, value)) if isinstance(value, list | tuple) else value
        table.add_row(
            name, said if isinstance(said, Text) else Text("—" if said in (None, "") else str(said))
        )
    return table


def plain_table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> Table:
    """Lay out rows below their heads without lines; cells may hold rich's markup."""
    from rich.table import Table

    table = Table(*heads, box=None, header_style="bold")
    for row in rows:
        table.add_row(*row)
    return table
