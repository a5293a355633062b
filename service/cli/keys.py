"""`replydesk keys`: the master key, rotated with overlap: a new one makes, the old ones still open."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from service.cli.console import Refused, json_option, opened_installation, show

if TYPE_CHECKING:
    from service.context import AppContext


@click.group()
def keys() -> None:
    """Rotate the master key and say what still needs older ones.

    In order: `keys rotate`, restart every process, `keys reseal`; and once nothing needs the old key, `keys retire`.
    """


@keys.command()
@json_option
def status(as_json: bool) -> None:
    """Show the versions at hand and how much lies sealed under each."""
    from service.usecases.reseal import sealed

    with opened_installation() as context:
        found, versions = sealed(context), context.keyring.versions
    usage = [
        {
            "version": version,
            "secrets": found.secrets.get(version, 0),
            "originals": found.originals.get(version, 0),
        }
        for version in sorted({*versions, *found.secrets, *found.originals})
    ]
    held = dict.fromkeys(versions, "older") | {versions[0]: "current"}
    lines = (
        f"version {one['version']} ({held.get(one['version'], 'NOT AT HAND')}): "
        f"{one['secrets']} secrets of sites, {one['originals']} originals"
        for one in usage
    )
    show({"current": versions[0], "at_hand": list(versions), "versions": usage}, lines, as_json)


@keys.command()
def rotate() -> None:
    """Put a fresh master key before the old ones in the key's file; processes use it from their next start on."""
    from service.privacy.master_key import add_master, master_file

    # an installation that does not open with its present key is not given another
    with opened_installation() as context:
        path = master_file(os.environ, context.settings.home)
        version = add_master(path)
        _log(context, f"version {version} made")
    click.echo(
        f"Version {version} stands first in {path}. Copy the file to your backup, restart web, workers and beat,"
        " then run: replydesk keys reseal"
    )


@keys.command()
@json_option
def reseal(as_json: bool) -> None:
    """Seal anew under the current key what older keys sealed; can be broken off and run again."""
    from service.usecases.reseal import reseal as resealed

    with opened_installation() as context:
        done = resealed(
            context, lambda count: None if as_json else click.echo(f"{count:,} originals", err=True)
        )
    lines = [f"{done.secrets} secrets of sites and {done.originals} originals sealed anew."]
    if done.lost:
        lines.append(f"{done.lost} could not be opened: their key version is not at hand.")
    show({"secrets": done.secrets, "originals": done.originals, "lost": done.lost}, lines, as_json)


@keys.command()
@click.argument("version", type=click.IntRange(1, 255))
@click.option("--leaked", is_flag=True, help="Let it go although authors and receipts of its time need it.")
def retire(version: int, leaked: bool) -> None:
    """Remove an older master key from the key's file.

    Refused while anything is sealed under it. Without it, authors who have not written since the rotation are not
    recognised; API keys not used since and receipt links of its time stop working; repeats of earlier submissions
    look new.
    """
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
        drop_master(master_file(os.environ, context.settings.home), version)
        _log(context, f"version {version} retired")
    click.echo(f"Version {version} is gone from the file. Restart web, workers and beat.")


def _log(context: AppContext, subject: str) -> None:
    with context.deps.store.write() as tx:
        tx.audit_log.append("operator", "master-key", subject, context.deps.clock())
