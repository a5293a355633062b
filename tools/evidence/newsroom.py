"""What the shipped policy makes of comments whose judgement is known: a table of verdicts by category.

    python -m tools.evidence.newsroom [FILE …] [--effort fast] [--mistakes 10]

FILE holds JSON lines with `text` and `category` (../shared/data/newsroom/dev.jsonl by default); each text is masked,
scored by the shipped model and decided by the policy of a new site, as the service does. The data is not part of the
project.
"""

from __future__ import annotations

import argparse
from collections import Counter, defaultdict
from pathlib import Path

from classifier.training import newsroom
from service.domain.facts import Facts
from service.domain.links import count_links
from service.domain.policy import Policy, decide
from service.domain.verdict import Action, Effort
from service.privacy.masking import mask
from service.scoring import Reading
from service.scoring.scorer import ModelScorer

ACTIONS = (Action.APPROVE, Action.HOLD, Action.REJECT, Action.SPAM)


def main() -> int:
    """Print counts by category, the shares that have targets, and the worst mistakes."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", nargs="*", type=Path, default=[Path("../shared/data/newsroom/dev.jsonl")])
    parser.add_argument("--effort", choices=[one.value for one in Effort], default=Effort.FULL.value)
    parser.add_argument("--mistakes", type=int, default=10)
    options = parser.parse_args()
    comments = [one for path in options.files for one in newsroom.read(path)]
    bodies = [mask(one.text).text for one in comments]
    scorer = ModelScorer()
    assessed = scorer.score([Reading(body, "Ada", None) for body in bodies], effort=Effort(options.effort))
    verdicts = [
        decide(assessment, Facts(body=body, author_name="Ada", links=count_links(body)), Policy())
        for assessment, body in zip(assessed, bodies, strict=True)
    ]
    table: dict[str, Counter[Action]] = defaultdict(Counter)
    for comment, verdict in zip(comments, verdicts, strict=True):
        table[comment.category][verdict.action] += 1
    print("| category |", " | ".join(ACTIONS), "|\n|---|---|---|---|---|")
    for category, counts in sorted(table.items()):
        print(f"| {category} |", " | ".join(str(counts[action]) for action in ACTIONS), "|")

    def share(categories: tuple[str, ...], actions: tuple[Action, ...]) -> str:
        total = sum(table[one].total() for one in categories)
        found = sum(table[one][action] for one in categories for action in actions)
        return f"{found} of {total} ({found / max(total, 1):.1%})"

    harmful = tuple({one.category for one in comments if one.harmful})
    print("grave, not published:", share(newsroom.GRAVE, ACTIONS[1:]))
    print("harmful, not published:", share(harmful, ACTIONS[1:]))
    print("harmless, held:", share(newsroom.HARMLESS, (Action.HOLD,)))
    print("harmless, refused:", share(newsroom.HARMLESS, ACTIONS[2:]))
    wrong = [
        (max(verdict.scores.values()), comment, verdict)
        for comment, verdict in zip(comments, verdicts, strict=True)
        if (comment.harmless and verdict.action is not Action.APPROVE)
        or (comment.harmful and verdict.action is Action.APPROVE)
    ]
    for highest, comment, verdict in sorted(
        wrong, key=lambda one: one[0] if one[1].harmless else 1 - one[0], reverse=True
    )[: options.mistakes]:
        reason = verdict.reasons[0]
        said = f"{reason.code} {reason.label or ''} {highest:.2f}"
        print(f"- {comment.category} → {verdict.action} ({said}): {comment.text!r}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
