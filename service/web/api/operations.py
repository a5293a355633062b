"""The table of the API's operations, from which /openapi.json and /docs are made; a test holds it to the routes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from pydantic import BaseModel

from service.usecases.submission import SubmissionGiven
from service.web.api import answers, models

ALWAYS: Final = ("internal", "unavailable")
KEYED: Final = ("unauthorized", *ALWAYS)
LIMITED: Final = "too-many-requests"
READ_BODY: Final = ("malformed", "too-large", "unsupported-media-type", "validation")
EXAMPLE: Final[Mapping[str, object]] = {
    "id": "wp-4711",
    "article": {"url": "https://news.example/2026/the-bridge", "title": "The bridge opens"},
    "author": {"name": "Ada", "email": "ada@example.org"},
    "body": "At last! I have waited for this bridge since I was at school.",
    "submitted_at": "2026-11-22T19:00:00Z",
}


@dataclass(frozen=True, slots=True)
class Operation:
    """One method on one path. `answers` maps a status to a shape (None: no JSON) and what it means."""

    method: str
    path: str
    id: str
    summary: str
    text: str
    answers: Mapping[int, tuple[type[BaseModel] | None, str]]
    problems: tuple[str, ...]
    tag: str
    security: str | None = "key"
    body: type[BaseModel] | str | None = None
    body_required: bool = True
    query: type[BaseModel] | None = None
    headers: tuple[str, ...] = ()
    answer_headers: Mapping[int, tuple[str, ...]] = field(default_factory=dict)


OPERATIONS: Final = (
    Operation(
        "post",
        "/v1/comments",
        "submitComment",
        "Submit a comment",
        "Stores the comment and answers before it is scored. The same `id` (or `Idempotency-Key`) with the same "
        "content is a replay; the same `id` with new text is the next revision. A comment is its id and its text "
        "(name, website, body): the same id and text is a replay, too, where another parent is named, which changes "
        "nothing, or another article, under which it stands from now on, with its answers. What is said last of an "
        "article counts, its title and its date. With `Prefer: wait=N` (at most 10 seconds) the answer is the comment "
        "with its verdict where there is one in time.",
        {
            200: (None, "A replay, or the comment with its verdict."),
            202: (answers.Accepted, "Stored, and pending."),
        },
        ("conflict", "final", "idempotency-mismatch", LIMITED, *READ_BODY, *KEYED),
        "Submitting",
        body=SubmissionGiven,
        headers=("Idempotency-Key", "Prefer"),
        answer_headers={200: ("Idempotent-Replay", "Preference-Applied")},
    ),
    Operation(
        "post",
        "/v1/comments/batch",
        "submitBatch",
        "Submit up to 1,000 comments",
        "Each item is a submission and is judged by itself: a bad one spoils no other. With an `Idempotency-Key` "
        "the key and its place are each item's own key, so that the whole batch can be sent again.",
        {200: (answers.Batch, "One result for each item, in order.")},
        (LIMITED, *READ_BODY, *KEYED),
        "Submitting",
        body="batch",
        query=models.BatchQuery,
        headers=("Idempotency-Key",),
    ),
    Operation(
        "post",
        "/v1/sites/{site}/inbound",
        "submitSigned",
        "Submit a comment as a signed webhook",
        "The same submission, signed by Standard Webhooks with the site's inbound secret over the raw body. "
        "`webhook-id` is the idempotency key.",
        {
            200: (None, "A replay, or the comment with its verdict."),
            202: (answers.Accepted, "Stored, and pending."),
        },
        ("not-found", "conflict", "final", "idempotency-mismatch", LIMITED, *READ_BODY, *KEYED),
        "Submitting",
        security="signature",
        body=SubmissionGiven,
        headers=("Prefer",),
        answer_headers={200: ("Idempotent-Replay", "Preference-Applied")},
    ),
    Operation(
        "get",
        "/v1/comments",
        "listComments",
        "List comments",
        "A page of the site's comments, newest first, by a cursor that stays right while comments arrive.",
        {200: (answers.CommentPage, "The page.")},
        ("validation", *KEYED),
        "Comments",
        query=models.PageQuery,
    ),
    Operation(
        "get",
        "/v1/comments/{id}",
        "getComment",
        "Show a comment",
        "Status, revision, verdict and decisions. Never an address.",
        {200: (answers.Comment, "The comment.")},
        ("not-found", "gone", *KEYED),
        "Comments",
    ),
    Operation(
        "get",
        "/v1/comments/{id}/contact",
        "getContact",
        "Fetch the sealed address",
        "The box opens with the site's private key alone, which this service never had: "
        "`replydesk contact open --private-key FILE BOX`.",
        {200: (answers.Contact, "The box.")},
        ("not-found", "no-contact", "gone", *KEYED),
        "Comments",
    ),
    Operation(
        "delete",
        "/v1/comments/{id}",
        "withdrawComment",
        "Withdraw a comment",
        "Takes the comment off for good: asking for it answers 404 from now on. A `comment.withdrawn` "
        "callback follows whatever is still on its way. Withdrawing twice is no error.",
        {200: (answers.Comment, "The comment, withdrawn.")},
        ("not-found", "conflict", *KEYED),
        "Comments",
    ),
    Operation(
        "post",
        "/v1/comments/{id}/decision",
        "decide",
        "Decide about a comment",
        "Takes effect at once. A stale `revision`, or a current decision that `replaces` does not name, is a conflict "
        "that shows the current state.",
        {200: (answers.Decided, "The comment as it is now.")},
        ("not-found", "conflict", "final", *READ_BODY, *KEYED),
        "Deciding",
        body=models.DecisionGiven,
    ),
    Operation(
        "post",
        "/v1/comments/{id}/undo",
        "undo",
        "Take a decision back",
        "The comment goes back to where it was; an automatic decision goes back to the queue. A `comment.restored` "
        "callback follows.",
        {200: (answers.Comment, "The comment as it is now.")},
        ("not-found", "conflict", "final", *READ_BODY, *KEYED),
        "Deciding",
        body=models.UndoGiven,
        body_required=False,
    ),
    Operation(
        "post",
        "/v1/comments/{id}/reports",
        "reportComment",
        "Report a comment",
        "Passes a reader's report on: the comment comes before a moderator, whatever its state; nothing else changes. "
        "The same reader (`by`) counts once, and without `by` the same `reason` does.",
        {
            200: (answers.Reported, "The same reader had reported it before."),
            201: (answers.Reported, "Reported."),
        },
        ("not-found", "final", *READ_BODY, *KEYED),
        "Deciding",
        body=models.ReportGiven,
    ),
    Operation(
        "get",
        "/v1/decisions",
        "listDecisions",
        "Read every decision in order",
        "Every decision that took effect, in the order of `sequence`, none skipped: a site can reconcile "
        "without webhooks.",
        {200: (answers.Feed, "The decisions after the cursor.")},
        ("validation", *KEYED),
        "Deciding",
        query=models.FeedQuery,
    ),
    Operation(
        "post",
        "/v1/articles",
        "describeArticle",
        "Describe an article",
        "Sets title and date without a comment, before the first or to correct them, and whether comments that were "
        "imported under it are shown. What is left out stays; null takes it away.",
        {200: (answers.ArticleKnown, "The article as it is described now.")},
        (*READ_BODY, *KEYED),
        "Articles",
        body=models.ArticleDescribed,
    ),
    Operation(
        "post",
        "/v1/articles/move",
        "moveThread",
        "Move a thread",
        "Moves every comment of an article to another address, because the article has a new one or was posted under "
        "a wrong one. Where the new address has comments, both threads become one.",
        {200: (answers.ThreadMoved, "Where the thread is now.")},
        ("not-found", *READ_BODY, *KEYED),
        "Articles",
        body=models.ThreadMove,
    ),
    Operation(
        "post",
        "/v1/erasures",
        "erasePerson",
        "Forget a person",
        "Erases everything that was written on the site under the address, in whatever state: texts, older texts, "
        "callbacks' bodies, notes, judgements, sealed addresses. `comment.erased` follows for each comment, its reason "
        "the receipt's `id`. The receipt is signed; the keys are at `/.well-known/replydesk.json`. Where nothing was "
        "written under the address, the receipt says so.",
        {200: (answers.Attested, "The signed receipt.")},
        (*READ_BODY, *KEYED),
        "People",
        body=models.PersonGiven,
    ),
    Operation(
        "post",
        "/v1/exports",
        "exportPerson",
        "Hand over what is kept of a person",
        "Everything that was written on the site under the address, as it is stored, with what became of it, and "
        "nothing of anyone else, oldest first. However much that is, it is all in one answer, sent as it is read; "
        "`complete` is true.",
        {200: (answers.Export, "What is kept.")},
        (*READ_BODY, *KEYED),
        "People",
        body=models.PersonGiven,
    ),
    Operation(
        "get",
        "/v1/sites/{site}/published",
        "listPublished",
        "Published comments of an article",
        "Public, for readers' browsers: CORS is open, and an `ETag` makes polling cheap. By date, oldest first, at "
        "most 1,000 in one answer; `next`, given as `after`, leads to the ones behind them, until it is null.",
        {200: (answers.Published, "What readers see."), 304: (None, "Nothing changed.")},
        ("not-found", "validation", *ALWAYS),
        "Readers",
        security=None,
        query=models.PublishedQuery,
        headers=("If-None-Match",),
        answer_headers={200: ("ETag", "Cache-Control"), 304: ("ETag", "Cache-Control")},
    ),
    Operation(
        "get",
        "/healthz",
        "health",
        "Is the process alive?",
        "Touches no part: a store that is away does not make this process dead.",
        {200: (answers.Health, "It is.")},
        ("internal",),
        "Watching",
        security=None,
    ),
    Operation(
        "get",
        "/readyz",
        "readiness",
        "Is every part ready?",
        "Asks the store, its schema, the broker and by it workers and beat, within a second. Comments are accepted "
        "without broker and workers, so a balancer may watch /healthz instead.",
        {200: (answers.Ready, "Every part is ready.")},
        ("internal", "unavailable"),
        "Watching",
        security=None,
    ),
    Operation(
        "get",
        "/metrics",
        "metrics",
        "Metrics for Prometheus",
        "Backlog, ages and rates, with units in the names; no site's and no reader's words.",
        {200: (None, "The text format of Prometheus.")},
        ("internal",),
        "Watching",
        security=None,
    ),
)
