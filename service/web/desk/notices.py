"""What was just done, as a notice says it, with the form that undoes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from flask import url_for

from service.domain.comment import Comment
from service.domain.verdict import Action, Decision
from service.storage import Tx
from service.storage.records import BulkDecision
from service.web.desk.filters import number
from service.web.desk.words import DONE, STATUS_WORDS
from service.web.speech import gettext, ngettext


@dataclass(frozen=True, slots=True)
class Undo:
    """The form that undoes an act: where it is sent, and its hidden fields.

    `target` is the number of the comment that a script puts the answer in place of, None for a whole page.
    """

    url: str
    fields: Mapping[str, int] = field(default_factory=dict)
    target: int | None = None

    @classmethod
    def of_decision(cls, pk: int, decision_id: int) -> Undo:
        return cls(url_for("desk.undo", pk=pk), {"decision": decision_id}, pk)

    @classmethod
    def of_dismissal(cls, pk: int, dismissal: int) -> Undo:
        return cls(url_for("desk.undo", pk=pk), {"left": dismissal}, pk)

    @classmethod
    def of_answer(cls, appeal_id: int) -> Undo:
        return cls(url_for("desk.take_answer_back", appeal_id=appeal_id))

    @classmethod
    def of_bulk(cls, bulk_decision_id: int) -> Undo:
        return cls(url_for("desk.undo_bulk", bulk_decision_id=bulk_decision_id))


@dataclass(frozen=True, slots=True)
class Notice:
    """What was just done, to which comment (None for a bulk decision), and how to undo it while that is possible."""

    text: str
    comment: Comment | None = None
    undo: Undo | None = None


def notice(tx: Tx, query: Mapping[str, str]) -> Notice | None:
    """Say what the form that led here did; read from the store, so that a forged address can claim nothing."""
    for name, say in _SAY.items():
        if name in query:
            return say(tx, number(query[name]) or 0)
    return None


def bulk_notice(tx: Tx, query: Mapping[str, str]) -> Notice | None:
    """Say what the last bulk decision or its undo did."""
    act = tx.bulk_decisions.get(number(query.get("bulk")) or 0)
    if act is None:
        return None
    undo = Undo.of_bulk(act.id)
    if act.undone_at is None:
        return Notice(counted(act, tx.bulk_decisions.sizes([act.id]).get(act.id, 0)), undo=undo)
    if tx.bulk_decisions.can_be_undone(act.id):
        return Notice(gettext("Undone in part: it took too long. Undo the rest as well."), undo=undo)
    return Notice(gettext("All of it was undone."))


def counted(act: BulkDecision, count: int) -> str:
    """Say what a bulk decision did to how many comments."""
    return f"{DONE[act.action]}: {ngettext('%(num)d comment', '%(num)d comments', count)}."


def of_decision(decision: Decision, comment: Comment, stands: bool = True) -> Notice:
    """Say what was decided."""
    undo = Undo.of_decision(comment.pk, decision.id) if stands else None
    return Notice(f"{DONE[decision.action]}.", comment, undo)


def waits_again() -> str:
    """Say what undoing a "leave as it is" came to."""
    return gettext("Undone: the report is open again.")


def undone(comment: Comment) -> str:
    """Say what undoing a decision came to."""
    return gettext("Undone: the comment is %(status)s again.", status=str(STATUS_WORDS[comment.status]))


def _decided(tx: Tx, decision_id: int) -> Notice | None:
    decision = tx.decisions.get(decision_id)
    comment = tx.comments.by_pk(decision.comment_pk) if decision else None
    if decision is None or comment is None:
        return None
    if decision.undone_at is not None:
        return Notice(undone(comment), comment)
    stands = comment.decision_id == decision.id and decision.action is not Action.RESTORE
    return of_decision(decision, comment, stands)


def _answered(tx: Tx, appeal_id: int) -> Notice | None:
    appeal = tx.appeals.get(appeal_id)
    comment = tx.comments.by_pk(appeal.comment_pk) if appeal else None
    if appeal is None or comment is None:
        return None
    if appeal.answered_at is None:
        return Notice(gettext("Undone: the appeal waits again."), comment)
    if appeal.reversed_by is None:
        return Notice(f"{gettext('Decision upheld')}.", comment, Undo.of_answer(appeal.id))
    stands = comment.decision_id == appeal.reversed_by
    undo = Undo.of_decision(comment.pk, appeal.reversed_by) if stands else None
    return Notice(f"{gettext('Decision reversed')}.", comment, undo)


def _left(tx: Tx, dismissal: int) -> Notice | None:
    pks = tx.cases.closed_by(dismissal) if tx.decisions.get(dismissal) is None else ()
    comment = next(iter(tx.comments.by_pks(pks).values()), None)
    if comment is None:
        return None
    stands = (comment.decision_id or 0) < dismissal
    undo = Undo.of_dismissal(comment.pk, dismissal) if stands else None
    return Notice(gettext("Left as it is."), comment, undo)


def _waiting(tx: Tx, pk: int) -> Notice | None:
    comment = tx.comments.by_pk(pk)
    return Notice(waits_again(), comment) if comment and pk in tx.cases.open_matters([pk]) else None


_SAY = {"answered": _answered, "left": _left, "waits": _waiting, "done": _decided, "undone": _decided}
