"""take_in: accept a comment together with the score that its caller was just given, and settle it at once."""

from __future__ import annotations

from service.context import Dependencies
from service.domain.comment import Comment, Source, Submission
from service.domain.errors import NotFound
from service.domain.site import Site
from service.domain.status import Status
from service.domain.verdict import Assessment
from service.privacy.sanitizer import Sanitizer
from service.usecases.settling import Scored, settle
from service.usecases.submitting import submit


def take_in(
    deps: Dependencies, sealer: Sanitizer, site: Site, submission: Submission, assessment: Assessment | None
) -> Comment:
    """Store the comment, settle it by the site's policy with this assessment, and return it as it is then.

    A comment of the same id that came from another source is returned unchanged: its author and page are known there.
    `assessment` must be of the text as the sanitizer masks it. What was stored before is a replay and stays as it is. A
    process that stops between the two leaves it pending, for the scorer. Raises what refuses the submission.
    """
    own = _own(deps, site, submission)
    if own is not None:
        return own
    (answer,) = submit(deps, sealer, site, [submission])
    if isinstance(answer, Exception):
        raise answer
    if answer.comment.status is Status.PENDING:
        settle(deps, [Scored(answer.comment, assessment)])
    with deps.store.read() as tx:
        comment = tx.comments.by_pk(answer.comment.pk)
    if comment is None:
        raise NotFound()
    return comment


def _own(deps: Dependencies, site: Site, submission: Submission) -> Comment | None:
    """Return the comment that the site itself posted under this id; a compatibility API must not revise it."""
    if submission.id is None or submission.source is not Source.COMPAT:
        return None
    with deps.store.read() as tx:
        comment = tx.comments.get(site.id, submission.id)
    return comment if comment is not None and comment.source is not Source.COMPAT else None
