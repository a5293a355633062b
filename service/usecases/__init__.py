"""What can be done with comments, one verb a module."""

from service.usecases.appeal import (
    Answer,
    Answered,
    NothingToAppeal,
    NotYours,
    answer,
    appeal,
    take_answer_back,
)
from service.usecases.author_status import StatusChange, Unknown, set_author_status
from service.usecases.claim import claim_held, claim_matters, renew_claims
from service.usecases.compat import Feedback, add_alias, record_feedback, submit_scored
from service.usecases.erase import Erased, clear_files, erase
from service.usecases.import_comments import import_comments
from service.usecases.publish import advance_sequence, publish_due
from service.usecases.record_scores import Scored, record_scores
from service.usecases.report import dismiss, reopen, report
from service.usecases.rescore import rescore
from service.usecases.retain import retain, turns_to_retain
from service.usecases.review import Judgement, Target, review
from service.usecases.submit import RACES, submit, submit_one
from service.usecases.undo import undo
from service.usecases.withdraw import withdraw

__all__ = [
    "RACES",
    "Answer",
    "Answered",
    "Erased",
    "Feedback",
    "Judgement",
    "NotYours",
    "NothingToAppeal",
    "Scored",
    "StatusChange",
    "Target",
    "Unknown",
    "add_alias",
    "advance_sequence",
    "answer",
    "appeal",
    "claim_held",
    "claim_matters",
    "clear_files",
    "dismiss",
    "erase",
    "import_comments",
    "publish_due",
    "record_feedback",
    "record_scores",
    "renew_claims",
    "reopen",
    "report",
    "rescore",
    "retain",
    "review",
    "set_author_status",
    "submit",
    "submit_one",
    "submit_scored",
    "take_answer_back",
    "turns_to_retain",
    "undo",
    "withdraw",
]
