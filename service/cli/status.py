"""`replydesk status`: what is up, what waits and how old the oldest of it is; once, or refreshing."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

import click

from service.cli.opened import opened_house, print_json

if TYPE_CHECKING:
    from datetime import datetime

    from rich.console import Group
    from rich.table import Table

    from service.ports import SiteQueue
    from service.wiring import Parts

WATCH_SECONDS: Final = 1.0
SITES_DRAWN: Final = 20
SILENT_SECONDS: Final = 30.0
"""The sweep runs every few seconds, so a worker that was not heard of for so long is gone."""


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object; with --watch one a second.")
@click.option("--watch", is_flag=True, help="Refresh every second until Ctrl-C.")
def status(as_json: bool, watch: bool) -> None:
    """Show what is up, what waits and how old the oldest of it is."""
    with opened_house() as parts:
        if as_json:
            print_json(look(parts))
            while watch:
                time.sleep(WATCH_SECONDS)
                print_json(look(parts))
        else:
            _show(parts, watch)


def look(parts: Parts) -> dict[str, Any]:
    """Return the state of the house: parts, backlog, ages in seconds, deliveries, switched-off sites, site by site."""
    now = parts.house.clock()
    with parts.house.store.read() as tx:
        backlog = tx.backlog(now)
        sites, queues = tx.sites(), tx.site_queues()
    return {
        "up": {"store": "ok", **_workers(parts)},
        "pending": backlog.pending,
        "held": backlog.held,
        "oldest_unscored_seconds": _age(backlog.oldest_unscored, now),
        "departures_due": backlog.departures_due,
        "deliveries": {
            "waiting": backlog.deliveries_waiting,
            "due": backlog.deliveries_due,
            "dead": backlog.deliveries_dead,
        },
        "callbacks_off": {site.name: site.callback_disabled for site in sites if site.callback_disabled},
        "sites": len(sites),
        "by_site": {queue.name: _queue(queue, now) for queue in queues},
    }


def _queue(queue: SiteQueue, now: datetime) -> dict[str, Any]:
    return {
        "pending": queue.pending,
        "oldest_unscored_seconds": _age(queue.oldest_unscored, now),
        "held": queue.held,
        "oldest_held_seconds": _age(queue.oldest_held, now),
        "deliveries_waiting": queue.deliveries_waiting,
        "deliveries_dead": queue.deliveries_dead,
    }


def _age(since: datetime | None, now: datetime) -> float:
    return round(max(0.0, (now - since).total_seconds()), 3) if since else 0.0


def _workers(parts: Parts) -> dict[str, str]:
    """Say how broker and worker are, by when a worker last answered the bell."""
    from redis.exceptions import RedisError

    from service.bell import pulses
    from service.ports import SWEEP

    settings = parts.settings
    if settings.redis_url is None:
        return {"broker": "none", "worker": "unknown"}
    try:
        heard = pulses(settings.redis_url, settings.redis_prefix)
    except (RedisError, OSError) as failure:
        return {"broker": f"does not answer ({type(failure).__name__})", "worker": "unknown"}
    last = heard.get(SWEEP)
    if last is None or last > SILENT_SECONDS:
        return {"broker": "ok", "worker": "not heard of" + (f" for {last:.0f} s" if last is not None else "")}
    return {"broker": "ok", "worker": "ok"}


def _show(parts: Parts, watch: bool) -> None:
    from rich.console import Console
    from rich.live import Live

    console = Console(highlight=False)
    if not watch:
        console.print(_drawn(look(parts)))
        return
    with Live(_drawn(look(parts)), console=console, auto_refresh=False) as live:
        while True:
            time.sleep(WATCH_SECONDS)
            live.update(_drawn(look(parts)), refresh=True)


def _drawn(state: dict[str, Any]) -> Group:
    from rich.console import Group
    from rich.markup import escape
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    for name, word in state["up"].items():
        table.add_row(name, f"[green]{word}[/green]" if word == "ok" else f"[red]{escape(word)}[/red]")
    table.add_row("unscored", f"{state['pending']}, the oldest for {state['oldest_unscored_seconds']:.1f} s")
    table.add_row("held", str(state["held"]))
    mail = state["deliveries"]
    table.add_row("callbacks", f"{mail['waiting']} waiting, {mail['due']} of them due, {mail['dead']} dead")
    for name, reason in state["callbacks_off"].items():
        table.add_row("callbacks off", f"[red]{escape(name)}: {escape(reason)}[/red]")
    table.add_row("sites", str(state["sites"]))
    return Group(Text("Replydesk", style="bold"), table, _by_site(state["by_site"]))


def _by_site(queues: dict[str, dict[str, Any]]) -> Table:
    """Draw the sites that have most waiting, as many as fit a screen."""
    from rich.markup import escape
    from rich.table import Table

    drawn = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    drawn.add_column("site")
    for heading in ("unscored", "oldest", "held", "oldest", "callbacks", "dead"):
        drawn.add_column(heading, justify="right")
    waiting = sorted(queues.items(), key=lambda one: (-one[1]["pending"], -one[1]["held"], one[0]))
    for name, queue in waiting[:SITES_DRAWN]:
        drawn.add_row(
            escape(name),
            str(queue["pending"]),
            _said(queue["oldest_unscored_seconds"]),
            str(queue["held"]),
            _said(queue["oldest_held_seconds"]),
            str(queue["deliveries_waiting"]),
            str(queue["deliveries_dead"]),
        )
    return drawn


def _said(seconds: float) -> str:
    """Put a duration in its largest unit."""
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= length:
            return f"{seconds / length:.1f} {unit}"
    return f"{seconds:.1f} s" if seconds else "-"
