"""The verbs: submit, adopt, take_in, settle, depart, review, learn, undo, withdraw; comments move one way."""

from service.actions.adopting import adopt
from service.actions.learning import learn
from service.actions.leaving import depart
from service.actions.reviewing import Judgement, review
from service.actions.settling import Scored, settle
from service.actions.submitting import RACES, submit
from service.actions.taking_in import take_in
from service.actions.undoing import undo
from service.actions.withdrawing import withdraw

__all__ = [
    "RACES",
    "Judgement",
    "Scored",
    "adopt",
    "depart",
    "learn",
    "review",
    "settle",
    "submit",
    "take_in",
    "undo",
    "withdraw",
]
