"""`replydesk privacy`: audit the promise on this installation, and let a person see or erase what is kept of them."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from service.cli.console import (
    Refused,
    json_option,
    naming,
    opened_installation,
    print_json,
    site_named,
)

if TYPE_CHECKING:
    from service.leak_audit.report import AuditReport
    from service.privacy.sealing import Address

ADDRESS_LIMIT: Final = 1_000
STATEMENT_LIMIT: Final = 4 * 1024 * 1024
SHOWN: Final = 50
_SITE = click.option("--site", "site_name", required=True, help="The site on which the person wrote.")
_EMAIL = click.option(
    "--email", help="The address; without it, it is asked for, or read from standard input."
)


@click.group()
def privacy() -> None:
    """Audit this installation, erase a person, or show what is kept of one."""


@privacy.command()
@click.option("--url", help="Where the service answers, if not at its own address.")
@click.option(
    "--also",
    multiple=True,
    type=click.Path(path_type=Path, exists=True),
    help="A file or folder to search as well, such as the logs of processes that run elsewhere.",
)
@json_option
def audit(url: str | None, also: tuple[Path, ...], as_json: bool) -> None:
    """Send canary addresses through every path of this running installation, and search every byte that it wrote.

    It creates its own site and removes it again. Exit 0 when nothing is found; else exit 1, with the place and the
    form.
    """
    from service.leak_audit.audit import Audit

    ending = _Ending()
    with opened_installation() as context, Audit(context, url, also, undisturbed=ending.undisturbed) as made:
        made.plant()
        report = made.search()
    if as_json:
        print_json(_report_view(report))
    else:
        _show(report)
    if not report.clean:
        sys.exit(1)


@privacy.command()
@_SITE
@_EMAIL
@click.option("--json", "as_json", is_flag=True, help="Print the signed receipt as one JSON object.")
def erase(site_name: str, email: str | None, as_json: bool) -> None:
    """Erase everything that was written on a site under an address, and print the signed receipt.

    Omit --email, so that the address is in no shell history and no process list.
    """
    from service.domain.verdict import Who
    from service.usecases import clear_files
    from service.usecases.erase import erase_person

    address = _address(email)
    with opened_installation() as context:
        receipt = erase_person(context, site_named(context, site_name), address, Who.SITE, "operator")
        cleared = clear_files(context.deps)
    if as_json:
        print_json(receipt)
        return
    click.echo(json.dumps(receipt, ensure_ascii=False, indent=2))
    click.echo(
        "The files are cleared of it."
        if cleared
        else "The files are cleared of it by the next maintenance run.",
        err=True,
    )


@privacy.command()
@_SITE
@_EMAIL
def export(site_name: str, email: str | None) -> None:
    """Print what is kept of what was written on a site under an address, as JSON."""
    from service.usecases.export import export_json

    address = _address(email)
    with opened_installation() as context:
        for piece in export_json(context, site_named(context, site_name), address):
            click.echo(piece, nl=False)


@privacy.command()
@click.argument("receipt", type=click.File("r", encoding="utf-8"))
@click.option(
    "--keys",
    "keys_file",
    type=click.File("r", encoding="utf-8"),
    help="The file /.well-known/replydesk.json of the service that signed; without it, this installation's own keys.",
)
def verify(receipt: Any, keys_file: Any) -> None:
    """Check the signature of RECEIPT, a file or - for standard input."""
    from service.privacy.signatures import check, public_keys

    statement = _json(receipt.read(STATEMENT_LIMIT), "RECEIPT")
    if keys_file is not None:
        published = _json(keys_file.read(STATEMENT_LIMIT), "--keys")
        found = published.get("receipt_keys") if isinstance(published, dict) else None
        if not isinstance(found, list):
            raise Refused("--keys: this is no /.well-known/replydesk.json")
        keys: list[Mapping[str, object]] = [one for one in found if isinstance(one, dict)]
    else:
        with opened_installation() as context:
            keys = [*public_keys(context.keyring)]
    content = check(statement, keys)
    click.echo(
        f"The signature holds: {content.get('kind')} {content.get('id')} of {content.get('issued_at')}."
    )


def _json(text: str, name: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise Refused(f"{name}: this is no JSON") from None


def _address(given: str | None) -> Address:
    from service.privacy.sealing import Address

    if given is None:
        if sys.stdin.isatty():
            given = click.prompt("Email address", hide_input=True, err=True)
        else:
            given = sys.stdin.readline(ADDRESS_LIMIT)
    with naming("--email"):
        return Address.parse(given)


class _Ending:
    """Lets a signal end the audit as Ctrl-C does: its site, its moderator and its files go first.

    What a signal would raise in the middle of a transaction is put off until `undisturbed` is over.
    """

    def __init__(self) -> None:
        self._code: int | None = None
        self._put_off = 0
        for each in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(each) is not signal.SIG_IGN:
                signal.signal(each, self._end)

    @contextmanager
    def undisturbed(self) -> Iterator[None]:
        """Put off the end until this block is left."""
        self._put_off += 1
        try:
            yield
        finally:
            self._put_off -= 1
        code, self._code = self._code, None
        if code is not None:
            sys.exit(code)

    def _end(self, number: int, _frame: object) -> None:
        signal.signal(number, signal.SIG_IGN)
        if not self._put_off:
            sys.exit(128 + number)
        self._code = 128 + number


def _report_view(report: AuditReport) -> dict[str, object]:
    seen = asdict(report)
    searching = seen.pop("search_seconds")
    return {
        "clean": report.clean,
        **seen,
        "bytes": report.searched_bytes,
        "seconds": round(report.seconds, 2),
        "megabytes_per_second": round(report.searched_bytes / 1e6 / max(searching, 1e-9), 1),
    }


def _show(report: AuditReport) -> None:
    click.echo(f"{report.canaries} canaries went through {len(report.paths)} paths:")
    for one in report.paths:
        click.echo(f"  {one['outcome']:>10}  {one['path']}")
    click.echo(f"\nLooked for {report.forms} forms in")
    for kind, counted in sorted(report.searched.items()):
        unpacked = f", {counted['unpacked']:,} unpacked" if counted["unpacked"] else ""
        click.echo(f"  {counted['places']:>6} {kind}: {counted['bytes']:,} bytes{unpacked}")
    for missed in report.not_reached:
        click.echo(f"  not reached: {missed}")
    rate = report.searched_bytes / 1e6 / max(report.search_seconds, 1e-9)
    click.echo(f"{report.searched_bytes:,} bytes, {rate:.0f} MB/s, {report.seconds:.1f} s in all")
    if report.clean:
        click.echo("Found: nothing.")
        return
    click.echo(f"FOUND: {len(report.found)}", err=True)
    for hit in report.found[:SHOWN]:
        click.echo(f"  {hit.place}, byte {hit.offset}: {hit.form} of {hit.canary or 'a canary'}", err=True)
