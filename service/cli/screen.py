"""What `replydesk up` shows: each step as it is done, one handsome summary, and later only what needs a look."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table

if TYPE_CHECKING:
    from service.cli.demo import Summary

LOUD: Final = ("warning", "error", "critical")
SAME_AGAIN_SECONDS: Final = 30.0
WIDTH: Final = 400  # characters of one warning


class Screen:
    """The terminal, or a plain stream of lines where there is none."""

    def __init__(self) -> None:
        self.console = Console(highlight=False)
        self._said: dict[str, float] = {}

    @contextmanager
    def step(self, doing: str) -> Iterator[list[str]]:
        """Show that something is being done, and what came of it once it is: fill the list that this yields."""
        started, outcome = time.monotonic(), list[str]()
        with self.console.status(f"{escape(doing)}…", spinner="dots"):
            yield outcome
        took = f"{time.monotonic() - started:.1f} s"
        text = escape(" ".join(outcome) or doing)
        self.console.print(f" [green]✓[/green] {text} [dim]{took}[/dim]", soft_wrap=True)

    def summary(self, found: Summary, seconds: float) -> None:
        """Show the links, the sign-in link and the curl; links and curl stand unbroken, so that they can be copied."""
        rows = Table.grid(padding=(0, 2))
        rows.add_column(style="bold", no_wrap=True)
        rows.add_column(overflow="fold")
        rows.add_row("An article with a reply form", found.article_url)
        rows.add_row("The desk", found.desk_url)
        rows.add_row("The API's pages", found.docs_url)
        lost = "not here any more; replydesk site rotate demo key makes a new one"
        rows.add_row("The demo site's keys", escape(str(found.secrets_file or lost)))
        title = f"[bold green]Replydesk is up[/bold green] [dim]after {seconds:.1f} s[/dim]"
        self.console.print()
        self.console.print(Panel(rows, title=title, title_align="left", border_style="green", expand=False))
        self._unbroken("Sign in at the desk (this link works once, for 15 minutes):", found.sign_in_url)
        if found.contact_key:
            self._unbroken("The key that opens readers' addresses, shown once:", found.contact_key)
        self._unbroken("Post a comment from another terminal:", found.curl)
        self.console.print("Ctrl-C stops everything.\n", style="dim")

    def _unbroken(self, title: str, text: str) -> None:
        self.console.print(f"\n[bold]{title}[/bold]")
        self.console.print(text, markup=False, soft_wrap=True)

    def heard(self, name: str, line: str) -> None:
        """Pass on a child's warning or error, the same one at most once in half a minute."""
        if not line.startswith("{"):
            if line.startswith("ended ("):
                self._say(name, line)
            return
        try:
            entry = json.loads(line)
        except ValueError:
            return
        if entry.get("level") in LOUD:
            rest = {
                key: value
                for key, value in entry.items()
                if key not in ("level", "event", "at", "process", "logger")
            }
            rest.pop("exception", None)
            details = " ".join(f"{key}={value}" for key, value in rest.items())
            self._say(name, f"{entry.get('event', '')} {details}".strip())

    def _say(self, name: str, text: str) -> None:
        now, short = time.monotonic(), " ".join(text.split())[:WIDTH]
        if now - self._said.get(f"{name} {short}", -SAME_AGAIN_SECONDS) >= SAME_AGAIN_SECONDS:
            if len(self._said) > 1000:
                self._said.clear()
            self._said[f"{name} {short}"] = now
            self.console.print(
                f" [yellow]![/yellow] [bold]{escape(name)}[/bold] {escape(short)}", soft_wrap=True
            )

    def goodbye(self, seconds: float) -> None:
        """Say that all is stopped."""
        self.console.print(f"\nStopped after {seconds:.1f} s. Your data is kept.", style="dim")
