"""The console script `replydesk`: each subcommand's module is imported when that subcommand runs, and not before."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Final, NamedTuple

import click

from service.cli.console import faults_told


class Entry(NamedTuple):
    """Where a subcommand lives and the line that the overview shows for it."""

    target: str
    line: str


ENTRIES: Final = {
    "up": Entry("service.cli.up:up", "Run everything here in the foreground: broker, web, worker, beat."),
    "status": Entry(
        "service.cli.status:status", "Show which parts are up, what waits and the age of the oldest."
    ),
    "site": Entry("service.cli.site:site", "Add, show and change sites, and rotate their secrets."),
    "moderator": Entry(
        "service.cli.moderator:moderator", "Add moderators, make their sign-in links, change their roles."
    ),
    "import": Entry(
        "service.cli.importing:importing", "Import comments from JSON Lines or a WordPress export, resumable."
    ),
    "article": Entry("service.cli.article:article", "Describe articles, and move their threads."),
    "comments": Entry("service.cli.comments:comments", "List a site's comments."),
    "deliveries": Entry("service.cli.deliveries:deliveries", "List callbacks and replay dead letters."),
    "backup": Entry(
        "service.cli.backup:backup", "Copy the database while the service runs, and count its rows."
    ),
    "restore": Entry("service.cli.backup:restore", "Put a backup into an empty database, and check it."),
    "restored": Entry(
        "service.cli.backup:restored", "Continue with new sequence numbers after a restore by other means."
    ),
    "classifier": Entry("service.cli.classifier:classifier", "Score texts and evaluate the shipped model."),
    "compare": Entry(
        "service.cli.compare:compare_group", "Compare another service's old scores with this installation's."
    ),
    "contact": Entry(
        "service.cli.contact:contact", "Open a sealed box with the site's private key, offline."
    ),
    "audit": Entry("service.cli.audit:audit", "Show and verify the log of human acts."),
    "keys": Entry("service.cli.keys:keys", "Rotate the master key, with overlap."),
    "privacy": Entry(
        "service.cli.privacy:privacy", "Audit this installation for leaks; erase or export a person's data."
    ),
    "web": Entry("service.cli.processes:web", "Run the web process."),
    "worker": Entry("service.cli.processes:worker", "Run a Celery worker."),
    "beat": Entry("service.cli.processes:beat", "Run the scheduler of maintenance; exactly one."),
    "alive": Entry(
        "service.cli.processes:alive",
        "Check that this host's worker or beat makes progress; for health checks.",
    ),
    "migrate": Entry("service.cli.processes:migrate", "Bring the database to this version's schema."),
}


class LazyGroup(click.Group):
    """A group that knows its commands' names and lines, and imports a command when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        """Name the commands that this installation has, in the order of the table."""
        return [name for name, entry in ENTRIES.items() if _installed(entry)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  # likewise
        """Import one command; None when there is none of this name."""
        entry = ENTRIES.get(cmd_name)
        if entry is None or not _installed(entry):
            return None
        module, _, attribute = entry.target.partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def invoke(self, ctx: click.Context) -> object:
        """Run a command. What the service refuses ends in its one sentence and exit code 2, never in a traceback."""
        with faults_told():
            return super().invoke(ctx)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the overview from the table, importing nothing."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, ENTRIES[name].line) for name in self.list_commands(ctx)])


def _installed(entry: Entry) -> bool:
    return importlib.util.find_spec(entry.target.partition(":")[0]) is not None


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="replydesk", prog_name="replydesk")
def cli() -> None:
    """Moderate the comments of news sites on a server of your own."""


def main() -> None:
    """Run the command line."""
    cli(prog_name="replydesk")


if __name__ == "__main__":
    main()
