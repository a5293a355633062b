"""The shapes of the API's answers, for its documentation; tests hold every answer to them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from service.domain.comment import Source
from service.domain.status import Status
from service.domain.verdict import LABELS, Action, Effort, Who

Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9._:-]{1,128}$", examples=["wp-4711"])]
Number = Annotated[str, Field(pattern=r"^[0-9]{1,18}$", examples=["42"])]
Revision = Annotated[int, Field(ge=1)]
Probability = Annotated[float, Field(ge=0, le=1)]
Label = Annotated[str, Field(json_schema_extra={"enum": [*LABELS]})]
Decidable = Literal["approve", "reject", "spam", "hold"]


class Shape(BaseModel):
    """An answer that has these members and no others."""

    model_config = ConfigDict(extra="forbid")


class Links(Shape):
    """Addresses of the comment."""

    self: str
    receipt: str | None = Field(
        default=None,
        description="A page for the comment's writer, open to whoever has the address: hand it to nobody else.",
    )


class Accepted(Shape):
    """A submission that is stored. `status` is "pending" until it is decided; a replay shows what it is by now."""

    id: Id
    revision: Revision
    status: Status
    links: Links


class Reason(Shape):
    """One ground of a verdict."""

    code: str
    label: Label | None = None
    detail: str


class Span(Shape):
    """A stretch of the body in code points, `end` exclusive, and the log-odds it added to the label.

    `rule` is there where a rule marked it; its weight is no log-odds then.
    """

    begin: Annotated[int, Field(ge=0)]
    end: Annotated[int, Field(ge=0)]
    label: Label
    weight: float
    rule: Literal["phrase", "personal_data"] | None = None


class Verdict(Shape):
    """What the model concluded about this revision, by which model and which version of the site's policy."""

    action: Decidable
    at_risk: bool = Field(
        description="Whether the comment is held because its writer may be at risk: it comes first in the queue, and "
        "its receipt shows the site's `help_text`."
    )
    scores: dict[Label, Probability] = Field(description="By label; a model may give only some of them.")
    reasons: list[Reason]
    spans: list[Span]
    reads_as: str | None
    language: str | None
    model: str | None
    policy: int
    effort: Effort | None = Field(
        description="How the text was scored: in full, or fast, by words and signals alone; null without a score."
    )


class Decision(Shape):
    """One decision that took effect; `sequence` orders all decisions of the site without gaps of time."""

    decision: Number
    sequence: Annotated[int, Field(ge=1)]
    revision: Revision
    action: Action
    status: Status
    by: Who
    reason: str | None
    replaces: Number | None
    decided_at: datetime
    effective_at: datetime
    undone_at: datetime | None


class ArticleShown(Shape):
    """The page under which the comment stands; its address is normalised."""

    url: str
    title: str | None
    published_at: datetime | None


class CommentRow(Shape):
    """A comment as it stands in a page: contacts in the text are placeholders, an address is nowhere."""

    id: Id
    revision: Revision
    status: Status
    article: ArticleShown
    parent_id: Id | None
    name: str
    website: str | None
    body: str
    submitted_at: datetime
    received_at: datetime
    source: Source
    published_revision: Revision | None = Field(description="The revision that readers see now.")
    decision: Number | None = Field(
        description="The decision that stands; name it in `replaces` to overrule it."
    )
    verdict: Verdict | None
    links: Links


class Comment(CommentRow):
    """A comment with every decision that took effect, oldest first."""

    decisions: list[Decision]


class PublicComment(Shape):
    """The comment in the revision that was decided."""

    id: Id
    revision: Revision
    article_url: str
    parent_id: Id | None
    name: str
    website: str | None
    body: str
    submitted_at: datetime


class FaultShown(Shape):
    """One fault: the field, the fix, and a stable code."""

    field: str
    message: str
    code: str


class Current(Shape):
    """The state of a comment that a conflict shows."""

    id: Id
    revision: Revision
    status: Status
    decision: Number | None
    decided: Decision | None
    links: Links


class Problem(Shape):
    """A problem as RFC 9457 has it; `type` is stable, and a page for people is served there."""

    type: str
    title: str
    status: Annotated[int, Field(ge=400, le=599)]
    detail: str
    errors: list[FaultShown] = Field(default=[], description="For validation: every fault, at most fifty.")
    current: Current | None = Field(None, description="For a conflict: what stands now.")
    checks: dict[str, str] | None = Field(None, description="For readiness: what is wrong with which part.")


class BatchAccepted(Accepted):
    """An item that is stored."""

    code: Literal[200, 202]
    replay: bool


class BatchRefused(Shape):
    """An item that was refused; the others are not touched by it."""

    code: Annotated[int, Field(ge=400, le=599)]
    problem: Problem


class Batch(Shape):
    """One result for each item, in the order of the items."""

    results: list[BatchAccepted | BatchRefused]
