"""The verbs: submit, adopt, take_in, settle, rescore, publish_due, review, learn, undo, withdraw, erase, retain."""

from service.actions.adopting import adopt
from service.actions.appealing import (
    Answer,
    Answered,
    NothingToAppeal,
    NotYours,
    answer,
    appeal,
    take_answer_back,
)
from service.actions.author_status import StatusChange, Unknown, set_author_status
from service.actions.claiming import keep, take, take_matters
from service.actions.erasing import Erased, clear_files, erase
from service.actions.joining import join
from service.actions.learning import Learned, learn
from service.actions.publishing import publish_due
from service.actions.reporting import dismiss, reopen, report
from service.actions.rescoring import rescore
from service.actions.resuming import resume
from service.actions.retaining import retain, turns_to_retain
from service.actions.reviewing import Judgement, Target, review
from service.actions.settling import Scored, settle
from service.actions.submitting import RACES, submit
from service.actions.taking_in import take_in
from service.actions.undoing import undo
from service.actions.withdrawing import withdraw

__all__ = [
    "RACES",
    "Answer",
    "Answered",
    "AuthorChange",
    "Erased",
    "Judgement",
    "Learned",
    "NotYours",
    "NothingToAppeal",
    "Scored",
    "StatusChange",
    "Target",
    "Unknown",
    "adopt",
    "answer",
    "appeal",
    "clear_files",
    "dismiss",
    "erase",
    "join",
    "keep",
    "learn",
    "publish_due",
    "reopen",
    "report",
    "rescore",
    "resume",
    "retain",
    "review",
    "set_author_status",
    "settle",
    "submit",
    "take",
    "take_answer_back",
    "take_in",
    "take_matters",
    "turns_to_retain",
    "undo",
    "withdraw",
]
