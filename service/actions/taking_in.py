"""take_in: accept a comment together with the score that its caller was just given, and settle it at once."""

from __future__ import annotations

from service.actions.settling import Scored, settle
from service.actions.submitting import submit
from service.moderation.comment import Comment, Status
from service.moderation.errors import NotFound
from service.moderation.verdict import Assessment
from service.ports import House, Sealer, Site, Submission


def take_in(
    house: House, sealer: Sealer, site: Site, submission: Submission, assessment: Assessment | None
) -> Comment:
    """Store the comment, settle it by the site's policy with this assessment, and return it as it is then.

    `assessment` must be of the text as the door masks it. What was stored before is a replay and stays as it is. A
    house that stops between the two leaves it pending, for the scorer. Raises what refuses the submission.
    """
    (answer,) = submit(house, sealer, site, [submission])
    if isinstance(answer, Exception):
        raise answer
    if answer.comment.status is Status.PENDING:
        settle(house, [Scored(answer.comment, assessment)])
    with house.store.read() as tx:
        comment = tx.comment_by_pk(answer.comment.pk)
    if comment is None:
        raise NotFound()
    return comment
