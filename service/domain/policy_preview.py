"""What another policy would have made of a site's own past: counted, and comment by comment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from service.domain.comment import Comment
from service.domain.facts import facts_of
from service.domain.policy import Policy, decide
from service.domain.verdict import REFUSALS, Action, Assessment, Effort, Verdict

DOUBTS: Final = ("language", "few_known_features", "doubt")
"""Grounds that the classifier itself gave, whatever the policy."""


@dataclass(frozen=True, slots=True)
class Past:
    """A comment that was scored, and what a person judged of it; None where nobody looked."""

    comment: Comment
    judged: Action | None


@dataclass(frozen=True, slots=True)
class Change:
    """A comment that the other policy would have treated otherwise."""

    comment: Comment
    before: Action
    after: Action
    judged: Action | None


@dataclass(frozen=True, slots=True)
class PolicyOutcome:
    """What one policy makes of the past. Judged ones are those that a person approved, rejected or marked as spam.

    `held_fine` of the `held_judged` would have been fine, `refused_fine` of the `refused_judged` too;
    `passed_bad` of the `bad` would have been published.
    """

    actions: Mapping[Action, int]
    held_judged: int
    held_fine: int
    refused_judged: int
    refused_fine: int
    bad: int
    passed_bad: int


@dataclass(frozen=True, slots=True)
class PolicyPreview:
    """Two policies over one past: what each makes of it, and every comment on which they differ."""

    looked_at: int
    judged: int
    before: PolicyOutcome
    after: PolicyOutcome
    changes: tuple[Change, ...]


def preview_policy(
    past: Sequence[Past], policy: Policy, other: Policy, own: Collection[str] = ()
) -> PolicyPreview:
    """Return what `other` would have made of the past, beside `policy`.

    Whether an author was new or set apart then is not known any more, so neither policy asks for it. People judge
    mostly what was held, so what they would have said of the rest is not in these numbers. `own` are the hosts to which
    links are free.
    """
    before = [again(one.comment, policy, own) for one in past]
    after = [again(one.comment, other, own) for one in past]
    changes = tuple(
        Change(one.comment, was, would, one.judged)
        for one, was, would in zip(past, before, after, strict=True)
        if was is not would
    )
    judged = [one.judged for one in past]
    return PolicyPreview(
        looked_at=len(past),
        judged=sum(action is not None for action in judged),
        before=_outcome(before, judged),
        after=_outcome(after, judged),
        changes=changes,
    )


def again(comment: Comment, policy: Policy, own: Collection[str] = ()) -> Action:
    """Return what the policy makes of a comment that was scored before."""
    return decide(assessment_of(comment.verdict), facts_of(comment, own), policy).action


def assessment_of(verdict: Verdict | None) -> Assessment | None:
    """Return what the classifier said when this verdict was given, spans aside; None where there was no score."""
    if verdict is None or not verdict.scores:
        return None
    doubt = next((reason.code for reason in verdict.reasons if reason.code in DOUBTS), None)
    return Assessment(
        scores=verdict.scores,
        model=verdict.model or "",
        confident=doubt is None,
        doubt=doubt,
        language=verdict.language,
        reads_as=verdict.reads_as,
        effort=verdict.effort or Effort.FULL,
    )


def _outcome(actions: Sequence[Action], judged: Sequence[Action | None]) -> PolicyOutcome:
    known = [(action, said) for action, said in zip(actions, judged, strict=True) if said is not None]
    held = [said for action, said in known if action is Action.HOLD]
    refused = [said for action, said in known if action in REFUSALS]
    bad = [action for action, said in known if said in REFUSALS]
    return PolicyOutcome(
        actions=Counter(actions),
        held_judged=len(held),
        held_fine=sum(said is Action.APPROVE for said in held),
        refused_judged=len(refused),
        refused_fine=sum(said is Action.APPROVE for said in refused),
        bad=len(bad),
        passed_bad=sum(action is Action.APPROVE for action in bad),
    )
