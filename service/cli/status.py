"""`replydesk status`: what is up, what waits and how old the oldest of it is; once, or refreshing."""

from __future__ import annotations

import time
from contextlib import closing
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, NoReturn

import click

from service.cli.console import grid, make_console, plain_table, print_json
from service.domain.errors import Invalid, ReplydeskError

if TYPE_CHECKING:
    from datetime import datetime

    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    from service.config import Settings
    from service.context import AppContext
    from service.messaging.heartbeats import BrokerHeartbeats
    from service.storage import Probe

WATCH_SECONDS: Final = 1.0
SITES_DRAWN: Final = 20
SKEW_SECONDS: Final = 2.0
"""Ages and leases are told by the hosts' clocks; within this the difference does not matter."""
WELL: Final = {"ok", "none", "unknown"}
"""No broker is set, or nothing can be known of a part: neither is a fault of its own."""


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object; with --watch one a second.")
@click.option("--watch", is_flag=True, help="Refresh every second until Ctrl-C.")
def status(as_json: bool, watch: bool) -> None:
    """Show which parts are up, what waits and the age of the oldest; exit 1 when a part is down."""
    from service.config import load

    with closing(Opened(load())) as opened:
        if watch:
            _watch(opened, as_json)
        state = look(opened)
    if as_json:
        print_json(state)
    else:
        make_console().print(_drawn(state))
    if not set(state["up"].values()) <= WELL:
        raise SystemExit(1)


def _watch(opened: Opened, as_json: bool) -> NoReturn:
    from rich.live import Live

    while as_json:
        print_json(look(opened))
        time.sleep(WATCH_SECONDS)
    with Live(_drawn(look(opened)), console=make_console(), auto_refresh=False) as live:
        while True:
            time.sleep(WATCH_SECONDS)
            live.update(_drawn(look(opened)), refresh=True)


class Opened:
    """The service of these settings, opened once its store lets it be."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @cached_property
    def context(self) -> AppContext:
        """Its context; raises whatever keeps the store from being opened now."""
        from service.context import build_context

        return build_context(self.settings)

    @cached_property
    def probe(self) -> Probe:
        """What asks whether the database takes writes."""
        from service.storage import Probe

        return Probe(self.settings.database_url)

    def close(self) -> None:
        """Let go of everything."""
        if "context" in vars(self):
            self.context.close()


def look(opened: Opened) -> dict[str, Any]:
    """Return the state of the service: processes, backlog, ages in seconds, deliveries, sites.

    Of a store that is away nothing is told but that; the broker is asked all the same.
    """
    store, waiting = "ok", {}
    try:
        waiting = _waiting(opened.context)
        opened.probe.ask()
    except Invalid:
        raise  # a fault of the settings, not of the store
    except ReplydeskError as wrong:
        store = f"fails: {wrong.detail}"
    except Exception as failure:  # noqa: BLE001  # whatever a store dies of: its own message may quote a row
        store = f"fails ({type(failure).__name__})"
    up, heard = _heard(opened.settings)
    return {
        "up": {"store": store, **up},
        "last_maintenance_seconds": _rounded(heard.maintenance) if heard else None,
        "clock_skew_seconds": _rounded(heard.skew) if heard else None,
        **waiting,
    }


def _waiting(context: AppContext) -> dict[str, Any]:
    now = context.deps.clock()
    with context.deps.store.read() as tx:
        backlog, scoring = tx.statistics.backlog(now), tx.scoring.effort()
        sites, queues = tx.sites.all(), tx.statistics.site_queues()
    return {
        "pending": backlog.pending,
        "held": backlog.held,
        "oldest_unscored_seconds": _age(backlog.oldest_unscored, now),
        "effort": scoring.effort.value,
        "effort_seconds": _age(scoring.since, now) if scoring.since else None,
        "to_rescore": backlog.to_rescore,
        "due_decisions": backlog.due_decisions,
        "deliveries": {
            "waiting": backlog.deliveries_waiting,
            "due": backlog.deliveries_due,
            "dead": backlog.deliveries_dead,
        },
        "callbacks_off": {site.name: site.callback_disabled for site in sites if site.callback_disabled},
        "sites": len(sites),
        "by_site": {
            queue.name: {
                "pending": queue.pending,
                "oldest_unscored_seconds": _age(queue.oldest_unscored, now),
                "held": queue.held,
                "oldest_held_seconds": _age(queue.oldest_held, now),
                "deliveries_waiting": queue.deliveries_waiting,
                "deliveries_dead": queue.deliveries_dead,
            }
            for queue in queues
        },
    }


def _age(since: datetime | None, now: datetime) -> float:
    return round(max(0.0, (now - since).total_seconds()), 3) if since else 0.0


def _heard(settings: Settings) -> tuple[dict[str, str], BrokerHeartbeats | None]:
    """Say how broker, worker and beat are, by when they were last heard of; nothing is known without the broker."""
    from redis.exceptions import RedisError

    from service.messaging.heartbeats import read_heartbeats, silent_after
    from service.messaging.redis_client import fault_of

    if settings.redis_url is None:
        return {"broker": "none", "worker": "unknown", "beat": "unknown"}, None
    try:
        heard = read_heartbeats(settings.redis_url, settings.redis_prefix)
    except (RedisError, OSError) as failure:
        return {"broker": fault_of(failure), "worker": "unknown", "beat": "unknown"}, None
    silent = silent_after(settings.maintenance_seconds)
    ages = {"worker": heard.worker, "beat": heard.beat}
    states = {name: _alive(age, silent) for name, age in ages.items()}
    if heard.hung:
        states["worker"] = f"hangs in {heard.hung}"
    return {"broker": "ok"} | states, heard


def _alive(age: float | None, silent: float) -> str:
    if age is not None and age <= silent:
        return "ok"
    return "not heard of" + (f" for {age:.0f} s" if age is not None else "")


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)


# -- what is drawn -----------------------------------------------------------------------------------------------------


def _drawn(state: dict[str, Any]) -> Group:
    from rich.console import Group
    from rich.text import Text

    maintained, skew = state["last_maintenance_seconds"], state["clock_skew_seconds"] or 0.0
    rows: dict[str, object] = {
        name: Text(word, "green" if word == "ok" else "red") for name, word in state["up"].items()
    }
    rows["last maintenance"] = "unknown" if maintained is None else f"{maintained:.1f} s ago"
    if abs(skew) > SKEW_SECONDS:
        way = "ahead of" if skew > 0 else "behind"
        rows["clocks"] = Text(f"a host's is {abs(skew):.0f} s {way} the broker's: let NTP set it", "red")
    if "pending" not in state:
        return Group(Text("Replydesk", style="bold"), grid(rows))
    mail = state["deliveries"]
    rows |= {
        "unscored": f"{state['pending']}, the oldest for {state['oldest_unscored_seconds']:.1f} s",
        "scoring": _scoring(state),
        "held": state["held"],
        "callbacks": f"{mail['waiting']} waiting, {mail['due']} of them due, {mail['dead']} dead",
    }
    if state["callbacks_off"]:
        off = "\n".join(f"{name}: {reason}" for name, reason in state["callbacks_off"].items())
        rows["callbacks off"] = Text(off, "red")
    rows["sites"] = state["sites"]
    return Group(Text("Replydesk", style="bold"), grid(rows), _by_site(state["by_site"]))


def _scoring(state: dict[str, Any]) -> Text:
    """Say with which effort comments are scored, and how many are to be scored again."""
    from rich.text import Text

    again = f", {state['to_rescore']} to be scored again" if state["to_rescore"] else ""
    if state["effort"] == "full":
        return Text(f"in full{again}")
    return Text(f"fast, for {_said(state['effort_seconds'] or 0.0)}: too much waits{again}", "yellow")


def _by_site(queues: dict[str, dict[str, Any]]) -> Table:
    """Draw the sites that have most waiting, as many as fit a screen."""
    waiting = sorted(queues.items(), key=lambda one: (-one[1]["pending"], -one[1]["held"], one[0]))
    rows = (
        (
            name,
            str(queue["pending"]),
            _said(queue["oldest_unscored_seconds"]),
            str(queue["held"]),
            _said(queue["oldest_held_seconds"]),
            str(queue["deliveries_waiting"]),
            str(queue["deliveries_dead"]),
        )
        for name, queue in waiting[:SITES_DRAWN]
    )
    return plain_table(("site", "unscored", "oldest", "held", "oldest", "callbacks", "dead"), rows)


def _said(seconds: float) -> str:
    """Put a duration in its largest unit."""
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= length:
            return f"{seconds / length:.1f} {unit}"
    return f"{seconds:.1f} s" if seconds else "-"
