"""The verbs: submit, adopt, take_in, settle, rescore, publish_due, review, learn, undo, withdraw, erase, retain."""

from service.usecases.adopting import adopt
from service.usecases.appealing import (
    Answer,
    Answered,
    NothingToAppeal,
    NotYours,
    answer,
    appeal,
    take_answer_back,
)
from service.usecases.author_status import StatusChange, Unknown, set_author_status
from service.usecases.claiming import keep, take, take_matters
from service.usecases.erasing import Erased, clear_files, erase
from service.usecases.joining import join
from service.usecases.learning import Learned, learn
from service.usecases.publishing import publish_due
from service.usecases.reporting import dismiss, reopen, report
from service.usecases.rescoring import rescore
from service.usecases.resuming import resume
from service.usecases.retaining import retain, turns_to_retain
from service.usecases.reviewing import Judgement, Target, review
from service.usecases.settling import Scored, settle
from service.usecases.submitting import RACES, submit
from service.usecases.taking_in import take_in
from service.usecases.undoing import undo
from service.usecases.withdrawing import withdraw

__all__ = [
    "RACES",
    "Answer",
    "Answered",
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
