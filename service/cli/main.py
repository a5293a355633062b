"""The console script `replydesk`: each subcommand's module is imported when that subcommand runs, and not before."""

from __future__ import annotations

import importlib
from typing import Final

import click

from service.cli.console import report_faults

COMMANDS: Final = {
    "up": ("up:up", "Run everything here in the foreground: broker, web, worker, beat."),
    "status": ("status:status", "Show which parts are up, what waits and the age of the oldest."),
    "site": ("site:site", "Add, show and change sites, and rotate their secrets."),
    "moderator": ("moderator:moderator", "Add moderators, make their sign-in links, change their roles."),
    "import": ("importing:importing", "Import comments from JSON Lines or a WordPress export, resumable."),
    "article": ("article:article", "Describe articles, and move their threads."),
    "comments": ("comments:comments", "List a site's comments."),
    "deliveries": ("deliveries:deliveries", "List callbacks and replay dead letters."),
    "backup": ("backup:backup", "Copy the database while the service runs, and count its rows."),
    "restore": ("backup:restore", "Put a backup into an empty database, and check it."),
    "restored": ("backup:restored", "Continue with new sequence numbers after a restore by other means."),
    "classifier": ("classifier:classifier", "Score texts and evaluate the shipped model."),
    "compare": ("compare:compare_group", "Compare another service's old scores with this installation's."),
    "contact": ("contact:contact", "Open a sealed box with the site's private key, offline."),
    "audit": ("audit:audit", "Show and verify the log of human acts."),
    "keys": ("keys:keys", "Rotate the master key, with overlap."),
    "privacy": ("privacy:privacy", "Audit this installation for leaks; erase or export a person's data."),
    "web": ("processes:web", "Run the web process."),
    "worker": ("processes:worker", "Run a Celery worker."),
    "beat": ("processes:beat", "Run the scheduler of maintenance; exactly one."),
    "alive": ("processes:alive", "Check that this host's worker or beat makes progress; for health checks."),
    "migrate": ("processes:migrate", "Bring the database to this version's schema."),
}
"""Where a command lives, as module and name, and the line that the overview shows for it."""


class LazyGroup(click.Group):
    """A group that knows its commands' names and lines, and imports a command when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        """Name the commands in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  # likewise
        """Import one command; None when there is none of this name."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(f"service.cli.{module}"), name)
        return command

    def invoke(self, ctx: click.Context) -> object:
        """Run a command. What the service refuses ends in its one sentence and exit code 2, never in a traceback."""
        with report_faults():
            return super().invoke(ctx)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002  # likewise
        """Write the overview from the table, importing nothing."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="replydesk", prog_name="replydesk")
def cli() -> None:
    """Moderate the comments of news sites on a server of your own."""


def main() -> None:
    """Run the command line."""
    cli(prog_name="replydesk")


if __name__ == "__main__":
    main()
