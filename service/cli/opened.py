"""The service, opened for one command: whatever is wrong with it ends in clear lines and exit code 2."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

import click

from service.domain.errors import Invalid, ReplydeskError

if TYPE_CHECKING:
    from service.context import AppContext


class Refused(click.ClickException):
    """What the command will not or cannot do, one fault a line; exit code 2."""

    exit_code = 2

    def show(self, file: IO[Any] | None = None) -> None:
        """Write the lines to standard error, as every refusal of this command line looks."""
        for line in self.message.splitlines():
            click.echo(f"replydesk: {line}", file=file, err=file is None)


@contextmanager
def opened_installation() -> Iterator[AppContext]:
    """Build the service from the environment, and close it afterwards."""
    from service.config import load
    from service.context import build_context

    with refusals():
        context = build_context(load())
        try:
            yield context
        finally:
            context.close()


@contextmanager
def refusals() -> Iterator[None]:
    """Turn whatever is wrong with the service into clear lines and exit code 2."""
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except Invalid as wrong:
        raise Refused("\n".join(f"{fault.field}: {fault.message}" for fault in wrong.faults)) from None
    except ReplydeskError as wrong:
        raise Refused(wrong.detail) from None
    except SQLAlchemyError as failure:
        # its own message may quote a row
        raise Refused(
            f"The database does not do as asked ({type(failure).__name__}): is it up, and not full?"
        ) from None
    except OSError as failure:
        if isinstance(failure, BrokenPipeError):
            raise
        raise Refused(
            f"{failure.filename or 'The system'}: {failure.strerror or type(failure).__name__}"
        ) from None


def print_json(value: object) -> None:
    """Write one JSON document on one line."""
    click.echo(json.dumps(value, ensure_ascii=False))
