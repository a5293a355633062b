"""Comments picked from a list and decided in one act, which one undo takes back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from flask import request
from flask.typing import ResponseReturnValue

from service.usecases import Target
from service.usecases.bulk import decide_bulk
from service.web.desk import blueprint
from service.web.desk.access import redirect_to, requires
from service.web.desk.bulk import bulk_judgement
from service.web.desk.cards import cards
from service.web.desk.decisions import delay
from service.web.desk.filters import number
from service.web.desk.lists import list_url
from service.web.reach import context

PICKED: Final = 100
PICKED_FROM_A_LIST: Final = "list"


@blueprint.post("/selected")
@requires("moderator")
def decide_selected() -> ResponseReturnValue:
    """Decide the checked comments as they were seen; lead back to the list, which says how many that were."""
    judgement, targets = bulk_judgement(), list(_targets())
    if not targets:
        return redirect_to(list_url())
    wait = max(delay(target.site) for target in targets)
    made = decide_bulk(context().deps, targets, judgement, PICKED_FROM_A_LIST, wait)
    return redirect_to(list_url(made.bulk_decision.id))


def _targets() -> Iterator[Target]:
    """Read the checked rows, "number.revision.decision" each; what no row offers to decide is left out."""
    seen: dict[int, tuple[int, int | None]] = {}
    for value in request.form.getlist("comment")[:PICKED]:
        pk, revision, decision = (number(part) for part in (*value.split("."), "", "")[:3])
        if pk and revision:
            seen[pk] = revision, decision
    with context().deps.store.read() as tx:
        for card in cards(tx, list(tx.comments.by_pks(seen).values())):
            if card.can_be_picked:
                yield Target(card.site, card.comment.id, *seen[card.pk])
