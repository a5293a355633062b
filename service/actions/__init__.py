"""The verbs: submit, settle, depart, review, undo, withdraw. Each takes what it needs; comments move one way."""

from service.actions.leaving import depart
from service.actions.reviewing import Judgement, review
from service.actions.settling import Scored, settle
from service.actions.submitting import RACES, submit
from service.actions.undoing import undo
from service.actions.withdrawing import withdraw

__all__ = ["RACES", "Judgement", "Scored", "depart", "review", "settle", "submit", "undo", "withdraw"]
