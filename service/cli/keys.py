"""`replydesk keys`: the master key, rotated with overlap: a new one makes, the old ones still open."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from service.cli.opened import Refused, opened_installation, print_json

if TYPE_CHECKING:
    from service.context import AppContext
    from service.usecases.reseal import Sealed


@click.group()
def keys() -> None:
    """Rotate the master key and say what still needs older ones.

    In order: `keys rotate`, restart every process, `keys reseal`; and once nothing needs the old key, `keys retire`.
    """


@keys.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def status(as_json: bool) -> None:
    """Show the versions at hand and how much lies sealed under each."""
    from service.usecases.reseal import sealed

    with opened_installation() as context:
        found, versions = sealed(context), context.keyring.versions
    usage = [_usage(found, version) for version in sorted({*versions, *found.secrets, *found.originals})]
    if as_json:
        print_json({"current": versions[0], "at_hand": list(versions), "versions": usage})
        return
    for one in usage:
        held = "current" if one["version"] == versions[0] else "older"
        held = held if one["version"] in versions else "NOT AT HAND"
        click.echo(
            f"version {one['version']} ({held}): {one['secrets']} secrets of sites, {one['originals']} originals"
        )


@keys.command()
def rotate() -> None:
    """Put a fresh master key before the old ones in the key's file; processes use it from their next start on."""
    from service.config import load
    from service.privacy.master_key import add_master, master_file

    with (
        opened_installation() as context
    ):  # an installation that does not open with its present key is not given another
        path = master_file(os.environ, load().home)
        version = add_master(path)
        _log(context, f"version {version} made")
    click.echo(
        f"Version {version} stands first in {path}. Copy the file to your backup, restart web, workers and beat,"
        " then run: replydesk keys reseal"
    )


@keys.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def reseal(as_json: bool) -> None:
    """Seal anew under the current key what older keys sealed; can be broken off and run again."""
    from service.usecases.reseal import reseal as resealed

    with opened_installation() as context:
        done = resealed(
            context, lambda count: None if as_json else click.echo(f"{count:,} originals", err=True)
        )
    if as_json:
        print_json({"secrets": done.secrets, "originals": done.originals, "lost": done.lost})
        return
    click.echo(f"{done.secrets} secrets of sites and {done.originals} originals sealed anew.")
    if done.lost:
        click.echo(f"{done.lost} could not be opened: their key version is not at hand.")


@keys.command()
@click.argument("version", type=click.IntRange(1, 255))
@click.option("--leaked", is_flag=True, help="Let it go although authors and receipts of its time need it.")
def retire(version: int, leaked: bool) -> None:
    """Remove an older master key from the key's file.

    Refused while anything is sealed under it. Without it, authors who have not written since the rotation are not
    recognised; API keys not used since and receipt links of its time stop working; repeats of earlier submissions
    look new.
    """
    from service.config import load
    from service.privacy.master_key import drop_master, master_file
    from service.usecases.reseal import sealed

    with opened_installation() as context:
        if version not in context.keyring.versions[1:]:
            raise Refused(f"version {version} is not an older key at hand")
        needed = sealed(context).under(version)
        if needed:
            raise Refused(
                f"{needed} secrets and originals lie sealed under version {version}: run `keys reseal`"
            )
        if not leaked:
            raise Refused(
                "authors who have not written since the rotation, their erasure by address, unused API keys and receipt"
                " links need the old key; keep it, or say --leaked"
            )
        drop_master(master_file(os.environ, load().home), version)
        _log(context, f"version {version} retired")
    click.echo(f"Version {version} is gone from the file. Restart web, workers and beat.")


def _log(context: AppContext, subject: str) -> None:
    with context.deps.store.write() as tx:
        tx.audit_log.append("operator", "master-key", subject, context.deps.clock())


def _usage(found: Sealed, version: int) -> dict[str, int]:
    return {
        "version": version,
        "secrets": found.secrets.get(version, 0),
        "originals": found.originals.get(version, 0),
    }
