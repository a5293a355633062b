"""`replydesk deliveries`: callbacks on their way, and dead ones sent on their way again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import click

from service.cli.console import Refused, json_option, opened_installation, print_json, show, site_named

if TYPE_CHECKING:
    from service.context import AppContext
    from service.domain.events import Delivery

PAGE: Final = 200
STATES: Final = ("waiting", "delivered", "dead")
LAST_ID: Final = 2**63 - 1
"""The greatest id that a database can hold."""


@click.group()
def deliveries() -> None:
    """List callbacks and replay dead ones."""


@deliveries.command("list")
@click.option("--site", "site_name", help="Only this site's.")
@click.option("--state", type=click.Choice(STATES), help="Only those in this state.")
@click.option("--dead", is_flag=True, help="Short for --state dead.")
@json_option
def list_deliveries(site_name: str | None, state: str | None, dead: bool, as_json: bool) -> None:
    """List callbacks, oldest first; their texts are not shown."""
    with opened_installation() as context:
        names = _names(context, site_name)
        for delivery in _stream(context, names, site_name, "dead" if dead else state):
            view = _view(delivery, names)
            if as_json:
                print_json(view)
            else:
                said = view["last_outcome"] or ""
                click.echo(
                    f"{delivery.id:>8} {delivery.state:<9} {view['site']:<16} {delivery.type:<18}"
                    f" attempts {delivery.attempts:<2} {said}".rstrip()
                )


@deliveries.command()
@click.argument("ids", nargs=-1, type=int)
@click.option("--site", "site_name", help="Only this site's.")
@click.option("--dead", is_flag=True, help="All that are dead, of the site or of all sites.")
@json_option
def replay(ids: tuple[int, ...], site_name: str | None, dead: bool, as_json: bool) -> None:
    """Send dead callbacks again: those with the IDS named, or all with --dead; same id, same bytes, new attempts."""
    if bool(ids) == dead:
        raise Refused("name the IDS to replay, or say --dead for all of them")
    if not all(1 <= one <= LAST_ID for one in ids):
        raise Refused(f"an id is a number of 1 to {LAST_ID}, as `replydesk deliveries list` shows it")
    from service.messaging.tasks import DELIVER

    with opened_installation() as context:
        names = _names(context, site_name)
        site_id = next(iter(names)) if site_name else None
        with context.deps.store.write() as tx:
            count = tx.deliveries.replay(site_id, None if dead else list(ids), context.deps.clock())
        if count:
            context.deps.dispatcher.enqueue(DELIVER)
    show({"replayed": count}, (f"{count} on their way again.",), as_json)


def _names(context: AppContext, site_name: str | None) -> dict[int, str]:
    """Return names of sites by id: of the one named, or of all."""
    if site_name:
        return {site_named(context, site_name).id: site_name}
    with context.deps.store.read() as tx:
        return {one.id: one.name for one in tx.sites.all()}


def _stream(
    context: AppContext, names: dict[int, str], site_name: str | None, state: str | None
) -> Iterator[Delivery]:
    site_id, after = (next(iter(names)) if site_name else None), 0
    while True:
        with context.deps.store.read() as tx:
            page = tx.deliveries.page(site_id, state, PAGE, after)
        yield from page
        if len(page) < PAGE:
            return
        after = page[-1].id


def _view(delivery: Delivery, names: dict[int, str]) -> dict[str, object]:
    from service.domain.events import instant

    return {
        "id": delivery.id,
        "site": names.get(delivery.site_id),
        "webhook_id": delivery.webhook_id,
        "type": delivery.type,
        "state": delivery.state,
        "attempts": delivery.attempts,
        "last_outcome": delivery.last_outcome,
        "next_attempt_at": instant(delivery.next_attempt_at) if delivery.state == "waiting" else None,
        "created_at": instant(delivery.created_at),
        "delivered_at": instant(delivery.delivered_at),
    }
