"""The figures that were asked of the model, beside what it reached and what the model before did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from classifier.training import tables


@dataclass(frozen=True)
class Goal:
    """A figure with a target: what the model before reached, what was asked, and what would be beyond it."""

    key: str
    what: str
    before: float | None
    target: float
    beyond: float | None
    form: str = ".3f"
    lower: bool = False
    """Whether less is better."""

    def reached(self, value: float) -> str:
        """Say whether the target was reached."""
        if self.beyond is not None and self._good(value, self.beyond):
            return "beyond"
        return "yes" if self._good(value, self.target) else "**no**"

    def worse(self, value: float) -> bool:
        """Say whether the model before was better."""
        return self.before is not None and self.before != value and self._good(self.before, value)

    def _good(self, value: float, than: float) -> bool:
        return value <= than if self.lower else value >= than

    def shown(self, value: float | None) -> str:
        """Write a value of this figure."""
        return "" if value is None else format(value, self.form)


GOALS = (
    Goal("newsroom_auc", "newsroom: AUC, harmful above harmless", 0.58, 0.955, 0.975),
    Goal("newsroom_caught", "newsroom: caught at 10 % of harmless held", 0.17, 0.87, 0.93, ".0%"),
    Goal(
        "refuse_behind",
        "real comments: AUC by toxicity less AUC by `refuse`, mean",
        None,
        0.03,
        0.0,
        "+.3f",
        True,
    ),
    Goal("grave", "grave newsroom comments not published at the limits", 0.02, 0.85, 0.95, ".0%"),
    Goal("held", "harmless newsroom comments held at the limits", None, 0.12, 0.07, ".1%", True),
    Goal("refused", "harmless newsroom comments rejected without a person", None, 0.0, 0.0, ".1%", True),
    Goal("perspective", "dev_perspective: AUC (Perspective .842)", 0.797, 0.86, 0.87),
    Goal("news_mean", "C3 and UCC news comments: AUC, mean", 0.768, 0.772, 0.785),
    Goal("hatecheck", "HateCheck, identity_attack: AUC", 0.758, 0.77, 0.80),
    Goal("jigsaw", "Jigsaw, toxicity: AUC", 0.983, 0.985, 0.988),
    Goal("templates", "identity templates, toxicity: AUC", 0.995, 0.99, 0.995),
    Goal("youtube", "YouTube, spam: AUC", 0.987, 0.987, 0.99),
    Goal("flattery", "blog flattery caught where 1 % of news comments are", 0.33, 0.6, 0.8, ".2f"),
    Goal("disguise", "worst loss of AUC by a named disguise", 0.010, 0.012, 0.005, ".4f", True),
    Goal("term", "worst identity term at 5 % of all", 0.167, 0.15, 0.10, ".3f", True),
    Goal("ece", "Jigsaw, toxicity: calibration error (ECE)", 0.006, 0.015, 0.01, ".4f", True),
    Goal("full_at_300", "`full`, comments a second, one core, 300 characters", None, 240, 320, ",.0f"),
    Goal("explained_p50", "`full`, one comment with explanation, median, ms", None, 6, 4, ".2f", True),
    Goal("fast_at_400", "`fast`, comments a second, one core, 400 characters", 15_291, 3_000, 8_000, ",.0f"),
    Goal("memory", "memory of a process that scores, MB", 202, 420, None, ".0f", True),
    Goal("cold_start", "seconds to the first score", 1.5, 3.0, None, ".1f", True),
    Goal("artifacts", "size of the model's files, MB", 24, 48, None, ".0f", True),
)


def measured(
    report: dict[str, Any], study: dict[str, Any], speed: dict[str, float]
) -> dict[str, float | None]:
    """Return the measured figure of each goal, None where its comments were not there."""
    rows = {(row["source"], row["label"]): row for row in report["rows"]}

    def auc(source: str, label: str) -> float | None:
        figure = rows.get((source, label), {}).get("auc")
        return figure[0] if figure else None

    written, real = report["newsroom"].get("refuse"), report["refuse_on_real"].get("mean")
    outcome = study["outcome"]["full"]
    term, disguise = report["worst_identity_term"], report["worst_disguise"]
    return {
        "newsroom_auc": written and written["auc"][0],
        "newsroom_caught": written and written["caught"][0],
        "refuse_behind": real and -real[2][0],
        "grave": outcome["grave"]["not_published"],
        "held": outcome["harmless"]["not_published"] - outcome["harmless"]["decided_alone"],
        "refused": outcome["harmless"]["decided_alone"],
        "perspective": report["beside_perspective"].get("auc", [None])[0],
        "news_mean": report["news_mean"].get("auc", [None])[0],
        "hatecheck": auc("hatecheck", "identity_attack"),
        "jigsaw": auc("jigsaw", "toxicity"),
        "templates": auc("identity_templates", "toxicity"),
        "youtube": auc("youtube_spam", "spam"),
        "flattery": report["flattery_caught_at_1_percent_of_news"],
        "disguise": disguise and disguise[1],
        "term": term and term[1],
        "ece": rows.get(("jigsaw", "toxicity"), {}).get("ece"),
        **speed,
    }


def targets(found: dict[str, float | None]) -> str:
    """Set the measured figures beside what was asked of them."""
    rows = []
    for goal in GOALS:
        value = found.get(goal.key)
        bound = "at most " if goal.lower else "at least "
        beyond = "" if goal.beyond is None else bound + goal.shown(goal.beyond)
        reached = "not measured" if value is None else goal.reached(value)
        rows.append(
            (
                goal.what,
                goal.shown(goal.before),
                bound + goal.shown(goal.target),
                beyond,
                goal.shown(value),
                reached,
            )
        )
    return tables.markdown(("what", "before", "target", "beyond", "this model", "reached"), rows)


def worse(found: dict[str, float | None]) -> str:
    """List the figures in which the model before was better."""
    lost = [
        f"- {goal.what}: {goal.shown(value)}, before {goal.shown(goal.before)}"
        for goal in GOALS
        if (value := found.get(goal.key)) is not None and goal.worse(value)
    ]
    return "\n".join(lost) or "None of the figures that were measured of both."
